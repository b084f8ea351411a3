//! Awaiting a task, on this core or elsewhere.
//!
//! # Invariants
//!
//! - **I1** a local handle is made with the task it names, of the same output type, and is the only
//!   one.

#![allow(unsafe_code, reason = "a task's output is taken out of its type-erased cell")]

use super::cell::TaskRef;
use super::error::JoinError;
use super::remote::Remote;
use crate::door::Door;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// The right to await a task.
///
/// # Completes
/// When the task does, was aborted, or panicked.
///
/// # If dropped
/// The task goes on, detached.
///
/// ```
/// # sexton_runtime::block_on(async {
/// let task = sexton_runtime::spawn(async { 6 * 7 });
/// assert_eq!(task.await.expect("it does not panic"), 42);
/// # });
/// ```
pub struct JoinHandle<T> {
    repr: Repr<T>,
    /// A local task's handle stays on its core, so no handle travels.
    _local: PhantomData<*mut T>,
}

enum Repr<T> {
    Local(TaskRef),
    Remote(Arc<Remote<T>>),
}

impl<T> Unpin for JoinHandle<T> {}

impl<T> JoinHandle<T> {
    /// # Safety
    /// I1: the task's output is a `T`, and this is its one handle.
    unsafe fn local(task: TaskRef) -> Self {
        Self { repr: Repr::Local(task), _local: PhantomData }
    }

    pub(crate) fn remote(remote: Arc<Remote<T>>) -> Self {
        Self { repr: Repr::Remote(remote), _local: PhantomData }
    }

    /// Aborts the task: its future is dropped at its next turn, and awaiting the handle gives an
    /// error that says so, unless the task was finished already. A blocking call that has started
    /// goes on.
    pub fn abort(&self) {
        match &self.repr {
            Repr::Local(task) => task.abort(),
            Repr::Remote(remote) => remote.abort(),
        }
    }

    /// Whether the task is finished (or was aborted, or panicked).
    #[must_use]
    pub fn is_finished(&self) -> bool {
        match &self.repr {
            Repr::Local(task) => task.is_finished(),
            Repr::Remote(remote) => remote.is_finished(),
        }
    }
}

impl<T: 'static> JoinHandle<T> {
    /// A handle that can only abort.
    #[must_use]
    pub fn abort_handle(&self) -> AbortHandle {
        AbortHandle(match &self.repr {
            Repr::Local(task) => Target::Local(task.share()),
            Repr::Remote(remote) => {
                let remote = Arc::clone(remote);
                Target::Remote(Box::new(move || remote.abort()))
            }
        })
    }
}

/// Makes the cell of `future`, with the executor's reference, another one, and its one handle.
///
/// # Safety
/// As of `TaskRef::new`; the executor behind the door is this thread's.
#[track_caller]
pub(crate) unsafe fn new_task<F: Future + 'static>(
    future: F,
    door: &Arc<Door>,
) -> (TaskRef, JoinHandle<F::Output>) {
    // SAFETY: the caller vouches for the door.
    let task = unsafe { TaskRef::new(future, door) };
    let [handles, executors] = task.share_twice();
    // Given back by `release_executors`.
    std::mem::forget(executors);
    // SAFETY: I1: made here, once, of the same type.
    (task, unsafe { JoinHandle::local(handles) })
}

impl<T> Future for JoinHandle<T> {
    type Output = Result<T, JoinError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &self.repr {
            Repr::Remote(remote) => remote.poll(cx),
            Repr::Local(task) => {
                // SAFETY: I1.
                match unsafe { task.take_output::<T>() } {
                    Some(output) => Poll::Ready(output),
                    None => {
                        task.set_joiner(cx.waker());
                        Poll::Pending
                    }
                }
            }
        }
    }
}

impl<T> Drop for JoinHandle<T> {
    fn drop(&mut self) {
        match &self.repr {
            Repr::Local(task) => task.detach(),
            Repr::Remote(remote) => remote.detach(),
        }
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("JoinHandle");
        if let Repr::Local(task) = &self.repr {
            out.field("spawned_at", &format_args!("{}", task.location()));
        }
        out.field("finished", &self.is_finished()).finish()
    }
}

/// The right to abort a task, without the right to its output.
pub struct AbortHandle(Target);

enum Target {
    Local(TaskRef),
    Remote(Box<dyn Fn()>),
}

impl AbortHandle {
    /// Aborts the task, as [`JoinHandle::abort`] does.
    pub fn abort(&self) {
        match &self.0 {
            Target::Local(task) => task.abort(),
            Target::Remote(abort) => abort(),
        }
    }
}

impl fmt::Debug for AbortHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AbortHandle").finish_non_exhaustive()
    }
}
