//! The future of one operation: a key, nothing else.

use super::{Completion, Op};
use crate::cancel::CancelHook;
use crate::context;
use crate::driver::Driver;
use sexton_buffers::registry::Key;
use std::future::Future;
use std::io;
use std::marker::PhantomData;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

/// Submits an operation to this thread's ring, at once.
///
/// # Completes
/// When the kernel's last answer is here.
///
/// # If dropped
/// The operation is cancelled, and everything that it owns stays alive until the kernel has let go
/// of it; then its [`adopt`](Op::adopt) runs. Forgetting the future is harmless, too: what the
/// operation owns is freed when the runtime ends.
///
/// # Errors
/// Outside a runtime, or on one that is shutting down, the operation gets a completion that says
/// so; the kernel never sees it.
pub fn submit<O: Op>(op: O) -> Submit<O> {
    let state = match context::driver() {
        None => State::Refused(Box::new((op, context::outside()))),
        Some(driver) => match driver.submit(op) {
            Ok(key) => State::Submitted(key, driver),
            Err(refused) => State::Refused(Box::new(refused)),
        },
    };
    Submit { state, hook: CancelHook::default(), _op: PhantomData }
}

/// The future of an operation that was submitted by [`submit`].
#[must_use = "a dropped operation is cancelled"]
pub struct Submit<O: Op> {
    state: State<O>,
    hook: CancelHook,
    _op: PhantomData<O>,
}

enum State<O> {
    Submitted(Key, Rc<Driver>),
    /// Rare: a future is no larger for it.
    Refused(Box<(O, io::Error)>),
    Finished,
}

// The operation lies in its slot; one that was refused is moved once more, and never pinned.
impl<O: Op> Unpin for Submit<O> {}

impl<O: Op> std::fmt::Debug for Submit<O> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let key = if let State::Submitted(key, _) = &self.state { Some(key) } else { None };
        f.debug_struct("Submit").field("key", &key).finish()
    }
}

impl<O: Op> Submit<O> {
    /// Asks the kernel to cancel the operation; this future still gets the last answer.
    pub fn cancel(&self) {
        if let State::Submitted(key, driver) = &self.state {
            driver.cancel(*key);
        }
    }
}

impl<O: Op> Submit<O> {
    /// Waits for the count in the result only: of a zero-copy send
    /// ([`Entry::send_zc`](crate::op::Entry::send_zc)) it comes before the kernel has let go of the
    /// operation, of all others with it. None if the operation failed: the future itself has the
    /// error, or will.
    ///
    /// The last waker given, here or to the future, is woken. To be asked before the future is
    /// ready.
    pub fn poll_count(&mut self, cx: &mut Context<'_>) -> Poll<Option<usize>> {
        let State::Submitted(key, driver) = &self.state else { return Poll::Ready(None) };
        let polled = driver.poll_result(*key, cx.waker());
        if polled.is_pending() && self.hook.is_cancelled(cx) {
            driver.cancel(*key);
        }
        polled.map(|result| usize::try_from(result?).ok())
    }
}

impl<O: Op> Future for Submit<O> {
    type Output = O::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<O::Output> {
        let this = &mut *self;
        if let State::Submitted(key, driver) = &this.state {
            let polled = driver.poll::<O>(*key, cx.waker());
            if polled.is_pending() {
                if this.hook.is_cancelled(cx) {
                    driver.cancel(*key);
                }
                return Poll::Pending;
            }
            this.state = State::Finished;
            if let Poll::Ready(Some(output)) = polled {
                return Poll::Ready(output);
            }
        }
        match std::mem::replace(&mut this.state, State::Finished) {
            State::Refused(refused) => {
                let (op, error) = *refused;
                Poll::Ready(op.complete(Completion::refused(error)))
            }
            _ => panic!("an operation was polled after its answer, or after its runtime's end"),
        }
    }
}

impl<O: Op> Drop for Submit<O> {
    fn drop(&mut self) {
        if let State::Submitted(key, driver) = &self.state {
            driver.bury(*key);
        }
    }
}
