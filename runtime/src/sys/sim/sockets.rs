//! Plain calls on sockets and pipes: what [`calls`](crate::sys::calls) does on a real kernel.

use std::io::{self, IoSlice};
use std::net::{Shutdown, SocketAddr, ToSocketAddrs};
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::SocketAddr as UnixAddr;
use std::path::Path;

use sexton_buffers::ReadCursor;

use super::faults::Fault;
use super::names;
use super::objects::{Id, Kind, Link, Name, Object, Options, Socket};
use super::world::{Here, State};

/// An errno as std has it.
pub(super) fn error(errno: i32) -> io::Error {
    io::Error::from_raw_os_error(errno)
}

impl Here {
    pub(super) fn try_with<R>(
        &self,
        act: impl FnOnce(&mut State) -> Result<R, i32>,
    ) -> io::Result<R> {
        self.with(|state| {
            state.sweep();
            act(state)
        })
        .map_err(error)
    }

    fn open_socket(&self, socket: Socket) -> io::Result<OwnedFd> {
        let host = self.host;
        self.try_with(|state| {
            state.may_open_socket()?;
            open(state, socket, host)
        })
    }

    pub(in crate::sys) fn tcp_stream(&self) -> io::Result<OwnedFd> {
        self.open_socket(Socket::default())
    }

    pub(in crate::sys) fn unix_stream(&self) -> io::Result<OwnedFd> {
        self.open_socket(Socket { is_unix: true, ..Socket::default() })
    }

    pub(in crate::sys) fn tcp_listener(
        &self,
        addr: &SocketAddr,
        joins: bool,
    ) -> io::Result<OwnedFd> {
        let host = self.host;
        self.try_with(|state| {
            state.may_have_address()?;
            let mut addr = *addr;
            while addr.port() == 0 {
                let port = state.free_port(host);
                let free = SocketAddr::new(addr.ip(), port);
                if state.may_bind(host, free, false) != Err(libc::EADDRINUSE) {
                    addr = free;
                }
            }
            state.may_bind(host, addr, joins)?;
            let listening = Link::Listening(std::collections::VecDeque::new());
            let local = Some(Name::Internet(addr));
            let socket = Socket { local, state: listening, joinable: true, ..Socket::default() };
            open(state, socket, host)
        })
    }

    pub(in crate::sys) fn unix_listener(&self, addr: &UnixAddr) -> io::Result<OwnedFd> {
        let host = self.host;
        let name = names::of_local(addr);
        self.try_with(|state| {
            state.may_have_address()?;
            match name.first() {
                None => return Err(libc::EINVAL),
                Some(0) => {}
                Some(_) => {
                    // Its name lies in the file system, until somebody removes it.
                    let (time, flags) = (state.time(), libc::O_CREAT | libc::O_EXCL);
                    let tree = &mut state.hosts.at(host).tree;
                    let made = tree.open(&name, flags | libc::O_WRONLY, 0o777, time);
                    let inode =
                        made.map_err(
                            |errno| if errno == libc::EEXIST { libc::EADDRINUSE } else { errno },
                        )?;
                    tree.release(inode);
                }
            }
            let socket = Socket {
                local: Some(Name::Local(name)),
                state: Link::Listening(std::collections::VecDeque::new()),
                is_unix: true,
                ..Socket::default()
            };
            open(state, socket, host)
        })
    }

    pub(in crate::sys) fn unix_pair(&self) -> io::Result<(OwnedFd, OwnedFd)> {
        let host = self.host;
        self.try_with(|state| {
            state.may_open_socket()?;
            pair(state, host)
        })
    }

    pub(in crate::sys) fn pipe(&self) -> io::Result<(OwnedFd, OwnedFd)> {
        let host = self.host;
        self.try_with(|state| {
            state.may_open()?;
            let channel = state.objects.channel((host, host));
            let opened = |fd: io::Result<(Id, OwnedFd)>| match fd {
                Ok((_, fd)) => Ok(fd),
                Err(error) => Err(error.raw_os_error().unwrap_or(libc::EMFILE)),
            };
            let from = opened(state.objects.open(Kind::PipeFrom(channel), host))?;
            Ok((from, opened(state.objects.open(Kind::PipeTo(channel), host))?))
        })
    }

