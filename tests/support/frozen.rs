//! A buffer that the kernel cannot fill until it is released: whoever writes to it waits, for ever.
//!
//! The page is there, but missing, and a `userfaultfd` says that we will bring it. A worker of the
//! kernel that copies into it waits where no cancel reaches it.
//!
//! # Invariants
//!
//! - **I1** `page` is a mapping of our own of one page, which lives as long as its buffer.
//! - **I2** no byte of it is ever marked filled before the page was brought.

#![allow(unsafe_code, reason = "a page of our own, and three calls that no crate wraps")]

use sexton::buf::{IoBuf, IoBufMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::ptr::{null_mut, slice_from_raw_parts_mut};

const PAGE: usize = 4096;
const UFFD_API: u64 = 0xaa;
const UFFDIO_API: libc::c_ulong = 0xc018_aa3f;
const UFFDIO_REGISTER: libc::c_ulong = 0xc020_aa00;
const UFFDIO_ZEROPAGE: libc::c_ulong = 0xc020_aa04;
const MODE_MISSING: u64 = 1;

/// The buffer.
#[derive(Debug)]
pub(crate) struct Frozen {
    page: *mut u8,
    filled: usize,
}

/// Lets the kernel go on.
#[derive(Debug)]
pub(crate) struct Thaw {
    uffd: OwnedFd,
    page: u64,
}

fn control(uffd: &OwnedFd, request: libc::c_ulong, argument: &mut [u64; 4]) {
    // SAFETY: the argument is as large as the largest of the three structures.
    let outcome = unsafe { libc::ioctl(uffd.as_raw_fd(), request, argument.as_mut_ptr()) };
    assert_eq!(outcome, 0, "{}", std::io::Error::last_os_error());
}

/// A buffer and its key; none if this kernel or this user may not have it.
pub(crate) fn frozen() -> Option<(Frozen, Thaw)> {
    // SAFETY: no memory is named.
    let uffd = unsafe { libc::syscall(libc::SYS_userfaultfd, libc::O_CLOEXEC | libc::O_NONBLOCK) };
    if uffd < 0 {
        return None;
    }
    // SAFETY: the kernel just made it for us.
    let uffd = unsafe { OwnedFd::from_raw_fd(uffd as i32) };
    control(&uffd, UFFDIO_API, &mut [UFFD_API, 0, 0, 0]);
    let (access, flags) =
        (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
    // SAFETY: a new mapping, anywhere.
    let page = unsafe { libc::mmap(null_mut(), PAGE, access, flags, -1, 0) };
    assert_ne!(page, libc::MAP_FAILED, "{}", std::io::Error::last_os_error());
    let address = page.expose_provenance() as u64;
    control(&uffd, UFFDIO_REGISTER, &mut [address, PAGE as u64, MODE_MISSING, 0]);
    Some((Frozen { page: page.cast(), filled: 0 }, Thaw { uffd, page: address }))
}

impl Thaw {
    /// Whether somebody stands before the missing page; said once.
    pub(crate) fn somebody_waits(&self) -> bool {
        let mut message = [0; 32];
        rustix::io::read(&self.uffd, &mut message[..]).is_ok()
    }

    /// Brings the page.
    pub(crate) fn release(self) {
        control(&self.uffd, UFFDIO_ZEROPAGE, &mut [self.page, PAGE as u64, 0, 0]);
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        // SAFETY: I1.
        unsafe { libc::munmap(self.page.cast(), PAGE) };
    }
}

// SAFETY: I1: the page stays where it is, whoever holds the buffer.
unsafe impl IoBuf for Frozen {
    fn filled(&self) -> &[u8] {
        // SAFETY: I1 and I2.
        unsafe { std::slice::from_raw_parts(self.page, self.filled) }
    }
}

// SAFETY: I1: the unfilled bytes are the rest of the page, in place.
unsafe impl IoBufMut for Frozen {
    fn unfilled(&mut self) -> *mut [MaybeUninit<u8>] {
        let rest = self.page.wrapping_add(self.filled);
        slice_from_raw_parts_mut(rest.cast(), PAGE - self.filled)
    }

    unsafe fn mark_filled(&mut self, n: usize) {
        self.filled += n;
    }

    fn clear(&mut self) {
        self.filled = 0;
    }

    fn filled_mut(&mut self) -> &mut [u8] {
        // SAFETY: I1 and I2, and `&mut self`.
        unsafe { std::slice::from_raw_parts_mut(self.page, self.filled) }
    }
}
