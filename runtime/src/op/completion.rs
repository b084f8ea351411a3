//! What the kernel answered, with the resources that came along: used once, or released.
//!
//! # Invariants
//!
//! - **I1** only the driver makes a `Completion`, once per answer, and says by the entry (`Gives`)
//!   what the answer's number means. What nobody takes out is released by its drop.

#![allow(unsafe_code, reason = "an answer's number becomes an owned descriptor")]

use super::abi;
use super::entry::Gives;
use sexton_buffers::registry::Answer;
use sexton_buffers::{PoolBufs, ProvidedPool};
use std::io;
use std::os::fd::{FromRawFd, OwnedFd};

/// One answer of the kernel.
///
/// It cannot be copied, and only the driver makes one: a descriptor or a provided buffer that came
/// with it is either taken, or released when the completion is dropped.
#[derive(Debug)]
#[must_use]
pub struct Completion {
    result: io::Result<u32>,
    flags: u32,
    gift: Gift,
}

#[derive(Debug)]
enum Gift {
    Nothing,
    Fd(OwnedFd),
    Bufs(PoolBufs),
}

impl Completion {
    /// What the kernel said.
    ///
    /// # Safety
    /// The answer is the kernel's own, used here for the first time, to an operation that gives
    /// `gives`; `pool` is the pool of its group of provided buffers.
    pub(crate) unsafe fn new(answer: Answer, gives: Gives, pool: Option<&ProvidedPool>) -> Self {
        let Answer { result, flags } = answer;
        let count = u32::try_from(result)
            .map_err(|_| io::Error::from_raw_os_error(result.saturating_neg()));
        let mut this = Self { result: count, flags, gift: Gift::Nothing };
        match (&this.result, gives) {
            (Ok(number), Gives::Fd) => {
                // SAFETY: I1: the kernel made this descriptor for this operation.
                let fd = unsafe { OwnedFd::from_raw_fd(*number as i32) };
                this.gift = Gift::Fd(fd);
            }
            (Ok(len), Gives::Provided) if flags & abi::CQE_BUFFER != 0 => {
                let id = (flags >> abi::CQE_BUFFER_SHIFT) as u16;
                let kept = flags & abi::CQE_BUF_MORE != 0;
                // SAFETY: I1: the kernel filled these bytes and has let go of them, and answers are
                // used in the order in which the ring gives them.
                match pool.map(|pool| unsafe { pool.take(id, *len, kept) }) {
                    Some(Ok(bufs)) => this.gift = Gift::Bufs(bufs),
                    Some(Err(error)) => this.result = Err(error),
                    None => this.result = Err(io::ErrorKind::NotFound.into()),
                }
            }
            _ => {}
        }
        this
    }

    /// An answer that the kernel was not asked for: the driver refused.
    pub(crate) fn refused(error: io::Error) -> Self {
        Self { result: Err(error), flags: 0, gift: Gift::Nothing }
    }

    /// The number of bytes, or what else the operation counts.
    ///
    /// # Errors
    /// The kernel's.
    pub fn count(self) -> io::Result<usize> {
        self.result.map(|count| count as usize)
    }

    /// The descriptor that the operation made.
    ///
    /// # Errors
    /// The kernel's; `InvalidInput` if this operation gives no descriptor.
    pub fn fd(self) -> io::Result<OwnedFd> {
        self.result?;
        match self.gift {
            Gift::Fd(fd) => Ok(fd),
            _ => Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "this operation gives no descriptor",
            )),
        }
    }

    /// The provided buffers that the kernel picked, filled; `None` at the end of the stream.
    ///
    /// # Errors
    /// The kernel's.
    pub fn bufs(self) -> io::Result<Option<PoolBufs>> {
        self.result?;
        match self.gift {
            Gift::Bufs(bufs) => Ok(Some(bufs)),
            _ => Ok(None),
        }
    }

    /// Whether the kernel said that the socket held more data (Linux 5.19), or a TCP listener more
    /// connections (Linux 6.10). At the end of a TCP stream it says so, too.
    #[must_use]
    pub fn sock_nonempty(&self) -> bool {
        self.flags & abi::CQE_SOCK_NONEMPTY != 0
    }

    /// The error, if the operation failed.
    #[must_use]
    pub fn error(&self) -> Option<&io::Error> {
        self.result.as_ref().err()
    }
}
