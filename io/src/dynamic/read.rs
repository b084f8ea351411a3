//! `Read` as a trait object.

use std::io::Result;

use sexton_buffers::{ReadCursor, ReadVecCursor};

use super::{DynReady, LocalBoxFuture};
use crate::{Interest, NonBlocking, Read, Readiness, Ready};

/// [`Read`], for trait objects; implemented by all that is `Read`.
///
/// What the reader promises it keeps through the object: every method is its own, vectored reads
/// are vectored. A call that may wait costs an allocation.
///
/// ```
/// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
/// # use wait::block_on;
/// use sexton_io::{DynRead, Memory, Read};
///
/// let head: Box<dyn DynRead> = Box::new(Memory::new("head, "));
/// let body: Box<dyn DynRead> = Box::new(Memory::new("body, and more").take(4));
/// let mut all = String::new();
/// block_on(head.chain(body).read_to_string(&mut all))?;
/// assert_eq!(all, "head, body");
/// # Ok::<(), std::io::Error>(())
/// ```
pub trait DynRead: DynReady {
    /// [`Read::non_blocking_read_buf`].
    fn dyn_non_blocking_read_buf(&mut self, buf: ReadCursor<'_>) -> Result<NonBlocking<()>>;

    /// [`Read::non_blocking_read_buf_vectored`].
    fn dyn_non_blocking_read_buf_vectored(
        &mut self,
        bufs: ReadVecCursor<'_, '_>,
    ) -> Result<NonBlocking<usize>>;

    /// [`Read::is_read_vectored`].
    fn dyn_is_read_vectored(&self) -> bool;

    /// [`Read::read_buf`].
    fn dyn_read_buf<'a>(&'a mut self, buf: ReadCursor<'a>) -> LocalBoxFuture<'a, Result<()>>;

    /// [`Read::read`].
    fn dyn_read<'a>(&'a mut self, buf: &'a mut [u8]) -> LocalBoxFuture<'a, Result<usize>>;

    /// [`Read::read_buf_exact`].
    fn dyn_read_buf_exact<'a>(&'a mut self, buf: ReadCursor<'a>) -> LocalBoxFuture<'a, Result<()>>;

    /// [`Read::read_exact`].
    fn dyn_read_exact<'a>(&'a mut self, buf: &'a mut [u8]) -> LocalBoxFuture<'a, Result<()>>;

    /// [`Read::read_buf_vectored`].
    fn dyn_read_buf_vectored<'a, 'b: 'a>(
        &'a mut self,
        bufs: ReadVecCursor<'a, 'b>,
    ) -> LocalBoxFuture<'a, Result<usize>>;

    /// [`Read::read_to_end`].
    fn dyn_read_to_end<'a>(&'a mut self, buf: &'a mut Vec<u8>)
    -> LocalBoxFuture<'a, Result<usize>>;

    /// [`Read::read_to_string`].
    fn dyn_read_to_string<'a>(
        &'a mut self,
        buf: &'a mut String,
    ) -> LocalBoxFuture<'a, Result<usize>>;
}

impl<T: Read> DynRead for T {
    fn dyn_non_blocking_read_buf(&mut self, buf: ReadCursor<'_>) -> Result<NonBlocking<()>> {
        self.non_blocking_read_buf(buf)
    }

    fn dyn_non_blocking_read_buf_vectored(
        &mut self,
        bufs: ReadVecCursor<'_, '_>,
    ) -> Result<NonBlocking<usize>> {
        self.non_blocking_read_buf_vectored(bufs)
    }

    fn dyn_is_read_vectored(&self) -> bool {
        self.is_read_vectored()
    }

    fn dyn_read_buf<'a>(&'a mut self, buf: ReadCursor<'a>) -> LocalBoxFuture<'a, Result<()>> {
        Box::pin(self.read_buf(buf))
    }

    fn dyn_read<'a>(&'a mut self, buf: &'a mut [u8]) -> LocalBoxFuture<'a, Result<usize>> {
        Box::pin(self.read(buf))
    }

    fn dyn_read_buf_exact<'a>(&'a mut self, buf: ReadCursor<'a>) -> LocalBoxFuture<'a, Result<()>> {
        Box::pin(self.read_buf_exact(buf))
    }

    fn dyn_read_exact<'a>(&'a mut self, buf: &'a mut [u8]) -> LocalBoxFuture<'a, Result<()>> {
        Box::pin(self.read_exact(buf))
    }

    fn dyn_read_buf_vectored<'a, 'b: 'a>(
        &'a mut self,
        bufs: ReadVecCursor<'a, 'b>,
    ) -> LocalBoxFuture<'a, Result<usize>> {
        Box::pin(self.read_buf_vectored(bufs))
    }

    fn dyn_read_to_end<'a>(
        &'a mut self,
        buf: &'a mut Vec<u8>,
    ) -> LocalBoxFuture<'a, Result<usize>> {
        Box::pin(self.read_to_end(buf))
    }

    fn dyn_read_to_string<'a>(
        &'a mut self,
        buf: &'a mut String,
    ) -> LocalBoxFuture<'a, Result<usize>> {
        Box::pin(self.read_to_string(buf))
    }
}

impl Ready for dyn DynRead + '_ {
    async fn ready(&mut self, interest: Interest) -> Result<Readiness> {
        self.dyn_ready(interest).await
    }
}

impl Read for dyn DynRead + '_ {
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
