//! Receives, sends and polls: what moves bytes through sockets and pipes.
//!
//! # Invariants
//!
//! - **I1** An operation's request points to valid memory until its final completion.
#![allow(unsafe_code, reason = "a received message's header is written through its pointer")]

use super::faults::Fault;
use super::interpret::{F_BUF_MORE, F_BUFFER, F_SOCK_NONEMPTY, Step};
use super::objects::{Id, Kind, Link, Object};
use super::operation::{Operation, opcode};
use super::profile::Kernel;
use super::provided::{Groups, Picked};
use super::ring::WRITTEN;
use super::touch;
use super::world::State;

/// `IORING_RECVSEND_POLL_FIRST`.
const POLL_FIRST: u16 = 1 << 0;
/// `IORING_RECV_MULTISHOT`.
const RECV_MULTISHOT: u16 = 1 << 1;
/// `IORING_RECVSEND_BUNDLE`.
const RECV_BUNDLE: u16 = 1 << 4;

fn is_socket(operation: &Operation) -> bool {
    use opcode::{RECV, RECVMSG, SEND, SEND_ZC, SENDMSG};
    matches!(operation.request.opcode, RECV | RECVMSG | SEND | SEND_ZC | SENDMSG)
}

fn has(operation: &Operation, flag: i32) -> bool {
    is_socket(operation) && operation.request.op_flags.cast_signed() & flag != 0
}

impl State {
    /// How many bytes can be read: none while one must wait, 0 at the end.
    pub(super) fn readable(&mut self, object: Id) -> Option<Result<usize, i32>> {
        let inbox = self.objects.get(object).and_then(Object::inbox);
        let Some(inbox) = inbox else { return Some(Err(libc::EBADF)) };
        self.settle(inbox);
        self.objects.channels.get(&inbox)?.readable()
    }

    /// How many bytes can be written: none while one must wait.
    pub(super) fn writable(&mut self, object: Id) -> Option<Result<usize, i32>> {
        let object = self.objects.get(object);
        let (inbox, outbox) = (object.and_then(Object::inbox), object.and_then(Object::outbox));
        let Some(outbox) = outbox else { return Some(Err(libc::EBADF)) };
        if let Some(inbox) = inbox {
            self.settle(inbox);
            if let Some(errno) = self.objects.channels.get(&inbox).and_then(|inbox| inbox.error) {
                return Some(Err(errno));
            }
        }
        self.objects.channels.get(&outbox)?.writable()
    }

    /// The error was told, and is not told again.
    pub(super) fn told(&mut self, object: Id) {
        let inbox = self.objects.get(object).and_then(Object::inbox);
        if let Some(inbox) = inbox.and_then(|inbox| self.objects.channels.get_mut(&inbox)) {
            inbox.error = None;
        }
    }

    /// A connection that is looked at may break.
    pub(super) fn may_reset(&mut self, object: Id) {
        let stream = match self.objects.get(object).map(|object| &object.kind) {
            Some(Kind::Socket(socket)) if !socket.is_unix => match socket.state {
                Link::Connected(stream) => stream,
                Link::Fresh | Link::Listening(_) | Link::Datagrams(_) => return,
            },
            _ => return,
        };
        if self.fault(Fault::Reset) {
            let errno = self.one_of(&[libc::ECONNRESET, libc::ETIMEDOUT, libc::EHOSTUNREACH]);
            self.record("reset", object, i64::from(errno));
            self.break_off(stream, errno);
        }
    }

    /// How many of so many bytes one transfer moves.
    pub(super) fn some_of(&mut self, count: usize, fault: Fault) -> usize {
        let count = count.min(self.knobs.longest);
        if count > 1 && self.fault(fault) { self.rng.little(count - 1) } else { count }
    }

    /// Takes the first bytes of an object's inbox, or looks at them.
    pub(super) fn take_bytes(&mut self, object: Id, count: usize, peek: bool) -> Vec<u8> {
        let inbox = self.objects.get(object).and_then(Object::inbox);
        let Some(inbox) = inbox.and_then(|inbox| self.objects.channels.get_mut(&inbox)) else {
            return Vec::new();
        };
        let bytes = inbox.peek(count);
        if !peek {
            inbox.consume(bytes.len());
            self.touch();
        }
        bytes
    }

    /// Whether nothing will follow what is in an inbox.
    fn has_ended(&self, inbox: Option<Id>) -> bool {
        let inbox = inbox.and_then(|inbox| self.objects.channels.get(&inbox));
        inbox.is_some_and(|inbox| inbox.ended)
    }

    /// What a completion says of more data; sometimes it is wrong.
    fn nonempty(&mut self, object: Id) -> u32 {
        let inbox = self.objects.get(object).and_then(Object::inbox);
        let inbox = inbox.and_then(|inbox| self.objects.channels.get(&inbox));
        let more = inbox.is_some_and(|inbox| inbox.len() > 0);
        if more != self.fault(Fault::NonemptyLie) { F_SOCK_NONEMPTY } else { 0 }
    }
}

