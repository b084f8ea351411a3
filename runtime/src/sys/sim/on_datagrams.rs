//! What is asked of datagram sockets: by the ring, and by plain calls.

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};

use sexton_buffers::ReadCursor;

use super::datagrams::{Cast, ends};
use super::faults::Fault;
use super::interpret::Step;
use super::names;
use super::objects::{Id, Link, Name, Object, Socket};
use super::operation::{Operation, opcode};
use super::sockets;
use super::world::{Here, State};

fn has(operation: &Operation, flag: i32) -> bool {
    operation.request.op_flags.cast_signed() & flag != 0
}

/// A receive: of one datagram, of which the rest is cut.
pub(super) fn receive(state: &mut State, operation: &mut Operation, object: Id) -> Step {
    if operation.group().is_some() {
        // Not modelled: Sexton receives datagrams into buffers of the caller.
        return Step::end(-libc::EINVAL);
    }
    let datagram = match state.next_datagram(object, has(operation, libc::MSG_PEEK)) {
        Ok(Some(datagram)) => datagram,
        Ok(None) if has(operation, libc::MSG_DONTWAIT) => return Step::end(-libc::EAGAIN),
        Ok(None) => return Step::Wait,
        Err(errno) => return Step::end(-errno),
    };
    if !operation.memory.unwatch() {
        state.complain("memory was changed while a receive owned it".into());
    }
    let count = datagram.bytes.len().min(operation.memory.len());
    operation.memory.write(0, &datagram.bytes[..count]);
    if operation.request.opcode == opcode::RECVMSG {
        let name = names::encode(&Name::Internet(datagram.from));
        operation.name_sender(&name, count < datagram.bytes.len());
    }
    Step::count(count, 0)
}

/// A send: of one datagram, whole.
pub(super) fn send(state: &mut State, operation: &mut Operation, object: Id) -> Step {
    if !operation.memory.unwatch() {
        state.complain("memory was changed while a send owned it".into());
    }
    if let Err(errno) = state.may_send_datagram() {
        return Step::end(-errno);
    }
    let to = match names::decode(&operation.name) {
        Some(Name::Internet(addr)) => Some(addr),
        _ if operation.name.is_empty() => None,
        _ => return Step::end(-libc::EAFNOSUPPORT),
    };
    let bytes = operation.memory.read(0, operation.memory.len());
    match state.send_datagram(object, to, bytes) {
        Ok(count) => Step::count(count, 0),
        Err(errno) => Step::end(-errno),
    }
}

/// What a datagram socket is ready for, as `poll` says it.
pub(super) fn events(state: &mut State, object: Id) -> i16 {
    if state.settle_mail(object).is_err() {
        return libc::POLLNVAL;
    }
    let mut events = libc::POLLOUT | libc::POLLWRNORM;
    if let Ok(mail) = state.mail(object) {
        if !mail.queue.is_empty() {
            events |= libc::POLLIN | libc::POLLRDNORM;
        }
        if mail.error.is_some() {
            events |= libc::POLLERR;
        }
    }
    events
}

impl Here {
    pub(in crate::sys) fn datagram_socket(&self, addr: &SocketAddr) -> io::Result<OwnedFd> {
        let (host, mut addr) = (self.host, *addr);
        self.try_with(|state| {
            state.may_open_socket()?;
            state.may_have_address()?;
            if !state.hosts.has(host, addr.ip()) {
                return Err(libc::EADDRNOTAVAIL);
            }
            while addr.port() == 0 {
                let free = SocketAddr::new(addr.ip(), state.free_port(host));
                if state.is_free(host, free) {
                    addr = free;
                }
            }
            if !state.is_free(host, addr) {
                return Err(libc::EADDRINUSE);
            }
            let local = Some(Name::Internet(addr));
            let mail = Link::Datagrams(Box::default());
            sockets::open(state, Socket { local, state: mail, ..Socket::default() }, host)
        })
    }

    pub(in crate::sys) fn datagram_connect(
        &self,
        fd: BorrowedFd<'_>,
        addr: &SocketAddr,
    ) -> io::Result<()> {
        let host = self.host;
        self.try_with(|state| {
            let (id, socket) = names::socket(state, fd.as_raw_fd())?;
            let (local, _) = ends(socket).ok_or(libc::ENOTSOCK)?;
            if local.is_ipv4() != addr.is_ipv4() {
                return Err(libc::EAFNOSUPPORT);
            }
            let own = state.source(host, local, *addr);
            let Some(socket) = state.objects.get_mut(id).and_then(Object::socket_mut) else {
                return Err(libc::EBADF);
            };
            socket.local = Some(Name::Internet(own));
            socket.peer = Some(Name::Internet(*addr));
            Ok(())
        })
    }

    pub(in crate::sys) fn receive_from(
        &self,
        fd: BorrowedFd<'_>,
        cursor: &mut ReadCursor<'_>,
        peek: bool,
    ) -> io::Result<(usize, Option<SocketAddr>)> {
        let datagram = self.try_with(|state| {
            let id = names::find(state, fd.as_raw_fd())?;
            if state.fault(Fault::WouldBlock) {
                return Err(libc::EAGAIN);
            }
            let datagram = state.next_datagram(id, peek)?.ok_or(libc::EAGAIN)?;
            state.record("recv", id, datagram.bytes.len().cast_signed() as i64);
            Ok(datagram)
        })?;
        Ok((cursor.append(&datagram.bytes), Some(datagram.from)))
    }

    pub(in crate::sys) fn send_to(
        &self,
        fd: BorrowedFd<'_>,
        bytes: &[u8],
        to: Option<&SocketAddr>,
    ) -> io::Result<usize> {
        self.try_with(|state| {
            let id = names::find(state, fd.as_raw_fd())?;
            if state.fault(Fault::WouldBlock) {
                return Err(libc::EAGAIN);
            }
            state.may_send_datagram()?;
            state.send_datagram(id, to.copied(), bytes.to_vec())
        })
    }

    pub(in crate::sys) fn mail_error(&self, fd: BorrowedFd<'_>) -> io::Result<Option<io::Error>> {
        self.try_with(|state| {
            let id = names::find(state, fd.as_raw_fd())?;
            Ok(state.take_mail_error(id).map(sockets::error))
        })
    }

    pub(in crate::sys) fn cast(&self, fd: BorrowedFd<'_>) -> io::Result<Cast> {
        self.try_with(|state| {
            let id = names::find(state, fd.as_raw_fd())?;
            state.mail(id).map(|mail| mail.cast)
        })
    }

    pub(in crate::sys) fn set_cast(
        &self,
        fd: BorrowedFd<'_>,
        set: impl FnOnce(&mut Cast),
    ) -> io::Result<()> {
        self.try_with(|state| {
            let id = names::find(state, fd.as_raw_fd())?;
            set(&mut state.mail(id)?.cast);
            Ok(())
        })
    }

    /// Groups are not modelled.
    pub(in crate::sys) fn no_groups(&self, fd: BorrowedFd<'_>) -> io::Result<()> {
        self.cast(fd)?;
        Err(io::Error::new(io::ErrorKind::Unsupported, "a simulation has no multicast groups"))
    }
}
