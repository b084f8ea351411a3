//! `OwnedWrite` as a trait object.

use std::io;

use sexton_buffers::{BufError, BufResult, IoBuf, IoVecBuf, OwnedBytes, OwnedVecBytes};

use super::{Erased, LocalBoxFuture, restored, restored_whole};
use crate::OwnedWrite;

/// [`OwnedWrite`], for trait objects; implemented by all that is `OwnedWrite`.
///
/// The object takes a buffer of any type, erases it on the way to the writer, and gives the same
/// buffer back. What the writer promises it keeps through the object: every method is its own,
/// vectored writes are vectored. A write costs two allocations.
///
/// # Panics
/// A write through the object, if an implementation gives back another buffer than it was given.
///
/// ```
/// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
/// # use wait::block_on;
/// use sexton_io::{DynOwnedWrite, OwnedWrite};
///
/// # block_on(async {
/// let mut written = Vec::new();
/// let any: &mut dyn DynOwnedWrite = &mut written;
/// any.write_all_owned("static").await?;
/// let buf = any.write_all_owned(b" and owned".to_vec()).await?;
/// assert_eq!((&written[..], &buf[..]), (&b"static and owned"[..], &b" and owned"[..]));
/// # Ok::<(), std::io::Error>(()) }).unwrap();
/// ```
pub trait DynOwnedWrite {
    /// [`OwnedWrite::write_owned`].
    fn dyn_write_owned(
        &mut self,
        buf: OwnedBytes,
    ) -> LocalBoxFuture<'_, BufResult<usize, OwnedBytes>>;

    /// [`OwnedWrite::write_vectored_owned`].
    fn dyn_write_vectored_owned(
        &mut self,
        bufs: OwnedVecBytes,
    ) -> LocalBoxFuture<'_, BufResult<usize, OwnedVecBytes>>;

    /// [`OwnedWrite::is_write_vectored_owned`].
    fn dyn_is_write_vectored_owned(&self) -> bool;

    /// [`OwnedWrite::flush_owned`].
    fn dyn_flush_owned(&mut self) -> LocalBoxFuture<'_, io::Result<()>>;

    /// [`OwnedWrite::shutdown_owned`].
    fn dyn_shutdown_owned(&mut self) -> LocalBoxFuture<'_, io::Result<()>>;

    /// [`OwnedWrite::write_all_owned`].
    fn dyn_write_all_owned(
        &mut self,
        buf: OwnedBytes,
    ) -> LocalBoxFuture<'_, Result<OwnedBytes, BufError<OwnedBytes>>>;
}

impl<T: OwnedWrite> DynOwnedWrite for T {
    fn dyn_write_owned(
        &mut self,
        buf: OwnedBytes,
    ) -> LocalBoxFuture<'_, BufResult<usize, OwnedBytes>> {
        Box::pin(self.write_owned(buf))
    }

    fn dyn_write_vectored_owned(
        &mut self,
        bufs: OwnedVecBytes,
    ) -> LocalBoxFuture<'_, BufResult<usize, OwnedVecBytes>> {
        Box::pin(self.write_vectored_owned(bufs))
    }

    fn dyn_is_write_vectored_owned(&self) -> bool {
        self.is_write_vectored_owned()
    }

    fn dyn_flush_owned(&mut self) -> LocalBoxFuture<'_, io::Result<()>> {
        Box::pin(self.flush_owned())
    }

    fn dyn_shutdown_owned(&mut self) -> LocalBoxFuture<'_, io::Result<()>> {
        Box::pin(self.shutdown_owned())
    }

    fn dyn_write_all_owned(
        &mut self,
        buf: OwnedBytes,
    ) -> LocalBoxFuture<'_, Result<OwnedBytes, BufError<OwnedBytes>>> {
        Box::pin(self.write_all_owned(buf))
    }
}

impl OwnedWrite for dyn DynOwnedWrite + '_ {
    async fn write_owned<B: IoBuf>(&mut self, buf: B) -> BufResult<usize, B> {
        restored(self.dyn_write_owned(Erased::erase(buf)).await)
    }

    async fn write_vectored_owned<V: IoVecBuf>(&mut self, bufs: V) -> BufResult<usize, V> {
        restored(self.dyn_write_vectored_owned(Erased::erase(bufs)).await)
    }

    fn is_write_vectored_owned(&self) -> bool {
        self.dyn_is_write_vectored_owned()
    }

    async fn flush_owned(&mut self) -> io::Result<()> {
        self.dyn_flush_owned().await
    }

    async fn shutdown_owned(&mut self) -> io::Result<()> {
        self.dyn_shutdown_owned().await
    }

    async fn write_all_owned<B: IoBuf>(&mut self, buf: B) -> Result<B, BufError<B>> {
        restored_whole(self.dyn_write_all_owned(Erased::erase(buf)).await)
    }
}
