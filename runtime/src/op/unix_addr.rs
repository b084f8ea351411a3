//! The address of a local socket in the kernel's form.
//!
//! # Invariants
//!
//! - **I1** `raw` is zeroed at first, and its first `len` bytes are an address.

#![allow(unsafe_code, reason = "addresses are written into the kernel's own structures")]

use std::io;
use std::mem::{MaybeUninit, offset_of, size_of};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::SocketAddr;

/// The address of a local socket (`AF_UNIX`), as `connect` wants it.
#[derive(Clone, Copy)]
pub struct UnixAddrBuf {
    raw: MaybeUninit<libc::sockaddr_un>,
    len: libc::socklen_t,
}

/// Where the name begins, and how long it may be.
const NAME_AT: usize = offset_of!(libc::sockaddr_un, sun_path);
const NAME_MAX: usize = size_of::<libc::sockaddr_un>() - NAME_AT;

impl std::fmt::Debug for UnixAddrBuf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UnixAddrBuf").field("len", &self.len).finish_non_exhaustive()
    }
}

impl UnixAddrBuf {
    /// `addr`, a path or an abstract name, in the kernel's form.
    ///
    /// # Errors
    /// `InvalidInput` for an address without a name.
    pub fn new(addr: &SocketAddr) -> io::Result<Self> {
        let (name, before, behind) = match (addr.as_pathname(), addr.as_abstract_name()) {
            // A path ends with a zero byte, an abstract name begins with one.
            (Some(path), _) => (path.as_os_str().as_bytes(), 0, 1),
            (None, Some(name)) => (name, 1, 0),
            (None, None) => (&[][..], 0, 0),
        };
        let len = before + name.len() + behind;
        if name.is_empty() || len > NAME_MAX {
            let what = "a local socket's address needs a name of 1 to 107 bytes";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, what));
        }
        let mut raw = MaybeUninit::<libc::sockaddr_un>::zeroed();
        let base = raw.as_mut_ptr();
        // SAFETY: the address begins with its family.
        unsafe { base.cast::<libc::sa_family_t>().write(libc::AF_UNIX as libc::sa_family_t) };
        // SAFETY: the name begins within the address.
        let at = unsafe { base.cast::<u8>().add(NAME_AT + before) };
        // SAFETY: `len` bytes fit behind `NAME_AT`, as was checked.
        unsafe { at.copy_from_nonoverlapping(name.as_ptr(), name.len()) };
        Ok(Self { raw, len: (NAME_AT + len) as u32 })
    }

    /// The address for the kernel to read.
    pub(crate) fn bytes(&self) -> (*const u8, libc::socklen_t) {
        (self.raw.as_ptr().cast(), self.len)
    }
}

#[cfg(test)]
mod tests {
    use super::{SocketAddr, UnixAddrBuf};
    use std::os::linux::net::SocketAddrExt;

    #[test]
    fn local_addresses_are_those_of_std() {
        let path = SocketAddr::from_pathname("/run/x.sock").unwrap();
        assert_eq!(UnixAddrBuf::new(&path).unwrap().bytes().1, 2 + 11 + 1);
        let name = SocketAddr::from_abstract_name(b"name").unwrap();
        assert_eq!(UnixAddrBuf::new(&name).unwrap().bytes().1, 2 + 1 + 4);
        let unnamed = SocketAddr::from_pathname("").unwrap();
        assert!(UnixAddrBuf::new(&unnamed).is_err());
    }
}
