//! Datagram sockets: making, options, and calls that never wait.
//!
//! # Invariants
//!
//! - **I1** a cursor is advanced by what the kernel says it wrote, and not more than it was given.

#![allow(unsafe_code, reason = "the kernel fills memory that is not initialised")]

use rustix::net::{RecvFlags, SendFlags};
use sexton_buffers::ReadCursor;
use socket2::{Domain, Protocol, SockRef, Socket, Type};
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsFd, OwnedFd};

/// A socket for datagrams, bound to `addr`.
///
/// # Errors
/// The kernel's.
pub fn bind(addr: &SocketAddr) -> io::Result<OwnedFd> {
    simulated!(here => here.datagram_socket(addr));
    let socket = Socket::new(Domain::for_address(*addr), Type::DGRAM, Some(Protocol::UDP))?;
    socket.bind(&(*addr).into())?;
    Ok(socket.into())
}

/// From now on the socket sends to `addr`, and receives from there only.
///
/// # Errors
/// The kernel's.
pub fn connect(fd: impl AsFd, addr: &SocketAddr) -> io::Result<()> {
    simulated!(here => here.datagram_connect(fd.as_fd(), addr));
    Ok(rustix::net::connect(fd, addr)?)
}

/// Takes the next datagram, or looks at it, without waiting; `WouldBlock` if there is none.
///
/// # Errors
/// The kernel's.
pub fn recv_from(
    fd: impl AsFd,
    cursor: &mut ReadCursor<'_>,
    peek: bool,
) -> io::Result<(usize, Option<SocketAddr>)> {
    simulated!(here => here.receive_from(fd.as_fd(), cursor, peek));
    let flags = if peek { RecvFlags::DONTWAIT | RecvFlags::PEEK } else { RecvFlags::DONTWAIT };
    let raw = cursor.as_raw();
    // SAFETY: the cursor's memory, which it lends exclusively for this call.
    let room = unsafe { &mut *raw };
    let (_, n, peer) = rustix::net::recvfrom(fd, room, flags)?;
    let n = n.min(raw.len());
    // SAFETY: I1.
    unsafe { cursor.advance_unchecked(n) };
    Ok((n, peer.and_then(|peer| peer.try_into().ok())))
}

/// Sends one datagram, to `addr` or to where the socket is connected, without waiting; `WouldBlock`
/// if there is no room for it.
///
/// # Errors
/// The kernel's.
pub fn send_to(fd: impl AsFd, bytes: &[u8], addr: Option<&SocketAddr>) -> io::Result<usize> {
    simulated!(here => here.send_to(fd.as_fd(), bytes, addr));
    let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
    Ok(match addr {
        Some(addr) => rustix::net::sendto(fd, bytes, flags, addr)?,
        None => rustix::net::send(fd, bytes, flags)?,
    })
}

/// The pending error of the socket, which is cleared.
///
/// # Errors
/// The kernel's.
pub fn take_error(fd: impl AsFd) -> io::Result<Option<io::Error>> {
    simulated!(here => here.mail_error(fd.as_fd()));
    SockRef::from(&fd.as_fd()).take_error()
}

/// Whether it may send to broadcast addresses.
///
/// # Errors
/// The kernel's.
pub fn broadcast(fd: impl AsFd) -> io::Result<bool> {
    simulated!(here => here.cast(fd.as_fd()).map(|cast| cast.broadcast));
    SockRef::from(&fd.as_fd()).broadcast()
}

/// Allows it to send to broadcast addresses, or forbids it.
///
/// # Errors
/// The kernel's.
pub fn set_broadcast(fd: impl AsFd, broadcast: bool) -> io::Result<()> {
    simulated!(here => here.set_cast(fd.as_fd(), |cast| cast.broadcast = broadcast));
    SockRef::from(&fd.as_fd()).set_broadcast(broadcast)
}

