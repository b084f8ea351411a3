//! `IORING_OP_RECV`, of a pipe `IORING_OP_READ`, into a buffer of the caller or of the stream: its
//! bytes belong to the stream until the reader that asked has taken them.

use crate::socket::{Kind, Shared, Ticket};
use sexton_buffers::Claim;
use sexton_runtime::op::{Completion, Entry, Op};
use std::rc::Rc;

pub(crate) struct RecvInto {
    pub(crate) socket: Rc<Shared>,
    pub(crate) claim: Claim,
    pub(crate) ticket: Ticket,
}

impl Op for RecvInto {
    type Output = ();

    fn entry(&mut self) -> Entry<'_> {
        match self.socket.kind() {
            Kind::Socket => {
                let poll_first = self.socket.is_drained();
                Entry::recv_claim(self.socket.fd(), &mut self.claim, poll_first)
            }
            Kind::Pipe => Entry::read_claim(self.socket.fd(), &mut self.claim),
        }
    }

    fn complete(self, completion: Completion) {
        let more = completion.sock_nonempty();
        self.socket.recv_ended(self.ticket, self.claim, completion.count(), more);
    }
}

#[cfg(test)]
mod tests {
    use super::RecvInto;

    /// What is larger than a slot's memory costs an allocation each time.
    #[test]
    fn a_receive_fits_into_a_slot() {
        assert!(size_of::<RecvInto>() <= 96, "{} bytes", size_of::<RecvInto>());
    }
}
