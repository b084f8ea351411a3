//! Cancels: which operation is meant, and what its end looks like.

use super::faults::Fault;
use super::interpret::Step;
use super::operation::{Operation, opcode};
use super::ring::Ring;
use super::world::State;
use crate::sys::Request;

/// `IORING_ASYNC_CANCEL_ALL`: not only the first.
const ALL: u32 = 1 << 0;
/// `IORING_ASYNC_CANCEL_FD`: by descriptor.
const FD: u32 = 1 << 1;
/// `IORING_ASYNC_CANCEL_ANY`: whatever there is, and all of it.
const ANY: u32 = 1 << 2;
/// `IORING_ASYNC_CANCEL_USERDATA`: by tag, also beside others.
const USERDATA: u32 = 1 << 4;
/// `IORING_ASYNC_CANCEL_OP`: by operation.
const OP: u32 = 1 << 5;

impl Ring {
    /// What a cancel does to what was submitted before it, the operations below `before`; its own
    /// result.
    pub(super) fn cancel(&mut self, state: &mut State, request: &Request, before: usize) -> Step {
        let flags = if request.opcode == opcode::ASYNC_CANCEL { request.op_flags } else { 0 };
        if flags & !(ALL | FD | ANY | USERDATA | OP) != 0 {
            return Step::end(-libc::EINVAL);
        }
        let many = flags & (ALL | ANY) != 0;
        let mut found = 0;
        let mut running = 0;
        for index in 0..before {
            let Some(target) = self.flying[index].take_if(|target| meant(request, target, flags))
            else {
                continue;
            };
            if state.fault(Fault::CancelMiss) {
                // It is where no cancel finds it just now.
                self.flying[index] = Some(target);
                continue;
            }
            if self.end_target(state, index, target) {
                found += 1;
            } else {
                running += 1;
            }
            if !many {
                break;
            }
        }
        Step::end(match (many, found, running) {
            (true, ..) => found + running,
            (false, 1, _) => 0,
            (false, _, 1) => -libc::EALREADY,
            (false, ..) => -libc::ENOENT,
        })
    }

    /// Ends a target and puts it back; false if it can't be ended now.
    fn end_target(&mut self, state: &mut State, index: usize, mut target: Operation) -> bool {
        let busy = target.request.opcode != opcode::TIMEOUT && state.fault(Fault::CancelBusy);
        target.cancelled = true;
        let ends = !target.is_held(state) && !busy;
        if ends {
            if state.fault(Fault::CancelLate) {
                // Found, but if it can succeed it will.
                target.not_before = 0;
                self.flying[index] = Some(target);
                return true;
            }
            let step = cancelled(&target);
            if state.knobs.reverse || state.fault(Fault::CancelFirst) {
                self.post(state, target, step);
                return true;
            }
            // The cancel's own completion comes first, as the kernel's does on such a ring.
            target.doom = Some(step);
        }
        self.flying[index] = Some(target);
        ends
    }
}

/// How a cancelled operation ends: what it has moved is not lost.
pub(super) fn cancelled(target: &Operation) -> Step {
    Step::end(match i32::try_from(target.done) {
        Ok(done @ 1..) => done,
        _ => -libc::ECANCELED,
    })
}

fn meant(request: &Request, target: &Operation, flags: u32) -> bool {
    if target.cancels() || target.limits() || target.doom.is_some() || target.notifies {
        return false;
    }
    if request.opcode == opcode::TIMEOUT_REMOVE && target.request.opcode != opcode::TIMEOUT {
        return false;
    }
    if flags & ANY != 0 {
        return true;
    }
    let by_tag = flags & USERDATA != 0 || flags & (FD | OP) == 0;
    (!by_tag || request.addr.addr() as u64 == target.user_data)
        && (flags & FD == 0 || request.fd == target.request.fd)
        && (flags & OP == 0 || request.len == u32::from(target.request.opcode))
}
