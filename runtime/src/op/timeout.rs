//! `IORING_OP_TIMEOUT`: a duration that the kernel waits. Timers of tasks are in `time`, not here.

use super::{Completion, Entry, Op};
use std::io;
use std::time::Duration;

/// Ends after a duration, by the kernel's own timer.
#[derive(Debug)]
pub struct Timeout {
    time: io_uring::types::Timespec,
}

impl Timeout {
    /// Ends after `duration`.
    #[must_use]
    pub fn new(duration: Duration) -> Self {
        Self { time: duration.into() }
    }
}

impl Op for Timeout {
    type Output = io::Result<()>;

    fn entry(&mut self) -> Entry<'_> {
        Entry::timeout(&self.time)
    }

    fn complete(self, completion: Completion) -> io::Result<()> {
        match completion.count() {
            Err(error) if error.raw_os_error() == Some(libc::ETIME) => Ok(()),
            other => other.map(drop),
        }
    }
}
