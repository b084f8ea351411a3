//! `IORING_OP_ACCEPT`: what it takes belongs to the listener, whoever asked.

use crate::socket::Backlog;
use sexton_runtime::op::{Completion, Entry, Multishot, Op, SocketAddrBuf};
use std::rc::Rc;

pub(crate) struct Accept {
    pub(crate) listener: Rc<Backlog>,
    pub(crate) slot: usize,
    pub(crate) poll_first: bool,
    pub(crate) peer: SocketAddrBuf,
}

impl Op for Accept {
    type Output = ();

    fn entry(&mut self) -> Entry<'_> {
        Entry::accept(self.listener.fd(), &mut self.peer, self.poll_first)
    }

    fn complete(self, completion: Completion) {
        self.listener.nonempty.set(completion.sock_nonempty());
        self.listener.accepted(self.slot, completion.fd(), self.peer.get());
    }
}

pub(crate) struct AcceptMany {
    pub(crate) listener: Rc<Backlog>,
}

impl Multishot for AcceptMany {
    type Handler = Rc<Backlog>;

    fn entry(&mut self) -> Entry<'_> {
        Entry::accept_many(self.listener.fd())
    }

    fn item(listener: &Rc<Backlog>, completion: Completion) {
        listener.arrived(completion.fd());
    }

    fn end(self, listener: Rc<Backlog>, completion: Completion) {
        listener.accepted(0, completion.fd(), None);
    }
}
