//! Other people's code panics, wherever it is called: the others go on, and nothing is left behind.

#![allow(unsafe_code, reason = "a buffer whose mark panics implements the unsafe buffer traits")]

use crate::ops::Recv;
use crate::support::{counters, pair, run, runtime, turn, turns, waits};
use sexton_buffers::{IoBuf, IoBufMut};
use sexton_runtime::op::{Completion, Detached, Entry, Multishot, Nop, Op, submit};
use sexton_runtime::{Fd, sim::hand as sim, spawn};
use std::cell::RefCell;
use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Wake, Waker};

/// Panics when it is dropped, with itself as the payload.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic_any(Self);
    }
}

/// Where an operation panics.
#[derive(Clone, Copy, Debug, PartialEq)]
enum At {
    Entry,
    Complete,
    Adopt,
    /// When it, or what came of it, is dropped.
    Drop,
    EntryThenDrop,
}

struct Fragile {
    fd: Fd,
    buf: Vec<u8>,
    at: At,
    bomb: Option<Bomb>,
}

impl Fragile {
    fn new(fd: &Fd, at: At) -> Self {
        let bomb = matches!(at, At::Drop | At::EntryThenDrop).then(|| Bomb);
        Self { fd: fd.clone(), buf: Vec::with_capacity(8), at, bomb }
    }
}

impl Op for Fragile {
    type Output = Option<Bomb>;

    fn entry(&mut self) -> Entry<'_> {
        assert!(!matches!(self.at, At::Entry | At::EntryThenDrop), "in entry");
        Entry::recv(&self.fd, &mut self.buf, false)
    }

    fn complete(self, completion: Completion) -> Option<Bomb> {
        assert!(self.at != At::Complete, "in complete");
        drop(completion);
        self.bomb
    }

    fn adopt(self, completion: Completion) {
        assert!(self.at != At::Adopt, "in adopt");
        drop(self.complete(completion));
    }
}

/// A receive works, and nothing is in flight after it.
async fn others_go_on(fd: &Fd, peer: &impl std::os::fd::AsFd) {
    sim::write(peer, b"fine").unwrap();
    let (count, buf) = submit(Recv { fd: fd.clone(), buf: Vec::with_capacity(4) }).await.unwrap();
    assert_eq!((count, &buf[..]), (4, &b"fine"[..]));
    turn().await;
    assert_eq!((fd.handles(), counters().in_flight, counters().strays), (1, 0, 0));
}

#[test]
fn an_operation_whose_description_panics_was_never_there() {
    run(async {
        let (fd, peer) = pair();
        for at in [At::Entry, At::EntryThenDrop, At::Entry] {
            let op = AssertUnwindSafe(Fragile::new(&fd, at));
            let panic = catch_unwind(|| submit({ op }.0)).map(drop).unwrap_err();
            assert_eq!(panic.downcast_ref(), Some(&"in entry"), "{at:?}");
        }
        others_go_on(&fd, &peer).await;
    });
}

#[test]
fn an_answer_that_panics_panics_where_it_is_awaited() {
    run(async {
        let (fd, peer) = pair();
        let op = Fragile::new(&fd, At::Complete);
        let task = spawn(async move { drop(submit(op).await) });
        turn().await;
        sim::write(&peer, b"x").unwrap();
        assert!(task.await.unwrap_err().is_panic());
        others_go_on(&fd, &peer).await;
    });
}

#[test]
fn adopting_may_panic_in_a_batch_with_others() {
    run(async {
        let (fd, peer) = pair();
        let ends: Vec<_> = (0..6).map(|_| pair()).collect();
        for at in [At::Adopt, At::Complete, At::Drop] {
            let futures: Vec<_> =
                ends.iter().map(|(fd, _)| (submit(Fragile::new(fd, at)), submit(Nop))).collect();
            turn().await;
            let (fragile, nops): (Vec<_>, Vec<_>) = futures.into_iter().unzip();
            drop(fragile);
            turns().await;
            for nop in nops {
                nop.await.unwrap();
            }
            assert!(ends.iter().all(|(fd, _)| fd.handles() == 1), "{at:?}");
        }
        assert_eq!(counters().panics, 18);
        others_go_on(&fd, &peer).await;
    });
}

