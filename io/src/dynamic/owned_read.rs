//! `OwnedRead` as a trait object.

use sexton_buffers::{BufError, BufResult, IoBufMut, IoVecBufMut, OwnedBuf, OwnedVecBuf};

use super::{Erased, LocalBoxFuture, restored, restored_whole};
use crate::OwnedRead;

/// [`OwnedRead`], for trait objects; implemented by all that is `OwnedRead`.
///
/// The object takes a buffer of any type, erases it on the way to the reader, and gives the same
/// buffer back. What the reader promises it keeps through the object: every method is its own,
/// vectored reads are vectored. A call costs an allocation, a vectored one two.
///
/// # Panics
/// A read through the object, if an implementation gives back another buffer than it was given.
///
/// ```
/// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
/// # use wait::block_on;
/// use sexton_io::{DynOwnedRead, OwnedRead, copy};
///
/// let mut any: Box<dyn DynOwnedRead> = Box::new(&b"head, body"[..]);
/// let (n, head) = block_on(any.read_owned(Vec::with_capacity(6)))?;
/// assert_eq!((n, &head[..]), (6, &b"head, "[..]));
///
/// let mut body = Vec::new();
/// block_on(copy(&mut any, &mut body))?;
/// assert_eq!(body, b"body");
/// # Ok::<(), std::io::Error>(())
/// ```
pub trait DynOwnedRead {
    /// [`OwnedRead::read_owned`].
    fn dyn_read_owned(&mut self, buf: OwnedBuf) -> LocalBoxFuture<'_, BufResult<usize, OwnedBuf>>;

    /// [`OwnedRead::read_vectored_owned`].
    fn dyn_read_vectored_owned(
        &mut self,
        bufs: OwnedVecBuf,
    ) -> LocalBoxFuture<'_, BufResult<usize, OwnedVecBuf>>;

    /// [`OwnedRead::is_read_vectored_owned`].
    fn dyn_is_read_vectored_owned(&self) -> bool;

    /// [`OwnedRead::read_exact_owned`].
    fn dyn_read_exact_owned(
        &mut self,
        buf: OwnedBuf,
    ) -> LocalBoxFuture<'_, Result<OwnedBuf, BufError<OwnedBuf>>>;

    /// [`OwnedRead::read_to_end_owned`].
    fn dyn_read_to_end_owned(
        &mut self,
        buf: Vec<u8>,
    ) -> LocalBoxFuture<'_, BufResult<usize, Vec<u8>>>;
}

impl<T: OwnedRead> DynOwnedRead for T {
    fn dyn_read_owned(&mut self, buf: OwnedBuf) -> LocalBoxFuture<'_, BufResult<usize, OwnedBuf>> {
        Box::pin(self.read_owned(buf))
    }

    fn dyn_read_vectored_owned(
        &mut self,
        bufs: OwnedVecBuf,
    ) -> LocalBoxFuture<'_, BufResult<usize, OwnedVecBuf>> {
        Box::pin(self.read_vectored_owned(bufs))
    }

    fn dyn_is_read_vectored_owned(&self) -> bool {
        self.is_read_vectored_owned()
    }

    fn dyn_read_exact_owned(
        &mut self,
        buf: OwnedBuf,
    ) -> LocalBoxFuture<'_, Result<OwnedBuf, BufError<OwnedBuf>>> {
        Box::pin(self.read_exact_owned(buf))
    }

    fn dyn_read_to_end_owned(
        &mut self,
        buf: Vec<u8>,
    ) -> LocalBoxFuture<'_, BufResult<usize, Vec<u8>>> {
        Box::pin(self.read_to_end_owned(buf))
    }
}

impl OwnedRead for dyn DynOwnedRead + '_ {
    async fn read_owned<B: IoBufMut>(&mut self, buf: B) -> BufResult<usize, B> {
        restored(self.dyn_read_owned(Erased::erase(buf)).await)
    }

    async fn read_vectored_owned<V: IoVecBufMut>(&mut self, bufs: V) -> BufResult<usize, V> {
        restored(self.dyn_read_vectored_owned(Erased::erase(bufs)).await)
    }

    fn is_read_vectored_owned(&self) -> bool {
        self.dyn_is_read_vectored_owned()
    }

    async fn read_exact_owned<B: IoBufMut>(&mut self, buf: B) -> Result<B, BufError<B>> {
        restored_whole(self.dyn_read_exact_owned(Erased::erase(buf)).await)
    }

    async fn read_to_end_owned(&mut self, buf: Vec<u8>) -> BufResult<usize, Vec<u8>> {
        self.dyn_read_to_end_owned(buf).await
    }
}
