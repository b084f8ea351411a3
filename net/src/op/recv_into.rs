//! `IORING_OP_RECV`, into a buffer of the caller or of the stream: its bytes belong to the stream
//! until the reader that asked has taken them.

use crate::socket::{Shared, Ticket};
use sexton_buffers::Claim;
use sexton_runtime::op::{Completion, Entry, Op};
use std::rc::Rc;

pub(crate) struct RecvInto {
    pub(crate) socket: Rc<Shared>,
    pub(crate) claim: Claim,
    pub(crate) ticket: Ticket,
    pub(crate) poll_first: bool,
}

impl Op for RecvInto {
    type Output = ();

    fn entry(&mut self) -> Entry<'_> {
        Entry::recv_claim(self.socket.fd(), &mut self.claim, self.poll_first)
    }

    fn complete(self, completion: Completion) {
        let more = completion.sock_nonempty();
        self.socket.recv_ended(self.ticket, self.claim, completion.count(), more);
    }
}
