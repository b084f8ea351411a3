//! `IORING_OP_SEND`, of a pipe `IORING_OP_WRITE`, of bytes that were written into the stream's own
//! memory: nobody waits for it but the stream.

use crate::socket::{Kind, Shared};
use sexton_buffers::Slice;
use sexton_runtime::op::{Completion, Entry, Op};
use std::rc::Rc;

pub(crate) struct SendRest {
    pub(crate) socket: Rc<Shared>,
    pub(crate) rest: Slice<Vec<u8>>,
}

impl Op for SendRest {
    type Output = ();

    fn entry(&mut self) -> Entry<'_> {
        match self.socket.kind() {
            Kind::Socket => Entry::send(self.socket.fd(), &self.rest),
            Kind::Pipe => Entry::write(self.socket.fd(), &self.rest, u64::MAX),
        }
    }

    fn complete(self, completion: Completion) {
        self.socket.rest_ended(self.rest, completion.count());
    }
}
