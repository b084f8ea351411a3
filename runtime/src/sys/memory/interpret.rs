//! What each operation does when it is looked at: nothing yet, one of several results, or its end.
//!
//! # Invariants
//!
//! - **I1** An operation's request points to valid memory until its final completion
//!   (`Operation::take`), and none is looked at after it.
//! - **I2** Who submits a close gives its descriptor away.
#![allow(unsafe_code, reason = "what an operation gives is written through its pointers")]

use std::os::fd::{FromRawFd, IntoRawFd, OwnedFd};
use std::time::Instant;

use super::cancel::cancelled;
use super::operation::{Operation, opcode};
use super::provided::Groups;
use super::stream::Stream;
use super::touch;
use super::world::{End, Kind, World};

/// `IORING_CQE_F_BUFFER`: the upper half of the flags is a buffer's number.
const F_BUFFER: u32 = 1 << 0;
/// `IORING_CQE_F_MORE`.
pub(super) const F_MORE: u32 = 1 << 1;
/// `IORING_CQE_F_SOCK_NONEMPTY`.
const F_SOCK_NONEMPTY: u32 = 1 << 2;

/// `IORING_RECVSEND_POLL_FIRST`.
const POLL_FIRST: u16 = 1 << 0;
/// `IORING_RECV_MULTISHOT`.
const RECV_MULTISHOT: u16 = 1 << 1;
/// `IORING_ACCEPT_MULTISHOT`.
const ACCEPT_MULTISHOT: u16 = 1 << 0;
/// `IORING_NOP_INJECT_RESULT`.
const NOP_INJECT_RESULT: u32 = 1;

/// A file longer than this is refused (`EFBIG`), before a stray offset fills the memory.
const FILE_MAX: u64 = 1 << 30;

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

    fn count(count: usize, flags: u32) -> Self {
        let result = i32::try_from(count).unwrap_or(i32::MAX);
        Self::End { result, flags }
    }
}

/// Looks at an operation that does not cancel others.
pub(super) fn attempt(operation: &mut Operation, groups: &mut Groups) -> Step {
    if let Some(step) = operation.doom {
        return step;
    }
    if operation.is_held() {
        return Step::Wait;
    }
    if let Some(errno) = operation.invalid {
        return Step::end(-errno);
    }
    let end = operation.end.clone();
    if let Some(errno) = end.as_ref().and_then(|end| end.failures.borrow_mut().pop_front()) {
        return Step::end(-errno);
    }
    let step = match (operation.request.opcode, end) {
        (opcode::NOP, _) if operation.request.op_flags & NOP_INJECT_RESULT != 0 => {
            Step::end(operation.request.len.cast_signed())
        }
        (opcode::NOP, _) => Step::end(0),
        (opcode::TIMEOUT, _) => match operation.deadline {
            Some(deadline) if deadline <= Instant::now() => Step::end(-libc::ETIME),
            _ => Step::Wait,
        },
        (_, Some(end)) => on_end(operation, &end, groups),
        // Every other operation was resolved, or found invalid.
        (_, None) => Step::end(-libc::EBADF),
    };
    operation.armed = true;
    // Too late to be cancelled before, and nothing has come since.
    if step == Step::Wait && operation.cancelled { cancelled(operation) } else { step }
}

fn on_end(operation: &mut Operation, end: &End, groups: &mut Groups) -> Step {
    use opcode::{
        ACCEPT, CLOSE, FSYNC, POLL_ADD, READ, READV, RECV, RECVMSG, SEND, SENDMSG, SHUTDOWN, WRITE,
        WRITEV,
    };
    match (operation.request.opcode, &end.kind) {
        (POLL_ADD, kind) => poll(operation, kind),
        (CLOSE, _) => {
            // SAFETY: I2.
            drop(unsafe { OwnedFd::from_raw_fd(operation.request.fd) });
            World::touch();
            Step::end(0)
        }
        (READ | READV | RECV | RECVMSG, Kind::Stream(stream)) => receive(operation, stream, groups),
        (WRITE | WRITEV | SEND | SENDMSG, Kind::Stream(stream)) => send(operation, stream),
        (SHUTDOWN, Kind::Stream(stream)) => {
            let how = operation.request.len.cast_signed();
            if how == libc::SHUT_RD || how == libc::SHUT_RDWR {
                stream.shutdown_read();
            }
            if how == libc::SHUT_WR || how == libc::SHUT_RDWR {
                stream.shutdown_write();
            }
            Step::end(0)
        }
        (READ | READV, Kind::File { bytes, cursor }) => {
            let at = position(operation, cursor.get());
            let step = read_file(operation, &bytes.borrow(), at, groups);
            advance(operation, cursor, at, step);
            step
        }
        (WRITE | WRITEV, Kind::File { bytes, cursor }) => {
            let at = position(operation, cursor.get());
            let step = write_file(operation, &mut bytes.borrow_mut(), at);
            advance(operation, cursor, at, step);
            step
        }
        (FSYNC, Kind::File { .. }) => Step::end(0),
        (ACCEPT, Kind::Listener { backlog }) => accept(operation, backlog.borrow_mut().pop_front()),
        (RECV | RECVMSG | SEND | SENDMSG | SHUTDOWN | ACCEPT, Kind::File { .. }) => {
            Step::end(-libc::ENOTSOCK)
        }
        (RECV | RECVMSG | SEND | SENDMSG | SHUTDOWN, Kind::Listener { .. }) => {
            Step::end(-libc::ENOTCONN)
        }
        _ => Step::end(-libc::EINVAL),
    }
}

