//! `IORING_OP_SEND` of one datagram, to an address or to where the socket is connected.

use sexton_buffers::{BufError, BufResult, IoBuf};
use sexton_runtime::Fd;
use sexton_runtime::op::{Completion, Entry, Op, SocketAddrBuf};

pub(crate) struct SendTo<B> {
    pub(crate) fd: Fd,
    pub(crate) to: Option<SocketAddrBuf>,
    pub(crate) buf: B,
}

impl<B: IoBuf> Op for SendTo<B> {
    type Output = BufResult<usize, B>;

    fn entry(&mut self) -> Entry<'_> {
        match &self.to {
            Some(to) => Entry::send_to(&self.fd, &self.buf, to),
            None => Entry::send(&self.fd, &self.buf),
        }
    }

    fn complete(self, completion: Completion) -> Self::Output {
        match completion.count() {
            Ok(count) => Ok((count, self.buf)),
            Err(error) => Err(BufError::new(error, self.buf)),
        }
    }
}
