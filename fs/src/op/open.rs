//! `IORING_OP_OPENAT`, `IORING_OP_OPENAT2`: a path becomes a descriptor.

use sexton_runtime::Fd;
use sexton_runtime::op::{Completion, Entry, Op, OpenHow};
use std::ffi::CString;
use std::io;
use std::os::fd::OwnedFd;

/// Opens a path. If nobody waits any more, a late success is closed with its completion.
#[derive(Debug)]
pub(crate) struct OpenAt {
    pub(crate) path: CString,
    pub(crate) flags: i32,
    pub(crate) mode: u32,
}

impl Op for OpenAt {
    /// The path comes back with an error: a call that was interrupted is made again.
    type Output = Result<OwnedFd, (io::Error, CString)>;

    fn entry(&mut self) -> Entry<'_> {
        Entry::open(&self.path, self.flags, self.mode)
    }

    fn complete(self, completion: Completion) -> Self::Output {
        completion.fd().map_err(|error| (error, self.path))
    }
}

/// Opens a path beneath a directory. If nobody waits any more, a late success is closed with its
/// completion.
#[derive(Debug)]
pub(crate) struct OpenBeneath {
    pub(crate) dir: Fd,
    pub(crate) path: CString,
    pub(crate) how: OpenHow,
}

impl Op for OpenBeneath {
    /// The path comes back with an error: a call that was interrupted is made again.
    type Output = Result<OwnedFd, (io::Error, CString)>;

    fn entry(&mut self) -> Entry<'_> {
        Entry::open_how(&self.dir, &self.path, &self.how)
    }

    fn complete(self, completion: Completion) -> Self::Output {
        completion.fd().map_err(|error| (error, self.path))
    }
}
