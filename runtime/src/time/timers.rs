//! The timers of one core: the wheel counts milliseconds, and each entry wakes one task.

use super::wheel::Wheel;
use crate::contain::contained;
use crate::sys::{elapsed, now};
use std::cell::{Cell, RefCell};
use std::task::Waker;
use std::time::{Duration, Instant};

pub(crate) use super::wheel::TimerKey;

/// The wheel, and when its time began.
#[derive(Debug)]
pub(crate) struct Timers {
    wheel: RefCell<Wheel<Waker>>,
    started: Instant,
    /// The clock when it was last read for timers: not after now.
    seen: Cell<Instant>,
}

impl Timers {
    pub(crate) fn new() -> Self {
        let started = now();
        Self { wheel: RefCell::new(Wheel::new(0)), started, seen: Cell::new(started) }
    }

    /// Notes a reading of the clock that somebody has made anyhow.
    pub(crate) fn saw(&self, now: Instant) {
        self.seen.set(now);
    }

    /// Whether the deadline is known to be over, without a look at the clock. One that has passed
    /// since the last reading fires in this turn.
    pub(crate) fn has_passed(&self, deadline: Instant) -> bool {
        deadline <= self.seen.get()
    }

    /// Wakes `waker` at the first tick that is not before `deadline`.
    pub(crate) fn arm(&self, deadline: Instant, waker: Waker) -> TimerKey {
        let after = deadline.saturating_duration_since(self.started);
        // Rounded up: never early.
        let part = u64::from(after.subsec_nanos().div_ceil(1_000_000));
        let tick = after.as_secs().saturating_mul(1000).saturating_add(part);
        self.wheel.borrow_mut().insert(tick, waker)
    }

    /// Whether the timer is armed and would wake this waker.
    pub(crate) fn will_wake(&self, key: &TimerKey, waker: &Waker) -> bool {
        self.wheel.borrow().get(key).is_some_and(|old| old.will_wake(waker))
    }

    /// Disarms, or gives up what has fired; the waker comes back, to be dropped with no borrow
    /// held.
    pub(crate) fn disarm(&self, key: TimerKey) -> Option<Waker> {
        self.wheel.borrow_mut().remove(key)
    }

    /// How long until a timer may be due.
    pub(crate) fn until_next(&self) -> Option<Duration> {
        let tick = self.wheel.borrow().next_deadline()?;
        Some(Duration::from_millis(tick).saturating_sub(elapsed(self.started)))
    }

    /// Wakes what is due. Wakers are foreign code: each runs with no borrow held, and one that
    /// panics does not keep the others from being woken.
    pub(crate) fn fire(&self) {
        if self.wheel.borrow().is_empty() {
            return;
        }
        self.seen.set(now());
        let passed = self.seen.get().saturating_duration_since(self.started).as_millis() as u64;
        loop {
            let due = self.wheel.borrow_mut().next_expired(passed);
            let Some(waker) = due else { return };
            contained(|| waker.wake());
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.wheel.borrow().len()
    }

    /// Drops all timers, but not what the destructors of their wakers arm.
    pub(crate) fn clear(&self) {
        let mut left = self.len();
        while left > 0 && self.len() > 0 {
            // None: the wheel has moved some timers nearer, and is to be asked again.
            let waker = self.wheel.borrow_mut().next_expired(u64::MAX);
            left -= usize::from(waker.is_some());
            contained(|| drop(waker));
        }
    }
}
