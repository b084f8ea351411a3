//! What a program has to expect of its run.

use sexton::JoinHandle;
use sexton::sim::{Fault, Faults};
use std::future::Future;
use std::io;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicIsize, Ordering};

/// What may happen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    /// Calls may fail for no reason of the program's.
    pub(crate) errors: bool,
    /// Connections may break. One half may be told so, and the other one sees just the end.
    pub(crate) resets: bool,
    /// Connections may be gone before they are accepted.
    pub(crate) aborts: bool,
    /// The runtime may end at any time: hosts that it cut off stay so.
    pub(crate) abandoned: bool,
    /// The programs beside each other have different ones.
    pub(crate) number: usize,
    /// Futures may be forgotten: what they hold is held for ever.
    pub(crate) forgets: bool,
}

/// Faults that a program sees as errors.
const ERRORS: &[Fault] = &[
    Fault::Interrupted,
    Fault::Failure,
    Fault::ConnAborted,
    Fault::NoDescriptors,
    Fault::Refused,
    Fault::Unreachable,
    Fault::BindError,
    Fault::SendError,
    Fault::Reset,
    Fault::ReadError,
    Fault::WriteError,
    Fault::DiskFull,
    Fault::SyncError,
    Fault::OpenError,
    Fault::PathError,
];

/// Faults that break connections, or leave them to a program that gives up on them.
const BREAKS: &[Fault] = &[Fault::Reset, Fault::Failure, Fault::SendError];

impl Rules {
    /// Of a program that may be `abandoned`: what it is connected with goes away.
    pub(crate) fn new(faults: &Faults, abandoned: bool, forgets: bool) -> Self {
        Self {
            errors: abandoned || ERRORS.iter().any(|fault| faults.get(*fault) > 0.0),
            aborts: abandoned || faults.get(Fault::ConnAborted) > 0.0,
            abandoned,
            number: 0,
            forgets,
            resets: abandoned || BREAKS.iter().any(|fault| faults.get(*fault) > 0.0),
        }
    }

    /// The value; none for an error that may be.
    pub(crate) fn allow<T>(self, result: io::Result<T>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(_) if self.errors => None,
            Err(error) => panic!("an error without a fault: {error:?}"),
        }
    }

    /// Tries until it works: a fault does not last.
    pub(crate) async fn insist<T, Fut>(self, mut call: impl FnMut() -> Fut) -> T
    where
        Fut: Future<Output = io::Result<T>>,
    {
        loop {
            if let Some(value) = self.allow(call().await) {
                return value;
            }
            sexton::yield_now().await;
        }
    }
}

/// The output of a task that may not fail.
pub(crate) async fn joined<T>(task: JoinHandle<T>) -> T {
    match task.await {
        Ok(output) => output,
        Err(error) if error.is_panic() => resume_unwind(error.into_panic()),
        Err(error) => panic!("a task has ended by itself: {error}"),
    }
}

/// What lives in tasks, counted: all of it is dropped in the end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Census(Arc<AtomicIsize>);

/// One that is counted.
#[derive(Debug)]
pub(crate) struct Counted(Census);

impl Census {
    pub(crate) fn one(&self) -> Counted {
        self.0.fetch_add(1, Ordering::SeqCst);
        Counted(self.clone())
    }

    pub(crate) fn living(&self) -> isize {
        self.0.load(Ordering::SeqCst)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::SeqCst);
    }
}
