//! What each operation does when it is looked at: nothing yet, one of several results, or its end.
//!
//! # Invariants
//!
//! - **I1** An operation's request points to valid memory until its final completion
//!   (`Operation::take`), and none is looked at after it.
//! - **I2** Who submits a close gives its descriptor away.
#![allow(unsafe_code, reason = "what an operation gives is written through its pointers")]

use std::os::fd::{FromRawFd, IntoRawFd, OwnedFd};

use super::cancel::cancelled;
use super::faults::Fault;
use super::names;
use super::objects::{Id, Kind, Link, Name, Object, Socket};
use super::operation::{Operation, opcode};
use super::provided::Groups;
use super::touch;
use super::world::State;
use super::{messages, on_bytes, on_datagrams, on_files, zero_copy};

/// `IORING_CQE_F_BUFFER`: the upper half of the flags is a buffer's number.
pub(super) const F_BUFFER: u32 = 1 << 0;
/// `IORING_CQE_F_MORE`.
pub(super) const F_MORE: u32 = 1 << 1;
/// `IORING_CQE_F_SOCK_NONEMPTY`.
pub(super) const F_SOCK_NONEMPTY: u32 = 1 << 2;

/// `IORING_CQE_F_BUF_MORE`: the rest of the provided buffer stays in the ring.
pub(super) const F_BUF_MORE: u32 = 1 << 4;

/// `IORING_ACCEPT_MULTISHOT`.
const ACCEPT_MULTISHOT: u16 = 1 << 0;
/// `IORING_ACCEPT_POLL_FIRST`: since Linux 6.10.
const ACCEPT_POLL_FIRST: u16 = 1 << 2;
/// What any operation may fail with, whatever it is.
const FAILURES: [i32; 8] = [
    libc::EAGAIN,
    libc::ENOMEM,
    libc::EINVAL,
    libc::EPERM,
    libc::EOPNOTSUPP,
    libc::EBADF,
    libc::EFAULT,
    libc::ECANCELED,
];
/// `IORING_NOP_INJECT_RESULT`.
const NOP_INJECT_RESULT: u32 = 1;

/// What came of looking at an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing yet.
    Wait,
    /// A result, and more may follow.
    Item { result: i32, flags: u32 },
    /// The last result.
    End { result: i32, flags: u32 },
}

impl Step {
    pub(super) fn end(result: i32) -> Self {
        Self::End { result, flags: 0 }
    }

    pub(super) fn count(count: usize, flags: u32) -> Self {
        let result = i32::try_from(count).unwrap_or(i32::MAX);
        Self::End { result, flags }
    }

    pub(super) fn of(result: Result<i32, i32>) -> Self {
        Self::end(result.unwrap_or_else(|errno| -errno))
    }
}

/// Looks at an operation that does not end others.
pub(super) fn attempt(state: &mut State, operation: &mut Operation, groups: &mut Groups) -> Step {
    if operation.notifies {
        return operation.notification(state);
    }
    if operation.is_held(state) {
        return Step::Wait;
    }
    if let Some(errno) = operation.invalid {
        return Step::end(-errno);
    }
    let failure =
        operation.object.and_then(|object| state.objects.get_mut(object)?.failures.pop_front());
    if let Some(errno) = failure {
        return Step::end(-errno);
    }
    if operation.not_before > state.now() {
        return if operation.cancelled { gave_up(state, operation) } else { Step::Wait };
    }
    operation.look_up_late(state);
    let step = ready(state, operation, groups);
    operation.armed = true;
    // Too late to be cancelled before, and nothing has come since.
    if step == Step::Wait && operation.cancelled { gave_up(state, operation) } else { step }
}

/// The end of what could not be cancelled when somebody tried: a worker's may be a signal's.
fn gave_up(state: &mut State, operation: &Operation) -> Step {
    match cancelled(operation) {
        Step::End { result, .. } if result < 0 && state.scheduled => {
            Step::end(-state.one_of(&[libc::ECANCELED, libc::EINTR]))
        }
        step => step,
    }
}

