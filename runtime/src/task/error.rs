//! Why a task has no output.

use std::any::Any;
use std::fmt;
use std::io;
use std::sync::Mutex;

/// A task panicked, or was aborted before it was finished.
///
/// A word, since every output of a task has room for one. None: it was aborted.
pub struct JoinError(Option<Box<Why>>);

enum Why {
    /// It could not be started.
    Refused(String),
    /// In a mutex so that the error is `Sync` although a panic's payload is not.
    Panicked(Mutex<Box<dyn Any + Send + 'static>>),
}

impl JoinError {
    pub(crate) fn cancelled() -> Self {
        Self(None)
    }

    pub(crate) fn refused(why: String) -> Self {
        Self(Some(Box::new(Why::Refused(why))))
    }

    pub(crate) fn panicked(payload: Box<dyn Any + Send + 'static>) -> Self {
        Self(Some(Box::new(Why::Panicked(Mutex::new(payload)))))
    }

    /// Whether the task was aborted, was never started, or its runtime ended.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        !self.is_panic()
    }

    /// Whether the task panicked.
    #[must_use]
    pub fn is_panic(&self) -> bool {
        matches!(self.0.as_deref(), Some(Why::Panicked(_)))
    }

    /// The panic's payload, for `std::panic::resume_unwind`.
    ///
    /// # Errors
    /// The error itself, if the task was aborted.
    pub fn try_into_panic(self) -> Result<Box<dyn Any + Send + 'static>, Self> {
        match self.0.map(|why| *why) {
            Some(Why::Panicked(payload)) => {
                Ok(payload.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner))
            }
            other => Err(Self(other.map(Box::new))),
        }
    }

    /// The panic's payload.
    ///
    /// # Panics
    /// If the task did not panic.
    #[must_use]
    pub fn into_panic(self) -> Box<dyn Any + Send + 'static> {
        match self.try_into_panic() {
            Ok(payload) => payload,
            Err(_) => panic!("`into_panic` of a task that was aborted"),
        }
    }

    fn message(&self) -> Option<String> {
        let Some(Why::Panicked(payload)) = self.0.as_deref() else { return None };
        let payload = payload.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let text = payload.downcast_ref::<&'static str>().map(ToString::to_string);
        text.or_else(|| payload.downcast_ref::<String>().cloned())
    }
}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0.as_deref(), self.message()) {
            (None, _) => f.write_str("the task was cancelled"),
            (Some(Why::Refused(why)), _) => write!(f, "the task was not started: {why}"),
            (_, Some(message)) => write!(f, "the task panicked: {message}"),
            (_, None) => f.write_str("the task panicked"),
        }
    }
}

impl fmt::Debug for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_deref() {
            None => f.write_str("JoinError::Cancelled"),
            Some(Why::Refused(why)) => write!(f, "JoinError::Refused({why:?})"),
            Some(Why::Panicked(_)) => write!(f, "JoinError::Panicked({:?})", self.message()),
        }
    }
}

impl std::error::Error for JoinError {}

impl From<JoinError> for io::Error {
    /// An error of kind `Other` (a panic) or `BrokenPipe` (an abort), with the `JoinError` inside.
    fn from(error: JoinError) -> Self {
        let kind = if error.is_panic() { io::ErrorKind::Other } else { io::ErrorKind::BrokenPipe };
        io::Error::new(kind, error)
    }
}