/// Whether this machine's members of an IPv4 group get what the socket sends to the group.
///
/// # Errors
/// The kernel's.
pub fn multicast_loop_v4(fd: impl AsFd) -> io::Result<bool> {
    simulated!(here => here.cast(fd.as_fd()).map(|cast| cast.loop_v4));
    SockRef::from(&fd.as_fd()).multicast_loop_v4()
}

/// Sets [`multicast_loop_v4`].
///
/// # Errors
/// The kernel's.
pub fn set_multicast_loop_v4(fd: impl AsFd, on: bool) -> io::Result<()> {
    simulated!(here => here.set_cast(fd.as_fd(), |cast| cast.loop_v4 = on));
    SockRef::from(&fd.as_fd()).set_multicast_loop_v4(on)
}

/// The hop limit of what is sent to IPv4 groups.
///
/// # Errors
/// The kernel's.
pub fn multicast_ttl_v4(fd: impl AsFd) -> io::Result<u32> {
    simulated!(here => here.cast(fd.as_fd()).map(|cast| cast.ttl_v4));
    SockRef::from(&fd.as_fd()).multicast_ttl_v4()
}

/// Sets [`multicast_ttl_v4`].
///
/// # Errors
/// The kernel's.
pub fn set_multicast_ttl_v4(fd: impl AsFd, ttl: u32) -> io::Result<()> {
    simulated!(here => here.set_cast(fd.as_fd(), |cast| cast.ttl_v4 = ttl));
    SockRef::from(&fd.as_fd()).set_multicast_ttl_v4(ttl)
}

/// Whether this machine's members of an IPv6 group get what the socket sends to the group.
///
/// # Errors
/// The kernel's.
pub fn multicast_loop_v6(fd: impl AsFd) -> io::Result<bool> {
    simulated!(here => here.cast(fd.as_fd()).map(|cast| cast.loop_v6));
    SockRef::from(&fd.as_fd()).multicast_loop_v6()
}

/// Sets [`multicast_loop_v6`].
///
/// # Errors
/// The kernel's.
pub fn set_multicast_loop_v6(fd: impl AsFd, on: bool) -> io::Result<()> {
    simulated!(here => here.set_cast(fd.as_fd(), |cast| cast.loop_v6 = on));
    SockRef::from(&fd.as_fd()).set_multicast_loop_v6(on)
}

/// Joins an IPv4 group on the interface with this address.
///
/// # Errors
/// The kernel's; `Unsupported` in a simulation, as of the three below.
pub fn join_multicast_v4(fd: impl AsFd, group: &Ipv4Addr, interface: &Ipv4Addr) -> io::Result<()> {
    simulated!(here => here.no_groups(fd.as_fd()));
    SockRef::from(&fd.as_fd()).join_multicast_v4(group, interface)
}

/// Leaves an IPv4 group.
///
/// # Errors
/// As [`join_multicast_v4`].
pub fn leave_multicast_v4(fd: impl AsFd, group: &Ipv4Addr, interface: &Ipv4Addr) -> io::Result<()> {
    simulated!(here => here.no_groups(fd.as_fd()));
    SockRef::from(&fd.as_fd()).leave_multicast_v4(group, interface)
}

/// Joins an IPv6 group on the interface with this number; 0 is any.
///
/// # Errors
/// As [`join_multicast_v4`].
pub fn join_multicast_v6(fd: impl AsFd, group: &Ipv6Addr, interface: u32) -> io::Result<()> {
    simulated!(here => here.no_groups(fd.as_fd()));
    SockRef::from(&fd.as_fd()).join_multicast_v6(group, interface)
}

/// Leaves an IPv6 group.
///
/// # Errors
/// As [`join_multicast_v4`].
pub fn leave_multicast_v6(fd: impl AsFd, group: &Ipv6Addr, interface: u32) -> io::Result<()> {
    simulated!(here => here.no_groups(fd.as_fd()));
    SockRef::from(&fd.as_fd()).leave_multicast_v6(group, interface)
}
