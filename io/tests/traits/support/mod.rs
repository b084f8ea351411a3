//! Scripted readers and writers, and how tests poll.

mod bumpy;
mod script;
mod sink;
mod tasks;

pub(crate) use bumpy::{Bump, Bumpy};
pub(crate) use script::{Script, Step};
pub(crate) use sink::{Sink, Take};
pub(crate) use tasks::Tasks;

use std::pin::pin;
use std::task::{Context, Poll, Waker};

mod wait {
    include!("../../block_on.in");
}

pub(crate) use wait::block_on;

/// Polls `future` at most `polls` times, then drops it.
pub(crate) fn poll_times<F: Future>(polls: usize, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut cx = Context::from_waker(Waker::noop());
    for _ in 0..polls {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return Some(output);
        }
    }
    None
}
