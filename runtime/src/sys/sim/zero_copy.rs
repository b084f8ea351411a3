//! Zero-copy sends: a result, and later the notification that their memory is let go of.
//!
//! Between the two an operation has no descriptor and can't be cancelled, but it has its memory:
//! whose bytes must stay what they were when the result was posted.

#[cfg(test)]
mod tests;

use super::faults::Fault;
use super::interpret::{F_MORE, Step};
use super::objects::{Kind, Object};
use super::operation::{Operation, opcode};
use super::world::State;

/// `IORING_CQE_F_NOTIF`.
const F_NOTIF: u32 = 1 << 3;
/// A late notification comes at most so long after the result, in nanoseconds. One that comes later
/// than any shutdown waits is what `Stuck` makes of it.
const LATE: u64 = 1_000_000_000;

/// Why a zero-copy send fails that a plain one would not.
pub(super) fn refused(state: &mut State, operation: &Operation) -> Option<Step> {
    if operation.request.opcode != opcode::SEND_ZC {
        return None;
    }
    let object = operation.object.and_then(|object| state.objects.get(object));
    let sends = match object.map(|object| &object.kind) {
        Some(Kind::Socket(_)) => !object.and_then(Object::socket).is_some_and(|it| it.is_unix),
        _ => true,
    };
    if !sends {
        return Some(Step::end(-libc::EOPNOTSUPP));
    }
    let no_memory = !operation.armed && state.fault(Fault::NoLockedMemory);
    no_memory.then(|| Step::end(-libc::ENOMEM))
}

impl Operation {
    /// What its result says if a notification follows.
    pub(super) fn notified_later(&mut self, state: &mut State, result: i32) -> Option<u32> {
        if self.request.opcode != opcode::SEND_ZC || self.notifies {
            return None;
        }
        // The kernel's errors mostly notify as well, but not all of them.
        if result < 0 && state.fault(Fault::UnnotifiedError) {
            return None;
        }
        self.notifies = true;
        self.doom = None;
        self.stuck = self.object.is_some() && state.fault(Fault::Stuck);
        self.not_before = state.now();
        if state.fault(Fault::LateNotification) {
            self.not_before += state.rng.little(LATE as usize) as u64;
        }
        state.record("has sent", self.object.unwrap_or(0), i64::from(result));
        if let Some(object) = self.object.take() {
            state.objects.release(object);
        }
        if state.scheduled && self.invalid.is_none() {
            let same = self.memory.unwatch();
            self.memory.watch_filled();
            if !same {
                state.complain("memory was changed while a zero-copy send owned it".into());
            }
        }
        Some(F_MORE)
    }

    /// The notification, when it is time.
    pub(super) fn notification(&self, state: &mut State) -> Step {
        if self.stuck
            || state.knobs.hold
            || state.knobs.hold_notifications
            || self.not_before > state.now()
        {
            return Step::Wait;
        }
        let result = if state.fault(Fault::OddNotification) { i32::MIN } else { 0 };
        Step::End { result, flags: F_NOTIF }
    }
}
