//! Every kind of read: what was read ahead first, then the reader beneath.

use std::io::Result;

use sexton_buffers::{BufError, BufResult, IoBufMut, IoVecBufMut, ReadCursor, ReadVecCursor};

use super::{BufReader, BufSource, End};
use crate::{BufRead, Interest, NonBlocking, OwnedRead, Read, Readiness, Ready, fault};

impl<R: OwnedRead, S: BufSource> Ready for BufReader<R, S> {
    /// Waits for bytes by reading ahead, if there are none.
    ///
    /// # Errors
    /// Those of the read; `Unsupported` if not asked for `READ`.
    ///
    /// # If dropped
    /// As a [dropped read](BufReader#dropped-reads).
    async fn ready(&mut self, interest: Interest) -> Result<Readiness> {
        if !interest.contains(Interest::READ) {
            return Err(fault::cannot_be_written());
        }
        if self.buffer().is_empty() && self.end != End::Seen {
            self.ask(1).await?;
        }
        Ok(Readiness::new(true, false, false))
    }
}

impl<R: OwnedRead, S: BufSource> Read for BufReader<R, S> {
    /// Takes from what was read ahead. `WouldBlock` if there is none: `ready` reads.
    fn non_blocking_read_buf(&mut self, mut buf: ReadCursor<'_>) -> Result<NonBlocking<()>> {
        if buf.capacity() == 0 {
            return Ok(NonBlocking::Ready(()));
        }
        let n = buf.append(self.buffer());
        Ok(self.taken(n).map(drop))
    }

    fn non_blocking_read_buf_vectored(
        &mut self,
        mut bufs: ReadVecCursor<'_, '_>,
    ) -> Result<NonBlocking<usize>> {
        if bufs.remaining() == 0 {
            return Ok(NonBlocking::Ready(0));
        }
        let n = bufs.append(self.buffer());
        Ok(self.taken(n))
    }

    fn is_read_vectored(&self) -> bool {
        true
    }

    async fn read_buf(&mut self, mut buf: ReadCursor<'_>) -> Result<()> {
        if buf.capacity() > 0 {
            let n = buf.append(self.fill_buf().await?);
            self.consumed += n;
        }
        Ok(())
    }

    async fn read_buf_vectored(&mut self, mut bufs: ReadVecCursor<'_, '_>) -> Result<usize> {
        if bufs.remaining() == 0 {
            return Ok(0);
        }
        let n = bufs.append(self.fill_buf().await?);
        self.consumed += n;
        Ok(n)
    }
}

impl<R, S> BufReader<R, S> {
    /// A read without waiting took `n` bytes. None is the end, for as long as it is known.
    fn taken(&mut self, n: usize) -> NonBlocking<usize> {
        if n == 0 && self.end == End::Unseen {
            return NonBlocking::WouldBlock;
        }
        if n == 0 {
            self.tell_end();
        }
        self.consumed += n;
        NonBlocking::Ready(n)
    }
}

impl<R: OwnedRead, S: BufSource> BufRead for BufReader<R, S> {
    /// Shows what was read ahead; reads once if there is nothing.
    ///
    /// # Errors
    /// Those of the reader beneath; `OutOfMemory` if the source has no memory, `InvalidInput` if
    /// the memory has no room.
    ///
    /// # If dropped
    /// As a [dropped read](BufReader#dropped-reads).
    async fn fill_buf(&mut self) -> Result<&[u8]> {
        if self.buffer().is_empty() && !self.tell_unseen_end() {
            self.ask(1).await?;
            self.tell_end();
        }
        Ok(self.buffer())
    }

    fn consume(&mut self, n: usize) {
        let shown = self.buffer().len();
        assert!(n <= shown, "consumed {n} bytes of {shown}");
        self.consumed += n;
    }

    /// Shows at least `n` bytes in one piece; moves to memory of the heap if they do not fit.
    ///
    /// # Errors
    /// Those of the reader beneath; `OutOfMemory` if there is no memory for `n` bytes. What was
    /// read is still there.
    ///
    /// # If dropped
    /// As a [dropped read](BufReader#dropped-reads): what came before is still there.
    async fn fill_at_least(&mut self, n: usize) -> Result<&[u8]> {
        if self.buffer().is_empty() {
            if self.tell_unseen_end() {
                return Ok(&[]);
            }
            self.ask(n).await?;
        }
        let mut spare = Vec::new();
        while self.buffer().len() < n && self.end != End::Seen {
            spare = self.ask_behind(n, spare).await?;
        }
        self.tell_end();
        Ok(self.buffer())
    }
}

/// What was read ahead comes first. With nothing left, a read with room for at least as much as the
/// memory has goes to the reader beneath as it is: nothing is copied.
impl<R: OwnedRead, S: BufSource> OwnedRead for BufReader<R, S> {
    async fn read_owned<B: IoBufMut>(&mut self, mut buf: B) -> BufResult<usize, B> {
        let room = buf.unfilled().len();
        if room == 0 {
            return Err(BufError::new(fault::no_room(), buf));
        }
        if self.buffer().is_empty() && !self.tell_unseen_end() {
            if self.is_large(room) {
                let before = buf.filled().len();
                self.discard();
                let (_claimed, buf) = self.reader.read_owned(buf).await?;
                let n = buf.filled().len().saturating_sub(before);
                self.end = if n == 0 { End::Told } else { End::Unseen };
                return Ok((n, buf));
            }
            if let Err(e) = self.ask(1).await {
                return Err(BufError::new(e, buf));
            }
            self.tell_end();
        }
        let n = buf.fill_from(self.buffer());
        self.consumed += n;
        Ok((n, buf))
    }

    async fn read_vectored_owned<V: IoVecBufMut>(&mut self, mut bufs: V) -> BufResult<usize, V> {
        let room = bufs.total_unfilled();
        if room == 0 {
            return Err(BufError::new(fault::no_room(), bufs));
        }
        if self.buffer().is_empty() && !self.tell_unseen_end() {
            if self.is_large(room) {
                let before = bufs.total_filled();
                self.discard();
                let (_claimed, bufs) = self.reader.read_vectored_owned(bufs).await?;
                let n = bufs.total_filled().saturating_sub(before);
                self.end = if n == 0 { End::Told } else { End::Unseen };
                return Ok((n, bufs));
            }
            if let Err(e) = self.ask(1).await {
                return Err(BufError::new(e, bufs));
            }
            self.tell_end();
        }
        let n = bufs.fill_vec_from(self.buffer());
        self.consumed += n;
        Ok((n, bufs))
    }

    fn is_read_vectored_owned(&self) -> bool {
        self.reader.is_read_vectored_owned()
    }
}
