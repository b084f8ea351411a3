//! `IORING_OP_ACCEPT`: what it takes belongs to the listener, whoever asked.

use crate::socket::Backlog;
use sexton_runtime::op::{Completion, Entry, Op, SocketAddrBuf};
use std::rc::Rc;

pub(crate) struct Accept {
    pub(crate) listener: Rc<Backlog>,
    pub(crate) peer: SocketAddrBuf,
    pub(crate) poll_first: bool,
}

impl Op for Accept {
    type Output = ();

    fn entry(&mut self) -> Entry<'_> {
        Entry::accept(self.listener.fd(), &mut self.peer, self.poll_first)
    }

    fn complete(self, completion: Completion) {
        let more = completion.sock_nonempty();
        self.listener.accepted(completion.fd(), self.peer.get(), self.poll_first, more);
    }
}
