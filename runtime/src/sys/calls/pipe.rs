//! Pipes: making, and calls that never wait.
//!
//! # Invariants
//!
//! - **I1** a cursor is advanced by what the kernel says it wrote, and not more than it was given.

#![allow(unsafe_code, reason = "the kernel fills memory that is not initialised")]

use rustix::io::{Errno, ReadWriteFlags};
use rustix::pipe::PipeFlags;
use sexton_buffers::ReadCursor;
use std::io::{self, IoSlice};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

/// The file's own position: what has none ignores it.
const NO_OFFSET: u64 = u64::MAX;

/// A new pipe: the end to read from, the end to write to.
///
/// # Errors
/// The kernel's.
pub fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    simulated!(here => here.pipe());
    Ok(rustix::pipe::pipe_with(PipeFlags::CLOEXEC)?)
}

/// Takes what is there, without waiting; `WouldBlock` if nothing is. `preadv2` with `RWF_NOWAIT`,
/// for pipes since Linux 5.10 or so.
///
/// # Errors
/// The kernel's.
pub fn read(fd: impl AsFd, cursor: &mut ReadCursor<'_>) -> io::Result<usize> {
    simulated!(here => here.receive(fd.as_fd(), cursor, false));
    let raw = cursor.as_raw();
    let part = libc::iovec { iov_base: raw.cast(), iov_len: raw.len() };
    let fd = fd.as_fd().as_raw_fd();
    // SAFETY: the cursor's memory, which it lends exclusively for this call.
    let n = unsafe { libc::preadv2(fd, &raw const part, 1, -1, libc::RWF_NOWAIT) };
    let n = usize::try_from(n).map_err(|_| io::Error::last_os_error())?;
    // SAFETY: I1.
    unsafe { cursor.advance_unchecked(n) };
    Ok(n)
}

/// Writes what there is room for, without waiting; `WouldBlock` if there is none. `pwritev2` with
/// `RWF_NOWAIT`.
///
/// # Errors
/// The kernel's.
pub fn write_vectored(fd: impl AsFd, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
    simulated!(here => here.send(fd.as_fd(), bufs));
    let bufs = &bufs[..bufs.len().min(1024)];
    match rustix::io::pwritev2(fd, bufs, NO_OFFSET, ReadWriteFlags::NOWAIT) {
        Err(Errno::AGAIN) => Err(io::ErrorKind::WouldBlock.into()),
        outcome => Ok(outcome?),
    }
}

#[cfg(test)]
mod tests {
    use super::{pipe, read, write_vectored};
    use sexton_buffers::ReadBuf;
    use std::io::{ErrorKind, IoSlice};

    #[test]
    fn neither_end_of_a_pipe_waits() {
        let (from, to) = pipe().unwrap();
        let mut memory = [0; 8];
        let mut buf = ReadBuf::from(&mut memory[..]);
        let error = read(&from, &mut buf.unfilled()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
        write_vectored(&to, &[IoSlice::new(b"ab"), IoSlice::new(b"c")]).unwrap();
        assert_eq!(read(&from, &mut buf.unfilled()).unwrap(), 3);
        assert_eq!(buf.filled(), b"abc");
        let much = vec![0; 1 << 20];
        assert!(write_vectored(&to, &[IoSlice::new(&much)]).unwrap() < much.len());
        let error = write_vectored(&to, &[IoSlice::new(&much)]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
        drop(to);
        while read(&from, &mut ReadBuf::from(&mut vec![0; 1 << 20][..]).unfilled()).unwrap() > 0 {}
    }
}
