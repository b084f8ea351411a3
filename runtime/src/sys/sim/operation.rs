//! An operation in flight: its request, and what was resolved when `enter` took it.
//!
//! # Invariants
//!
//! - **I1** The pointers of an operation's request are valid until its final completion: the caller
//!   of `take` promises it.
#![allow(unsafe_code, reason = "it follows the pointers that the kernel copies at submission")]

pub(super) mod opcode;

use super::faults::Fault;
use super::interpret::Step;
use super::links::Chain;
use super::objects::Id;
use super::touch::{self, Memory};
use super::world::{State, nanos};
use crate::op::{BENEATH, OpenHow, makes};
use crate::sys::Request;

/// `IOSQE_FIXED_FILE`, `IO_DRAIN`: not modelled.
const UNKNOWN_FLAGS: u8 = 0b11;
/// `IOSQE_BUFFER_SELECT`.
const BUFFER_SELECT: u8 = 1 << 5;
/// `IOSQE_CQE_SKIP_SUCCESS`.
pub(super) const CQE_SKIP_SUCCESS: u8 = 1 << 6;

/// What is in flight.
#[derive(Debug)]
pub(super) struct Operation {
    pub(super) request: Request,
    /// The place of the registered memory that it names.
    pub(super) fixed: Option<u16>,
    pub(super) user_data: u64,
    /// What its descriptor stands for.
    pub(super) object: Option<Id>,
    /// What it reads or fills, unless it picks a buffer.
    pub(super) memory: Memory,
    /// Who asks.
    pub(super) host: usize,
    /// The path of an open, the name of a connect, whom a datagram is for.
    pub(super) name: Vec<u8>,
    /// How its path is opened.
    pub(super) how: How,
    /// When it times out, in nanoseconds.
    pub(super) deadline: Option<u64>,
    /// It does not complete before.
    pub(super) not_before: u64,
    /// When it was submitted.
    pub(super) since: u64,
    /// Bytes moved so far, where it goes on until all are.
    pub(super) done: usize,
    /// It was looked at before.
    pub(super) armed: bool,
    /// It does not end before its ring does.
    pub(super) stuck: bool,
    /// It was cancelled while that was impossible.
    pub(super) cancelled: bool,
    /// It has its result, and only its notification is to come.
    pub(super) notifies: bool,
    /// It was cancelled, and this is how it ends.
    pub(super) doom: Option<Step>,
    /// What is wrong with it; it completes with that.
    pub(super) invalid: Option<i32>,
    /// What it is tied to.
    pub(super) chain: Chain,
}

/// What a read leaves behind that fails.
const SCRIBBLE: u8 = 0x5c;
/// An operation that takes its time takes at most so long, in nanoseconds.
const DELAY: u64 = 5_000_000;

impl Operation {
    /// Takes a submission, as the kernel does in `enter`: the descriptor is resolved, and what the
    /// kernel copies is copied.
    ///
    /// # Safety
    ///
    /// I1.
    pub(super) unsafe fn take(
        mut request: Request,
        user_data: u64,
        host: usize,
        state: &mut State,
    ) -> Self {
        let fixed = without_fixed(&mut request);
        // SAFETY: I1.
        let (mut memory, memory_ok) = unsafe { memory(&request) };
        let mut invalid = None;
        let since = state.now();
        let mut deadline = None;
        if matches!(request.opcode, opcode::TIMEOUT | opcode::LINK_TIMEOUT) {
            // SAFETY: I1.
            let time = unsafe { touch::read_timespec(request.addr) };
            // Counts and clocks are not modelled.
            let known = request.off == 0 && request.op_flags == 0 && request.len == 1;
            invalid = (time.is_none() || !known).then_some(libc::EINVAL);
            let time = time.map(|time| state.skewed(nanos(time)));
            deadline = time.and_then(|time| since.checked_add(time));
        }
        // SAFETY: I1.
        let name = unsafe { name(&request) };
        if name.is_none() {
            invalid = Some(libc::EFAULT);
        }
        // SAFETY: I1.
        let how = unsafe { how(&request) };
        let object = match request.opcode {
            opcode::NOP
            | opcode::TIMEOUT
            | opcode::TIMEOUT_REMOVE
            | opcode::ASYNC_CANCEL
            | opcode::LINK_TIMEOUT
            | opcode::OPENAT => None,
            _ => {
                invalid = state.objects.find(request.fd).is_none().then_some(libc::EBADF);
                state.objects.find(request.fd)
            }
        };
        if how.is_none()
            || request.flags & UNKNOWN_FLAGS != 0
            || !opcode::ALL.contains(&request.opcode)
        {
            invalid = Some(libc::EINVAL);
        }
        // A descriptor, and memory, are only looked for when it begins.
        let refused = invalid.is_some_and(|errno| errno != libc::EBADF);
        if !memory_ok {
            invalid = invalid.or(Some(libc::EFAULT));
        }
        if let Some(object) = object {
            state.objects.hold(object);
        }
        if state.scheduled && invalid.is_none() {
            watch(&mut memory, request.opcode);
        }
        state.record(name_of(request.opcode), object.unwrap_or(0), i64::from(request.len));
        Self {
            request,
            fixed,
            user_data,
            object,
            host,
            memory,
            name: name.unwrap_or_default(),
            how: how.unwrap_or_default(),
            deadline,
            not_before: since + delay(state, request.opcode),
            since,
            done: 0,
            armed: false,
            stuck: object.is_some() && state.fault(Fault::Stuck),
            cancelled: false,
            notifies: false,
            doom: None,
            invalid,
            chain: Chain::new(refused),
        }
    }

