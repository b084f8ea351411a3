//! A reader that ends after so many bytes.

use std::io::Result;

use sexton_buffers::{
    AtMost, BufError, BufResult, IoBufMut, IoVecBufMut, ReadCursor, ReadVecCursor,
};

use crate::{BufRead, Interest, NonBlocking, OwnedRead, Read, Readiness, Ready, fault};

/// A reader of the next so many bytes of another; made by [`Read::take`], or by `new` for one that
/// is no [`Read`].
///
/// Dropping it loses nothing: it reads no byte beyond its limit.
///
/// ```
/// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
/// # use wait::block_on;
/// use sexton_io::{OwnedRead, Take};
///
/// let mut body = Take::new(&b"five bytes, and more"[..], 10);
/// let (n, buf) = block_on(body.read_to_end_owned(Vec::new()))?;
/// assert_eq!((n, &buf[..]), (10, &b"five bytes"[..]));
/// assert_eq!(body.into_inner(), b", and more");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Take<R> {
    reader: R,
    limit: u64,
}

impl<R> Take<R> {
    /// The next `limit` bytes of `reader`.
    pub fn new(reader: R, limit: u64) -> Self {
        Self { reader, limit }
    }

    /// How many bytes may still be read; the reader may end before.
    #[must_use]
    pub fn limit(&self) -> u64 {
        self.limit
    }

    /// Changes how many bytes may still be read.
    ///
    /// ```
    /// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
    /// # use wait::block_on;
    /// use sexton_io::{Memory, Read};
    ///
    /// let mut part = Memory::new("head, body").take(4);
    /// let mut text = String::new();
    /// block_on(part.read_to_string(&mut text))?;
    /// part.set_limit(2);
    /// block_on(part.read_to_string(&mut text))?;
    /// assert_eq!(text, "head, ");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn set_limit(&mut self, limit: u64) {
        self.limit = limit;
    }

    /// The reader.
    #[must_use]
    pub fn get_ref(&self) -> &R {
        &self.reader
    }

    /// The reader. What is read from it here does not count.
    #[must_use]
    pub fn get_mut(&mut self) -> &mut R {
        &mut self.reader
    }

    /// Gives the reader back.
    pub fn into_inner(self) -> R {
        self.reader
    }

    /// The limit, as far as one read goes.
    fn room(&self) -> usize {
        usize::try_from(self.limit).unwrap_or(usize::MAX)
    }

    /// `n` bytes were read. A reader that did not keep to the limit is at its end.
    fn count(&mut self, n: usize) {
        self.limit = self.limit.saturating_sub(u64::try_from(n).unwrap_or(u64::MAX));
    }
}

impl<R: Ready> Ready for Take<R> {
    async fn ready(&mut self, interest: Interest) -> Result<Readiness> {
        // The end is a level: whatever the reader beneath has, this one is at its end.
        if self.limit == 0 && interest.contains(Interest::READ) {
            return Ok(Readiness::new(true, false, false));
        }
        self.reader.ready(interest).await
    }
}

impl<R: Read> Read for Take<R> {
    fn non_blocking_read_buf(&mut self, mut buf: ReadCursor<'_>) -> Result<NonBlocking<()>> {
        if self.limit == 0 {
            return Ok(NonBlocking::Ready(()));
        }
        let mut buf = buf.at_most(self.room());
        let outcome = self.reader.non_blocking_read_buf(buf.reborrow());
        self.count(buf.written());
        outcome
    }

    fn non_blocking_read_buf_vectored(
        &mut self,
        mut bufs: ReadVecCursor<'_, '_>,
    ) -> Result<NonBlocking<usize>> {
        let room = bufs.remaining();
        if room <= self.room() {
            let outcome = self.reader.non_blocking_read_buf_vectored(bufs.reborrow());
            self.count(room - bufs.remaining());
            return outcome;
        }
        let Some(mut first) = bufs.first() else { return Ok(NonBlocking::Ready(0)) };
        let outcome = self.non_blocking_read_buf(first.reborrow())?;
        Ok(outcome.map(|()| first.written()))
    }

