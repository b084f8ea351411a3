//! `IORING_OP_SEND_ZC`: the stream hears of the result, and has no part in the notification.

use crate::socket::Shared;
use sexton_buffers::{BufError, BufResult, IoBuf};
use sexton_runtime::op::{Completion, Entry, Op};
use std::rc::Rc;

/// After its description it is the buffer, nothing else: the descriptor closes, the stream goes to
/// another runtime, while notifications are still to come.
pub(crate) struct SendZc<B> {
    socket: Option<Rc<Shared>>,
    buf: B,
}

impl<B> SendZc<B> {
    pub(crate) fn new(socket: Rc<Shared>, buf: B) -> Self {
        Self { socket: Some(socket), buf }
    }
}

impl<B: IoBuf> Op for SendZc<B> {
    type Output = BufResult<usize, B>;

    fn entry(&mut self) -> Entry<'_> {
        let socket = self.socket.take().expect("an operation is described once");
        Entry::send_zc(socket.fd(), &self.buf).tell(socket)
    }

    fn complete(self, completion: Completion) -> Self::Output {
        match completion.count() {
            Ok(count) => Ok((count, self.buf)),
            Err(error) => Err(BufError::new(error, self.buf)),
        }
    }
}
