//! Ends the owner's waiting from any thread, without a descriptor.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// Ends a wait of the ring's owner. It works from any thread and at any time; once the ring is gone
/// it does nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct RingWaker {
    signal: Arc<Signal>,
}

#[derive(Debug, Default)]
struct Signal {
    woken: Mutex<bool>,
    changed: Condvar,
}

impl RingWaker {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// Ends the wait that goes on, or the next one. Many calls before that are as one.
    pub(crate) fn wake(&self) {
        *self.signal.woken.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.signal.changed.notify_one();
    }

    /// Whether it was woken since this was asked last.
    pub(super) fn take(&self) -> bool {
        std::mem::take(&mut *self.signal.woken.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits to be woken, at most so long.
    pub(super) fn wait(&self, longest: Option<Duration>) {
        let woken = self.signal.woken.lock().unwrap_or_else(PoisonError::into_inner);
        if *woken {
            return;
        }
        match longest {
            Some(longest) => drop(self.signal.changed.wait_timeout(woken, longest)),
            None => drop(self.signal.changed.wait(woken)),
        }
    }
}