/// A receive: into the operation's memory or into a provided buffer.
pub(super) fn receive(
    state: &mut State,
    operation: &mut Operation,
    object: Id,
    groups: &mut Groups,
) -> Step {
    if !operation.armed {
        state.may_reset(object);
    }
    if let Some(group) = operation.group() {
        return receive_provided(state, operation, object, groups, group);
    }
    let available = match state.readable(object) {
        // What WAITALL has gathered comes before what ends it.
        Some(Err(_) | Ok(0)) if operation.done > 0 => return Step::count(operation.done, 0),
        Some(Err(errno)) => return failed(state, object, errno),
        Some(Ok(available)) => available,
        None if has(operation, libc::MSG_DONTWAIT) => return Step::end(-libc::EAGAIN),
        None => return Step::Wait,
    };
    let room = operation.memory.len() - operation.done;
    let count = state.some_of(available.min(room), Fault::ShortRead);
    let peek = has(operation, libc::MSG_PEEK);
    let bytes = state.take_bytes(object, count, peek);
    if !operation.memory.unwatch() {
        state.complain("memory was changed while a receive owned it".into());
    }
    operation.memory.write(operation.done, &bytes);
    if operation.request.opcode == opcode::RECVMSG {
        // SAFETY: I1.
        unsafe { touch::finish_msghdr(operation.request.addr) };
    }
    operation.done += count;
    if has(operation, libc::MSG_WAITALL) && !peek && count > 0 && count < room {
        return Step::Wait;
    }
    let more = if is_socket(operation) { state.nonempty(object) } else { 0 };
    Step::count(operation.done, more)
}

/// An error of the connection, which is told once.
fn failed(state: &mut State, object: Id, errno: i32) -> Step {
    state.told(object);
    Step::end(-errno)
}

fn receive_provided(
    state: &mut State,
    operation: &Operation,
    object: Id,
    groups: &mut Groups,
    group: u16,
) -> Step {
    let bundles =
        operation.request.opcode == opcode::RECV && operation.request.ioprio & RECV_BUNDLE != 0;
    if bundles && !state.kernel.bundles(groups.is_incremental(group)) {
        return Step::end(-libc::EINVAL);
    }
    let picked = groups.peek(group);
    // The first try picks a buffer before it looks for data.
    let eager = !operation.armed && operation.request.ioprio & POLL_FIRST == 0;
    let available = match (state.readable(object), &picked) {
        (Some(Err(errno)), _) => return failed(state, object, errno),
        (Some(Ok(0)), _) => return Step::end(0),
        (Some(Ok(_)), None) => return Step::end(-libc::ENOBUFS),
        (None, None) if eager => return Step::end(-libc::ENOBUFS),
        (None, _) if has(operation, libc::MSG_DONTWAIT) => return Step::end(-libc::EAGAIN),
        (None, _) => return Step::Wait,
        (Some(Ok(available)), Some(_)) => available,
    };
    let reads = operation.request.opcode == opcode::READ;
    if let Some(picked) = &picked
        && reads
        && state.kernel == Kernel::V6_12
        && state.fault(Fault::StrayBuffer)
    {
        let flags = F_BUFFER | u32::from(picked.bid) << 16;
        return Step::End { result: -libc::EINTR, flags };
    }
    let Some(picked) = picked.filter(|_| !state.fault(Fault::NoBuffers)) else {
        return Step::end(-libc::ENOBUFS);
    };
    let bid = picked.bid;
    let mut into = if bundles { groups.peek_more(group, available) } else { vec![picked] };
    // A bundle that was to have the ring's last buffer ends the receive.
    let is_last = bundles && groups.reaches_tail(group, into.len());
    if into.len() > 1 && state.fault(Fault::ShortBundle) {
        into.truncate(state.rng.little(into.len() - 1));
    }
    let room: usize = into.iter().map(|picked| picked.memory.len()).sum();
    let most = match operation.request.len {
        0 => room,
        len => room.min(len as usize),
    };
    let count = state.some_of(available.min(most), Fault::ShortRead);
    let bytes = state.take_bytes(object, count, false);
    let consumed = groups.consume(group, count);
    if !consumed.intact {
        state.complain(WRITTEN.into());
    }
    let mut left = &bytes[..];
    for Picked { memory, .. } in into {
        let (now, later) = left.split_at(left.len().min(memory.len()));
        memory.write(0, now);
        left = later;
    }
    let more = if is_socket(operation) { state.nonempty(object) } else { 0 };
    let kept = if consumed.kept { F_BUF_MORE } else { 0 };
    let flags = F_BUFFER | u32::from(bid) << 16 | more | kept;
    let multishot =
        operation.request.opcode == opcode::RECV && operation.request.ioprio & RECV_MULTISHOT != 0;
    match Step::count(count, flags) {
        Step::End { result, flags } if multishot && !is_last => Step::Item { result, flags },
        step => step,
    }
}

