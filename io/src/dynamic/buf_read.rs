//! `BufRead` as a trait object.

use std::io::Result;

use sexton_buffers::{ReadCursor, ReadVecCursor};

use super::{DynRead, LocalBoxFuture};
use crate::{BufRead, Interest, NonBlocking, Read, Readiness, Ready};

/// [`BufRead`], for trait objects; implemented by all that is `BufRead`.
///
/// What the reader promises it keeps through the object: every method is its own. A call that may
/// wait costs an allocation.
///
/// ```
/// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
/// # use wait::block_on;
/// use sexton_io::{BufRead, DynBufRead, Memory};
///
/// let any: Box<dyn DynBufRead> = Box::new(Memory::new("one\ntwo\n"));
/// let mut lines = any.lines();
/// assert_eq!(block_on(lines.next_line())?.as_deref(), Some("one"));
/// # Ok::<(), std::io::Error>(())
/// ```
pub trait DynBufRead: DynRead {
    /// [`BufRead::fill_buf`].
    fn dyn_fill_buf(&mut self) -> LocalBoxFuture<'_, Result<&[u8]>>;

    /// [`BufRead::consume`].
    fn dyn_consume(&mut self, n: usize);

    /// [`BufRead::fill_at_least`].
    fn dyn_fill_at_least(&mut self, n: usize) -> LocalBoxFuture<'_, Result<&[u8]>>;

    /// [`BufRead::has_data_left`].
    fn dyn_has_data_left(&mut self) -> LocalBoxFuture<'_, Result<bool>>;

    /// [`BufRead::next_byte`].
    fn dyn_next_byte(&mut self) -> LocalBoxFuture<'_, Result<Option<u8>>>;

    /// [`BufRead::read_until`].
    fn dyn_read_until<'a>(
        &'a mut self,
        byte: u8,
        buf: &'a mut Vec<u8>,
    ) -> LocalBoxFuture<'a, Result<usize>>;

    /// [`BufRead::read_until_limited`].
    fn dyn_read_until_limited<'a>(
        &'a mut self,
        byte: u8,
        buf: &'a mut Vec<u8>,
        max: usize,
    ) -> LocalBoxFuture<'a, Result<usize>>;

    /// [`BufRead::skip_until`].
    fn dyn_skip_until(&mut self, byte: u8) -> LocalBoxFuture<'_, Result<usize>>;

    /// [`BufRead::read_line`].
    fn dyn_read_line<'a>(&'a mut self, buf: &'a mut String) -> LocalBoxFuture<'a, Result<usize>>;

    /// [`BufRead::read_line_limited`].
    fn dyn_read_line_limited<'a>(
        &'a mut self,
        buf: &'a mut String,
        max: usize,
    ) -> LocalBoxFuture<'a, Result<usize>>;
}

impl<T: BufRead> DynBufRead for T {
    fn dyn_fill_buf(&mut self) -> LocalBoxFuture<'_, Result<&[u8]>> {
        Box::pin(self.fill_buf())
    }

    fn dyn_consume(&mut self, n: usize) {
        self.consume(n);
    }

    fn dyn_fill_at_least(&mut self, n: usize) -> LocalBoxFuture<'_, Result<&[u8]>> {
        Box::pin(self.fill_at_least(n))
    }

    fn dyn_has_data_left(&mut self) -> LocalBoxFuture<'_, Result<bool>> {
        Box::pin(self.has_data_left())
    }

    fn dyn_next_byte(&mut self) -> LocalBoxFuture<'_, Result<Option<u8>>> {
        Box::pin(self.next_byte())
    }

    fn dyn_read_until<'a>(
        &'a mut self,
        byte: u8,
        buf: &'a mut Vec<u8>,
    ) -> LocalBoxFuture<'a, Result<usize>> {
        Box::pin(self.read_until(byte, buf))
    }

    fn dyn_read_until_limited<'a>(
        &'a mut self,
        byte: u8,
        buf: &'a mut Vec<u8>,
        max: usize,
    ) -> LocalBoxFuture<'a, Result<usize>> {
        Box::pin(self.read_until_limited(byte, buf, max))
    }

    fn dyn_skip_until(&mut self, byte: u8) -> LocalBoxFuture<'_, Result<usize>> {
        Box::pin(self.skip_until(byte))
    }

    fn dyn_read_line<'a>(&'a mut self, buf: &'a mut String) -> LocalBoxFuture<'a, Result<usize>> {
        Box::pin(self.read_line(buf))
    }

    fn dyn_read_line_limited<'a>(
        &'a mut self,
        buf: &'a mut String,
        max: usize,
    ) -> LocalBoxFuture<'a, Result<usize>> {
        Box::pin(self.read_line_limited(buf, max))
    }
}

