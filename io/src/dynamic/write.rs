//! `Write` as a trait object.

use std::io::{IoSlice, Result};

use super::{DynReady, LocalBoxFuture};
use crate::{Interest, NonBlocking, Readiness, Ready, Write};

/// [`Write`], for trait objects; implemented by all that is `Write`.
///
/// What the writer promises it keeps through the object: every method is its own, except that
/// `write_fmt` formats and goes on with `write_all`. Vectored writes are vectored. A call that may
/// wait costs an allocation.
///
/// ```
/// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
/// # use wait::block_on;
/// use sexton_io::{DynWrite, Memory, Write};
///
/// let mut memory = Memory::new(Vec::new());
/// let any: &mut dyn DynWrite = &mut memory;
/// block_on(write!(any, "{} and {}", 1, 2))?;
/// assert_eq!(memory.rest(), b"1 and 2");
/// # Ok::<(), std::io::Error>(())
/// ```
pub trait DynWrite: DynReady {
    /// [`Write::non_blocking_write`].
    fn dyn_non_blocking_write(&mut self, buf: &[u8]) -> Result<NonBlocking<usize>>;

    /// [`Write::non_blocking_write_vectored`].
    fn dyn_non_blocking_write_vectored(
        &mut self,
        bufs: &[IoSlice<'_>],
    ) -> Result<NonBlocking<usize>>;

    /// [`Write::non_blocking_flush`].
    fn dyn_non_blocking_flush(&mut self) -> Result<NonBlocking<()>>;

    /// [`Write::is_write_vectored`].
    fn dyn_is_write_vectored(&self) -> bool;

    /// [`Write::write`].
    fn dyn_write<'a>(&'a mut self, buf: &'a [u8]) -> LocalBoxFuture<'a, Result<usize>>;

    /// [`Write::write_vectored`].
    fn dyn_write_vectored<'a>(
        &'a mut self,
        bufs: &'a [IoSlice<'a>],
    ) -> LocalBoxFuture<'a, Result<usize>>;

    /// [`Write::write_all`].
    fn dyn_write_all<'a>(&'a mut self, buf: &'a [u8]) -> LocalBoxFuture<'a, Result<()>>;

    /// [`Write::write_all_vectored`].
    fn dyn_write_all_vectored<'a, 'b: 'a>(
        &'a mut self,
        bufs: &'a mut [IoSlice<'b>],
    ) -> LocalBoxFuture<'a, Result<()>>;

    /// [`Write::flush`].
    fn dyn_flush(&mut self) -> LocalBoxFuture<'_, Result<()>>;

    /// [`Write::shutdown`].
    fn dyn_shutdown(&mut self) -> LocalBoxFuture<'_, Result<()>>;
}

impl<T: Write> DynWrite for T {
    fn dyn_non_blocking_write(&mut self, buf: &[u8]) -> Result<NonBlocking<usize>> {
        self.non_blocking_write(buf)
    }

    fn dyn_non_blocking_write_vectored(
        &mut self,
        bufs: &[IoSlice<'_>],
    ) -> Result<NonBlocking<usize>> {
        self.non_blocking_write_vectored(bufs)
    }

    fn dyn_non_blocking_flush(&mut self) -> Result<NonBlocking<()>> {
        self.non_blocking_flush()
    }

    fn dyn_is_write_vectored(&self) -> bool {
        self.is_write_vectored()
    }

    fn dyn_write<'a>(&'a mut self, buf: &'a [u8]) -> LocalBoxFuture<'a, Result<usize>> {
        Box::pin(self.write(buf))
    }

    fn dyn_write_vectored<'a>(
        &'a mut self,
        bufs: &'a [IoSlice<'a>],
    ) -> LocalBoxFuture<'a, Result<usize>> {
        Box::pin(self.write_vectored(bufs))
    }

    fn dyn_write_all<'a>(&'a mut self, buf: &'a [u8]) -> LocalBoxFuture<'a, Result<()>> {
        Box::pin(self.write_all(buf))
    }

    fn dyn_write_all_vectored<'a, 'b: 'a>(
        &'a mut self,
        bufs: &'a mut [IoSlice<'b>],
    ) -> LocalBoxFuture<'a, Result<()>> {
        Box::pin(self.write_all_vectored(bufs))
    }

    fn dyn_flush(&mut self) -> LocalBoxFuture<'_, Result<()>> {
        Box::pin(self.flush())
    }

    fn dyn_shutdown(&mut self) -> LocalBoxFuture<'_, Result<()>> {
        Box::pin(self.shutdown())
    }
}

impl Ready for dyn DynWrite + '_ {
    async fn ready(&mut self, interest: Interest) -> Result<Readiness> {
        self.dyn_ready(interest).await
    }
}

impl Write for dyn DynWrite + '_ {
    fn non_blocking_write(&mut self, buf: &[u8]) -> Result<NonBlocking<usize>> {
        self.dyn_non_blocking_write(buf)
    }

    fn non_blocking_write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> Result<NonBlocking<usize>> {
        self.dyn_non_blocking_write_vectored(bufs)
    }

    fn non_blocking_flush(&mut self) -> Result<NonBlocking<()>> {
        self.dyn_non_blocking_flush()
    }

    fn is_write_vectored(&self) -> bool {
        self.dyn_is_write_vectored()
    }

    async fn write(&mut self, buf: &[u8]) -> Result<usize> {
        self.dyn_write(buf).await
    }

    async fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> Result<usize> {
        self.dyn_write_vectored(bufs).await
    }

    async fn write_all(&mut self, buf: &[u8]) -> Result<()> {
        self.dyn_write_all(buf).await
    }

    async fn write_all_vectored(&mut self, bufs: &mut [IoSlice<'_>]) -> Result<()> {
        self.dyn_write_all_vectored(bufs).await
    }

    async fn flush(&mut self) -> Result<()> {
        self.dyn_flush().await
    }

    async fn shutdown(&mut self) -> Result<()> {
        self.dyn_shutdown().await
    }
}
