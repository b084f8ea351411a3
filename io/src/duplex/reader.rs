//! The reading direction of a [`Duplex`](super::Duplex).

use std::fmt;
use std::future::poll_fn;
use std::io::Result;
use std::task::{Context, Poll, ready};

use sexton_buffers::{BufError, BufResult, IoBufMut, IoVecBufMut, ReadCursor, ReadVecCursor};

use super::pipe::Shared;
use crate::{BufRead, Interest, NonBlocking, OwnedRead, Read, Readiness, Ready, fault};

/// What reads of a [`Duplex`](crate::Duplex); made by [`into_split`](crate::Duplex::into_split) and
/// by [`split_io`](crate::SplitIo::split_io).
pub struct DuplexReader {
    pipe: Shared,
    /// Received; those from `at` on are not consumed. They are here so that they can be shown.
    received: Vec<u8>,
    at: usize,
}

impl DuplexReader {
    pub(super) fn new(pipe: Shared) -> Self {
        Self { pipe, received: Vec::new(), at: 0 }
    }

    fn rest(&self) -> &[u8] {
        &self.received[self.at..]
    }

    fn count(&mut self, n: usize) {
        self.at += n;
        self.pipe.consumed(n);
    }

    /// Takes bytes at hand, and then those on the way; `take` says how many it took.
    fn take(&mut self, mut take: impl FnMut(&[u8]) -> usize) -> Result<usize> {
        let first = take(self.rest());
        self.count(first);
        if !self.rest().is_empty() {
            return Ok(first);
        }
        self.pipe.pull(&mut self.received, &mut self.at)?;
        let second = take(self.rest());
        self.count(second);
        Ok(first + second)
    }

    /// Waits until there is something to read, or nothing any more; whether nothing will be written
    /// any more.
    pub(super) fn poll_readable(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        if !self.rest().is_empty() {
            return Poll::Ready(self.pipe.ended());
        }
        self.pipe.poll_more(cx)
    }

    /// Has bytes at hand, unless they do not come without waiting; whether they, or the end, are
    /// there.
    fn try_fill(&mut self) -> Result<bool> {
        if self.rest().is_empty() {
            let ended = self.pipe.ended();
            self.pipe.pull(&mut self.received, &mut self.at)?;
            return Ok(ended || !self.rest().is_empty());
        }
        Ok(true)
    }

    /// [`try_fill`](Self::try_fill), with waiting.
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        ready!(self.poll_readable(cx));
        Poll::Ready(self.try_fill().map(drop))
    }

    /// Waits for `n` bytes at hand, the end, or as many as there can be; whether those are enough.
    fn poll_fill_at_least(&mut self, n: usize, cx: &mut Context<'_>) -> Poll<Result<bool>> {
        loop {
            self.pipe.pull(&mut self.received, &mut self.at)?;
            if self.rest().len() >= n || self.pipe.ended() {
                return Poll::Ready(Ok(true));
            }
            if self.pipe.full() {
                return Poll::Ready(Ok(false));
            }
            ready!(self.pipe.poll_more(cx));
        }
    }
}

impl Ready for DuplexReader {
    /// Waits for reading, whatever the `interest`: it can do nothing else.
    async fn ready(&mut self, _interest: Interest) -> Result<Readiness> {
        let ended = poll_fn(|cx| self.poll_readable(cx)).await;
        Ok(Readiness::new(true, false, ended))
    }
}

impl Read for DuplexReader {
    fn non_blocking_read_buf(&mut self, mut buf: ReadCursor<'_>) -> Result<NonBlocking<()>> {
        if buf.capacity() == 0 {
            return Ok(NonBlocking::Ready(()));
        }
        if !self.try_fill()? {
            return Ok(NonBlocking::WouldBlock);
        }
        self.take(|bytes| buf.append(bytes))?;
        Ok(NonBlocking::Ready(()))
    }

    fn non_blocking_read_buf_vectored(
        &mut self,
        mut bufs: ReadVecCursor<'_, '_>,
    ) -> Result<NonBlocking<usize>> {
        if bufs.remaining() == 0 {
            return Ok(NonBlocking::Ready(0));
        }
        if !self.try_fill()? {
            return Ok(NonBlocking::WouldBlock);
        }
        Ok(NonBlocking::Ready(self.take(|bytes| bufs.append(bytes))?))
    }

    fn is_read_vectored(&self) -> bool {
        true
    }
}

impl BufRead for DuplexReader {
    async fn fill_buf(&mut self) -> Result<&[u8]> {
        poll_fn(|cx| self.poll_fill(cx)).await?;
        Ok(self.rest())
    }

    fn consume(&mut self, n: usize) {
        let left = self.rest().len();
        assert!(n <= left, "consumed {n} bytes of {left}");
        self.count(n);
    }

    /// `Unsupported` beyond the capacity, when that is full.
    async fn fill_at_least(&mut self, n: usize) -> Result<&[u8]> {
        match poll_fn(|cx| self.poll_fill_at_least(n.max(1), cx)).await? {
            true => Ok(self.rest()),
            false => Err(fault::cannot_show(n)),
        }
    }
}

impl OwnedRead for DuplexReader {
    async fn read_owned<B: IoBufMut>(&mut self, mut buf: B) -> BufResult<usize, B> {
        if buf.unfilled().is_empty() {
            return Err(BufError::new(fault::no_room(), buf));
        }
        if let Err(e) = poll_fn(|cx| self.poll_fill(cx)).await {
            return Err(BufError::new(e, buf));
        }
        match self.take(|bytes| buf.fill_from(bytes)) {
            Ok(n) => Ok((n, buf)),
            Err(e) => Err(BufError::new(e, buf)),
        }
    }

    async fn read_vectored_owned<V: IoVecBufMut>(&mut self, mut bufs: V) -> BufResult<usize, V> {
        if bufs.total_unfilled() == 0 {
            return Err(BufError::new(fault::no_room(), bufs));
        }
        if let Err(e) = poll_fn(|cx| self.poll_fill(cx)).await {
            return Err(BufError::new(e, bufs));
        }
        match self.take(|bytes| bufs.fill_vec_from(bytes)) {
            Ok(n) => Ok((n, bufs)),
            Err(e) => Err(BufError::new(e, bufs)),
        }
    }

    fn is_read_vectored_owned(&self) -> bool {
        true
    }
}

impl Drop for DuplexReader {
    fn drop(&mut self) {
        self.pipe.reader_is_gone();
    }
}

impl fmt::Debug for DuplexReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DuplexReader").field("pipe", &self.pipe).finish_non_exhaustive()
    }
}