    fn name(&self, fd: BorrowedFd<'_>, peer: bool) -> io::Result<Name> {
        self.try_with(|state| {
            let (_, socket) = names::socket(state, fd.as_raw_fd())?;
            if peer {
                return socket.peer.clone().ok_or(libc::ENOTCONN);
            }
            // What has no name yet has the one that means any.
            let any = if socket.is_unix {
                Name::Local(Vec::new())
            } else {
                Name::Internet(SocketAddr::from(([0, 0, 0, 0], 0)))
            };
            Ok(socket.local.clone().unwrap_or(any))
        })
    }

    pub(in crate::sys) fn internet_name(
        &self,
        fd: BorrowedFd<'_>,
        peer: bool,
    ) -> io::Result<SocketAddr> {
        match self.name(fd, peer)? {
            Name::Internet(addr) => Ok(addr),
            Name::Local(_) => Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "the socket's address is not an internet address",
            )),
        }
    }

    pub(in crate::sys) fn local_name(
        &self,
        fd: BorrowedFd<'_>,
        peer: bool,
    ) -> io::Result<UnixAddr> {
        match self.name(fd, peer)? {
            Name::Local(path) => match path.split_first() {
                Some((0, name)) => UnixAddr::from_abstract_name(name),
                _ => UnixAddr::from_pathname(Path::new(std::ffi::OsStr::from_bytes(&path))),
            },
            Name::Internet(_) => Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "the socket's address is not a local address",
            )),
        }
    }

    pub(in crate::sys) fn peer_cred(&self, fd: BorrowedFd<'_>) -> io::Result<(i32, u32, u32)> {
        self.try_with(|state| names::socket(state, fd.as_raw_fd()).map(|_| (1, 1000, 1000)))
    }

    pub(in crate::sys) fn shutdown(&self, fd: BorrowedFd<'_>, how: Shutdown) -> io::Result<()> {
        self.try_with(|state| {
            let id = names::find(state, fd.as_raw_fd())?;
            names::shutdown(state, id, names::how(how))
        })
    }

    /// Of sockets and pipes.
    pub(in crate::sys) fn receive(
        &self,
        fd: BorrowedFd<'_>,
        cursor: &mut ReadCursor<'_>,
        peek: bool,
    ) -> io::Result<usize> {
        let room = cursor.capacity();
        let bytes = self.try_with(|state| {
            let id = names::find(state, fd.as_raw_fd())?;
            connected(state, id)?;
            state.may_reset(id);
            let available = match state.readable(id) {
                Some(Ok(available)) => available,
                Some(Err(errno)) => {
                    state.told(id);
                    return Err(errno);
                }
                None => return Err(libc::EAGAIN),
            };
            if available > 0 && state.fault(Fault::WouldBlock) {
                return Err(libc::EAGAIN);
            }
            let count = state.some_of(available.min(room), Fault::ShortRead);
            let bytes = state.take_bytes(id, count, peek);
            state.record("recv", id, bytes.len().cast_signed() as i64);
            Ok(bytes)
        })?;
        cursor.append(&bytes);
        Ok(bytes.len())
    }

    /// To sockets and pipes.
    pub(in crate::sys) fn send(
        &self,
        fd: BorrowedFd<'_>,
        bufs: &[IoSlice<'_>],
    ) -> io::Result<usize> {
        self.try_with(|state| {
            let id = names::find(state, fd.as_raw_fd())?;
            connected(state, id)?;
            state.may_reset(id);
            let room = match state.writable(id) {
                Some(Ok(room)) => room,
                Some(Err(errno)) => {
                    state.told(id);
                    return Err(errno);
                }
                None => return Err(libc::EAGAIN),
            };
            let len = bufs.iter().map(|buf| buf.len()).sum::<usize>();
            if len > 0 && state.fault(Fault::WouldBlock) {
                return Err(libc::EAGAIN);
            }
            state.may_send()?;
            let count = state.some_of(room.min(len), Fault::ShortWrite);
            let mut bytes = Vec::with_capacity(count);
            for buf in bufs {
                let left = count - bytes.len();
                bytes.extend_from_slice(&buf[..left.min(buf.len())]);
            }
            if let Some(outbox) = state.objects.get(id).and_then(Object::outbox) {
                state.send(outbox, &bytes);
            }
            state.record("sent", id, count.cast_signed() as i64);
            Ok(count)
        })
    }

    pub(in crate::sys) fn take_error(&self, fd: BorrowedFd<'_>) -> io::Result<Option<io::Error>> {
        self.try_with(|state| {
            let (id, _) = names::socket(state, fd.as_raw_fd())?;
            let inbox = state.objects.get(id).and_then(Object::inbox);
            let Some(inbox) = inbox else { return Ok(None) };
            state.settle(inbox);
            let inbox = state.objects.channels.get_mut(&inbox);
            Ok(inbox.and_then(|inbox| inbox.error.take()).map(error))
        })
    }

    pub(in crate::sys) fn options(&self, fd: BorrowedFd<'_>) -> io::Result<Options> {
        self.try_with(|state| {
            names::socket(state, fd.as_raw_fd()).map(|(_, socket)| socket.options)
        })
    }

    pub(in crate::sys) fn set_options(
        &self,
        fd: BorrowedFd<'_>,
        set: impl FnOnce(&mut Options),
    ) -> io::Result<()> {
        self.try_with(|state| {
            let (_, socket) = names::socket(state, fd.as_raw_fd())?;
            set(&mut socket.options);
            Ok(())
        })
    }

    pub(in crate::sys) fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        // Numbers are names of themselves.
        if let Ok(addr) = host.parse::<std::net::IpAddr>() {
            return Ok((addr, port).to_socket_addrs()?.collect());
        }
        let known = self.with(|state| state.hosts.names.get(host).cloned());
        match (known, host) {
            (Some(ips), _) => Ok(ips.into_iter().map(|ip| SocketAddr::new(ip, port)).collect()),
            (None, "localhost") => Ok(vec![SocketAddr::from(([127, 0, 0, 1], port))]),
            (None, _) => Err(io::Error::other(format!("no simulated host has the name {host:?}"))),
        }
    }
}

