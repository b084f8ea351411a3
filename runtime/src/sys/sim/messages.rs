//! Messages: completions that one ring posts on another one of the same world.
//!
//! A ring has a descriptor once somebody asks for one. It may outlive the ring's end: what is sent
//! there then is taken and never arrives, as by the kernel when the owner of a ring is gone.

#[cfg(test)]
mod tests;

use std::io;
use std::os::fd::OwnedFd;

use super::faults::Fault;
use super::interpret::Step;
use super::objects::{Id, Kind};
use super::operation::Operation;
use super::profile::Kernel;
use super::ring::Ring;
use super::world::State;
use crate::sys::Cqe;

/// `IORING_MSG_DATA`; descriptors are not modelled.
const DATA: usize = 0;
/// `IORING_MSG_RING_FLAGS_PASS`: the completion's flags are the sender's. Since Linux 6.3.
const FLAGS_PASS: u32 = 1 << 1;

/// What was sent to a ring, and its owner has not seen.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    messages: Vec<Cqe>,
    /// Its owner wakes once more.
    again: bool,
}

/// Sends a message to a ring.
pub(super) fn send(state: &mut State, operation: &Operation, inbox: Id) -> Step {
    let request = &operation.request;
    let passes = request.op_flags == FLAGS_PASS && state.kernel != Kernel::V6_1;
    let plain = request.op_flags == 0 && request.file_index == 0;
    if request.addr.addr() != DATA || request.addr3 != 0 || !(plain || passes) {
        return Step::end(-libc::EINVAL);
    }
    if state.fault(Fault::MessageOverflow) {
        return Step::end(-libc::EOVERFLOW);
    }
    let again = state.fault(Fault::DuplicateWake);
    // Nobody is there any more: it succeeds all the same.
    let Some(inbox) = state.objects.inboxes.get_mut(&inbox) else { return Step::end(0) };
    inbox.again |= again;
    inbox.messages.push(Cqe {
        user_data: request.off,
        result: request.len.cast_signed(),
        flags: if passes { request.file_index } else { 0 },
    });
    state.touch();
    Step::end(0)
}

impl Ring {
    /// A descriptor of the ring, for messages to it.
    #[cfg_attr(not(test), expect(dead_code, reason = "Sexton sends no messages between rings"))]
    pub(crate) fn descriptor(&mut self) -> io::Result<OwnedFd> {
        let here = self.here.clone();
        here.with(|state| {
            let inbox = *self.inbox.get_or_insert_with(|| state.objects.inbox());
            state.objects.open(Kind::Ring(inbox), here.host).map(|(_, fd)| fd)
        })
    }

    /// Posts what others have sent.
    pub(super) fn take_messages(&mut self, state: &mut State) {
        let Some(number) = self.inbox else { return };
        let Some(inbox) = state.objects.inboxes.get_mut(&number) else { return };
        if std::mem::take(&mut inbox.again) {
            self.waker.wake_again();
        }
        for message in std::mem::take(&mut inbox.messages) {
            state.record("is told", number, i64::from(message.result));
            self.show(state, message);
        }
    }

    /// What was not seen is lost, and so is what comes.
    pub(super) fn close_inbox(&self, state: &mut State) {
        if let Some(inbox) = self.inbox {
            state.objects.inboxes.remove(&inbox);
        }
    }
}
