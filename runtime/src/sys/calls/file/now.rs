//! Reads that never wait: what is in memory, and nothing else. `preadv2` with `RWF_NOWAIT`.
//!
//! # Invariants
//!
//! - **I1** a buffer's unfilled part is good for as many bytes as it says while nobody else touches
//!   the buffer; the kernel writes no further, and says how far it wrote.
#![allow(unsafe_code, reason = "the kernel fills memory that is not initialised")]

use rustix::io::Errno;
use sexton_buffers::IoBufMut;
use std::io;
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

/// Reads at `offset` what is there without waiting. `preadv2` with `RWF_NOWAIT`, since Linux 4.14.
///
/// # Errors
/// The kernel's.
pub fn read_now(fd: BorrowedFd<'_>, buf: &mut [u8], offset: u64) -> io::Result<ReadNow> {
    simulated!(here => here.read_now(fd, buf, offset));
    fill_now(fd, std::ptr::from_mut(buf) as *mut [MaybeUninit<u8>], offset)
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
    // The largest offset is the kernel's "at its own position", as for an operation.
    let offset = offset.cast_signed();
    // SAFETY: I1: one stretch of memory, which the kernel fills from the start.
    let n = unsafe { libc::preadv2(fd.as_raw_fd(), &raw const part, 1, offset, libc::RWF_NOWAIT) };
    if let Ok(n) = usize::try_from(n) {
        return Ok(ReadNow::Bytes(n));
    }
    let error = io::Error::last_os_error();
    match Errno::from_io_error(&error) {
        // Interrupted: whoever waits for the bytes will get them.
        Some(Errno::AGAIN | Errno::INTR) => Ok(ReadNow::WouldBlock),
        Some(Errno::OPNOTSUPP | Errno::NOSYS) => Ok(ReadNow::Unsupported),
        _ => Err(error),
    }
}
