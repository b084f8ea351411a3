//! Other people's code at bad moments: panics in tasks, wakers and buffers, and destructors that
//! call back. Whoever else is there goes on.
//!
//! # Invariants
//!
//! - **I1** a `Nasty` passes each call on to one `GuardedBuf`, the same until its drop, and panics
//!   before it passes on or not at all.
//! - **I2** a `Busy` passes each call on to its one vector.
//! - **I3** a `Shy` shows its one vector, which nobody changes, or panics.

#![allow(unsafe_code, reason = "a buffer that panics is a buffer")]

use crate::deadline::within_a_minute;
use crate::guarded::{Counts, GuardedBuf, PAGE};
use crate::poll::{poll_once, turns, until};
use crate::watched::{From, Log, read};
use sexton::Fd;
use sexton::buf::{IoBuf, IoBufMut};
use sexton::net::UnixStream;
use sexton::op::{Nop, ReadAt, submit};
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::io::{PipeWriter, Write};
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Wake, Waker};
use std::time::Duration;

fn pipe() -> (Fd, PipeWriter) {
    let (ours, theirs) = std::io::pipe().unwrap();
    (Fd::new(OwnedFd::from(ours)), theirs)
}

/// Of this core: others, and their counts, come and go beside it.
fn panics() -> u64 {
    sexton_runtime::own_stats().unwrap().panics
}

/// Runs `test` beside a task that must not be disturbed by it.
fn beside_another_task(test: impl AsyncFnOnce() + Send + 'static) {
    within_a_minute(|| {
        sexton::block_on(async {
            let ticks = Rc::new(Cell::new(0));
            let counter = Rc::clone(&ticks);
            let ticker = sexton::spawn(async move {
                loop {
                    sexton::time::sleep(Duration::from_millis(1)).await;
                    counter.set(counter.get() + 1);
                }
            });
            test().await;
            let so_far = ticks.get();
            until("the other task goes on", || ticks.get() > so_far + 3).await;
            ticker.abort();
            let (ours, theirs) = UnixStream::pair().unwrap();
            let waits = sexton::spawn(async move { ours.read_owned(Vec::with_capacity(8)).await });
            theirs.write_all(b"alive").await.unwrap();
            assert_eq!(waits.await.unwrap().unwrap().1, b"alive");
        });
    });
}

#[test]
fn a_panic_in_a_task_comes_back_and_its_reads_are_buried() {
    beside_another_task(async || {
        let log = Rc::new(Log::default());
        let (ours, _theirs) = pipe();
        let of_task = Rc::clone(&log);
        let task = sexton::spawn(async move {
            let arrived = Rc::default();
            let mut one = read(From::File(ours, u64::MAX), &of_task, &arrived);
            assert!(poll_once(Pin::new(&mut one)).await.is_none());
            turns(2).await;
            panic!("on purpose, with a read in flight");
        });
        assert!(task.await.unwrap_err().is_panic());
        until("the buffer is given back", || log.buffers.alive() == 0).await;
    });
}

#[test]
fn an_aborted_task_buries_its_reads() {
    beside_another_task(async || {
        let log = Rc::new(Log::default());
        let (ours, _theirs) = pipe();
        let of_task = Rc::clone(&log);
        let task = sexton::spawn(async move {
            let arrived = Rc::default();
            let reads: Vec<_> = (0..100)
                .map(|_| read(From::File(ours.clone(), u64::MAX), &of_task, &arrived))
                .collect();
            std::future::pending::<()>().await;
            drop(reads);
        });
        turns(3).await;
        assert_eq!(log.buffers.alive(), 100);
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
        until("the buffers are given back", || log.buffers.alive() == 0).await;
        assert_eq!(log.cancelled.get(), 100);
    });
}

struct PanicsWhenWoken;

impl Wake for PanicsWhenWoken {
    fn wake(self: Arc<Self>) {
        panic!("on purpose, in a waker");
    }
}

