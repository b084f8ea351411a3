//! `IORING_OP_SEND`, of a pipe `IORING_OP_WRITE`, of bytes that were written into the stream's own
//! memory: nobody waits for it but the stream.

use super::send::send_entry;
use crate::socket::Shared;
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
        send_entry(&self.socket, &self.rest)
    }

    fn complete(self, completion: Completion) {
        self.socket.rest_ended(self.rest, completion.count());
    }
}