fn ready(state: &mut State, operation: &mut Operation, groups: &mut Groups) -> Step {
    match operation.request.opcode {
        opcode::NOP if operation.request.op_flags & NOP_INJECT_RESULT != 0 => {
            Step::end(operation.request.len.cast_signed())
        }
        opcode::NOP => Step::end(0),
        opcode::TIMEOUT => match operation.deadline {
            Some(deadline) if deadline <= state.now() => Step::end(-libc::ETIME),
            _ => Step::Wait,
        },
        opcode::CLOSE => {
            // SAFETY: I2.
            drop(unsafe { OwnedFd::from_raw_fd(operation.request.fd) });
            state.sweep();
            state.touch();
            // It is closed all the same.
            let errs = state.fault(Fault::Interrupted);
            Step::end(if errs { -state.one_of(&[libc::EINTR, libc::EIO]) } else { 0 })
        }
        _ if !operation.armed && state.fault(Fault::Interrupted) => Step::end(-libc::EINTR),
        _ if !operation.armed && state.fault(Fault::Failure) => {
            operation.scribble(state);
            Step::end(-state.one_of(&FAILURES))
        }
        opcode::OPENAT | opcode::OPENAT2 => on_files::open(state, operation),
        _ => match operation.object {
            Some(object) => on_object(state, operation, object, groups),
            None => Step::end(-libc::EBADF),
        },
    }
}

/// What an object is, as far as it decides what an operation does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Is {
    Stream,
    Listener,
    Unconnected,
    Datagrams,
    Pipe,
    File,
    /// By its inbox.
    Ring(Id),
}

fn on_object(
    state: &mut State,
    operation: &mut Operation,
    object: Id,
    groups: &mut Groups,
) -> Step {
    use opcode::{
        ACCEPT, CONNECT, FSYNC, MSG_RING, POLL_ADD, READ, READV, RECV, RECVMSG, SEND, SEND_ZC,
        SENDMSG, SHUTDOWN, WRITE, WRITEV,
    };
    let is = match state.objects.get(object).map(|object| &object.kind) {
        Some(Kind::Socket(socket)) => match socket.state {
            Link::Fresh => Is::Unconnected,
            Link::Listening(_) => Is::Listener,
            Link::Connected(_) => Is::Stream,
            Link::Datagrams(_) => Is::Datagrams,
        },
        Some(Kind::PipeFrom(_) | Kind::PipeTo(_)) => Is::Pipe,
        Some(Kind::File(_)) => Is::File,
        Some(Kind::Ring(inbox)) => Is::Ring(*inbox),
        None => return Step::end(-libc::EBADF),
    };
    if let Some(step) = zero_copy::refused(state, operation) {
        return step;
    }
    match (operation.request.opcode, is) {
        (MSG_RING, Is::Ring(inbox)) => messages::send(state, operation, inbox),
        (MSG_RING, _) => Step::end(-libc::EBADFD),
        (POLL_ADD, _) => on_bytes::poll(state, operation, object),
        (READ | READV, Is::File) => on_files::read(state, operation, object, groups),
        (WRITE | WRITEV, Is::File) => on_files::write(state, operation, object),
        (FSYNC, Is::File) => on_files::sync(state, operation, object),
        (
            RECV | RECVMSG | SEND | SEND_ZC | SENDMSG | SHUTDOWN | ACCEPT | CONNECT,
            Is::File | Is::Pipe | Is::Ring(_),
        ) => Step::end(-libc::ENOTSOCK),
        (READ | READV | RECV | RECVMSG, Is::Datagrams) => {
            on_datagrams::receive(state, operation, object)
        }
        (WRITE | WRITEV | SEND | SEND_ZC | SENDMSG, Is::Datagrams) => {
            on_datagrams::send(state, operation, object)
        }
        (READ | READV | RECV | RECVMSG, Is::Stream | Is::Pipe) => {
            on_bytes::receive(state, operation, object, groups)
        }
        (WRITE | WRITEV | SEND | SEND_ZC | SENDMSG, Is::Stream | Is::Pipe) => {
            on_bytes::send(state, operation, object)
        }
        (SHUTDOWN, Is::Stream) => {
            let how = operation.request.len.cast_signed();
            Step::of(names::shutdown(state, object, how).map(|()| 0))
        }
        (ACCEPT, Is::Listener) => accept(state, operation, object),
        (CONNECT, Is::Unconnected) => connect(state, operation, object),
        (CONNECT, Is::Stream) => Step::end(-libc::EISCONN),
        (RECV | RECVMSG | SEND | SEND_ZC | SENDMSG | SHUTDOWN, Is::Listener | Is::Unconnected) => {
            Step::end(-libc::ENOTCONN)
        }
        _ => Step::end(-libc::EINVAL),
    }
}

