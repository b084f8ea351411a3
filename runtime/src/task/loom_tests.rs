//! References and wakes of a task that cross threads, in every interleaving.
//!
//! This is a model of the protocol in `cell` (its invariants I1, I3 and I4), line by line, on the
//! real mailbox: the cell itself tells its owner by a thread-local of std, which loom's threads share.

use crate::mailbox::{Mailbox, Pushed};
use loom::cell::Cell;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicBool, AtomicU32, Ordering, fence};
use loom::thread;

enum Message {
    Wake,
    Drop,
}

/// The counts of one cell, and the door to its owner.
struct Model {
    /// The owner's, as `Header::refs`.
    refs: Cell<u32>,
    foreign: AtomicU32,
    foreign_woken: AtomicBool,
    freed: AtomicU32,
    /// What a waking thread wrote before it woke the task.
    data: AtomicU32,
    door: Mailbox<Message>,
}

impl Model {
    fn new(refs: u32, foreign: u32) -> Arc<Self> {
        Arc::new(Self {
            refs: Cell::new(refs),
            foreign: AtomicU32::new(foreign),
            foreign_woken: AtomicBool::new(false),
            freed: AtomicU32::new(0),
            data: AtomicU32::new(0),
            door: Mailbox::new(),
        })
    }

    fn free(&self) {
        assert_eq!(self.freed.fetch_add(1, Ordering::Relaxed), 0, "freed twice");
    }

    fn assert_alive(&self) {
        assert_eq!(self.freed.load(Ordering::Relaxed), 0, "used after it was freed");
    }

    /// `release_own`.
    fn release_own(&self) {
        if self.refs.get() == 0 {
            self.refs.set(self.foreign.swap(0, Ordering::Acquire));
        }
        self.refs.set(self.refs.get() - 1);
        if self.refs.get() == 0 {
            let foreign = self.foreign.swap(0, Ordering::Acquire);
            self.refs.set(foreign);
            if foreign == 0 {
                self.free();
            }
        }
    }

    /// `release_foreign`.
    fn release_foreign(&self) {
        self.assert_alive();
        if let Pushed::Closed(_) = self.door.push(Message::Drop) {
            self.release_orphan();
        }
    }

    /// `release_orphan`.
    fn release_orphan(&self) {
        if self.foreign.fetch_sub(1, Ordering::Release) == 1 {
            fence(Ordering::Acquire);
            self.free();
        }
    }

    /// `clone` of a waker, on another thread.
    fn clone_foreign(&self) {
        self.assert_alive();
        self.foreign.fetch_add(1, Ordering::Relaxed);
    }

    /// `wake` by value, on another thread.
    fn wake_foreign(&self) {
        self.assert_alive();
        if self.foreign_woken.swap(true, Ordering::AcqRel) {
            self.release_foreign();
        } else if let Pushed::Closed(_) = self.door.push(Message::Wake) {
            self.release_orphan();
        }
    }

    /// Step 1 of a turn; gives what the polls that it brings about see.
    fn read_mail(&self) -> Option<u32> {
        let mut seen = None;
        while let Some(message) = self.door.pop() {
            if let Message::Wake = message {
                self.foreign_woken.swap(false, Ordering::AcqRel);
                seen = Some(self.data.load(Ordering::Relaxed));
            }
            // The message's reference.
            self.release_own();
        }
        seen
    }
}

#[test]
fn two_foreign_wakes_are_not_both_forgotten() {
    loom::model(|| {
        let task = Model::new(1, 2);
        let wakers = [0, 1].map(|_| {
            let task = Arc::clone(&task);
            thread::spawn(move || {
                task.data.fetch_add(1, Ordering::Relaxed);
                task.wake_foreign();
            })
        });
        let early = task.read_mail();
        for waker in wakers {
            waker.join().expect("a waker does not panic");
        }
        let last = task.read_mail().or(early);
        assert_eq!(last, Some(2), "the last poll saw what both wrote");
    });
}

#[test]
fn a_cell_is_freed_once_when_its_last_reference_goes() {
    loom::model(|| {
        let task = Model::new(1, 1);
        let other = Arc::clone(&task);
        let other = thread::spawn(move || {
            other.clone_foreign();
            other.release_foreign();
            other.release_foreign();
        });
        task.release_own();
        task.read_mail();
        other.join().expect("it does not panic");
        task.read_mail();
        assert_eq!(task.freed.load(Ordering::Relaxed), 1);
    });
}

#[test]
fn a_cell_outlives_its_executor_until_the_last_reference_goes() {
    loom::model(|| {
        let task = Model::new(1, 1);
        let other = Arc::clone(&task);
        let other = thread::spawn(move || {
            other.clone_foreign();
            other.wake_foreign();
            other.release_foreign();
        });
        // The executor's end: its count moves, then the door closes, then what is in it goes.
        let refs = task.refs.replace(0);
        task.foreign.fetch_add(refs, Ordering::Release);
        task.door.close();
        while task.door.pop().is_some() {
            task.release_orphan();
        }
        // A handle of the owner's thread, dropped later.
        task.release_orphan();
        other.join().expect("it does not panic");
        while task.door.pop().is_some() {
            task.release_orphan();
        }
        assert_eq!(task.freed.load(Ordering::Relaxed), 1);
    });
}