#[test]
fn a_dropped_future_never_panics_not_even_while_its_thread_does() {
    run(async {
        let (fd, peer) = pair();
        for at in [At::Adopt, At::Drop] {
            let future = submit(Fragile::new(&fd, at));
            turn().await;
            sim::write(&peer, b"x").unwrap();
            turn().await;
            // Its answer is here: the drop adopts it.
            let unwound = catch_unwind(AssertUnwindSafe(|| {
                let _future = future;
                panic!("the thread's own");
            }));
            assert_eq!(unwound.unwrap_err().downcast_ref(), Some(&"the thread's own"), "{at:?}");
        }
        others_go_on(&fd, &peer).await;
    });
}

#[test]
fn the_end_of_a_runtime_contains_what_panics_in_it() {
    let (fd, _peer) = pair();
    let runtime = runtime();
    let futures = runtime.block_on(async {
        let task = |at| {
            let op = Fragile::new(&fd, at);
            spawn(async move { drop(submit(op).await) })
        };
        let tasks = [At::Adopt, At::Complete, At::Drop].map(task);
        let futures = [At::Adopt, At::Drop].map(|at| submit(Fragile::new(&fd, at)));
        turn().await;
        drop(tasks);
        futures
    });
    drop(runtime);
    assert_eq!(fd.handles(), 1);
    drop(futures);
}

/// A buffer that panics when it is told that it was filled.
struct Grumpy(Vec<u8>);

// SAFETY: as of the vector.
unsafe impl IoBuf for Grumpy {
    fn filled(&self) -> &[u8] {
        self.0.filled()
    }
}

// SAFETY: as of the vector; nothing is marked.
unsafe impl IoBufMut for Grumpy {
    fn unfilled(&mut self) -> *mut [MaybeUninit<u8>] {
        self.0.unfilled()
    }

    unsafe fn mark_filled(&mut self, _: usize) {
        panic!("not in the mood");
    }

    fn clear(&mut self) {
        self.0.clear();
    }

    fn filled_mut(&mut self) -> &mut [u8] {
        self.0.filled_mut()
    }
}

#[test]
fn an_operation_whose_mark_panics_is_gone_with_its_buffer() {
    run(async {
        let (fd, peer) = pair();
        let recv = |fd: &Fd| Recv { fd: fd.clone(), buf: Grumpy(Vec::with_capacity(4)) };
        let op = recv(&fd);
        let task = spawn(async move { drop(submit(op).await) });
        turn().await;
        sim::write(&peer, b"x").unwrap();
        assert!(task.await.unwrap_err().is_panic());
        assert_eq!(fd.handles(), 1);
        let future = submit(recv(&fd));
        turn().await;
        sim::write(&peer, b"x").unwrap();
        turn().await;
        drop(future);
        assert_eq!(fd.handles(), 1, "adopted at once, or dropped");
        others_go_on(&fd, &peer).await;
    });
}

/// A waker that panics when it is woken, and another one when it is dropped.
struct OnWake;
struct OnDrop(Bomb);

impl Wake for OnWake {
    fn wake(self: Arc<Self>) {
        panic_any(Bomb);
    }
}

impl Wake for OnDrop {
    fn wake(self: Arc<Self>) {}
}

