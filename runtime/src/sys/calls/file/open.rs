//! Opens that never wait: of a path that the kernel has in memory, and nothing else. `openat2` with
//! `RESOLVE_CACHED`, as the ring tries it first.

use crate::op::{OpenHow, makes};
use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, fcntl_setfl, openat2};
use rustix::io::Errno;
use std::ffi::CStr;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// Opens a path, from `dir` or the working directory on, if that takes no waiting; otherwise none,
/// and an operation has to. Since Linux 5.12.
///
/// # Errors
/// The kernel's.
pub fn open_now(
    dir: Option<BorrowedFd<'_>>,
    path: &CStr,
    how: &OpenHow,
) -> io::Result<Option<OwnedFd>> {
    let flags = how.flags as i32;
    if makes(flags) || flags & (libc::O_TRUNC | libc::O_PATH | libc::O_NONBLOCK) != 0 {
        return Ok(None);
    }
    simulated!(here => here.open_now(dir, path, how));
    let asked = OFlags::from_bits_retain(how.flags as u32);
    // Nor may it wait for the other end of a pipe, or for whoever has a lease.
    let flags = asked | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let resolve = ResolveFlags::from_bits_retain(how.resolve) | ResolveFlags::CACHED;
    match openat2(dir.unwrap_or(CWD), path, flags, Mode::empty(), resolve) {
        Ok(fd) => {
            fcntl_setfl(fd.as_fd(), asked)?;
            Ok(Some(fd))
        }
        // Not in memory, or not with this call: the ring knows what is to be said.
        Err(Errno::AGAIN | Errno::INTR | Errno::NOSYS | Errno::PERM | Errno::INVAL) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
