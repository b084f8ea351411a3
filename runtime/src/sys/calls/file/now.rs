//! Reads that never wait: what is in memory, and nothing else. `preadv2` with `RWF_NOWAIT`.
//!
//! # Invariants
//!
//! - **I1** a buffer's unfilled part is good for as many bytes as it says while nobody else touches
//!   the buffer; the kernel writes no further, and says how far it wrote.
#![allow(unsafe_code, reason = "the kernel fills memory that is not initialised")]

use rustix::io::{Errno, ReadWriteFlags};
use sexton_buffers::IoBufMut;
use std::io::{self, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd};

/// What a read that never waits came back with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadNow {
    /// So many bytes; none at the end.
    Bytes(usize),
    /// The bytes are not in memory, or not there yet.
    WouldBlock,
    /// This file cannot be read without waiting (tmpfs, procfs, terminals).
    Unsupported,
}

impl ReadNow {
    fn refused(errno: Errno) -> io::Result<Self> {
        match errno {
            // Interrupted: whoever waits for the bytes will get them.
            Errno::AGAIN | Errno::INTR => Ok(Self::WouldBlock),
            Errno::OPNOTSUPP | Errno::NOSYS => Ok(Self::Unsupported),
            errno => Err(errno.into()),
        }
    }
}

/// Reads at `offset` what is there without waiting. `preadv2` with `RWF_NOWAIT`, since Linux 4.14.
///
/// # Errors
/// The kernel's.
pub fn read_now(fd: BorrowedFd<'_>, buf: &mut [u8], offset: u64) -> io::Result<ReadNow> {
    simulated!(here => here.read_now(fd, buf, offset));
    let mut parts = [IoSliceMut::new(buf)];
    match rustix::io::preadv2(fd, &mut parts, offset, ReadWriteFlags::NOWAIT) {
        Ok(n) => Ok(ReadNow::Bytes(n)),
        Err(errno) => ReadNow::refused(errno),
    }
}

/// [`read_now`] into the unfilled part of `buf`, which is marked.
///
/// # Errors
/// The kernel's.
pub fn read_owned_now<B: IoBufMut>(
    fd: BorrowedFd<'_>,
    buf: &mut B,
    offset: u64,
) -> io::Result<ReadNow> {
    let answer = fill_now(fd, buf.unfilled(), offset)?;
    if let ReadNow::Bytes(n) = answer {
        // SAFETY: I1: the kernel wrote `n` bytes there, no more than there is room.
        unsafe { buf.mark_filled(n) };
    }
    Ok(answer)
}

/// [`read_now`] into memory that need not be initialised (I1).
fn fill_now(fd: BorrowedFd<'_>, room: *mut [MaybeUninit<u8>], offset: u64) -> io::Result<ReadNow> {
    simulated!(here => {
        // SAFETY: I1.
        unsafe { room.cast::<u8>().write_bytes(0, room.len()) };
        // SAFETY: I1, and it was initialised just now.
        let room = unsafe { std::slice::from_raw_parts_mut(room.cast::<u8>(), room.len()) };
        here.read_now(fd, room, offset)
    });
    let part = libc::iovec { iov_base: room.cast(), iov_len: room.len() };
    let Ok(offset) = offset.try_into() else { return Err(io::ErrorKind::InvalidInput.into()) };
    // SAFETY: I1: one stretch of memory, which the kernel fills from the start.
    let n = unsafe { libc::preadv2(fd.as_raw_fd(), &raw const part, 1, offset, libc::RWF_NOWAIT) };
    match usize::try_from(n) {
        Ok(n) => Ok(ReadNow::Bytes(n)),
        Err(_) => ReadNow::refused(last_errno()),
    }
}

fn last_errno() -> Errno {
    Errno::from_io_error(&io::Error::last_os_error()).unwrap_or(Errno::IO)
}
