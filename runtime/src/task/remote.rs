//! A result that crosses threads: of a task on another core, or of a blocking call.

use super::error::JoinError;
use crate::sync::{Mutex, MutexGuard};
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll, Waker};

#[cfg(all(test, loom))]
mod loom_tests;

/// The place where a result is left and fetched.
#[derive(Debug)]
pub(crate) struct Remote<T>(Mutex<State<T>>);

#[derive(Debug)]
struct State<T> {
    output: Option<Result<T, JoinError>>,
    finished: bool,
    aborted: bool,
    detached: bool,
    joiner: Option<Waker>,
    /// Wakes the task itself, to be aborted.
    task: Option<Waker>,
}

impl<T> Remote<T> {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(State {
            output: None,
            finished: false,
            aborted: false,
            detached: false,
            joiner: None,
            task: None,
        })))
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Leaves the result; only the first one counts.
    pub(crate) fn finish(&self, output: Result<T, JoinError>) {
        let mut state = self.lock();
        if state.finished {
            drop(state);
            drop(output);
            return;
        }
        state.finished = true;
        let (joiner, task) = (state.joiner.take(), state.task.take());
        let unwanted = if state.detached {
            Some(output)
        } else {
            state.output = Some(output);
            None
        };
        // Wakers and destructors are foreign code.
        drop(state);
        drop((unwanted, task));
        if let Some(joiner) = joiner {
            joiner.wake();
        }
    }

    /// Says why a call was never made, where its drop has said that it was not.
    pub(crate) fn refuse(&self, why: String) {
        let mut state = self.lock();
        let old = state.output.as_mut().filter(|output| output.is_err());
        let old = old.map(|output| std::mem::replace(output, Err(JoinError::refused(why))));
        drop(state);
        drop(old);
    }

    pub(crate) fn poll(&self, cx: &Context<'_>) -> Poll<Result<T, JoinError>> {
        let waker = cx.waker().clone();
        let mut state = self.lock();
        if let Some(output) = state.output.take() {
            return Poll::Ready(output);
        }
        let old = state.joiner.replace(waker);
        drop(state);
        drop(old);
        Poll::Pending
    }

    pub(crate) fn is_finished(&self) -> bool {
        self.lock().finished
    }

    pub(crate) fn is_aborted(&self) -> bool {
        self.lock().aborted
    }

    pub(crate) fn abort(&self) {
        let mut state = self.lock();
        state.aborted = true;
        let task = state.task.take();
        drop(state);
        if let Some(task) = task {
            task.wake();
        }
    }

    /// The handle is gone.
    pub(crate) fn detach(&self) {
        let mut state = self.lock();
        state.detached = true;
        let rest = (state.output.take(), state.joiner.take());
        drop(state);
        drop(rest);
    }

    /// Runs a call on this thread and leaves its result.
    pub(crate) fn call(&self, call: impl FnOnce() -> T) {
        if self.is_aborted() {
            self.finish(Err(JoinError::cancelled()));
            return;
        }
        self.finish(catch_unwind(AssertUnwindSafe(call)).map_err(JoinError::panicked));
    }
}

/// A future whose output goes to a [`Remote`], whatever becomes of it.
pub(crate) struct RemoteFuture<F: Future> {
    future: Pin<Box<F>>,
    remote: Arc<Remote<F::Output>>,
}

impl<F: Future> RemoteFuture<F> {
    pub(crate) fn new(future: F, remote: Arc<Remote<F::Output>>) -> Self {
        Self { future: Box::pin(future), remote }
    }
}

impl<F: Future> Future for RemoteFuture<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let waker = cx.waker().clone();
        let mut state = this.remote.lock();
        let aborted = state.aborted;
        let old = state.task.replace(waker);
        drop(state);
        drop(old);
        if aborted {
            return Poll::Ready(());
        }
        match catch_unwind(AssertUnwindSafe(|| this.future.as_mut().poll(cx))) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(output)) => {
                this.remote.finish(Ok(output));
                Poll::Ready(())
            }
            Err(panic) => {
                this.remote.finish(Err(JoinError::panicked(panic)));
                Poll::Ready(())
            }
        }
    }
}

impl<F: Future> Drop for RemoteFuture<F> {
    fn drop(&mut self) {
        self.remote.finish(Err(JoinError::cancelled()));
    }
}
