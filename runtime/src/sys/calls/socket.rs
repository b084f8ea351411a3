//! Sockets: making, options, addresses, and calls that never wait.
//!
//! # Invariants
//!
//! - **I1** a cursor is advanced by what the kernel says it wrote, and not more than it was given.

#![allow(unsafe_code, reason = "the kernel fills memory that is not initialised")]

use rustix::net::{RecvFlags, SendFlags, Shutdown as RawShutdown};
use sexton_buffers::ReadCursor;
use socket2::{Domain, Protocol, SockRef, Socket, Type};
use std::io::{self, IoSlice};
use std::net::{Shutdown, SocketAddr, ToSocketAddrs};
use std::os::fd::{AsFd, OwnedFd};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr as UnixAddr, UnixListener, UnixStream};
use std::path::Path;
use std::time::Duration;

/// Connections that wait to be accepted: the kernel's own bound (`net.core.somaxconn`) is lower.
const BACKLOG: i32 = 4096;

fn tcp_socket(addr: &SocketAddr) -> io::Result<Socket> {
    Socket::new(Domain::for_address(*addr), Type::STREAM, Some(Protocol::TCP))
}

/// A socket that can be connected to `addr`.
///
/// # Errors
/// The kernel's.
pub fn tcp_stream(addr: &SocketAddr) -> io::Result<OwnedFd> {
    simulated!(here => here.tcp_stream());
    tcp_socket(addr).map(OwnedFd::from)
}

/// A socket that listens on `addr`.
///
/// The first one of an address binds it for itself, so another process is refused; siblings may
/// join it afterwards.
///
/// # Errors
/// The kernel's.
pub fn tcp_listener(addr: &SocketAddr, joins: bool) -> io::Result<OwnedFd> {
    simulated!(here => here.tcp_listener(addr, joins));
    let socket = tcp_socket(addr)?;
    socket.set_reuse_address(true)?;
    if joins {
        socket.set_reuse_port(true)?;
    }
    socket.bind(&(*addr).into())?;
    socket.set_reuse_port(true)?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

fn internet(addr: socket2::SockAddr) -> io::Result<SocketAddr> {
    addr.as_socket().ok_or_else(|| {
        io::Error::new(
            io::ErrorKind::InvalidInput,
            "the socket's address is not an internet address",
        )
    })
}

/// The socket's own address.
///
/// # Errors
/// The kernel's; `InvalidInput` if it is no internet address.
pub fn local_addr(fd: impl AsFd) -> io::Result<SocketAddr> {
    simulated!(here => here.internet_name(fd.as_fd(), false));
    internet(SockRef::from(&fd.as_fd()).local_addr()?)
}

/// The peer's address.
///
/// # Errors
/// As [`local_addr`].
pub fn peer_addr(fd: impl AsFd) -> io::Result<SocketAddr> {
    simulated!(here => here.internet_name(fd.as_fd(), true));
    internet(SockRef::from(&fd.as_fd()).peer_addr()?)
}

/// A local stream socket that can be connected.
///
/// # Errors
/// The kernel's.
pub fn unix_stream() -> io::Result<OwnedFd> {
    simulated!(here => here.unix_stream());
    Ok(Socket::new(Domain::UNIX, Type::STREAM, None)?.into())
}

/// A local stream socket that listens on `addr`.
///
/// # Errors
/// The kernel's.
pub fn unix_listener(addr: &UnixAddr) -> io::Result<OwnedFd> {
    simulated!(here => here.unix_listener(addr));
    Ok(UnixListener::bind_addr(addr)?.into())
}

/// Two local stream sockets, connected to one another.
///
/// # Errors
/// The kernel's.
pub fn unix_pair() -> io::Result<(OwnedFd, OwnedFd)> {
    simulated!(here => here.unix_pair());
    let (one, other) = UnixStream::pair()?;
    Ok((one.into(), other.into()))
}

fn local(addr: &socket2::SockAddr) -> io::Result<UnixAddr> {
    if !addr.is_unix() {
        let what = "the socket's address is not a local address";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, what));
    }
    match (addr.as_pathname(), addr.as_abstract_namespace()) {
        (Some(path), _) => UnixAddr::from_pathname(path),
        (None, Some(name)) if !name.is_empty() => UnixAddr::from_abstract_name(name),
        // No name at all is an empty path to std.
        _ => UnixAddr::from_pathname(Path::new("")),
    }
}

/// The own address of a local socket.
///
/// # Errors
/// The kernel's; `InvalidInput` if it is no local address.
pub fn unix_local_addr(fd: impl AsFd) -> io::Result<UnixAddr> {
    simulated!(here => here.local_name(fd.as_fd(), false));
    local(&SockRef::from(&fd.as_fd()).local_addr()?)
}

/// The address of a local socket's peer.
///
/// # Errors
/// As [`unix_local_addr`].
pub fn unix_peer_addr(fd: impl AsFd) -> io::Result<UnixAddr> {
    simulated!(here => here.local_name(fd.as_fd(), true));
    local(&SockRef::from(&fd.as_fd()).peer_addr()?)
}

/// Process, user and group of a local socket's peer, as they were when it connected.
///
/// # Errors
/// The kernel's.
pub fn peer_cred(fd: impl AsFd) -> io::Result<(i32, u32, u32)> {
    simulated!(here => here.peer_cred(fd.as_fd()));
    let cred = rustix::net::sockopt::socket_peercred(fd)?;
    Ok((cred.pid.as_raw_nonzero().get(), cred.uid.as_raw(), cred.gid.as_raw()))
}

