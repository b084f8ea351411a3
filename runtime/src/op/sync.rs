//! `IORING_OP_FSYNC`: what was written is on the device when it completes.

use super::{Completion, Entry, Op};
use crate::fd::Fd;
use std::io;

/// Writes a file's data, and its metadata unless `data_only`, to its device.
#[derive(Debug)]
pub struct Fsync {
    /// This file.
    pub fd: Fd,
    /// Leave out metadata that is not needed to read the data back.
    pub data_only: bool,
}

impl Op for Fsync {
    type Output = io::Result<()>;

    fn entry(&mut self) -> Entry<'_> {
        Entry::fsync(&self.fd, self.data_only)
    }

    fn complete(self, completion: Completion) -> io::Result<()> {
        completion.count().map(drop)
    }
}
