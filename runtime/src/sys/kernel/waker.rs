//! Ends the owner's waiting from any thread: an eventfd on which the driver keeps a read armed.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

use rustix::event::EventfdFlags;

/// Ends a wait of the ring's owner. It works from any thread and at any time; once the ring is gone
/// it does nothing.
#[derive(Clone, Debug)]
pub(crate) struct RingWaker {
    fd: Arc<OwnedFd>,
}

impl RingWaker {
    pub(super) fn new() -> io::Result<Self> {
        // Not O_NONBLOCK: the ring's read is to wait, and a write waits only at 2^64 - 1.
        let fd = rustix::event::eventfd(0, EventfdFlags::CLOEXEC)?;
        Ok(Self { fd: Arc::new(fd) })
    }

    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }

    /// Ends the wait that goes on, or the next one. Many calls before that are as one.
    pub(crate) fn wake(&self) {
        // A signal before anything was written is all that can fail, and that is tried again.
        let _ = rustix::io::retry_on_intr(|| rustix::io::write(&self.fd, &1_u64.to_ne_bytes()));
    }
}