pub(super) fn open(state: &mut State, socket: Socket, host: usize) -> Result<OwnedFd, i32> {
    match state.objects.open(Kind::Socket(socket), host) {
        Ok((id, fd)) => {
            state.record("socket", id, 0);
            Ok(fd)
        }
        Err(error) => Err(error.raw_os_error().unwrap_or(libc::EMFILE)),
    }
}

/// Two local sockets that are connected.
pub(super) fn pair(state: &mut State, host: usize) -> Result<(OwnedFd, OwnedFd), i32> {
    let (one, other) = state.objects.connection((host, host));
    let mut end = |stream| {
        let name = Some(Name::Local(Vec::new()));
        let socket = Socket {
            local: name.clone(),
            peer: name,
            state: Link::Connected(stream),
            is_unix: true,
            ..Socket::default()
        };
        open(state, socket, host)
    };
    Ok((end(one)?, end(other)?))
}

/// What moves bytes needs a connection.
fn connected(state: &State, id: Id) -> Result<(), i32> {
    match state.objects.get(id).map(|object| &object.kind) {
        Some(Kind::Socket(Socket { state: Link::Connected(_), .. })) => Ok(()),
        Some(Kind::Socket(_)) => Err(libc::ENOTCONN),
        Some(Kind::PipeFrom(_) | Kind::PipeTo(_)) => Ok(()),
        Some(Kind::File(_) | Kind::Ring(_)) => Err(libc::ENOTSOCK),
        None => Err(libc::EBADF),
    }
}