/// A send: from the operation's memory.
pub(super) fn send(state: &mut State, operation: &mut Operation, object: Id) -> Step {
    if !operation.armed {
        state.may_reset(object);
        if is_socket(operation)
            && let Err(errno) = state.may_send()
        {
            return Step::end(-errno);
        }
    }
    let room = match state.writable(object) {
        Some(Err(_)) if operation.done > 0 => return Step::count(operation.done, 0),
        Some(Err(errno)) => return failed(state, object, errno),
        Some(Ok(room)) => room,
        None if has(operation, libc::MSG_DONTWAIT) => return Step::end(-libc::EAGAIN),
        None => return Step::Wait,
    };
    if !operation.memory.unwatch() {
        state.complain("memory was changed while a send owned it".into());
    }
    let left = operation.memory.len() - operation.done;
    let count = state.some_of(left.min(room), Fault::ShortWrite);
    let bytes = operation.memory.read(operation.done, count);
    if let Some(outbox) = state.objects.get(object).and_then(Object::outbox) {
        state.send(outbox, &bytes);
    }
    operation.done += count;
    if has(operation, libc::MSG_WAITALL) && count < left {
        return Step::Wait;
    }
    Step::count(operation.done, 0)
}

/// What an object is ready for, as `poll` says it.
fn events(state: &mut State, object: Id) -> i16 {
    let mut events = 0;
    let (readable, writable) = match state.objects.get(object).map(|object| &object.kind) {
        Some(Kind::Socket(socket)) => match &socket.state {
            Link::Listening(backlog) if backlog.is_empty() => (false, false),
            Link::Listening(_) => return libc::POLLIN,
            Link::Fresh => return libc::POLLHUP | libc::POLLOUT,
            Link::Connected(_) => (true, true),
            Link::Datagrams(_) => return super::on_datagrams::events(state, object),
        },
        Some(Kind::PipeFrom(_)) => (true, false),
        Some(Kind::PipeTo(_)) => (false, true),
        Some(Kind::File(_)) => return libc::POLLIN | libc::POLLOUT,
        // Polls of rings are not modelled.
        Some(Kind::Ring(_)) | None => return libc::POLLNVAL,
    };
    let inbox = state.objects.get(object).and_then(Object::inbox);
    let mut ended = false;
    if readable {
        let is_socket = writable;
        match state.readable(object) {
            Some(Ok(0)) if !is_socket => events |= libc::POLLHUP,
            Some(Ok(_)) if !is_socket && state.has_ended(inbox) => {
                events |= libc::POLLIN | libc::POLLRDNORM | libc::POLLHUP;
            }
            Some(_) => events |= libc::POLLIN | libc::POLLRDNORM,
            None => {}
        }
        ended = state.has_ended(inbox);
        if is_socket && ended {
            events |= libc::POLLRDHUP;
        }
    }
    if writable {
        match state.writable(object) {
            Some(Ok(_)) => events |= libc::POLLOUT | libc::POLLWRNORM,
            Some(Err(libc::ECONNRESET)) => events |= libc::POLLERR | libc::POLLHUP,
            Some(Err(_)) if inbox.is_none() => events |= libc::POLLOUT | libc::POLLERR,
            // Of both directions, not of one.
            Some(Err(_)) if ended => events |= libc::POLLOUT | libc::POLLHUP,
            Some(Err(_)) => events |= libc::POLLOUT,
            None => {}
        }
    }
    events
}

/// A poll, once.
pub(super) fn poll(state: &mut State, operation: &Operation, object: Id) -> Step {
    let asked =
        operation.request.op_flags | u32::from((libc::POLLERR | libc::POLLHUP).cast_unsigned());
    let events = u32::from(events(state, object).cast_unsigned()) & asked;
    if events == 0 {
        // Once, when it begins: a poll that lies for ever is none.
        let lies = !operation.armed && state.fault(Fault::PollSpurious);
        if !lies {
            return Step::Wait;
        }
        // Something of what was asked for; not that the peer is gone, which is another lie.
        let masks = [libc::POLLIN, libc::POLLOUT, libc::POLLPRI].map(i32::from);
        let masks = masks.into_iter().filter(|mask| asked.cast_signed() & mask != 0);
        let some: i32 = masks.filter(|_| state.rng.chance(0.5)).sum();
        let all = asked.cast_signed() & !i32::from(libc::POLLERR | libc::POLLHUP);
        return Step::end(if some == 0 { all } else { some });
    }
    // Many results are not modelled.
    if operation.request.len != 0 {
        return Step::end(-libc::EINVAL);
    }
    Step::end(events.cast_signed())
}