/// Ends one direction, or both.
///
/// # Errors
/// The kernel's.
pub fn shutdown(fd: impl AsFd, how: Shutdown) -> io::Result<()> {
    simulated!(here => here.shutdown(fd.as_fd(), how));
    let how = match how {
        Shutdown::Read => RawShutdown::Read,
        Shutdown::Write => RawShutdown::Write,
        Shutdown::Both => RawShutdown::Both,
    };
    Ok(rustix::net::shutdown(fd, how)?)
}

/// Takes what has come, without waiting; `WouldBlock` if nothing has.
///
/// # Errors
/// The kernel's.
pub fn recv(fd: impl AsFd, cursor: &mut ReadCursor<'_>, peek: bool) -> io::Result<usize> {
    simulated!(here => here.receive(fd.as_fd(), cursor, peek));
    let flags = if peek { RecvFlags::DONTWAIT | RecvFlags::PEEK } else { RecvFlags::DONTWAIT };
    let raw = cursor.as_raw();
    // SAFETY: the cursor's memory, which it lends exclusively for this call.
    let room = unsafe { &mut *raw };
    let (_, n) = rustix::net::recv(fd, room, flags)?;
    // SAFETY: I1.
    unsafe { cursor.advance_unchecked(n) };
    Ok(n)
}

/// Sends what there is room for, without waiting and without `SIGPIPE`; `WouldBlock` if there is
/// none.
///
/// # Errors
/// The kernel's.
pub fn send(fd: impl AsFd, bytes: &[u8]) -> io::Result<usize> {
    simulated!(here => here.send(fd.as_fd(), &[IoSlice::new(bytes)]));
    Ok(rustix::net::send(fd, bytes, SendFlags::DONTWAIT | SendFlags::NOSIGNAL)?)
}

/// As [`send`], from several buffers in order.
///
/// # Errors
/// The kernel's.
pub fn send_vectored(fd: impl AsFd, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
    simulated!(here => here.send(fd.as_fd(), bufs));
    let bufs = &bufs[..bufs.len().min(1024)];
    let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
    let mut control = rustix::net::SendAncillaryBuffer::default();
    Ok(rustix::net::sendmsg(fd, bufs, &mut control, flags)?)
}

/// The pending error of a socket, which is cleared.
///
/// # Errors
/// The kernel's.
pub fn take_error(fd: impl AsFd) -> io::Result<Option<io::Error>> {
    simulated!(here => here.take_error(fd.as_fd()));
    SockRef::from(&fd.as_fd()).take_error()
}

/// Whether small writes are sent at once.
///
/// # Errors
/// The kernel's.
pub fn nodelay(fd: impl AsFd) -> io::Result<bool> {
    simulated!(here => here.options(fd.as_fd()).map(|options| options.nodelay));
    SockRef::from(&fd.as_fd()).tcp_nodelay()
}

/// Sends small writes at once, or gathers them.
///
/// # Errors
/// The kernel's.
pub fn set_nodelay(fd: impl AsFd, nodelay: bool) -> io::Result<()> {
    simulated!(here => here.set_options(fd.as_fd(), |options| options.nodelay = nodelay));
    SockRef::from(&fd.as_fd()).set_tcp_nodelay(nodelay)
}

/// The hop limit of what is sent.
///
/// # Errors
/// The kernel's.
pub fn ttl(fd: impl AsFd) -> io::Result<u32> {
    simulated!(here => here.options(fd.as_fd()).map(|options| options.ttl));
    SockRef::from(&fd.as_fd()).ttl_v4()
}

/// Sets the hop limit of what is sent.
///
/// # Errors
/// The kernel's.
pub fn set_ttl(fd: impl AsFd, ttl: u32) -> io::Result<()> {
    simulated!(here => here.set_options(fd.as_fd(), |options| options.ttl = ttl));
    SockRef::from(&fd.as_fd()).set_ttl_v4(ttl)
}

/// How long a close waits for unsent data.
///
/// # Errors
/// The kernel's.
pub fn linger(fd: impl AsFd) -> io::Result<Option<Duration>> {
    simulated!(here => here.options(fd.as_fd()).map(|options| options.linger));
    SockRef::from(&fd.as_fd()).linger()
}

/// Sets how long a close waits for unsent data; zero resets the connection.
///
/// # Errors
/// The kernel's.
pub fn set_linger(fd: impl AsFd, linger: Option<Duration>) -> io::Result<()> {
    simulated!(here => here.set_options(fd.as_fd(), |options| options.linger = linger));
    SockRef::from(&fd.as_fd()).set_linger(linger)
}

/// Sends probes on an idle connection, or not.
///
/// # Errors
/// The kernel's.
pub fn set_keepalive(fd: impl AsFd, keepalive: bool) -> io::Result<()> {
    simulated!(here => here.set_options(fd.as_fd(), |_| ()));
    SockRef::from(&fd.as_fd()).set_keepalive(keepalive)
}

/// Sets the size of the kernel's buffer of received data.
///
/// # Errors
/// The kernel's.
pub fn set_recv_buffer_size(fd: impl AsFd, bytes: usize) -> io::Result<()> {
    simulated!(here => here.set_options(fd.as_fd(), |_| ()));
    SockRef::from(&fd.as_fd()).set_recv_buffer_size(bytes)
}

/// Sets the size of the kernel's buffer of unsent data.
///
/// # Errors
/// The kernel's.
pub fn set_send_buffer_size(fd: impl AsFd, bytes: usize) -> io::Result<()> {
    simulated!(here => here.set_options(fd.as_fd(), |_| ()));
    SockRef::from(&fd.as_fd()).set_send_buffer_size(bytes)
}

/// The addresses of a name. Waits for the network: to be called on a blocking thread.
///
/// # Errors
/// The resolver's.
pub fn resolve(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    simulated!(here => here.resolve(host, port));
    Ok((host, port).to_socket_addrs()?.collect())
}
