//! `IORING_OP_POLL_ADD`: waiting without a buffer.

use super::{Completion, Entry, Op};
use crate::fd::Fd;
use std::io;

/// Waits until a descriptor is ready for one of the events in `mask`.
#[derive(Debug)]
pub struct PollFd {
    /// This descriptor.
    pub fd: Fd,
    /// `POLLIN`, `POLLOUT` and so on.
    pub mask: u32,
}

impl PollFd {
    /// There is something to read.
    pub const READ: u32 = libc::POLLIN as u32 | libc::POLLRDHUP as u32;
    /// There is room to write.
    pub const WRITE: u32 = libc::POLLOUT as u32;

    /// Whether `ready` says that a read would not wait.
    #[must_use]
    pub fn is_read(ready: u32) -> bool {
        ready & (libc::POLLIN | libc::POLLHUP | libc::POLLERR | libc::POLLRDHUP) as u32 != 0
    }

    /// Whether `ready` says that a write would not wait.
    #[must_use]
    pub fn is_write(ready: u32) -> bool {
        ready & (libc::POLLOUT | libc::POLLHUP | libc::POLLERR) as u32 != 0
    }

    /// Whether the peer hung up.
    #[must_use]
    pub fn is_hup(ready: u32) -> bool {
        ready & libc::POLLHUP as u32 != 0
    }
}

impl Op for PollFd {
    type Output = io::Result<u32>;

    fn entry(&mut self) -> Entry<'_> {
        Entry::poll(&self.fd, self.mask)
    }

    fn complete(self, completion: Completion) -> io::Result<u32> {
        completion.count().map(|mask| mask as u32)
    }
}
