//! A test that hangs is a test that fails: its body on a thread, its end awaited for so long only.

use std::panic::resume_unwind;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// Runs `body` on a thread of its own, for a minute at most.
pub(crate) fn within_a_minute<T: Send + 'static>(body: impl FnOnce() -> T + Send + 'static) -> T {
    within(Duration::from_secs(60), body)
}

/// Runs `body` on a thread of its own.
pub(crate) fn within<T: Send + 'static>(
    limit: Duration,
    body: impl FnOnce() -> T + Send + 'static,
) -> T {
    let (ended, wait) = channel();
    let thread = std::thread::spawn(move || {
        let output = body();
        // Nobody waits any more if it took too long.
        ended.send(()).unwrap_or_default();
        output
    });
    if wait.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
        panic!("it hangs: no end after {limit:?}");
    }
    thread.join().unwrap_or_else(|panic| resume_unwind(panic))
}
