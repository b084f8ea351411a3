//! Tasks in lists threaded through their cells: the run queue, and all tasks of one core.
//!
//! # Invariants
//!
//! - **I1** the run queue holds one reference for each task in it; a task is in it at most once
//!   (its flag `SCHEDULED`), so `next` belongs to this queue.
//! - **I2** `AllTasks` holds no references: a cell is taken out (`remove`) before it is freed.
//! - **I3** both are touched by their owner's thread only.
//! - **I4** the door of every cell that is in `AllTasks` is kept by it; what is taken out by
//!   `pop_uncounted` is orphaned, and what is left when `AllTasks` is dropped, too.

#![allow(unsafe_code, reason = "intrusive lists of raw cells")]

use super::cell::{Header, TaskRef};
use super::handle::{JoinHandle, new_task};
use crate::door::Door;
use sexton_buffers::registry::{LINE, prefetch};
use std::cell::Cell;
use std::future::Future;
use std::ptr::NonNull;
use std::sync::Arc;

/// First in, first out; nothing to allocate.
#[derive(Debug, Default)]
pub(crate) struct RunQueue {
    head: Cell<Option<NonNull<Header>>>,
    tail: Cell<Option<NonNull<Header>>>,
    len: Cell<usize>,
}

impl RunQueue {
    pub(crate) fn push(&self, task: TaskRef) {
        let raw = task.into_raw();
        match self.tail.replace(Some(raw)) {
            None => self.head.set(Some(raw)),
            Some(tail) => {
                // SAFETY: I1: a task in the queue is alive.
                unsafe { tail.as_ref() }.next.set(Some(raw));
            }
        }
        self.len.set(self.len.get() + 1);
    }

    pub(crate) fn pop(&self) -> Option<TaskRef> {
        let raw = self.head.get()?;
        // SAFETY: I1: the queue's reference goes to the caller.
        let task = unsafe { TaskRef::from_raw(raw) };
        let next = task.header().next.take();
        self.head.set(next);
        match next {
            Some(next) => {
                // SAFETY: I1: a task in the queue is alive.
                let lines = unsafe { next.as_ref() }.lines;
                // Its future is polled next: this one's poll gives it the time to come.
                prefetch(next.as_ptr().cast::<u8>().wrapping_add(LINE), lines.into());
            }
            None => self.tail.set(None),
        }
        self.len.set(self.len.get() - 1);
        Some(task)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.head.get().is_none()
    }

    pub(crate) fn len(&self) -> usize {
        self.len.get()
    }
}

impl Drop for RunQueue {
    fn drop(&mut self) {
        while self.pop().is_some() {}
    }
}

/// Every cell of one core, for shutdown.
#[derive(Debug)]
pub(crate) struct AllTasks {
    head: Cell<Option<NonNull<Header>>>,
    len: Cell<usize>,
    door: Arc<Door>,
}

impl AllTasks {
    /// No tasks of the core behind this door, which is this thread's.
    pub(crate) fn new(door: Arc<Door>) -> Self {
        Self { head: Cell::default(), len: Cell::default(), door }
    }

    /// A new task, with the executor's reference; a second one, and its handle.
    #[track_caller]
    pub(crate) fn spawn<F: Future + 'static>(&self, future: F) -> (TaskRef, JoinHandle<F::Output>) {
        // SAFETY: I4: the task goes into this list now.
        let (task, handle) = unsafe { new_task(future, &self.door) };
        self.insert(&task);
        (task, handle)
    }

    pub(crate) fn insert(&self, task: &TaskRef) {
        let raw = task.raw();
        let head = self.head.replace(Some(raw));
        task.header().all.set((None, head));
        if let Some(head) = head {
            // SAFETY: I2: what is in the list is alive.
            let links = &unsafe { head.as_ref() }.all;
            links.set((Some(raw), links.get().1));
        }
        self.len.set(self.len.get() + 1);
    }

    pub(crate) fn remove(&self, raw: NonNull<Header>) {
        // SAFETY: I2: it is in the list, hence alive.
        let (prev, next) = unsafe { raw.as_ref() }.all.replace((None, None));
        match prev {
            Some(prev) => {
                // SAFETY: I2.
                let links = unsafe { prev.as_ref() };
                links.all.set((links.all.get().0, next));
            }
            None if self.head.get() == Some(raw) => self.head.set(next),
            None => return,
        }
        if let Some(next) = next {
            // SAFETY: I2.
            let links = unsafe { next.as_ref() };
            links.all.set((prev, links.all.get().1));
        }
        self.len.set(self.len.get() - 1);
    }

    /// All tasks, each with a reference of its own.
    pub(crate) fn all(&self) -> Vec<TaskRef> {
        let mut all = Vec::with_capacity(self.len.get());
        let mut at = self.head.get();
        while let Some(raw) = at {
            // SAFETY: I2; the reference made here is counted by `share`, the borrowed one is not.
            let task = std::mem::ManuallyDrop::new(unsafe { TaskRef::from_raw(raw) });
            all.push(task.share());
            at = task.header().all.get().1;
        }
        all
    }

    /// Takes the first cell out, with a reference that the caller owes to nobody: it is not
    /// counted.
    fn pop_uncounted(&self) -> Option<std::mem::ManuallyDrop<TaskRef>> {
        let raw = self.head.get()?;
        self.remove(raw);
        // SAFETY: I2: alive; it is not dropped, so the missing count does not matter.
        Some(std::mem::ManuallyDrop::new(unsafe { TaskRef::from_raw(raw) }))
    }

    /// Gives every cell to everybody, with a reference to its door: the executor ends.
    pub(crate) fn orphan_all(&self) {
        while let Some(task) = self.pop_uncounted() {
            task.orphan();
        }
    }

    /// Cells, finished ones that somebody still refers to included.
    pub(crate) fn len(&self) -> usize {
        self.len.get()
    }
}

impl Drop for AllTasks {
    fn drop(&mut self) {
        self.orphan_all();
    }
}

/// A task with one reference that is in no list. For tests, which keep the door to their end.
#[cfg(test)]
pub(crate) fn lone<F: Future + 'static>(future: F, door: &Arc<Door>) -> TaskRef {
    // SAFETY: as the sentence above says.
    unsafe { TaskRef::new(future, door) }
}