    /// Says in the header of a received message who sent it, and whether it was cut.
    pub(super) fn name_sender(&self, name: &[u8], cut: bool) {
        // SAFETY: I1: it has not completed yet.
        unsafe { touch::write_name(self.request.addr, name, cut) };
    }

    /// The kernel lets go of everything; it completes with this result.
    pub(super) fn let_go(&mut self, state: &mut State, result: i32) {
        if !self.memory.unwatch() {
            let what = name_of(self.request.opcode);
            state.complain(format!("memory was changed while a {what} owned it"));
        }
        state.record("completes", self.object.unwrap_or(0), i64::from(result));
        if let Some(object) = self.object.take() {
            state.objects.release(object);
        }
    }

    /// It fails, and may have written into the memory that it was to fill.
    pub(super) fn scribble(&mut self, state: &mut State) {
        use opcode::{READ, READV, RECV};
        if !matches!(self.request.opcode, READ | READV | RECV) {
            return;
        }
        if !self.memory.unwatch() {
            state.complain("memory was changed while a read owned it".into());
        }
        let len = self.memory.len();
        if len > 0 {
            let count = state.rng.little(len);
            self.memory.write(0, &vec![SCRIBBLE; count]);
        }
    }

    /// What only a worker does begins now: its descriptor is whatever the number stands for.
    pub(super) fn look_up_late(&mut self, state: &mut State) {
        if self.armed || !state.kernel.looks_up_late(self.request.opcode) {
            return;
        }
        let now = state.objects.find(self.request.fd);
        if now == self.object {
            return;
        }
        state.complain("a descriptor was another one when its operation began".into());
        if let Some(before) = std::mem::replace(&mut self.object, now) {
            state.objects.release(before);
        }
        if let Some(now) = now {
            state.objects.hold(now);
        }
    }

    /// Whether it picks a provided buffer, and of which group.
    pub(super) fn group(&self) -> Option<u16> {
        (self.request.flags & BUFFER_SELECT != 0).then_some(self.request.buf)
    }

    /// Whether it posts no completion when it succeeds.
    pub(super) fn is_silent(&self) -> bool {
        self.request.flags & CQE_SKIP_SUCCESS != 0
    }

    /// Whether it ends other operations.
    pub(super) fn cancels(&self) -> bool {
        self.invalid.is_none()
            && matches!(self.request.opcode, opcode::ASYNC_CANCEL | opcode::TIMEOUT_REMOVE)
    }

    /// Whether it may neither complete nor be cancelled now.
    pub(super) fn is_held(&self, state: &State) -> bool {
        if self.request.opcode == opcode::TIMEOUT {
            return false;
        }
        let object = self.object.and_then(|object| state.objects.get(object));
        self.stuck || state.knobs.hold || object.is_some_and(|object| object.held)
    }

    /// When it may complete by itself, if that is known.
    pub(super) fn alarm(&self, now: u64) -> Option<u64> {
        let later = (self.not_before > now).then_some(self.not_before);
        later.into_iter().chain(self.deadline).min()
    }
}

/// The path or the socket's name in a request, copied at submission; none if it lies nowhere.
///
/// # Safety
///
/// I1.
unsafe fn name(request: &Request) -> Option<Vec<u8>> {
    match request.opcode {
        // SAFETY: I1.
        opcode::OPENAT | opcode::OPENAT2 => unsafe { touch::read_path(request.addr) },
        opcode::CONNECT => {
            let len = usize::try_from(request.off).unwrap_or(0);
            // SAFETY: I1: a name of so many bytes.
            Some(unsafe { Memory::one(request.addr, len) }.read(0, len))
        }
        opcode::SEND | opcode::SEND_ZC if !request.addr2.is_null() => {
            // The length is 16 bits, in the half that comes first in memory.
            let len = ((request.file_index | request.file_index >> 16) & 0xffff) as usize;
            // SAFETY: I1: a name of so many bytes.
            Some(unsafe { Memory::one(request.addr2, len) }.read(0, len))
        }
        // SAFETY: I1.
        opcode::SENDMSG => Some(unsafe { touch::read_name(request.addr) }),
        _ => Some(Vec::new()),
    }
}

