//! `IORING_OP_RECV`, many times, of a pipe `IORING_OP_READ`, once, into buffers that the kernel
//! picks when data comes.
//!
//! So an idle connection holds none.

use crate::socket::{Kind, Shared};
use sexton_buffers::ProvidedPool;
use sexton_runtime::op::{Completion, Entry, Multishot};
use std::rc::Rc;

pub(crate) struct RecvPool {
    pub(crate) socket: Rc<Shared>,
    pub(crate) pool: ProvidedPool,
}

impl Multishot for RecvPool {
    type Handler = Rc<Shared>;

    fn entry(&mut self) -> Entry<'_> {
        match self.socket.kind() {
            Kind::Socket => Entry::recv_provided(self.socket.fd(), &self.pool, true),
            Kind::Pipe => Entry::read_provided(self.socket.fd(), &self.pool),
        }
    }

    fn item(socket: &Rc<Shared>, completion: Completion) {
        socket.pool_item(completion.bufs());
    }

    fn end(self, socket: Rc<Shared>, completion: Completion) {
        socket.pool_ended(completion.bufs());
    }
}
