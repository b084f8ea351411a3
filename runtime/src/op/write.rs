//! `IORING_OP_WRITE` and `IORING_OP_WRITEV`: at an offset, from buffers of the caller.

use super::{Completion, Entry, Op, Parts};
use crate::fd::Fd;
use sexton_buffers::{BufError, BufResult, IoBuf, IoVecBuf};

/// Writes the filled part of a buffer at an offset.
#[derive(Debug)]
pub struct WriteAt<B> {
    /// To this file.
    pub fd: Fd,
    /// From this buffer.
    pub buf: B,
    /// At this offset; `u64::MAX` is the file's own position.
    pub offset: u64,
}

impl<B: IoBuf> Op for WriteAt<B> {
    type Output = BufResult<usize, B>;

    fn entry(&mut self) -> Entry<'_> {
        Entry::write(&self.fd, &self.buf, self.offset)
    }

    fn complete(self, completion: Completion) -> Self::Output {
        match completion.count() {
            Ok(count) => Ok((count, self.buf)),
            Err(error) => Err(BufError::new(error, self.buf)),
        }
    }
}

/// Writes the filled parts of several buffers at an offset, in order.
#[derive(Debug)]
pub struct WriteVectoredAt<V> {
    /// To this file.
    pub fd: Fd,
    /// From these buffers.
    pub parts: Parts<V>,
    /// At this offset; `u64::MAX` is the file's own position.
    pub offset: u64,
}

impl<V: IoVecBuf> Op for WriteVectoredAt<V> {
    type Output = BufResult<usize, V>;

    fn entry(&mut self) -> Entry<'_> {
        Entry::writev(&self.fd, &mut self.parts, self.offset)
    }

    fn complete(self, completion: Completion) -> Self::Output {
        let bufs = self.parts.into_inner();
        match completion.count() {
            Ok(count) => Ok((count, bufs)),
            Err(error) => Err(BufError::new(error, bufs)),
        }
    }
}