/// Makes the plain operation of one on registered memory, and says which memory that was.
fn without_fixed(request: &mut Request) -> Option<u16> {
    request.opcode = match request.opcode {
        opcode::READ_FIXED => opcode::READ,
        opcode::WRITE_FIXED => opcode::WRITE,
        _ => return None,
    };
    Some(request.buf)
}

/// How a path is opened.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct How {
    pub(super) flags: i32,
    pub(super) mode: u32,
    /// It may not lead out of the directory that it begins in.
    pub(super) beneath: bool,
}

impl How {
    /// As `open` does.
    pub(super) fn plain(flags: i32, mode: u32) -> Self {
        Self { flags, mode, beneath: false }
    }
}

/// How a request opens its path, copied at submission; none if that is refused.
///
/// # Safety
///
/// I1.
unsafe fn how(request: &Request) -> Option<How> {
    if request.opcode != opcode::OPENAT2 {
        return Some(How::plain(request.op_flags.cast_signed(), request.len));
    }
    if request.addr2.is_null() || request.len as usize != size_of::<OpenHow>() {
        return None;
    }
    // SAFETY: I1: not null, and of that length.
    let how = unsafe { request.addr2.cast::<OpenHow>().read_unaligned() };
    let (flags, mode) = (i32::try_from(how.flags).ok()?, u32::try_from(how.mode).ok()?);
    let known = how.resolve & !BENEATH == 0 && mode & !0o7777 == 0 && (makes(flags) || mode == 0);
    known.then_some(How { flags, mode, beneath: how.resolve & BENEATH != 0 })
}

/// From now on nobody else may touch it, or change it, until the operation has ended.
fn watch(memory: &mut Memory, opcode: u8) {
    match opcode {
        opcode::READ | opcode::READV | opcode::RECV | opcode::RECVMSG | opcode::ACCEPT => {
            memory.watch_unfilled()
        }
        _ => memory.watch_filled(),
    }
}

/// How much longer an operation takes than it has to.
fn delay(state: &mut State, opcode: u8) -> u64 {
    match opcode {
        opcode::NOP | opcode::TIMEOUT | opcode::LINK_TIMEOUT => 0,
        opcode::ASYNC_CANCEL | opcode::TIMEOUT_REMOVE => 0,
        _ if state.fault(Fault::Delay) => state.rng.little(DELAY as usize) as u64,
        _ => 0,
    }
}

/// The memory that a request names, and whether it lies somewhere.
///
/// # Safety
///
/// I1.
unsafe fn memory(request: &Request) -> (Memory, bool) {
    use opcode::{ACCEPT, READ, READV, RECV, RECVMSG, SEND, SEND_ZC, SENDMSG, WRITE, WRITEV};
    let len = request.len as usize;
    let memory = match request.opcode {
        // What picks a buffer brings none.
        _ if request.flags & BUFFER_SELECT != 0 => Memory::default(),
        // SAFETY: I1.
        READ | WRITE | RECV | SEND | SEND_ZC => unsafe { Memory::one(request.addr, len) },
        // SAFETY: I1.
        READV | WRITEV => unsafe { Memory::vectored(request.addr.cast(), len) },
        // SAFETY: I1.
        ACCEPT => unsafe { touch::peer_room(request.addr, request.addr2) },
        // SAFETY: I1.
        RECVMSG | SENDMSG => unsafe { touch::read_msghdr(request.addr) },
        _ => Memory::default(),
    };
    let somewhere = !memory.is_nowhere();
    (memory, somewhere)
}

/// The name of an operation, for people.
pub(super) fn name_of(opcode: u8) -> &'static str {
    match opcode {
        opcode::NOP => "nop",
        opcode::READ | opcode::READV => "read",
        opcode::WRITE | opcode::WRITEV => "write",
        opcode::FSYNC => "fsync",
        opcode::POLL_ADD => "poll",
        opcode::SEND | opcode::SENDMSG => "send",
        opcode::SEND_ZC => "zero-copy send",
        opcode::RECV | opcode::RECVMSG => "receive",
        opcode::TIMEOUT | opcode::TIMEOUT_REMOVE | opcode::LINK_TIMEOUT => "timeout",
        opcode::ACCEPT => "accept",
        opcode::ASYNC_CANCEL => "cancel",
        opcode::CONNECT => "connect",
        opcode::OPENAT | opcode::OPENAT2 => "open",
        opcode::CLOSE => "close",
        opcode::SHUTDOWN => "shutdown",
        opcode::MSG_RING => "message",
        _ => "unknown",
    }
}
