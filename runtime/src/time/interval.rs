//! Ticks at regular times.

use super::{Instant, Sleep, sleep_until};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

/// Ticks every `period`, the first time at once.
///
/// # Panics
/// If `period` is zero.
///
/// ```
/// use sexton_runtime::time::{Duration, interval};
/// # sexton_runtime::block_on(async {
/// let mut ticks = interval(Duration::from_millis(2));
/// let first = ticks.tick().await;
/// assert!(ticks.tick().await - first >= Duration::from_millis(2));
/// # });
/// ```
pub fn interval(period: Duration) -> Interval {
    interval_at(Instant::now(), period)
}

/// Ticks every `period`, the first time at `start`.
///
/// # Panics
/// If `period` is zero.
pub fn interval_at(start: Instant, period: Duration) -> Interval {
    assert!(!period.is_zero(), "an interval needs a period");
    Interval { sleep: sleep_until(start), period, missed: MissedTickBehavior::Burst }
}

/// What a late reader finds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum MissedTickBehavior {
    /// All ticks that it missed, one after the other.
    #[default]
    Burst,
    /// One tick now; the next one a period later.
    Delay,
    /// One tick now; the next one at the next multiple of the period.
    Skip,
}

/// Regular ticks.
#[derive(Debug)]
pub struct Interval {
    sleep: Sleep,
    period: Duration,
    missed: MissedTickBehavior,
}

impl Interval {
    /// Waits for the next tick, and says when it was due.
    ///
    /// # If dropped
    /// The tick is not lost: the next call waits for it.
    pub async fn tick(&mut self) -> Instant {
        std::future::poll_fn(|cx| self.poll_tick(cx)).await
    }

    /// As [`tick`](Self::tick), for hand-written futures.
    pub fn poll_tick(&mut self, cx: &mut Context<'_>) -> Poll<Instant> {
        ready!(Pin::new(&mut self.sleep).poll(cx));
        let (due, now) = (self.sleep.deadline(), Instant::now());
        let next = match self.missed {
            MissedTickBehavior::Burst => due + self.period,
            MissedTickBehavior::Delay if now > due + self.period => now + self.period,
            MissedTickBehavior::Skip if now > due + self.period => {
                let late = (now - due).as_nanos() % self.period.as_nanos();
                // A remainder of the period is shorter than the period: it fits.
                now + (self.period - Duration::from_nanos(late as u64))
            }
            MissedTickBehavior::Delay | MissedTickBehavior::Skip => due + self.period,
        };
        Pin::new(&mut self.sleep).reset(next);
        Poll::Ready(due)
    }

    /// Starts anew: the next tick comes a period from now.
    pub fn reset(&mut self) {
        Pin::new(&mut self.sleep).reset(Instant::now() + self.period);
    }

    /// The time between two ticks.
    #[must_use]
    pub fn period(&self) -> Duration {
        self.period
    }

    /// What a late reader finds.
    pub fn set_missed_tick_behavior(&mut self, missed: MissedTickBehavior) {
        self.missed = missed;
    }
}
