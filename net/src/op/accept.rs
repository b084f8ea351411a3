//! `IORING_OP_ACCEPT`: what it takes belongs to the listener, whoever asked.

use crate::socket::Backlog;
use sexton_runtime::op::{Completion, Entry, Op, SocketAddrBuf};
use std::rc::Rc;

pub(crate) struct Accept {
    pub(crate) listener: Rc<Backlog>,
    pub(crate) peer: SocketAddrBuf,
}

impl Op for Accept {
    type Output = ();

    fn entry(&mut self) -> Entry<'_> {
        Entry::accept(self.listener.fd(), &mut self.peer)
    }

    fn complete(self, completion: Completion) {
        self.listener.accepted(completion.fd(), self.peer.get());
    }
}