#[test]
fn a_waker_that_panics_keeps_nobody_else_asleep() {
    run(async {
        let ends: Vec<_> = (0..8).map(|_| pair()).collect();
        let mut futures: Vec<_> = ends
            .iter()
            .map(|(fd, _)| submit(Recv { fd: fd.clone(), buf: Vec::with_capacity(1) }))
            .collect();
        for (index, future) in futures.iter_mut().enumerate() {
            let waker = match index % 3 {
                0 => Waker::from(Arc::new(OnWake)),
                1 => Waker::from(Arc::new(OnDrop(Bomb))),
                _ => Waker::noop().clone(),
            };
            let waits = std::pin::Pin::new(future).poll(&mut Context::from_waker(&waker));
            assert!(waits.is_pending());
            // What the operation holds is the last reference.
            drop(waker);
        }
        turn().await;
        ends.iter().for_each(|(_, peer)| assert_eq!(sim::write(peer, b"x").unwrap(), 1));
        turn().await;
        for future in futures {
            assert_eq!(future.await.unwrap().0, 1);
        }
        turn().await;
        assert_eq!(counters().panics, 6);
        // A waker that is replaced, or dropped with its future.
        let (fd, peer) = pair();
        let mut future = submit(Recv { fd: fd.clone(), buf: Vec::with_capacity(1) });
        let waker = Waker::from(Arc::new(OnDrop(Bomb)));
        assert!(
            std::pin::Pin::new(&mut future).poll(&mut Context::from_waker(&waker)).is_pending()
        );
        drop(waker);
        drop(future);
        turns().await;
        others_go_on(&fd, &peer).await;
    });
}

/// Submits others while it is described: pages are added while its own borrow is open.
struct Nested {
    fd: Fd,
    buf: Vec<u8>,
    depth: usize,
    ended: Rc<RefCell<Vec<usize>>>,
}

impl Op for Nested {
    type Output = usize;

    fn entry(&mut self) -> Entry<'_> {
        if self.depth > 0 {
            let inner = || Self {
                fd: self.fd.clone(),
                buf: Vec::with_capacity(1),
                depth: self.depth - 1,
                ended: Rc::clone(&self.ended),
            };
            assert!(Detached::submit(inner()).is_ok());
            drop(submit(Nop));
        }
        Entry::recv(&self.fd, &mut self.buf, false)
    }

    fn complete(self, completion: Completion) -> usize {
        self.ended.borrow_mut().push(self.depth);
        assert_eq!(self.buf.len(), usize::from(completion.count().is_ok()));
        self.depth
    }
}

#[test]
fn an_operation_may_submit_others_while_it_is_described() {
    const DEPTH: usize = 70;
    run(async {
        let (fd, peer) = pair();
        let ended = Rc::new(RefCell::new(Vec::new()));
        let buf = Vec::with_capacity(1);
        let nested = Nested { fd: fd.clone(), buf, depth: DEPTH, ended: Rc::clone(&ended) };
        let mut outermost = submit(nested);
        assert!(waits(&mut outermost).await);
        turns().await;
        sim::write(&peer, &[7; DEPTH + 1]).unwrap();
        assert_eq!(outermost.await, DEPTH);
        let mut ended = ended.take();
        ended.sort_unstable();
        assert_eq!(ended, (0..=DEPTH).collect::<Vec<_>>());
        others_go_on(&fd, &peer).await;
    });
}

/// A handler that submits, cancels itself, and panics.
struct Busy(Fd);

impl Multishot for Busy {
    type Handler = RefCell<Option<Detached>>;

    fn entry(&mut self) -> Entry<'_> {
        Entry::poll(&self.0, libc::POLLIN as u32)
    }

    fn item(_: &Self::Handler, _: Completion) {
        panic!("in item");
    }

    fn end(self, handler: Self::Handler, completion: Completion) {
        drop(completion);
        // Its own handle: it has ended, so neither does anything.
        if let Some(own) = handler.take() {
            own.cancel();
            own.bury();
        }
        drop(submit(Nop));
        panic!("in end");
    }
}

#[test]
fn a_handler_may_submit_and_panic() {
    run(async {
        let (fd, peer) = pair();
        let handler = RefCell::new(None);
        let shot = Detached::submit_multishot(Busy(fd.clone()), handler).ok().unwrap();
        turn().await;
        sim::write(&peer, b"x").unwrap();
        turns().await;
        shot.cancel();
        assert_eq!(sim::read(&fd).unwrap(), b"x");
        turn().await;
        assert_eq!(counters().panics, 1);
        others_go_on(&fd, &peer).await;
    });
}
