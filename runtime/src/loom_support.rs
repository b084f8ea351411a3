//! What models share: a core that only polls, a waiter, and things that are counted when they go.
//!
//! The ring is what a model lacks. A core here reads its real mailbox and runs its real cells as
//! the executor does (`turn` is its steps 1 and 2); how it sleeps is tried with the mailbox.

use std::future::Future;
use std::pin::pin;
// Plain counters of the tests: what they count is no part of a protocol.
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use loom::sync::Notify;

use crate::door::{Door, Message};
use crate::task::{Ran, RunQueue};

/// Wakes a thread that waits. A wake-up that is lost shows as a deadlock, which loom reports.
#[derive(Debug, Default)]
pub(crate) struct Bell(Notify);

impl Bell {
    pub(crate) fn ring(&self) {
        self.0.notify();
    }

    /// Waits for a ring, or less: loom tries waits that end for nothing, too.
    pub(crate) fn wait(&self) {
        self.0.wait();
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.ring();
    }
}

/// Polls a future once.
pub(crate) fn poll_once<F: Future + Unpin>(future: &mut F, bell: &Arc<Bell>) -> Poll<F::Output> {
    let waker = Waker::from(Arc::clone(bell));
    pin!(future).poll(&mut Context::from_waker(&waker))
}

/// Waits for a future on this thread.
pub(crate) fn wait_for<F: Future>(future: F) -> F::Output {
    let bell = Arc::new(Bell::default());
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = poll_once(&mut future, &bell) {
            return output;
        }
        bell.wait();
    }
}

/// Steps 1 and 2 of a core's turn: reads the mail, runs what it woke.
pub(crate) fn turn(door: &Door) {
    let queue = RunQueue::default();
    while let Some(message) = door.mailbox().pop() {
        match message {
            Message::Nudge => {}
            Message::Drop(task) => drop(task),
            Message::Wake(task) => {
                if task.schedule_foreign() {
                    queue.push(task);
                }
            }
            Message::Run(run) => run(),
        }
    }
    while let Some(task) = queue.pop() {
        match task.run() {
            Ran::Idle => {}
            Ran::Woken => queue.push(task),
            Ran::Finished => task.release_executors(),
        }
    }
}

/// Counts its drops.
#[derive(Debug)]
pub(crate) struct Tracked(Arc<AtomicUsize>);

impl Tracked {
    pub(crate) fn new() -> (Self, Drops) {
        let drops = Arc::default();
        (Self(Arc::clone(&drops)), Drops(drops))
    }
}

impl Drop for Tracked {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// How often a [`Tracked`] was dropped.
#[derive(Debug)]
pub(crate) struct Drops(Arc<AtomicUsize>);

impl Drops {
    pub(crate) fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}
