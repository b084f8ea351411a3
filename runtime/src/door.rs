//! What threads send each other, and the bell that wakes the sleeper.

use crate::mailbox::{Mailbox, Pushed};
use crate::sys::RingWaker;
use crate::task::TaskRef;
use std::sync::OnceLock;

/// Something for a core to do.
pub(crate) enum Message {
    /// Run this task.
    Wake(TaskRef),
    /// A reference that another thread dropped.
    Drop(TaskRef),
    /// Call this on the core's thread.
    Run(Box<dyn FnOnce() + Send>),
    /// Look around: something changed.
    Nudge,
}

/// The way to one core, for other threads.
pub(crate) struct Door {
    mailbox: Mailbox<Message>,
    bell: OnceLock<RingWaker>,
}

impl std::fmt::Debug for Door {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Door").field("mailbox", &self.mailbox).finish_non_exhaustive()
    }
}

impl Door {
    pub(crate) fn new() -> Self {
        Self { mailbox: Mailbox::new(), bell: OnceLock::new() }
    }

    /// Tells this core from all others, as long as the door is there.
    pub(crate) fn number(&self) -> u64 {
        std::ptr::from_ref(self).addr() as u64
    }

    /// The core has a ring now: this wakes it from its wait.
    pub(crate) fn hang_bell(&self, bell: RingWaker) {
        // Set once, by the core's own start.
        let _ = self.bell.set(bell);
    }

    /// Sends a message, from any thread; it comes back if the core has ended.
    pub(crate) fn send(&self, message: Message) -> Result<(), Message> {
        match self.mailbox.push(message) {
            Pushed::Delivered => Ok(()),
            Pushed::WakeOwner => {
                if let Some(bell) = self.bell.get() {
                    bell.wake();
                }
                Ok(())
            }
            Pushed::Closed(message) => Err(message),
        }
    }

    pub(crate) fn mailbox(&self) -> &Mailbox<Message> {
        &self.mailbox
    }
}
