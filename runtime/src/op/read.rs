//! `IORING_OP_READ` and `IORING_OP_READV`: at an offset, into buffers of the caller.

use super::{Completion, Entry, Op, Parts};
use crate::fd::Fd;
use sexton_buffers::{BufError, BufResult, IoBufMut, IoVecBufMut};

/// Reads at an offset into the unfilled part of a buffer.
#[derive(Debug)]
pub struct ReadAt<B> {
    /// From this file.
    pub fd: Fd,
    /// Into this buffer.
    pub buf: B,
    /// At this offset; `u64::MAX` is the file's own position.
    pub offset: u64,
}

impl<B: IoBufMut> Op for ReadAt<B> {
    type Output = BufResult<usize, B>;

    fn entry(&mut self) -> Entry<'_> {
        Entry::read(&self.fd, &mut self.buf, self.offset)
    }

    fn complete(self, completion: Completion) -> Self::Output {
        match completion.count() {
            Ok(count) => Ok((count, self.buf)),
            Err(error) => Err(BufError::new(error, self.buf)),
        }
    }
}

/// Reads at an offset into the unfilled parts of several buffers, in order.
#[derive(Debug)]
pub struct ReadVectoredAt<V> {
    /// From this file.
    pub fd: Fd,
    /// Into these buffers.
    pub parts: Parts<V>,
    /// At this offset; `u64::MAX` is the file's own position.
    pub offset: u64,
}

impl<V: IoVecBufMut> Op for ReadVectoredAt<V> {
    type Output = BufResult<usize, V>;

    fn entry(&mut self) -> Entry<'_> {
        Entry::readv(&self.fd, &mut self.parts, self.offset)
    }

    fn complete(self, completion: Completion) -> Self::Output {
        let bufs = self.parts.into_inner();
        match completion.count() {
            Ok(count) => Ok((count, bufs)),
            Err(error) => Err(BufError::new(error, bufs)),
        }
    }
}
