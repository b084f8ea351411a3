//! A socket address in the kernel's form, at an address that the kernel may write to.
//!
//! # Invariants
//!
//! - **I1** `storage` is room for the larger of the two internet address forms, and `len` says how
//!   much of it is room (before a call) or an address (after it).

#![allow(unsafe_code, reason = "addresses are read out of the kernel's own structures")]

use std::mem::{MaybeUninit, size_of};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

/// Room for one internet address (IPv4 or IPv6), as `accept` and `connect` want it.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct SocketAddrBuf {
    storage: MaybeUninit<libc::sockaddr_in6>,
    len: libc::socklen_t,
}

const _: () = assert!(size_of::<libc::sockaddr_in6>() >= size_of::<libc::sockaddr_in>());

impl std::fmt::Debug for SocketAddrBuf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("SocketAddrBuf").field(&self.get()).finish()
    }
}

impl SocketAddrBuf {
    /// Room for any internet address.
    #[must_use]
    pub fn empty() -> Self {
        Self { storage: MaybeUninit::zeroed(), len: size_of::<libc::sockaddr_in6>() as u32 }
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
                this.storage.write(libc::sockaddr_in6 {
                    sin6_family: libc::AF_INET6 as u16,
                    sin6_port: v6.port().to_be(),
                    sin6_flowinfo: v6.flowinfo(),
                    sin6_addr: libc::in6_addr { s6_addr: v6.ip().octets() },
                    sin6_scope_id: v6.scope_id(),
                });
            }
        }
        this
    }

    /// The address, if the kernel wrote one of a form known here.
    #[must_use]
    pub fn get(&self) -> Option<SocketAddr> {
        // SAFETY: zeroed at first, then written by the kernel or by `new`: initialised.
        let v6 = unsafe { self.storage.assume_init() };
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
        self.len = size_of::<libc::sockaddr_in6>() as u32;
        (self.storage.as_mut_ptr().cast(), &raw mut self.len)
    }

    /// The address for the kernel to read. The kernel's own length may be that of a longer address
    /// (a local socket's), of which only the part that had room is here.
    pub(crate) fn bytes(&self) -> (*const u8, libc::socklen_t) {
        let room = size_of::<libc::sockaddr_in6>() as u32;
        (self.storage.as_ptr().cast(), self.len.min(room))
    }
}

#[cfg(test)]
mod tests {
    use super::SocketAddrBuf;

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
        // What `accept` says of a peer with a long local address.
        addr.len = 110;
        assert_eq!(addr.bytes().1 as usize, size_of_val(&addr.storage));
    }
}
