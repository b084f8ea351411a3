//! What the workloads without I/O need of a runtime.

use std::future::{Future, poll_fn};
use std::task::Poll;
use std::time::Duration;

/// A runtime on this thread, in the words that its own users would use.
pub trait Tasks: 'static {
    /// Whether its wakers may be used on other threads.
    const WAKES_ACROSS_THREADS: bool = true;

    /// Starts the runtime, with the options that serve it best, and runs a future to its end.
    fn block_on<F: Future + 'static>(future: F) -> F::Output;

    /// A task; the future waits for its end.
    fn spawn<F>(future: F) -> impl Future<Output = F::Output>
    where
        F: Future + 'static,
        F::Output: 'static;

    /// A task that nobody waits for.
    fn detach<F: Future<Output = ()> + 'static>(future: F);

    /// Lets other tasks run: the runtime's own way, if it has one.
    fn yield_now() -> impl Future<Output = ()> {
        wake_once()
    }

    /// Waits for a time.
    fn sleep(time: Duration) -> impl Future<Output = ()> + 'static;

    /// Whether a future is ready within a time.
    fn timeout<F: Future>(time: Duration, future: F) -> impl Future<Output = bool>;
}

/// Ready when it is polled for the second time.
pub fn wake_once() -> impl Future<Output = ()> {
    let mut polled = false;
    poll_fn(move |cx| {
        if std::mem::replace(&mut polled, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
}
