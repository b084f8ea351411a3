//! How a core waits that has nothing to do: whether it looks for work before it sleeps, and for
//! how many answers it sleeps.
//!
//! ```text
//!            ┌── 1 found something ──▶ no misses
//!   looks ───┤
//!            └── 2 nothing ──▶ one more miss, and the next 2ⁿ - 1 waits sleep at once
//! ```
//!
//! So a core that is idle, or whose work comes rarer than a look lasts, soon looks before one wait
//! in 64 only, and one whose work comes fast looks before each. For several answers a core sleeps
//! only if the last turn brought several: one that has one thing to do gets each answer at once.

use crate::sys::Several;
use std::cell::Cell;
use std::time::Duration;

/// Misses that count: after more of them the core still looks before each 64th wait, since nothing
/// else would tell that work comes fast again.
const MISSES: u32 = 6;

/// What the last looks and turns brought.
#[derive(Debug)]
pub(crate) struct Idle {
    /// It sleeps at once, and for one answer.
    plain: bool,
    spin: Duration,
    min_wait: Duration,
    misses: Cell<u32>,
    /// Waits that sleep at once.
    skipped: Cell<u32>,
    /// Answers of the last turn, if they count.
    answers: Cell<u32>,
}

impl Idle {
    /// Looks for so long, and sleeps for so long at least; not at all, where that is zero.
    pub(crate) fn new(spin: Duration, min_wait: Duration) -> Self {
        let zero = || Cell::new(0);
        let plain = spin.is_zero() && min_wait.is_zero();
        Self { plain, spin, min_wait, misses: zero(), skipped: zero(), answers: zero() }
    }

    /// Whether neither looks nor several answers are wanted: by default a turn asks this alone.
    #[inline]
    pub(crate) fn is_plain(&self) -> bool {
        self.plain
    }

    /// How long to look before this wait, if at all.
    pub(crate) fn looks(&self) -> Option<Duration> {
        if self.spin.is_zero() {
            return None;
        }
        match self.skipped.get().checked_sub(1) {
            Some(fewer) => {
                self.skipped.set(fewer);
                None
            }
            None => Some(self.spin),
        }
    }

    /// What a look came to.
    pub(crate) fn looked(&self, found: bool) {
        let misses = if found { 0 } else { MISSES.min(self.misses.get() + 1) };
        self.misses.set(misses);
        self.skipped.set((1 << misses) - 1);
    }

    /// A turn brought so many answers.
    pub(crate) fn answered(&self, answers: usize) {
        if !self.min_wait.is_zero() {
            self.answers.set(u32::try_from(answers).unwrap_or(u32::MAX));
        }
    }

    /// Whether to sleep for several answers.
    pub(crate) fn is_batching(&self) -> bool {
        self.answers.get() > 1
    }

    /// What to sleep for then, until that time at the latest.
    pub(crate) fn several(&self, longest: Option<Duration>) -> Several {
        Several { count: self.answers.get(), least: self.min_wait, longest }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOME: Duration = Duration::from_micros(50);

    /// Waits until the next look, that one included.
    fn waits(idle: &Idle) -> u32 {
        (1..1000).find(|_| idle.looks() == Some(SOME)).expect("it looks again some time")
    }

    #[test]
    fn a_core_that_finds_something_looks_each_time_and_one_that_does_not_soon_sleeps() {
        let idle = Idle::new(SOME, Duration::ZERO);
        assert!(!idle.is_plain());
        for _ in 0..100 {
            assert_eq!(waits(&idle), 1);
            idle.looked(true);
        }
        for expected in [1, 2, 4, 8, 16, 32, 64, 64, 64] {
            assert_eq!(waits(&idle), expected);
            idle.looked(false);
        }
        assert_eq!(waits(&idle), 64);
        idle.looked(true);
        assert_eq!(waits(&idle), 1, "work comes fast again");
    }

    #[test]
    fn several_answers_are_waited_for_after_a_turn_that_brought_several() {
        let idle = Idle::new(Duration::ZERO, SOME);
        assert!(!idle.is_plain());
        let longest = Some(Duration::from_secs(1));
        assert!(!idle.is_batching());
        idle.answered(1);
        assert!(!idle.is_batching());
        idle.answered(7);
        assert!(idle.is_batching());
        assert_eq!(idle.several(longest), Several { count: 7, least: SOME, longest });
        idle.answered(0);
        assert!(!idle.is_batching());
    }

    #[test]
    fn by_default_a_core_sleeps_at_once_and_for_one_answer() {
        let idle = Idle::new(Duration::ZERO, Duration::ZERO);
        assert!(idle.is_plain());
        idle.answered(100);
        assert!(!idle.is_batching());
        assert!((0..1000).all(|_| idle.looks().is_none()));
    }
}
