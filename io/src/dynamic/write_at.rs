//! `WriteAt` as a trait object.

use sexton_buffers::{BufError, BufResult, IoBuf, IoVecBuf, OwnedBytes, OwnedVecBytes};

use super::{Erased, LocalBoxFuture, restored, restored_whole};
use crate::WriteAt;

/// [`WriteAt`], for trait objects; implemented by all that is `WriteAt`.
///
/// The object takes a buffer of any type, erases it on the way to the target, and gives the same
/// buffer back. Every method is the target's own. A call costs two allocations, for the buffer and
/// for the future.
///
/// # Panics
/// A write through the object, if an implementation gives back another buffer than it was given.
///
/// ```
/// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
/// # use wait::block_on;
/// use sexton_io::{DynWriteAt, WriteAt};
///
/// async fn stamp(any: &dyn DynWriteAt) -> std::io::Result<()> {
///     any.write_all_at("stamped", 8).await?;
///     Ok(())
/// }
/// ```
pub trait DynWriteAt {
    /// [`WriteAt::write_at`].
    fn dyn_write_at(
        &self,
        buf: OwnedBytes,
        pos: u64,
    ) -> LocalBoxFuture<'_, BufResult<usize, OwnedBytes>>;

    /// [`WriteAt::write_vectored_at`].
    fn dyn_write_vectored_at(
        &self,
        bufs: OwnedVecBytes,
        pos: u64,
    ) -> LocalBoxFuture<'_, BufResult<usize, OwnedVecBytes>>;

    /// [`WriteAt::write_all_at`].
    fn dyn_write_all_at(
        &self,
        buf: OwnedBytes,
        pos: u64,
    ) -> LocalBoxFuture<'_, Result<OwnedBytes, BufError<OwnedBytes>>>;
}

impl<T: WriteAt> DynWriteAt for T {
    fn dyn_write_at(
        &self,
        buf: OwnedBytes,
        pos: u64,
    ) -> LocalBoxFuture<'_, BufResult<usize, OwnedBytes>> {
        Box::pin(self.write_at(buf, pos))
    }

    fn dyn_write_vectored_at(
        &self,
        bufs: OwnedVecBytes,
        pos: u64,
    ) -> LocalBoxFuture<'_, BufResult<usize, OwnedVecBytes>> {
        Box::pin(self.write_vectored_at(bufs, pos))
    }

    fn dyn_write_all_at(
        &self,
        buf: OwnedBytes,
        pos: u64,
    ) -> LocalBoxFuture<'_, Result<OwnedBytes, BufError<OwnedBytes>>> {
        Box::pin(self.write_all_at(buf, pos))
    }
}

impl WriteAt for dyn DynWriteAt + '_ {
    async fn write_at<B: IoBuf>(&self, buf: B, pos: u64) -> BufResult<usize, B> {
        restored(self.dyn_write_at(Erased::erase(buf), pos).await)
    }

    async fn write_vectored_at<V: IoVecBuf>(&self, bufs: V, pos: u64) -> BufResult<usize, V> {
        restored(self.dyn_write_vectored_at(Erased::erase(bufs), pos).await)
    }

    async fn write_all_at<B: IoBuf>(&self, buf: B, pos: u64) -> Result<B, BufError<B>> {
        restored_whole(self.dyn_write_all_at(Erased::erase(buf), pos).await)
    }
}
