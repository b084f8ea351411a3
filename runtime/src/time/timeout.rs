//! A future that must be ready in time.

use super::{Instant, Sleep, sleep_until};
use pin_project_lite::pin_project;
use std::fmt;
use std::future::{Future, IntoFuture};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

/// Runs `future` for at most `duration`.
///
/// The time starts when the future has to wait for the first time: one that is ready at once never
/// touches the clock.
///
/// # Completes
/// When the future does, or with [`Elapsed`] when the time is over; then the future is dropped, and
/// what it was doing is cancelled as it says.
///
/// # If dropped
/// As the future.
///
/// ```
/// use sexton_runtime::time::{Duration, timeout};
/// # sexton_runtime::block_on(async {
/// assert_eq!(timeout(Duration::from_secs(1), async { 1 }).await, Ok(1));
/// let never = std::future::pending::<()>();
/// assert!(timeout(Duration::from_millis(1), never).await.is_err());
/// # });
/// ```
pub fn timeout<F: IntoFuture>(duration: Duration, future: F) -> Timeout<F::IntoFuture> {
    Timeout { future: future.into_future(), limit: Limit::After(duration) }
}

/// Runs `future` until `deadline` at the latest. As [`timeout`].
pub fn timeout_at<F: IntoFuture>(deadline: Instant, future: F) -> Timeout<F::IntoFuture> {
    Timeout { future: future.into_future(), limit: Limit::At(sleep_until(deadline)) }
}

pin_project! {
    /// The future of [`timeout`] and [`timeout_at`].
    #[must_use = "a future does nothing before it is awaited"]
    #[derive(Debug)]
    pub struct Timeout<F> {
        #[pin]
        future: F,
        limit: Limit,
    }
}

#[derive(Debug)]
enum Limit {
    /// Not yet armed.
    After(Duration),
    At(Sleep),
}

impl<F: Future> Future for Timeout<F> {
    type Output = Result<F::Output, Elapsed>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let Poll::Ready(output) = this.future.poll(cx) {
            return Poll::Ready(Ok(output));
        }
        if let Limit::After(duration) = this.limit {
            *this.limit = Limit::At(super::sleep(*duration));
        }
        let Limit::At(sleep) = this.limit else { return Poll::Pending };
        Pin::new(sleep).poll(cx).map(|()| Err(Elapsed(())))
    }
}

/// The time was over before the future was ready.
#[derive(Debug, PartialEq, Eq)]
pub struct Elapsed(());

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the deadline is over")
    }
}

impl std::error::Error for Elapsed {}

impl From<Elapsed> for io::Error {
    fn from(elapsed: Elapsed) -> Self {
        io::Error::new(io::ErrorKind::TimedOut, elapsed)
    }
}