fn has(operation: &Operation, flag: i32) -> bool {
    use opcode::{RECV, RECVMSG, SEND, SENDMSG};
    matches!(operation.request.opcode, RECV | RECVMSG | SEND | SENDMSG)
        && operation.request.op_flags.cast_signed() & flag != 0
}

/// A receive: from a stream, into the operation's memory or into a provided buffer.
fn receive(operation: &mut Operation, stream: &Stream, groups: &mut Groups) -> Step {
    if let Some(group) = operation.group() {
        return receive_provided(operation, stream, groups, group);
    }
    let available = match stream.readable() {
        // What WAITALL has gathered comes before what ends it.
        Some(Err(_) | Ok(0)) if operation.done > 0 => return Step::count(operation.done, 0),
        Some(Err(errno)) => return failed(stream, errno),
        Some(Ok(available)) => available,
        None if has(operation, libc::MSG_DONTWAIT) => return Step::end(-libc::EAGAIN),
        None => return Step::Wait,
    };
    let room = operation.memory.len() - operation.done;
    let count = available.min(room).min(World::knobs().longest);
    let mut inbox = stream.inbox.borrow_mut();
    operation.memory.write(operation.done, &inbox.peek(count));
    let peek = has(operation, libc::MSG_PEEK);
    if !peek {
        inbox.consume(count);
        World::touch();
    }
    if operation.request.opcode == opcode::RECVMSG {
        // SAFETY: I1.
        unsafe { touch::finish_msghdr(operation.request.addr) };
    }
    operation.done += count;
    if has(operation, libc::MSG_WAITALL) && !peek && count > 0 && count < room {
        return Step::Wait;
    }
    let socket = matches!(operation.request.opcode, opcode::RECV | opcode::RECVMSG);
    let more = if socket && inbox.len() > 0 { F_SOCK_NONEMPTY } else { 0 };
    Step::count(operation.done, more)
}

/// An error of the connection, which is told once.
fn failed(stream: &Stream, errno: i32) -> Step {
    stream.told();
    Step::end(-errno)
}

fn receive_provided(
    operation: &Operation,
    stream: &Stream,
    groups: &mut Groups,
    group: u16,
) -> Step {
    let picked = groups.peek(group);
    // The first try picks a buffer before it looks for data.
    let eager = !operation.armed && operation.request.ioprio & POLL_FIRST == 0;
    let available = match (stream.readable(), &picked) {
        (Some(Err(errno)), _) => return failed(stream, errno),
        (Some(Ok(0)), _) => return Step::end(0),
        (Some(Ok(_)), None) => return Step::end(-libc::ENOBUFS),
        (None, None) if eager => return Step::end(-libc::ENOBUFS),
        (None, _) if has(operation, libc::MSG_DONTWAIT) => return Step::end(-libc::EAGAIN),
        (None, _) => return Step::Wait,
        (Some(Ok(available)), Some(_)) => available,
    };
    let Some(picked) = picked else {
        return Step::end(-libc::ENOBUFS);
    };
    let most = match operation.request.len {
        0 => picked.memory.len(),
        len => picked.memory.len().min(len as usize),
    };
    let count = available.min(most).min(World::knobs().longest);
    let mut inbox = stream.inbox.borrow_mut();
    picked.memory.write(0, &inbox.peek(count));
    inbox.consume(count);
    groups.consume(group);
    World::touch();
    let more = if inbox.len() > 0 { F_SOCK_NONEMPTY } else { 0 };
    let flags = F_BUFFER | u32::from(picked.bid) << 16 | more;
    let multishot =
        operation.request.opcode == opcode::RECV && operation.request.ioprio & RECV_MULTISHOT != 0;
    match Step::count(count, flags) {
        Step::End { result, flags } if multishot => Step::Item { result, flags },
        step => step,
    }
}

