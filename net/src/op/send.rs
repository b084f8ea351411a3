//! `IORING_OP_SEND` and `IORING_OP_SENDMSG`, of a pipe `IORING_OP_WRITE` and `IORING_OP_WRITEV`: at
//! most one of a stream is in flight. The stream hears of its end even if the future was forgotten.

use crate::socket::{Kind, Shared};
use sexton_buffers::{BufError, BufResult, IoBuf, IoVecBuf};
use sexton_runtime::op::{Completion, Entry, MsgSend, Op, Parts};
use std::rc::Rc;

/// What sends one buffer, by the kind of the stream.
pub(super) fn send_entry<'a, B: IoBuf>(socket: &'a Shared, buf: &'a B) -> Entry<'a> {
    match socket.kind() {
        Kind::Socket => Entry::send(socket.fd(), buf),
        Kind::Pipe => Entry::write(socket.fd(), buf, u64::MAX),
    }
}

pub(crate) struct Send<B> {
    pub(crate) socket: Rc<Shared>,
    pub(crate) buf: B,
}

impl<B: IoBuf> Op for Send<B> {
    type Output = BufResult<usize, B>;

    fn entry(&mut self) -> Entry<'_> {
        let socket = Rc::clone(&self.socket);
        send_entry(&self.socket, &self.buf).tell(socket)
    }

    fn complete(self, completion: Completion) -> Self::Output {
        match completion.count() {
            Ok(count) => Ok((count, self.buf)),
            Err(error) => Err(BufError::new(error, self.buf)),
        }
    }
}

pub(crate) struct SendVectored<V> {
    pub(crate) socket: Rc<Shared>,
    pub(crate) msg: MsgSend<V>,
}

impl<V: IoVecBuf> Op for SendVectored<V> {
    type Output = BufResult<usize, V>;

    fn entry(&mut self) -> Entry<'_> {
        let socket = Rc::clone(&self.socket);
        Entry::sendmsg(self.socket.fd(), &mut self.msg).tell(socket)
    }

    fn complete(self, completion: Completion) -> Self::Output {
        let bufs = self.msg.into_inner();
        match completion.count() {
            Ok(count) => Ok((count, bufs)),
            Err(error) => Err(BufError::new(error, bufs)),
        }
    }
}

/// As [`SendVectored`], to a pipe.
pub(crate) struct WriteVectored<V> {
    pub(crate) socket: Rc<Shared>,
    pub(crate) parts: Parts<V>,
}

impl<V: IoVecBuf> Op for WriteVectored<V> {
    type Output = BufResult<usize, V>;

    fn entry(&mut self) -> Entry<'_> {
        let socket = Rc::clone(&self.socket);
        Entry::writev(self.socket.fd(), &mut self.parts, u64::MAX).tell(socket)
    }

    fn complete(self, completion: Completion) -> Self::Output {
        let bufs = self.parts.into_inner();
        match completion.count() {
            Ok(count) => Ok((count, bufs)),
            Err(error) => Err(BufError::new(error, bufs)),
        }
    }
}
