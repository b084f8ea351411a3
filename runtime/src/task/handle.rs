//! Awaiting a task, on this core or elsewhere.
//!
//! # Invariants
//!
//! - **I1** a local handle is made with the task it names, of the same output type, and is the only
//!   one.
//! - **I2** `target` is a counted reference, which ends with the handle: to a task if `spawned_at`
//!   is known, or else to an `Arc<Remote<T>>`.

#![allow(unsafe_code, reason = "a task's output is taken out of its type-erased cell")]

use super::cell::TaskRef;
use super::error::JoinError;
use super::remote::Remote;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::panic::Location;
use std::pin::Pin;
use std::ptr::NonNull;
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
    /// A task of this core (I1), or what a task elsewhere will leave: two words that travel in
    /// registers, which an enum of the two would not.
    target: NonNull<()>,
    /// Where the task was spawned, if it is one of this core.
    spawned_at: Option<&'static Location<'static>>,
    /// A local task's handle stays on its core, so no handle travels.
    _local: PhantomData<(*mut T, Arc<Remote<T>>)>,
}

/// What a handle is of; the reference stays the handle's.
enum Of<T> {
    Local(ManuallyDrop<TaskRef>),
    Remote(ManuallyDrop<Arc<Remote<T>>>),
}

impl<T> Unpin for JoinHandle<T> {}

impl<T> JoinHandle<T> {
    /// # Safety
    /// I1: the task's output is a `T`, and this is its one handle.
    #[inline]
    pub(super) unsafe fn local(task: TaskRef, spawned_at: &'static Location<'static>) -> Self {
        let target = task.into_raw().cast();
        Self { target, spawned_at: Some(spawned_at), _local: PhantomData }
    }

    pub(crate) fn remote(remote: Arc<Remote<T>>) -> Self {
        let target = Arc::into_raw(remote).cast_mut().cast();
        let target = NonNull::new(target).expect("an `Arc` is never null");
        Self { target, spawned_at: None, _local: PhantomData }
    }

    #[inline]
    fn of(&self) -> Of<T> {
        if self.spawned_at.is_some() {
            // SAFETY: I2.
            Of::Local(ManuallyDrop::new(unsafe { TaskRef::from_raw(self.target.cast()) }))
        } else {
            // SAFETY: I2.
            Of::Remote(ManuallyDrop::new(unsafe { Arc::from_raw(self.target.cast().as_ptr()) }))
        }
    }

    /// Aborts the task: its future is dropped at its next turn, and awaiting the handle gives an
    /// error that says so, unless the task was finished already. A blocking call that has started
    /// goes on.
    pub fn abort(&self) {
        match self.of() {
            Of::Local(task) => task.abort(),
            Of::Remote(remote) => remote.abort(),
        }
    }

    /// Whether the task is finished (or was aborted, or panicked).
    #[must_use]
    pub fn is_finished(&self) -> bool {
        match self.of() {
            Of::Local(task) => task.is_finished(),
            Of::Remote(remote) => remote.is_finished(),
        }
    }
}

impl<T: 'static> JoinHandle<T> {
    /// A handle that can only abort.
    #[must_use]
    pub fn abort_handle(&self) -> AbortHandle {
        AbortHandle(match self.of() {
            Of::Local(task) => Target::Local(task.share()),
            Of::Remote(remote) => {
                let remote = Arc::clone(&remote);
                Target::Remote(Box::new(move || remote.abort()))
            }
        })
    }
}

impl<T> Future for JoinHandle<T> {
    type Output = Result<T, JoinError>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.of() {
            Of::Remote(remote) => remote.poll(cx),
            Of::Local(task) => {
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
    #[inline]
    fn drop(&mut self) {
        match self.of() {
            Of::Local(task) => {
                task.detach();
                drop(ManuallyDrop::into_inner(task)); // I2
            }
            Of::Remote(remote) => {
                remote.detach();
                drop(ManuallyDrop::into_inner(remote)); // I2
            }
        }
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("JoinHandle");
        if let Some(location) = self.spawned_at {
            out.field("spawned_at", &format_args!("{location}"));
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
