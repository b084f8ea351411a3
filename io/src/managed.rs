//! Reads whose memory the reader has and gives away.

use std::future::Future;
use std::io::Result;

use sexton_buffers::IoBuf;

/// Readers that supply the memory of a read, and give it away.
///
/// Nothing is copied, and nothing is tied up while waiting. What is given away can be passed on as
/// it is, to an [`OwnedWrite`](crate::OwnedWrite) for example; it goes back to the reader's supply
/// when it is dropped.
///
/// ```
/// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
/// # use wait::block_on;
/// use sexton_io::{ManagedRead, OwnedWrite};
///
/// async fn pass_on(from: &mut impl ManagedRead, to: &mut impl OwnedWrite) -> std::io::Result<()> {
///     while let Some(chunk) = from.read_managed(64 * 1024).await? {
///         to.write_all_owned(chunk).await?;
///     }
///     Ok(())
/// }
/// # struct Once(Option<Vec<u8>>);
/// # impl ManagedRead for Once {
/// #     type Buf = Vec<u8>;
/// #     async fn read_managed(&mut self, _max: usize) -> std::io::Result<Option<Vec<u8>>> {
/// #         Ok(self.0.take())
/// #     }
/// # }
///
/// let mut to = Vec::new();
/// # let mut from = Once(Some(b"chunk".to_vec()));
/// block_on(pass_on(&mut from, &mut to))?;
/// assert_eq!(to, b"chunk");
/// # Ok::<(), std::io::Error>(())
/// ```
pub trait ManagedRead {
    /// What is given away: bytes that were read.
    type Buf: IoBuf;

    /// Gives away at least one and at most `max` bytes; `None` at the end of the stream.
    ///
    /// # Completes
    /// When at least one byte, the end of the stream, or an error is there.
    ///
    /// # Errors
    /// `InvalidInput` if `max` is 0.
    ///
    /// # If dropped
    /// Lossless: the read stays with the reader.
    fn read_managed(&mut self, max: usize) -> impl Future<Output = Result<Option<Self::Buf>>>;
}
