//! Waiting until a point in time.

use super::{Instant, TimerKey};
use crate::context;
use crate::executor::Core;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

/// Waits for `duration`.
///
/// # Completes
/// At the first millisecond of the core's clock that is not before the deadline; never early.
///
/// # If dropped
/// The timer is disarmed.
///
/// # Kernel
/// No operation of its own: the deadline of the next timer is passed with `io_uring_enter`.
///
/// ```
/// use sexton_runtime::time::{Duration, Instant, sleep};
/// # sexton_runtime::block_on(async {
/// let start = Instant::now();
/// sleep(Duration::from_millis(3)).await;
/// assert!(start.elapsed() >= Duration::from_millis(3));
/// # });
/// ```
pub fn sleep(duration: Duration) -> Sleep {
    let now = Instant::now();
    context::with(|core| core.timers().saw(now.into_std()));
    sleep_until(now.checked_add(duration).unwrap_or_else(Instant::far_future))
}

/// Waits until `deadline`. As [`sleep`].
pub fn sleep_until(deadline: Instant) -> Sleep {
    Sleep { deadline, timer: None }
}

/// The future of [`sleep`] and [`sleep_until`].
#[must_use = "a future does nothing before it is awaited"]
pub struct Sleep {
    deadline: Instant,
    timer: Option<(TimerKey, Rc<Core>)>,
}

impl std::fmt::Debug for Sleep {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let armed = self.timer.is_some();
        f.debug_struct("Sleep").field("deadline", &self.deadline).field("armed", &armed).finish()
    }
}

impl Sleep {
    /// When it ends.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Whether the deadline is over.
    #[must_use]
    pub fn is_elapsed(&self) -> bool {
        Instant::now() >= self.deadline
    }

    /// Moves the deadline; who awaits it next arms it anew.
    pub fn reset(self: Pin<&mut Self>, deadline: Instant) {
        let this = self.get_mut();
        this.disarm();
        this.deadline = deadline;
    }

    fn disarm(&mut self) {
        if let Some((key, core)) = self.timer.take() {
            let waker = core.timers().disarm(key);
            drop(waker);
        }
    }
}

impl Future for Sleep {
    type Output = ();

    /// # Panics
    /// Outside a runtime, if it has to wait.
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        if let Some((key, core)) = &this.timer {
            if core.timers().will_wake(key, cx.waker()) {
                return Poll::Pending;
            }
            // It has fired, or wakes somebody else.
            this.disarm();
        }
        let deadline = this.deadline.into_std();
        match context::core() {
            // A reading of the clock would cost more than all the rest.
            Some(core) if !core.timers().has_passed(deadline) => {
                let key = core.timers().arm(deadline, cx.waker().clone());
                this.timer = Some((key, core));
                Poll::Pending
            }
            None if !this.is_elapsed() => panic!("{}", context::outside()),
            _ => Poll::Ready(()),
        }
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        self.disarm();
    }
}
