//! The one door between threads: anybody pushes, one owner pops, and sleeps when nothing is there.
//!
//! ```text
//!  producer   push: queue the item ─▶ fence ─▶ sleeping? ─ no ─▶ Delivered
//!                                                  └ yes: make it false; who did ─▶ WakeOwner
//!
//!  owner      pop: nothing ─▶ prepare_sleep: sleeping = true ─▶ fence ─▶ still nothing?
//!                    ▲                                                yes │     │ no
//!                    └────────── awake: sleeping = false ◀───── wait ◀────┘     │
//!                    └───────────────── sleeping = false ◀──────────────────────┘
//! ```
//!
//! # Invariants
//!
//! - **I1** No wake-up is lost. Both sides write, pass a sequentially consistent fence, then read
//!   what the other wrote: in any order of the two fences, the later side sees the earlier one's
//!   write. So the owner sees the item, or the producer sees that the owner sleeps (or both do).
//! - **I2** One sleep asks for at most one wake-up: only the owner sets `sleeping`, and a producer
//!   answers `WakeOwner` only if it was the one that turned it from true to false.
//! - **I3** What `push` took is given to `pop` exactly once, before and after `close`, in the order
//!   in which one producer pushed it.

use std::fmt;

use crate::sync::ConcurrentQueue;
use crate::sync::atomic::{AtomicBool, Ordering, fence};

/// What became of an item.
#[must_use = "the owner may sleep, and a closed mailbox gives the item back"]
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Pushed<T> {
    /// It is in the mailbox, and its owner will look there without being told.
    Delivered,
    /// It is in the mailbox, and its owner sleeps: the caller, and nobody else, has to wake it.
    WakeOwner,
    /// The mailbox is closed. Here is the item again.
    Closed(T),
}

/// A queue of many producers and one owner, shared in an `Arc`. It never blocks and has no bound.
pub(crate) struct Mailbox<T> {
    queue: ConcurrentQueue<T>,
    /// The owner waits, or is about to, and nobody has promised to wake it.
    sleeping: AtomicBool,
}

impl<T> Mailbox<T> {
    /// An open, empty mailbox whose owner is awake. Allocates nothing before the first push.
    pub(crate) fn new() -> Self {
        Self { queue: ConcurrentQueue::unbounded(), sleeping: AtomicBool::new(false) }
    }

    /// Puts an item in, from any thread (the owner's too), and says who has to do something now.
    pub(crate) fn push(&self, item: T) -> Pushed<T> {
        if let Err(refused) = self.queue.push(item) {
            return Pushed::Closed(refused.into_inner());
        }
        // I1: the item is in the queue before `sleeping` is read.
        fence(Ordering::SeqCst);
        // The plain load first: while the owner is awake the flag's cache line stays shared.
        if self.sleeping.load(Ordering::Relaxed) && self.end_sleep() {
            Pushed::WakeOwner
        } else {
            Pushed::Delivered
        }
    }

    /// I2: true for exactly one producer a sleep. It writes nothing unless it succeeds.
    fn end_sleep(&self) -> bool {
        let (asleep, awake) = (true, false);
        self.sleeping.compare_exchange(asleep, awake, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    /// Takes the oldest item out. For the owner only; works after `close` until nothing is left.
    ///
    /// An item that is being pushed at this moment may be waited for: a few instructions of its
    /// producer, or its time slice if the scheduler has just taken the processor from it.
    pub(crate) fn pop(&self) -> Option<T> {
        // Two loads. The queue's own `pop` has a fence, which an owner with no mail need not pay.
        if self.queue.is_empty() {
            return None;
        }
        self.queue.pop().ok()
    }

    /// Whether nothing is to be popped, as far as is known without a fence. For the owner only.
    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Says that the owner wants to sleep: true if it may. False if there is mail (it is awake
    /// then).
    ///
    /// After true every push up to `awake` is seen: it answers [`Pushed::WakeOwner`] to the first
    /// producer. The wake-up may come after `awake` and then ends the next wait early.
    #[must_use = "an owner with mail must not sleep"]
    pub(crate) fn prepare_sleep(&self) -> bool {
        self.sleeping.store(true, Ordering::Relaxed);
        // I1: the flag is up before the queue is looked at.
        fence(Ordering::SeqCst);
        if self.queue.is_empty() {
            return true;
        }
        self.awake();
        false
    }

    /// Says that the owner has woken up, for whatever reason: pushes need wake nobody.
    pub(crate) fn awake(&self) {
        self.sleeping.store(false, Ordering::Relaxed);
    }

    /// Refuses all further pushes. What was taken before stays, for `pop`.
    ///
    /// A push that runs at the same time is either refused, or its item is there for the owner who
    /// pops after this call has returned.
    pub(crate) fn close(&self) {
        self.queue.close();
    }
}

impl<T> fmt::Debug for Mailbox<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mailbox")
            .field("len", &self.queue.len())
            .field("closed", &self.queue.is_closed())
            .field("sleeping", &self.sleeping)
            .finish()
    }
}

#[cfg(all(test, loom))]
mod loom_tests;
#[cfg(all(test, not(loom)))]
mod tests;
