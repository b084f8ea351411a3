//! An operation in flight: its request, and what was resolved when `enter` took it.
//!
//! # Invariants
//!
//! - **I1** The pointers of an operation's request are valid until its final completion: the caller
//!   of `take` promises it.
#![allow(unsafe_code, reason = "it follows the pointers that the kernel copies at submission")]

use std::rc::Rc;
use std::time::Instant;

use super::interpret::Step;
use super::touch::{self, Memory};
use super::world::{End, World};
use crate::sys::Request;

/// `IORING_OP_*`, those that are modelled.
pub(super) mod opcode {
    pub(in super::super) const NOP: u8 = 0;
    pub(in super::super) const READV: u8 = 1;
    pub(in super::super) const WRITEV: u8 = 2;
    pub(in super::super) const FSYNC: u8 = 3;
    pub(in super::super) const POLL_ADD: u8 = 6;
    pub(in super::super) const SENDMSG: u8 = 9;
    pub(in super::super) const RECVMSG: u8 = 10;
    pub(in super::super) const TIMEOUT: u8 = 11;
    pub(in super::super) const TIMEOUT_REMOVE: u8 = 12;
    pub(in super::super) const ACCEPT: u8 = 13;
    pub(in super::super) const ASYNC_CANCEL: u8 = 14;
    pub(in super::super) const CLOSE: u8 = 19;
    pub(in super::super) const READ: u8 = 22;
    pub(in super::super) const WRITE: u8 = 23;
    pub(in super::super) const SEND: u8 = 26;
    pub(in super::super) const RECV: u8 = 27;
    pub(in super::super) const SHUTDOWN: u8 = 34;

    pub(in super::super) const ALL: [u8; 17] = [
        NOP,
        READV,
        WRITEV,
        FSYNC,
        POLL_ADD,
        SENDMSG,
        RECVMSG,
        TIMEOUT,
        TIMEOUT_REMOVE,
        ACCEPT,
        ASYNC_CANCEL,
        CLOSE,
        READ,
        WRITE,
        SEND,
        RECV,
        SHUTDOWN,
    ];
}

/// `IOSQE_FIXED_FILE`, `IO_DRAIN`, `IO_LINK`, `IO_HARDLINK`: not modelled.
const UNKNOWN_FLAGS: u8 = 0b1111;
/// `IOSQE_BUFFER_SELECT`.
const BUFFER_SELECT: u8 = 1 << 5;
/// `IOSQE_CQE_SKIP_SUCCESS`.
pub(super) const CQE_SKIP_SUCCESS: u8 = 1 << 6;

/// What is in flight.
#[derive(Debug)]
pub(super) struct Operation {
    pub(super) request: Request,
    pub(super) user_data: u64,
    /// What its descriptor stood for at submission.
    pub(super) end: Option<Rc<End>>,
    /// What it reads or fills, unless it picks a buffer.
    pub(super) memory: Memory,
    /// When it times out.
    pub(super) deadline: Option<Instant>,
    /// Bytes moved so far, where it goes on until all are.
    pub(super) done: usize,
    /// It was looked at before.
    pub(super) armed: bool,
    /// It was cancelled while that was impossible.
    pub(super) cancelled: bool,
    /// It was cancelled, and this is how it ends.
    pub(super) doom: Option<Step>,
    /// What is wrong with it; it completes with that.
    pub(super) invalid: Option<i32>,
}

impl Operation {
    /// Takes a submission, as the kernel does in `enter`: the descriptor is resolved, and what the
    /// kernel copies is copied.
    ///
    /// # Safety
    ///
    /// I1.
    pub(super) unsafe fn take(request: Request, user_data: u64) -> Self {
        use opcode::{
            ASYNC_CANCEL, NOP, READ, READV, RECV, RECVMSG, SEND, SENDMSG, TIMEOUT, TIMEOUT_REMOVE,
            WRITE, WRITEV,
        };
        let mut invalid = None;
        let len = request.len as usize;
        let memory = match request.opcode {
            // What picks a buffer brings none.
            _ if request.flags & BUFFER_SELECT != 0 => Memory::default(),
            // SAFETY: I1.
            READ | WRITE | RECV | SEND => unsafe { Memory::one(request.addr, len) },
            // SAFETY: I1.
            READV | WRITEV => unsafe { Memory::vectored(request.addr.cast(), len) },
            // SAFETY: I1.
            RECVMSG | SENDMSG => unsafe { touch::read_msghdr(request.addr) },
            _ => Memory::default(),
        };
        let deadline = match request.opcode {
            TIMEOUT => {
                // SAFETY: I1.
                let time = unsafe { touch::read_timespec(request.addr) };
                // Counts and clocks are not modelled.
                let known = request.off == 0 && request.op_flags == 0;
                invalid = (time.is_none() || !known).then_some(libc::EINVAL);
                time.and_then(|time| Instant::now().checked_add(time))
            }
            _ => None,
        };
        let end = match request.opcode {
            NOP | TIMEOUT | TIMEOUT_REMOVE | ASYNC_CANCEL => None,
            _ => {
                let end = World::find(request.fd);
                invalid = end.is_none().then_some(libc::EBADF);
                end
            }
        };
        if request.flags & UNKNOWN_FLAGS != 0 || !opcode::ALL.contains(&request.opcode) {
            invalid = Some(libc::EINVAL);
        } else if memory.is_nowhere() {
            invalid = invalid.or(Some(libc::EFAULT));
        }
        Self {
            request,
            user_data,
            end,
            memory,
            deadline,
            done: 0,
            armed: false,
            cancelled: false,
            doom: None,
            invalid,
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
    pub(super) fn is_held(&self) -> bool {
        if self.request.opcode == opcode::TIMEOUT {
            return false;
        }
        World::knobs().hold || self.end.as_ref().is_some_and(|end| end.held.get())
    }
}
