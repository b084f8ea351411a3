//! How an `enter` waits: for what, and until when.

use std::sync::PoisonError;
use std::time::Duration;

use super::ring::Ring;
use super::schedule::On;
use super::world::{State, nanos};
use crate::sys::{Several, Wait};

/// What ends a wait, in completions and in nanoseconds of the clock.
#[derive(Clone, Copy, Debug)]
pub(super) struct Goal {
    /// So many completions,
    count: usize,
    /// or fewer, or being woken, from here on,
    least: u64,
    /// or this time with none.
    until: Option<u64>,
}

impl Goal {
    /// None: nothing is waited for, and nothing completes. No more completions are waited for than
    /// the queue has `entries`.
    pub(super) fn of(wait: Wait<'_>, entries: u32, state: &mut State) -> Option<Self> {
        let mut after = |time: Duration| {
            // What overflows the clock is without end.
            let time = state.skewed(nanos(time));
            state.now().checked_add(time)
        };
        match wait {
            Wait::Flush => None,
            Wait::No => Some(Self { count: 1, least: 0, until: Some(0) }),
            Wait::Until(longest) => {
                Some(Self { count: 1, least: 0, until: longest.and_then(after) })
            }
            Wait::Batch(&Several { count, least, longest }) => {
                let least = after(least).unwrap_or(u64::MAX);
                let until = longest.and_then(after);
                Some(Self { count: count.min(entries) as usize, least, until })
            }
        }
    }

    /// Whether it is over, with so many completions.
    pub(super) fn is_reached(&self, completions: usize, now: u64) -> bool {
        let is_over = self.until.is_some_and(|until| until <= now);
        is_over || completions >= self.count || completions > 0 && self.may_end(now)
    }

    /// Whether one completion is enough, or being woken.
    pub(super) fn may_end(&self, now: u64) -> bool {
        self.least <= now
    }

    /// When to look again at the latest.
    pub(super) fn next(&self, now: u64, alarm: Option<u64>) -> Option<u64> {
        let least = (self.least > now).then_some(self.least);
        [self.until, least, alarm].into_iter().flatten().min()
    }
}

impl Ring {
    /// Waits for a change, a wake or a time.
    pub(super) fn wait(&self, until: Option<u64>) {
        if self.here.world.scheduled {
            self.here.wait(until, On::Change(self.seen));
            return;
        }
        let state = self.here.world.lock();
        // Looked at under the lock under which it is set.
        if self.waker.is_woken() {
            return;
        }
        let left = until.map(|until| Duration::from_nanos(until.saturating_sub(state.now())));
        let changed = &self.here.world.changed;
        match left {
            Some(left) => drop(changed.wait_timeout(state, left)),
            None => drop(changed.wait(state).unwrap_or_else(PoisonError::into_inner)),
        }
    }
}