/// Takes a connection out of the backlog.
fn accept(state: &mut State, operation: &mut Operation, listener: Id) -> Step {
    let known = ACCEPT_MULTISHOT | if state.kernel.tells_of_more() { ACCEPT_POLL_FIRST } else { 0 };
    if operation.request.ioprio & !known != 0 {
        return Step::end(-libc::EINVAL);
    }
    let host = state.objects.get(listener).map_or(0, |object| object.host);
    let waiting = state.objects.get(listener).and_then(Object::socket);
    let waiting = match waiting.map(|socket| &socket.state) {
        Some(Link::Listening(backlog)) => backlog.len(),
        _ => 0,
    };
    if waiting == 0 {
        return Step::Wait;
    }
    if state.fault(Fault::NoDescriptors) {
        let errnos = [libc::EMFILE, libc::ENFILE, libc::ENOBUFS, libc::ENOMEM];
        return Step::end(-state.one_of(&errnos));
    }
    let Some(socket) = state.objects.get_mut(listener).and_then(Object::socket_mut) else {
        return Step::Wait;
    };
    let is_unix = socket.is_unix;
    let Link::Listening(backlog) = &mut socket.state else { return Step::Wait };
    let Some(arrived) = backlog.pop_front() else { return Step::Wait };
    if state.fault(Fault::ConnAborted) {
        state.reset(arrived.stream);
        return Step::end(-state.one_of(&[libc::ECONNABORTED, libc::EPROTO, libc::EPERM]));
    }
    let socket = Socket {
        local: Some(arrived.local),
        peer: Some(arrived.peer.clone()),
        state: Link::Connected(arrived.stream),
        is_unix,
        ..Socket::default()
    };
    let fd = match state.objects.open(Kind::Socket(socket), host) {
        Ok((_, fd)) => fd,
        Err(error) => {
            state.reset(arrived.stream);
            return Step::end(-error.raw_os_error().unwrap_or(libc::EMFILE));
        }
    };
    let peer = names::encode(&arrived.peer);
    if !operation.memory.unwatch() {
        state.complain("memory was changed while an accept owned it".into());
    }
    let request = &operation.request;
    // SAFETY: I1.
    unsafe { touch::write_peer(request.addr, request.addr2, &peer) };
    let multishot = request.ioprio & ACCEPT_MULTISHOT != 0;
    let result = fd.into_raw_fd();
    // Local sockets don't tell, nor do older kernels.
    let tells = state.kernel.tells_of_more() && !is_unix;
    let more = tells && (waiting > 1) != state.fault(Fault::NonemptyLie);
    let flags = if more { F_SOCK_NONEMPTY } else { 0 };
    if multishot { Step::Item { result, flags } } else { Step::End { result, flags } }
}

/// Connects, after the time that a packet takes there and back.
fn connect(state: &mut State, operation: &mut Operation, object: Id) -> Step {
    let Some(name) = names::decode(&operation.name) else {
        return Step::end(-libc::EINVAL);
    };
    let from = state.objects.get(object).map_or(0, |object| object.host);
    let to = match &name {
        Name::Internet(addr) => state.hosts.find(from, addr.ip()),
        Name::Local(_) => Some(from),
    };
    if !operation.armed {
        let internet = matches!(name, Name::Internet(_));
        if internet && state.fault(Fault::Unreachable) {
            let errnos = [
                libc::EHOSTUNREACH,
                libc::ENETUNREACH,
                libc::ETIMEDOUT,
                libc::EADDRNOTAVAIL,
                libc::EADDRINUSE,
                libc::EACCES,
                libc::EPERM,
            ];
            return Step::end(-state.one_of(&errnos));
        }
        if internet && state.fault(Fault::Refused) {
            return Step::end(-libc::ECONNREFUSED);
        }
        if let Some(to) = to {
            let back = state.arrival((from, to));
            if back > state.now() {
                operation.not_before = back;
                return Step::Wait;
            }
        }
    }
    if to.is_some_and(|to| !state.hosts.reach(from, to)) {
        let over = operation.since + super::hosts::CONNECT_TIMEOUT;
        if state.now() >= over {
            return Step::end(-libc::ETIMEDOUT);
        }
        operation.deadline = Some(over);
        return Step::Wait;
    }
    Step::of(state.connect(object, &name).map(|()| 0))
}
