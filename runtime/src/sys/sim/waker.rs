//! Ends the owner's waiting from any thread, without a descriptor.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::world::{Here, World};

/// Ends a wait of the ring's owner. It works from any thread and at any time; once the ring is gone
/// it does nothing.
#[derive(Clone, Debug)]
pub(crate) struct RingWaker {
    world: Arc<World>,
    thread: usize,
    woken: Arc<AtomicBool>,
}

impl RingWaker {
    pub(super) fn new(here: &Here) -> Self {
        Self { world: Arc::clone(&here.world), thread: here.thread, woken: Arc::default() }
    }

    /// Ends the wait that goes on, or the next one. Many calls before that are as one.
    pub(crate) fn wake(&self) {
        // Under the lock, so that nobody looks, and then waits, in between.
        let mut state = self.world.lock();
        self.woken.store(true, Ordering::Release);
        state.schedule.wake(self.thread);
        drop(state);
        self.world.changed.notify_all();
    }

    /// Ends the next wait, as the owner itself knows.
    pub(super) fn wake_again(&self) {
        self.woken.store(true, Ordering::Release);
    }

    pub(super) fn is_woken(&self) -> bool {
        self.woken.load(Ordering::Acquire)
    }

    /// Whether it was woken since this was asked last.
    pub(super) fn take(&self) -> bool {
        self.woken.swap(false, Ordering::AcqRel)
    }
}
