//! `IORING_OP_RECVMSG`, of one datagram into a buffer of the caller: the datagram belongs to the
//! socket until the receiver that asked has taken it.

use crate::udp::Shared;
use sexton_buffers::Claim;
use sexton_runtime::op::{Completion, Entry, MsgRecv, Op};
use std::rc::Rc;

pub(crate) struct RecvFrom {
    pub(crate) socket: Rc<Shared>,
    pub(crate) claim: Claim,
    pub(crate) msg: Box<MsgRecv>,
}

impl Op for RecvFrom {
    type Output = ();

    fn entry(&mut self) -> Entry<'_> {
        Entry::recvmsg_claim(self.socket.fd(), &mut self.claim, &mut self.msg)
    }

    fn complete(self, completion: Completion) {
        self.socket.received(self.claim, self.msg, completion.count().map(|_| ()));
    }
}

#[cfg(test)]
mod tests {
    use super::RecvFrom;

    /// What is larger than a slot's memory costs an allocation each time.
    #[test]
    fn a_receive_fits_into_a_slot() {
        assert!(size_of::<RecvFrom>() <= 96, "{} bytes", size_of::<RecvFrom>());
    }
}