impl Ready for dyn DynBufRead + '_ {
    async fn ready(&mut self, interest: Interest) -> Result<Readiness> {
        self.dyn_ready(interest).await
    }
}

impl Read for dyn DynBufRead + '_ {
    fn non_blocking_read_buf(&mut self, buf: ReadCursor<'_>) -> Result<NonBlocking<()>> {
        self.dyn_non_blocking_read_buf(buf)
    }

    fn non_blocking_read_buf_vectored(
        &mut self,
        bufs: ReadVecCursor<'_, '_>,
    ) -> Result<NonBlocking<usize>> {
        self.dyn_non_blocking_read_buf_vectored(bufs)
    }

    fn is_read_vectored(&self) -> bool {
        self.dyn_is_read_vectored()
    }

    async fn read_buf(&mut self, buf: ReadCursor<'_>) -> Result<()> {
        self.dyn_read_buf(buf).await
    }

    async fn read(&mut self, buf: &mut [u8]) -> Result<usize> {
        self.dyn_read(buf).await
    }

    async fn read_buf_exact(&mut self, buf: ReadCursor<'_>) -> Result<()> {
        self.dyn_read_buf_exact(buf).await
    }

    async fn read_exact(&mut self, buf: &mut [u8]) -> Result<()> {
        self.dyn_read_exact(buf).await
    }

    async fn read_buf_vectored(&mut self, bufs: ReadVecCursor<'_, '_>) -> Result<usize> {
        self.dyn_read_buf_vectored(bufs).await
    }

    async fn read_to_end(&mut self, buf: &mut Vec<u8>) -> Result<usize> {
        self.dyn_read_to_end(buf).await
    }

    async fn read_to_string(&mut self, buf: &mut String) -> Result<usize> {
        self.dyn_read_to_string(buf).await
    }
}

impl BufRead for dyn DynBufRead + '_ {
    async fn fill_buf(&mut self) -> Result<&[u8]> {
        self.dyn_fill_buf().await
    }

    fn consume(&mut self, n: usize) {
        self.dyn_consume(n);
    }

    async fn fill_at_least(&mut self, n: usize) -> Result<&[u8]> {
        self.dyn_fill_at_least(n).await
    }

    async fn has_data_left(&mut self) -> Result<bool> {
        self.dyn_has_data_left().await
    }

    async fn next_byte(&mut self) -> Result<Option<u8>> {
        self.dyn_next_byte().await
    }

    async fn read_until(&mut self, byte: u8, buf: &mut Vec<u8>) -> Result<usize> {
        self.dyn_read_until(byte, buf).await
    }

    async fn read_until_limited(
        &mut self,
        byte: u8,
        buf: &mut Vec<u8>,
        max: usize,
    ) -> Result<usize> {
        self.dyn_read_until_limited(byte, buf, max).await
    }

    async fn skip_until(&mut self, byte: u8) -> Result<usize> {
        self.dyn_skip_until(byte).await
    }

    async fn read_line(&mut self, buf: &mut String) -> Result<usize> {
        self.dyn_read_line(buf).await
    }

    async fn read_line_limited(&mut self, buf: &mut String, max: usize) -> Result<usize> {
        self.dyn_read_line_limited(buf, max).await
    }
}