#[test]
fn a_panic_in_a_waker_is_counted_and_hurts_nobody() {
    beside_another_task(async || {
        let before = panics();
        let log = Rc::new(Log::default());
        let arrived = Rc::default();
        let (ours, mut theirs) = pipe();
        let waker = Waker::from(Arc::new(PanicsWhenWoken));
        let mut broken: Vec<_> = (0..10)
            .map(|_| Box::pin(read(From::File(ours.clone(), u64::MAX), &log, &arrived)))
            .collect();
        for one in &mut broken {
            assert!(one.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        }
        turns(2).await;
        theirs.write_all(&[1; 10 * PAGE]).unwrap();
        until("each waker was called", || panics() >= before + 10).await;
        for one in broken {
            assert_eq!(one.await.unwrap().0, PAGE, "its read itself is fine");
        }
        assert_eq!(log.buffers.alive(), 0);
    });
}

/// A buffer that misbehaves when the test says so.
struct Nasty {
    buf: Option<GuardedBuf>,
    in_mark: bool,
    in_drop: bool,
}

impl Nasty {
    fn new(counts: &Rc<Counts>, in_mark: bool, in_drop: bool) -> Self {
        Self { buf: Some(GuardedBuf::new(counts)), in_mark, in_drop }
    }
}

impl Drop for Nasty {
    fn drop(&mut self) {
        drop(self.buf.take());
        if self.in_drop && !std::thread::panicking() {
            panic!("on purpose, in a buffer's drop");
        }
    }
}

// SAFETY: I1, and `GuardedBuf` keeps the rules.
unsafe impl IoBuf for Nasty {
    fn filled(&self) -> &[u8] {
        self.buf.as_ref().map_or(&[], |buf| buf.filled())
    }
}

// SAFETY: I1, and `GuardedBuf` keeps the rules.
unsafe impl IoBufMut for Nasty {
    fn unfilled(&mut self) -> *mut [MaybeUninit<u8>] {
        self.buf.as_mut().expect("there until the drop").unfilled()
    }

    unsafe fn mark_filled(&mut self, n: usize) {
        assert!(!self.in_mark, "on purpose, in a buffer's mark");
        // SAFETY: the caller's promise, passed on.
        unsafe { self.buf.as_mut().expect("there until the drop").mark_filled(n) }
    }

    fn clear(&mut self) {
        self.buf.as_mut().expect("there until the drop").clear();
    }

    fn filled_mut(&mut self) -> &mut [u8] {
        self.buf.as_mut().expect("there until the drop").filled_mut()
    }
}

#[test]
fn a_panic_in_the_drop_of_a_buried_buffer_is_counted_and_hurts_nobody() {
    beside_another_task(async || {
        let before = panics();
        let counts = Rc::new(Counts::default());
        let (ours, _theirs) = pipe();
        for _ in 0..10 {
            let buf = Nasty::new(&counts, false, true);
            let mut one = submit(ReadAt { fd: ours.clone(), buf, offset: u64::MAX });
            assert!(poll_once(Pin::new(&mut one)).await.is_none());
            turns(2).await;
            drop(one);
        }
        until("each buffer is given back", || counts.alive() == 0).await;
        until("each panic is counted", || panics() >= before + 10).await;
    });
}

#[test]
fn a_panic_in_a_buffers_mark_ends_the_read_alone() {
    beside_another_task(async || {
        let counts = Rc::new(Counts::default());
        let (ours, mut theirs) = pipe();
        let fd = ours.clone();
        let buf = Nasty::new(&counts, true, false);
        // Its future is awaited: the panic is that task's.
        let task = sexton::spawn(submit(ReadAt { fd, buf, offset: u64::MAX }));
        turns(3).await;
        theirs.write_all(b"bytes").unwrap();
        assert!(task.await.is_err_and(|error| error.is_panic()));
        // Its future was not polled since: a destructor must not panic, so it is counted.
        let before = panics();
        let buf = Nasty::new(&counts, true, false);
        let mut one = submit(ReadAt { fd: ours, buf, offset: u64::MAX });
        assert!(poll_once(Pin::new(&mut one)).await.is_none());
        turns(2).await;
        theirs.write_all(b"bytes").unwrap();
        turns(3).await;
        drop(one);
        until("the panic is counted", || panics() > before).await;
        assert_eq!(counts.alive(), 0);
    });
}

/// Bytes to be written; who asks for them so often gets a panic.
struct Shy {
    bytes: Vec<u8>,
    patience: Cell<u32>,
}

// SAFETY: I3.
unsafe impl IoBuf for Shy {
    fn filled(&self) -> &[u8] {
        self.patience.set(self.patience.get() - 1);
        assert!(self.patience.get() > 0, "on purpose, in a buffer's bytes");
        &self.bytes
    }
}

#[test]
fn a_panic_in_the_bytes_of_a_write_that_waited_for_its_turn_is_told_by_its_future() {
    beside_another_task(async || {
        let mut unnamed = std::fs::File::options();
        unnamed.write(true).custom_flags(libc::O_TMPFILE);
        let file = sexton::fs::File::from_std(unnamed.open(std::env::temp_dir()).unwrap());
        let file = Rc::new(file);
        let mut panicked = 0;
        for patience in 1.. {
            let write = |byte: u8, len: usize| {
                let file = Rc::clone(&file);
                async move { file.write_all_at(vec![byte; len], 0).await }
            };
            let first = sexton::spawn(write(1, 1 << 20));
            let (other, shy) =
                (Rc::clone(&file), Shy { bytes: vec![2; 100], patience: Cell::new(patience) });
            let second = sexton::spawn(async move { other.write_all_at(shy, 0).await.is_ok() });
            let third = sexton::spawn(write(3, 10));
            assert!(first.await.unwrap().is_ok(), "it has nothing to do with that");
            let second = second.await;
            assert!(third.await.unwrap().is_ok(), "what comes behind it goes on");
            match second {
                Err(error) => assert!(error.is_panic()),
                Ok(written) => {
                    assert!(written);
                    break;
                }
            }
            panicked += 1;
        }
        assert!(panicked > 1, "also when its turn had come");
    });
}

#[test]
fn a_panic_in_the_mark_of_a_buried_buffer_is_counted_and_hurts_nobody() {
    beside_another_task(async || {
        let before = panics();
        let counts = Rc::new(Counts::default());
        // Reads of this file are done by a worker of the kernel, too fast for most cancels.
        let file = std::fs::File::open("/proc/kallsyms").unwrap();
        let fd = Fd::new(OwnedFd::from(file));
        while panics() == before {
            let buf = Nasty::new(&counts, true, false);
            let mut one = submit(ReadAt { fd: fd.clone(), buf, offset: 0 });
            assert!(poll_once(Pin::new(&mut one)).await.is_none());
            turns(1).await;
            // If it has ended already, the panic is ours.
            catch_unwind(AssertUnwindSafe(|| drop(one))).unwrap_or_default();
            turns(2).await;
        }
    });
}

/// What a test has that forgets: reads that it never asks for again.
async fn forget_reads_of_all_kinds(log: &Rc<Log>) {
    let arrived = Rc::default();
    let (ours, _theirs) = pipe();
    for state in 0..300 {
        let mut one = Box::pin(read(From::File(ours.clone(), u64::MAX), log, &arrived));
        if state % 3 > 0 {
            assert!(poll_once(one.as_mut()).await.is_none());
        }
        if state % 3 > 1 {
            turns(1).await;
        }
        std::mem::forget(one);
    }
    std::mem::forget(Box::pin(sexton::op::submit(sexton::op::Nop)));
    let timeout = sexton::op::Timeout::new(Duration::from_secs(3600));
    std::mem::forget(Box::pin(submit(timeout)));
    let mut sleep = Box::pin(sexton::time::sleep(Duration::from_secs(3600)));
    assert!(poll_once(sleep.as_mut()).await.is_none());
    std::mem::forget(sleep);
}

#[test]
fn forgotten_operations_are_ended_with_their_runtime() {
    within_a_minute(|| {
        let log = Rc::new(Log::default());
        let of_body = Rc::clone(&log);
        let runtime = sexton::Builder::new().build().unwrap();
        runtime.block_on(async move { forget_reads_of_all_kinds(&of_body).await });
        assert_eq!(log.buffers.alive(), 300, "nobody took the memory away");
        drop(runtime);
        assert_eq!(log.buffers.alive(), 0, "the runtime's end gave it back");
        assert_eq!(log.cancelled.get(), 300);
    });
}

#[test]
fn a_thread_that_unwinds_with_a_runtime_on_it_frees_nothing_early() {
    within_a_minute(|| {
        let log = Rc::new(Log::default());
        let inner = Rc::clone(&log);
        let kept: Rc<RefCell<Vec<_>>> = Rc::default();
        let outside = Rc::clone(&kept);
        let body = AssertUnwindSafe(|| {
            sexton::block_on(async move {
                let (ours, _theirs) = pipe();
                let arrived = Rc::default();
                for _ in 0..50 {
                    let from = From::File(ours.clone(), u64::MAX);
                    outside.borrow_mut().push(read(from, &inner, &arrived));
                }
                turns(2).await;
                panic!("on purpose, in the root");
            })
        });
        assert!(catch_unwind(body).is_err());
        // The futures live on outside; their runtime ended in order, and their buffers with it.
        assert_eq!(log.buffers.alive(), 0);
        kept.borrow_mut().clear();
    });
}

/// A buffer whose drop spawns a task, which submits an operation.
struct Busy {
    buf: Vec<u8>,
    ended: Rc<Cell<u32>>,
}

impl Drop for Busy {
    fn drop(&mut self) {
        let ended = Rc::clone(&self.ended);
        sexton::spawn(async move {
            submit(Nop).await.unwrap();
            ended.set(ended.get() + 1);
        });
    }
}

// SAFETY: I2.
unsafe impl IoBuf for Busy {
    fn filled(&self) -> &[u8] {
        self.buf.filled()
    }
}

// SAFETY: I2.
unsafe impl IoBufMut for Busy {
    fn unfilled(&mut self) -> *mut [MaybeUninit<u8>] {
        self.buf.unfilled()
    }

    unsafe fn mark_filled(&mut self, n: usize) {
        // SAFETY: I2: the caller vouches for the bytes.
        unsafe { self.buf.mark_filled(n) }
    }

    fn clear(&mut self) {
        IoBufMut::clear(&mut self.buf);
    }

    fn filled_mut(&mut self) -> &mut [u8] {
        &mut self.buf
    }
}

#[test]
fn a_buffer_whose_drop_spawns_and_submits_hurts_nobody() {
    beside_another_task(async || {
        let ended = Rc::new(Cell::new(0));
        let busy = || Busy { buf: Vec::with_capacity(8), ended: Rc::clone(&ended) };
        let (one, other) = UnixStream::pair().unwrap();
        // Dropped by the graveyard, when the kernel lets go.
        assert!(poll_once(Box::pin(other.read_owned(busy())).as_mut()).await.is_none());
        until("the buried buffer's task", || ended.get() == 1).await;
        // Dropped with a future whose bytes another reader took.
        let mut robbed = Box::pin(other.read_owned(busy()));
        assert!(poll_once(robbed.as_mut()).await.is_none());
        one.write_all(b"bytes").await.unwrap();
        assert_eq!(&other.read_managed(64).await.unwrap().unwrap()[..], b"bytes");
        drop(robbed);
        until("the robbed buffer's task", || ended.get() == 2).await;
        // Dropped with the stream, after its future was forgotten.
        let mut forgotten = Box::pin(other.read_owned(busy()));
        assert!(poll_once(forgotten.as_mut()).await.is_none());
        std::mem::forget(forgotten);
        drop(other);
        until("the forgotten buffer's task", || ended.get() == 3).await;
    });
}
