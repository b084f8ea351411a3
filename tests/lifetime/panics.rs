//! Panics of other people's code: in tasks, wakers and buffers. Whoever else is there goes on.

use crate::deadline::within_a_minute;
use crate::guarded::{Counts, GuardedBuf, PAGE};
use crate::poll::{poll_once, turns, until};
use crate::watched::{From, Log, read};
use sexton::Fd;
use sexton::buf::{IoBuf, IoBufMut};
use sexton::op::{ReadAt, submit};
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::io::{PipeWriter, Write};
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
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

fn panics() -> u64 {
    sexton::stats().iter().map(|core| core.panics).sum()
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
            let (ours, mut theirs) = pipe();
            let waits = submit(ReadAt { fd: ours, buf: Vec::with_capacity(8), offset: u64::MAX });
            theirs.write_all(b"alive").unwrap();
            assert_eq!(waits.await.unwrap().1, b"alive");
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
