//! Calls that have no opcode and may take long: on a thread that may block.

use sexton_runtime::calls::file::cancelled;
use sexton_runtime::{CancelHook, JoinHandle, spawn_blocking};
use std::fmt;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A call on another thread.
pub(crate) struct Call<T> {
    handle: JoinHandle<io::Result<T>>,
}

impl<T: Send + 'static> Call<T> {
    pub(crate) fn start(call: impl FnOnce() -> io::Result<T> + Send + 'static) -> Self {
        Self { handle: spawn_blocking(call) }
    }

    /// Waits for the call's answer. When a token around the poll is cancelled, a call that has not
    /// begun is not made; one that has is awaited.
    pub(crate) fn poll(
        &mut self,
        hook: &mut CancelHook,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        match Pin::new(&mut self.handle).poll(cx) {
            Poll::Ready(Ok(answer)) => Poll::Ready(answer),
            Poll::Ready(Err(error)) if error.is_cancelled() && hook.is_cancelled(cx) => {
                Poll::Ready(Err(cancelled()))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error.into())),
            Poll::Pending => {
                if hook.is_cancelled(cx) {
                    self.handle.abort();
                }
                Poll::Pending
            }
        }
    }
}

impl<T> fmt::Debug for Call<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").finish_non_exhaustive()
    }
}

/// Makes a call on another thread, and waits for its answer.
pub(crate) async fn blocking<T: Send + 'static>(
    call: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let (mut call, mut hook) = (Call::start(call), CancelHook::default());
    poll_fn(|cx| call.poll(&mut hook, cx)).await
}
