//! `ReadAt` as a trait object.

use sexton_buffers::{BufError, BufResult, IoBufMut, IoVecBufMut, OwnedBuf, OwnedVecBuf};

use super::{Erased, LocalBoxFuture, restored, restored_whole};
use crate::ReadAt;

/// [`ReadAt`], for trait objects; implemented by all that is `ReadAt`.
///
/// The object takes a buffer of any type, erases it on the way to the source, and gives the same
/// buffer back. Every method is the source's own. A call costs an allocation, a vectored one two.
///
/// # Panics
/// A read through the object, if an implementation gives back another buffer than it was given.
///
/// ```
/// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
/// # use wait::block_on;
/// use std::rc::Rc;
///
/// use sexton_io::{DynReadAt, ReadAt};
///
/// let any: Rc<dyn DynReadAt> = Rc::new(&b"0123456789"[..]);
/// let (n, buf) = block_on(any.read_at(Vec::with_capacity(64), 7))?;
/// assert_eq!((n, &buf[..]), (3, &b"789"[..]));
/// # Ok::<(), std::io::Error>(())
/// ```
pub trait DynReadAt {
    /// [`ReadAt::read_at`].
    fn dyn_read_at(
        &self,
        buf: OwnedBuf,
        pos: u64,
    ) -> LocalBoxFuture<'_, BufResult<usize, OwnedBuf>>;

    /// [`ReadAt::read_vectored_at`].
    fn dyn_read_vectored_at(
        &self,
        bufs: OwnedVecBuf,
        pos: u64,
    ) -> LocalBoxFuture<'_, BufResult<usize, OwnedVecBuf>>;

    /// [`ReadAt::read_exact_at`].
    fn dyn_read_exact_at(
        &self,
        buf: OwnedBuf,
        pos: u64,
    ) -> LocalBoxFuture<'_, Result<OwnedBuf, BufError<OwnedBuf>>>;
}

impl<T: ReadAt> DynReadAt for T {
    fn dyn_read_at(
        &self,
        buf: OwnedBuf,
        pos: u64,
    ) -> LocalBoxFuture<'_, BufResult<usize, OwnedBuf>> {
        Box::pin(self.read_at(buf, pos))
    }

    fn dyn_read_vectored_at(
        &self,
        bufs: OwnedVecBuf,
        pos: u64,
    ) -> LocalBoxFuture<'_, BufResult<usize, OwnedVecBuf>> {
        Box::pin(self.read_vectored_at(bufs, pos))
    }

    fn dyn_read_exact_at(
        &self,
        buf: OwnedBuf,
        pos: u64,
    ) -> LocalBoxFuture<'_, Result<OwnedBuf, BufError<OwnedBuf>>> {
        Box::pin(self.read_exact_at(buf, pos))
    }
}

impl ReadAt for dyn DynReadAt + '_ {
    async fn read_at<B: IoBufMut>(&self, buf: B, pos: u64) -> BufResult<usize, B> {
        restored(self.dyn_read_at(Erased::erase(buf), pos).await)
    }

    async fn read_vectored_at<V: IoVecBufMut>(&self, bufs: V, pos: u64) -> BufResult<usize, V> {
        restored(self.dyn_read_vectored_at(Erased::erase(bufs), pos).await)
    }

    async fn read_exact_at<B: IoBufMut>(&self, buf: B, pos: u64) -> Result<B, BufError<B>> {
        restored_whole(self.dyn_read_exact_at(Erased::erase(buf), pos).await)
    }
}