    fn is_read_vectored(&self) -> bool {
        self.reader.is_read_vectored()
    }

    async fn read_buf(&mut self, mut buf: ReadCursor<'_>) -> Result<()> {
        if self.limit == 0 {
            return Ok(());
        }
        let mut buf = buf.at_most(self.room());
        let outcome = self.reader.read_buf(buf.reborrow()).await;
        self.count(buf.written());
        outcome
    }

    async fn read_buf_vectored(&mut self, mut bufs: ReadVecCursor<'_, '_>) -> Result<usize> {
        let room = bufs.remaining();
        if room <= self.room() {
            let outcome = self.reader.read_buf_vectored(bufs.reborrow()).await;
            self.count(room - bufs.remaining());
            return outcome;
        }
        let Some(mut first) = bufs.first() else { return Ok(0) };
        self.read_buf(first.reborrow()).await?;
        Ok(first.written())
    }
}

impl<R: BufRead> BufRead for Take<R> {
    async fn fill_buf(&mut self) -> Result<&[u8]> {
        self.fill_at_least(1).await
    }

    fn consume(&mut self, n: usize) {
        assert!(n <= self.room(), "consumed {n} bytes, {} are left of the limit", self.limit);
        self.count(n);
        self.reader.consume(n);
    }

    async fn fill_at_least(&mut self, n: usize) -> Result<&[u8]> {
        let room = self.room();
        if room == 0 {
            return Ok(&[]);
        }
        let shown = match n {
            0 | 1 => self.reader.fill_buf().await?,
            n => self.reader.fill_at_least(n.min(room)).await?,
        };
        Ok(&shown[..shown.len().min(room)])
    }
}

impl<R: OwnedRead> OwnedRead for Take<R> {
    async fn read_owned<B: IoBufMut>(&mut self, mut buf: B) -> BufResult<usize, B> {
        let room = buf.unfilled().len();
        if room == 0 {
            return Err(BufError::new(fault::no_room(), buf));
        }
        if self.limit == 0 {
            return Ok((0, buf));
        }
        let before = buf.filled().len();
        let result = match self.reader.read_owned(buf.at_most(self.room())).await {
            Ok((n, buf)) => Ok((n, buf.into_inner())),
            Err(e) => Err(e.map_buf(AtMost::into_inner)),
        };
        let filled = result.as_ref().map_or_else(BufError::buf, |(_, buf)| buf).filled().len();
        self.count(filled.saturating_sub(before));
        result
    }

    /// Where the limit ends within `bufs`, through memory in between.
    async fn read_vectored_owned<V: IoVecBufMut>(&mut self, mut bufs: V) -> BufResult<usize, V> {
        let room = bufs.total_unfilled();
        if room == 0 {
            return Err(BufError::new(fault::no_room(), bufs));
        }
        if self.limit == 0 {
            return Ok((0, bufs));
        }
        if room <= self.room() {
            let before = bufs.total_filled();
            let result = self.reader.read_vectored_owned(bufs).await;
            let bufs = result.as_ref().map_or_else(BufError::buf, |(_, bufs)| bufs);
            self.count(bufs.total_filled().saturating_sub(before));
            return result;
        }
        let mut part = Vec::new();
        if let Err(e) = part.try_reserve_exact(self.room()) {
            return Err(BufError::new(e, bufs));
        }
        match self.read_owned(part).await {
            Ok((_, part)) => Ok((bufs.fill_vec_from(&part), bufs)),
            Err(e) => {
                bufs.fill_vec_from(e.buf());
                Err(BufError::new(e, bufs))
            }
        }
    }

    fn is_read_vectored_owned(&self) -> bool {
        self.reader.is_read_vectored_owned()
    }
}
