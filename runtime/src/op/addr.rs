//! A socket address in the kernel's form, at an address that the kernel may write to.
//!
//! # Invariants
//!
//! - **I1** `storage` is room for any address form, zeroed at first, and `len` says how much of it
//!   is room (before a call) or an address (after it).

#![allow(unsafe_code, reason = "addresses are read out of the kernel's own structures")]

use std::io;
use std::mem::{MaybeUninit, offset_of, size_of};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::SocketAddr as UnixAddr;

/// Room for one address of a socket (IPv4, IPv6 or local), as `accept` and `connect` want it.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct SocketAddrBuf {
    storage: MaybeUninit<libc::sockaddr_storage>,
    len: libc::socklen_t,
}

const ROOM: usize = size_of::<libc::sockaddr_storage>();
/// Where the name of a local address begins, and how long it may be.
const NAME_AT: usize = offset_of!(libc::sockaddr_un, sun_path);
const NAME_MAX: usize = size_of::<libc::sockaddr_un>() - NAME_AT;
const _: () = assert!(ROOM >= size_of::<libc::sockaddr_in6>());
const _: () = assert!(ROOM >= size_of::<libc::sockaddr_un>());

impl std::fmt::Debug for SocketAddrBuf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("SocketAddrBuf").field(&self.get()).finish()
    }
}

impl SocketAddrBuf {
    /// Room for any address.
    #[must_use]
    pub fn empty() -> Self {
        Self { storage: MaybeUninit::zeroed(), len: ROOM as u32 }
    }

    /// A local address (`AF_UNIX`), in the kernel's form.
    ///
    /// # Errors
    /// `InvalidInput` for an address without a name.
    pub fn unix(addr: &UnixAddr) -> io::Result<Self> {
        let (name, zeros) = match (addr.as_pathname(), addr.as_abstract_name()) {
            // A path ends with a zero byte, an abstract name begins with one.
            (Some(path), _) => (path.as_os_str().as_bytes(), (0, 1)),
            (None, Some(name)) => (name, (1, 0)),
            (None, None) => (&[][..], (0, 0)),
        };
        let len = zeros.0 + name.len() + zeros.1;
        if name.is_empty() || len > NAME_MAX {
            let what = "a local socket's address needs a name of 1 to 107 bytes";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, what));
        }
        let mut this = Self::empty();
        let base = this.storage.as_mut_ptr();
        // SAFETY: I1: there is room for the family, which every form begins with.
        unsafe { base.cast::<libc::sa_family_t>().write(libc::AF_UNIX as libc::sa_family_t) };
        // SAFETY: I1: the name begins within the storage.
        let at = unsafe { base.cast::<u8>().add(NAME_AT + zeros.0) };
        // SAFETY: I1: `len` bytes fit behind `NAME_AT`, as was checked.
        unsafe { at.copy_from_nonoverlapping(name.as_ptr(), name.len()) };
        this.len = (NAME_AT + len) as u32;
        Ok(this)
    }

    /// `addr`, in the kernel's form.
    #[must_use]
    pub fn new(addr: SocketAddr) -> Self {
        let mut this = Self::empty();
        match addr {
            SocketAddr::V4(v4) => {
                let raw = libc::sockaddr_in {
                    sin_family: libc::AF_INET as u16,
                    sin_port: v4.port().to_be(),
                    sin_addr: libc::in_addr { s_addr: u32::from(*v4.ip()).to_be() },
                    sin_zero: [0; 8],
                };
                // SAFETY: I1: there is room for this form.
                unsafe { this.storage.as_mut_ptr().cast::<libc::sockaddr_in>().write(raw) };
                this.len = size_of::<libc::sockaddr_in>() as u32;
            }
            SocketAddr::V6(v6) => {
                let raw = libc::sockaddr_in6 {
                    sin6_family: libc::AF_INET6 as u16,
                    sin6_port: v6.port().to_be(),
                    sin6_flowinfo: v6.flowinfo(),
                    sin6_addr: libc::in6_addr { s6_addr: v6.ip().octets() },
                    sin6_scope_id: v6.scope_id(),
                };
                // SAFETY: I1: there is room for this form.
                unsafe { this.storage.as_mut_ptr().cast::<libc::sockaddr_in6>().write(raw) };
                this.len = size_of::<libc::sockaddr_in6>() as u32;
            }
        }
        this
    }

    /// The internet address, if the kernel wrote one.
    #[must_use]
    pub fn get(&self) -> Option<SocketAddr> {
        // SAFETY: I1: there is room for this form, and all of it is initialised.
        let v6 = unsafe { self.storage.as_ptr().cast::<libc::sockaddr_in6>().read() };
        match i32::from(v6.sin6_family) {
            libc::AF_INET6 => Some(SocketAddr::V6(SocketAddrV6::new(
                Ipv6Addr::from(v6.sin6_addr.s6_addr),
                u16::from_be(v6.sin6_port),
                v6.sin6_flowinfo,
                v6.sin6_scope_id,
            ))),
            libc::AF_INET => {
                // SAFETY: I1: there is room for this form, and all of it is initialised.
                let v4 = unsafe { self.storage.as_ptr().cast::<libc::sockaddr_in>().read() };
                let ip = Ipv4Addr::from(u32::from_be(v4.sin_addr.s_addr));
                Some(SocketAddr::V4(SocketAddrV4::new(ip, u16::from_be(v4.sin_port))))
            }
            _ => None,
        }
    }

    /// Where the kernel writes an address and its length.
    pub(crate) fn room(&mut self) -> (*mut u8, *mut libc::socklen_t) {
        self.len = ROOM as u32;
        (self.storage.as_mut_ptr().cast(), &raw mut self.len)
    }

    /// The address for the kernel to read. The length that the kernel wrote may be that of a longer
    /// address, of which only the part that had room is here.
    pub(crate) fn bytes(&self) -> (*const u8, libc::socklen_t) {
        (self.storage.as_ptr().cast(), self.len.min(ROOM as u32))
    }
}

#[cfg(test)]
mod tests {
    use super::{SocketAddrBuf, UnixAddr};
    use std::os::linux::net::SocketAddrExt;

    #[test]
    fn addresses_survive_the_kernels_form() {
        for text in ["127.0.0.1:80", "0.0.0.0:0", "[::1]:8080", "[fe80::1%7]:65535"] {
            let addr = text.parse().unwrap();
            assert_eq!(SocketAddrBuf::new(addr).get(), Some(addr));
        }
        assert_eq!(SocketAddrBuf::empty().get(), None);
    }

    #[test]
    fn the_kernel_never_reads_beyond_the_room_that_it_was_given() {
        let mut addr = SocketAddrBuf::empty();
        // What `accept` could say of a peer with a long address.
        addr.len = 1000;
        assert_eq!(addr.bytes().1 as usize, size_of_val(&addr.storage));
    }

    #[test]
    fn local_addresses_are_those_of_std() {
        let path = UnixAddr::from_pathname("/run/x.sock").unwrap();
        let (_, len) = SocketAddrBuf::unix(&path).unwrap().bytes();
        assert_eq!(len, 2 + 11 + 1);
        let name = UnixAddr::from_abstract_name(b"name").unwrap();
        let (_, len) = SocketAddrBuf::unix(&name).unwrap().bytes();
        assert_eq!(len, 2 + 1 + 4);
        assert_eq!(SocketAddrBuf::unix(&name).unwrap().get(), None);
        let unnamed = UnixAddr::from_pathname("").unwrap();
        assert!(SocketAddrBuf::unix(&unnamed).is_err());
    }
}
