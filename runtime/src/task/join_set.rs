//! Many tasks of one kind, awaited in the order in which they finish.

use super::error::JoinError;
use super::handle::{AbortHandle, JoinHandle};
use slab::Slab;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

/// Tasks on this core, joined as they finish.
///
/// # If dropped
/// All its tasks are aborted.
///
/// ```
/// # sexton_runtime::block_on(async {
/// let mut set = sexton_runtime::JoinSet::new();
/// for n in 1..=3 {
///     set.spawn(async move { n * n });
/// }
/// let mut sum = 0;
/// while let Some(square) = set.join_next().await {
///     sum += square.expect("no task panics");
/// }
/// assert_eq!(sum, 14);
/// # });
/// ```
#[derive(Debug)]
pub struct JoinSet<T> {
    handles: Slab<JoinHandle<T>>,
    finished: Rc<RefCell<Finished>>,
}

#[derive(Debug, Default)]
struct Finished {
    order: VecDeque<usize>,
    waker: Option<Waker>,
}

/// Says that a task is at its end, also when it panics or is aborted.
struct Report {
    index: usize,
    finished: Rc<RefCell<Finished>>,
}

impl Drop for Report {
    fn drop(&mut self) {
        let mut finished = self.finished.borrow_mut();
        finished.order.push_back(self.index);
        let waker = finished.waker.take();
        drop(finished);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl<T: 'static> Default for JoinSet<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: 'static> JoinSet<T> {
    /// An empty set.
    #[must_use]
    pub fn new() -> Self {
        Self { handles: Slab::new(), finished: Rc::default() }
    }

    /// Spawns a task on this core into the set.
    #[track_caller]
    pub fn spawn<F: Future<Output = T> + 'static>(&mut self, future: F) -> AbortHandle {
        let entry = self.handles.vacant_entry();
        let report = Report { index: entry.key(), finished: Rc::clone(&self.finished) };
        let handle = crate::spawn(async move {
            let _report = report;
            future.await
        });
        entry.insert(handle).abort_handle()
    }

    /// The next task that finishes; `None` if the set is empty.
    ///
    /// # If dropped
    /// No task is lost: it stays in the set.
    pub async fn join_next(&mut self) -> Option<Result<T, JoinError>> {
        poll_fn(|cx| self.poll_join_next(cx)).await
    }

    fn poll_join_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T, JoinError>>> {
        if self.handles.is_empty() {
            return Poll::Ready(None);
        }
        let waker = cx.waker().clone();
        let mut finished = self.finished.borrow_mut();
        let next = finished.order.front().copied();
        let old = finished.waker.replace(waker);
        drop(finished);
        drop(old);
        let Some(index) = next else { return Poll::Pending };
        let Some(handle) = self.handles.get_mut(index) else {
            self.finished.borrow_mut().order.pop_front();
            return self.poll_join_next(cx);
        };
        // The report comes a moment before the output does: then the handle wakes this task.
        let Poll::Ready(output) = Pin::new(handle).poll(cx) else { return Poll::Pending };
        self.finished.borrow_mut().order.pop_front();
        drop(self.handles.remove(index));
        Poll::Ready(Some(output))
    }

    /// Aborts all tasks; they are joined with an error each.
    pub fn abort_all(&mut self) {
        for (_, handle) in &self.handles {
            handle.abort();
        }
    }

    /// Aborts all tasks and waits until they are gone.
    pub async fn shutdown(&mut self) {
        self.abort_all();
        while self.join_next().await.is_some() {}
    }

    /// Tasks that were not joined yet.
    #[must_use]
    pub fn len(&self) -> usize {
        self.handles.len()
    }

    /// Whether every task was joined.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.handles.is_empty()
    }
}

impl<T> Drop for JoinSet<T> {
    fn drop(&mut self) {
        for (_, handle) in &self.handles {
            handle.abort();
        }
    }
}
