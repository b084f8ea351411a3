//! Steps whose time `micro` measures, and whose instructions `counts` counts.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

/// Far enough that no timer fires.
pub(crate) const LONG: Duration = Duration::from_secs(3600);

pub(crate) async fn yields(operations: u64) {
    for _ in 0..operations {
        sexton::yield_now().await;
    }
}

pub(crate) async fn timers(operations: u64) {
    for _ in 0..operations {
        let mut sleep = pin!(sexton::time::sleep(LONG));
        // Polled once, it is armed; dropped, it is cancelled.
        poll_fn(|cx| {
            assert!(sleep.as_mut().poll(cx).is_pending());
            Poll::Ready(())
        })
        .await;
    }
}

pub(crate) async fn timeouts_yield(operations: u64) {
    for _ in 0..operations {
        sexton::time::timeout(LONG, sexton::yield_now()).await.expect("an hour is enough");
    }
}
