//! `Seek` as a trait object.

use std::io::{Result, SeekFrom};

use super::LocalBoxFuture;
use crate::Seek;

/// [`Seek`], for trait objects; implemented by all that is `Seek`.
///
/// Every method is the object's own. A call costs an allocation.
///
/// ```
/// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
/// # use wait::block_on;
/// use sexton_io::{DynSeek, Memory, Seek};
///
/// let mut any: Box<dyn DynSeek> = Box::new(Memory::new("0123456789"));
/// assert_eq!(block_on(any.stream_len())?, 10);
/// # Ok::<(), std::io::Error>(())
/// ```
pub trait DynSeek {
    /// [`Seek::seek`].
    fn dyn_seek(&mut self, pos: SeekFrom) -> LocalBoxFuture<'_, Result<u64>>;

    /// [`Seek::rewind`].
    fn dyn_rewind(&mut self) -> LocalBoxFuture<'_, Result<()>>;

    /// [`Seek::stream_position`].
    fn dyn_stream_position(&mut self) -> LocalBoxFuture<'_, Result<u64>>;

    /// [`Seek::stream_len`].
    fn dyn_stream_len(&mut self) -> LocalBoxFuture<'_, Result<u64>>;

    /// [`Seek::seek_relative`].
    fn dyn_seek_relative(&mut self, by: i64) -> LocalBoxFuture<'_, Result<()>>;
}

impl<T: Seek> DynSeek for T {
    fn dyn_seek(&mut self, pos: SeekFrom) -> LocalBoxFuture<'_, Result<u64>> {
        Box::pin(self.seek(pos))
    }

    fn dyn_rewind(&mut self) -> LocalBoxFuture<'_, Result<()>> {
        Box::pin(self.rewind())
    }

    fn dyn_stream_position(&mut self) -> LocalBoxFuture<'_, Result<u64>> {
        Box::pin(self.stream_position())
    }

    fn dyn_stream_len(&mut self) -> LocalBoxFuture<'_, Result<u64>> {
        Box::pin(self.stream_len())
    }

    fn dyn_seek_relative(&mut self, by: i64) -> LocalBoxFuture<'_, Result<()>> {
        Box::pin(self.seek_relative(by))
    }
}

impl Seek for dyn DynSeek + '_ {
    async fn seek(&mut self, pos: SeekFrom) -> Result<u64> {
        self.dyn_seek(pos).await
    }

    async fn rewind(&mut self) -> Result<()> {
        self.dyn_rewind().await
    }

    async fn stream_position(&mut self) -> Result<u64> {
        self.dyn_stream_position().await
    }

    async fn stream_len(&mut self) -> Result<u64> {
        self.dyn_stream_len().await
    }

    async fn seek_relative(&mut self, by: i64) -> Result<()> {
        self.dyn_seek_relative(by).await
    }
}