/// A send: from the operation's memory into a stream.
fn send(operation: &mut Operation, stream: &Stream) -> Step {
    let room = match stream.writable() {
        Some(Err(_)) if operation.done > 0 => return Step::count(operation.done, 0),
        Some(Err(errno)) => return failed(stream, errno),
        Some(Ok(room)) => room,
        None if has(operation, libc::MSG_DONTWAIT) => return Step::end(-libc::EAGAIN),
        None => return Step::Wait,
    };
    let left = operation.memory.len() - operation.done;
    let count = left.min(room).min(World::knobs().longest);
    stream.outbox.borrow_mut().extend(&operation.memory.read(operation.done, count));
    World::touch();
    operation.done += count;
    if has(operation, libc::MSG_WAITALL) && count < left {
        return Step::Wait;
    }
    Step::count(operation.done, 0)
}

/// Where a read or write of a file begins; without an offset of its own, at the cursor.
fn position(operation: &Operation, cursor: u64) -> u64 {
    if operation.request.off == u64::MAX { cursor } else { operation.request.off }
}

fn advance(operation: &Operation, cursor: &std::cell::Cell<u64>, at: u64, step: Step) {
    if let (u64::MAX, Step::End { result: count @ 1.., .. }) = (operation.request.off, step) {
        cursor.set(at + u64::from(count.unsigned_abs()));
    }
}

fn read_file(operation: &Operation, bytes: &[u8], at: u64, groups: &mut Groups) -> Step {
    let start = usize::try_from(at).unwrap_or(usize::MAX).min(bytes.len());
    let rest = &bytes[start..];
    let longest = rest.len().min(World::knobs().longest);
    let Some(group) = operation.group() else {
        let count = operation.memory.len().min(longest);
        operation.memory.write(0, &rest[..count]);
        return Step::count(count, 0);
    };
    match groups.peek(group) {
        None => Step::end(-libc::ENOBUFS),
        Some(_) if rest.is_empty() => Step::end(0),
        Some(picked) => {
            let most = picked.memory.len().min(operation.request.len as usize);
            let count = most.min(longest);
            picked.memory.write(0, &rest[..count]);
            groups.consume(group);
            Step::count(count, F_BUFFER | u32::from(picked.bid) << 16)
        }
    }
}

fn write_file(operation: &Operation, bytes: &mut Vec<u8>, at: u64) -> Step {
    let count = operation.memory.len().min(World::knobs().longest);
    let end = at.checked_add(count as u64).filter(|end| *end <= FILE_MAX);
    let Some(end) = end.and_then(|end| usize::try_from(end).ok()) else {
        return Step::end(-libc::EFBIG);
    };
    if count > 0 {
        if bytes.len() < end {
            bytes.resize(end, 0);
        }
        bytes[end - count..end].copy_from_slice(&operation.memory.read(0, count));
    }
    Step::count(count, 0)
}

fn accept(operation: &Operation, arrived: Option<OwnedFd>) -> Step {
    let Some(connection) = arrived else {
        return Step::Wait;
    };
    let request = &operation.request;
    // 127.0.0.1, port 1: an address as good as any.
    let mut peer = [0_u8; size_of::<libc::sockaddr_in>()];
    peer[..2].copy_from_slice(&(libc::AF_INET as libc::sa_family_t).to_ne_bytes());
    peer[2..8].copy_from_slice(&[0, 1, 127, 0, 0, 1]);
    // SAFETY: I1.
    unsafe { touch::write_peer(request.addr, request.addr2, &peer) };
    let result = connection.into_raw_fd();
    if request.ioprio & ACCEPT_MULTISHOT != 0 {
        Step::Item { result, flags: 0 }
    } else {
        Step::end(result)
    }
}

fn poll(operation: &Operation, kind: &Kind) -> Step {
    let mut events = 0;
    match kind {
        Kind::Stream(stream) => {
            if stream.readable().is_some() {
                events |= libc::POLLIN | libc::POLLRDNORM;
            }
            if stream.inbox.borrow().ended {
                events |= libc::POLLRDHUP;
            }
            match stream.writable() {
                Some(Ok(_)) => events |= libc::POLLOUT | libc::POLLWRNORM,
                Some(Err(libc::ECONNRESET)) => events |= libc::POLLERR | libc::POLLHUP,
                Some(Err(_)) => events |= libc::POLLOUT | libc::POLLHUP,
                None => {}
            }
        }
        Kind::File { .. } => events = libc::POLLIN | libc::POLLOUT,
        Kind::Listener { backlog } if !backlog.borrow().is_empty() => events = libc::POLLIN,
        Kind::Listener { .. } => {}
    }
    let asked = operation.request.op_flags | (libc::POLLERR | libc::POLLHUP) as u32;
    match events as u32 & asked {
        0 => Step::Wait,
        // Many results are not modelled.
        _ if operation.request.len != 0 => Step::end(-libc::EINVAL),
        events => Step::end(events.cast_signed()),
    }
}
