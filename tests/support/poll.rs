//! Futures polled by hand: once, or for a number of turns.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

/// Polls once, with the task's own waker.
pub(crate) async fn poll_once<F: Future + ?Sized>(mut future: Pin<&mut F>) -> Option<F::Output> {
    poll_fn(|cx| {
        Poll::Ready(match future.as_mut().poll(cx) {
            Poll::Ready(output) => Some(output),
            Poll::Pending => None,
        })
    })
    .await
}

/// Lets the core go round `turns` times.
pub(crate) async fn turns(turns: usize) {
    for _ in 0..turns {
        sexton::yield_now().await;
    }
}

/// Lets the core go round until `done`, or for ten seconds at most.
pub(crate) async fn until(what: &str, mut done: impl FnMut() -> bool) {
    let started = std::time::Instant::now();
    while !done() {
        assert!(started.elapsed().as_secs() < 10, "still waiting: {what}");
        sexton::time::sleep(std::time::Duration::from_millis(1)).await;
    }
}
