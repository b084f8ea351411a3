//! Writes from memory that the writer has and shows.

use std::future::Future;
use std::io::Result;

use crate::Write;

/// Writers that show room in memory of their own: the dual of [`BufRead`](crate::BufRead).
///
/// [`space`](BufWrite::space) shows room, as `fill_buf` shows bytes; [`commit`](BufWrite::commit)
/// says how much of it is to be sent, as `consume` says how much was read. What is made in place
/// needs no buffer of the caller and no copy.
///
/// Committed bytes are sent when there is no more room, or on [`flush`](Write::flush). A writer
/// that is dropped before may not send them: flush, or [`shutdown`](Write::shutdown), at the end.
///
/// ```
/// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
/// # use wait::block_on;
/// use sexton_io::{BufWrite, Memory};
///
/// /// Made where they are sent from.
/// async fn squares(writer: &mut impl BufWrite, count: u8) -> std::io::Result<()> {
///     let mut next = 0;
///     while next < count {
///         let room = writer.space().await?;
///         let mut made = 0;
///         for (byte, n) in room.iter_mut().zip(next..count) {
///             *byte = n * n;
///             made += 1;
///             next += 1;
///         }
///         writer.commit(made);
///     }
///     writer.flush().await
/// }
///
/// let mut memory = Memory::new(Vec::new());
/// block_on(squares(&mut memory, 5))?;
/// assert_eq!(memory.rest(), [0, 1, 4, 9, 16]);
/// # Ok::<(), std::io::Error>(())
/// ```
pub trait BufWrite: Write {
    /// Shows room for bytes: at least one. What is in it is of no meaning.
    ///
    /// # Completes
    /// At once if there is room; otherwise when some was made by sending what is committed.
    ///
    /// # Errors
    /// Those of sending what was committed before. The bytes stay committed.
    ///
    /// # If dropped
    /// Lossless where the send stays with the writer, as with Sexton's streams. Other writers say
    /// for themselves.
    ///
    /// ```
    /// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
    /// # use wait::block_on;
    /// use sexton_io::{BufWrite, Memory};
    ///
    /// let mut memory = Memory::new(Vec::new());
    /// block_on(memory.space())?[0] = 7;
    /// memory.commit(1);
    /// assert_eq!(memory.rest(), [7]);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    fn space(&mut self) -> impl Future<Output = Result<&mut [u8]>>;

    /// Commits the first `n` bytes of what [`space`](BufWrite::space) showed. No I/O.
    ///
    /// # Panics
    /// If less room was shown.
    fn commit(&mut self, n: usize);

    /// How many bytes are committed and not known to be sent.
    fn buffered(&self) -> usize;

    /// Commits all of `bytes`, by copying them.
    ///
    /// # Completes
    /// At once if there is room for them; otherwise when the last of them have room.
    ///
    /// # Errors
    /// As [`space`](BufWrite::space). An unknown prefix of `bytes` is committed then.
    ///
    /// # If dropped
    /// An unknown prefix of `bytes` is committed; not lossless.
    ///
    /// ```
    /// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
    /// # use wait::block_on;
    /// use sexton_io::{BufWrite, BufWriter, Write};
    ///
    /// # block_on(async {
    /// let mut writer = BufWriter::new(Vec::new());
    /// writer.put(b"one, ").await?;
    /// writer.put(b"two").await?;
    /// assert_eq!((writer.buffered(), &writer.get_ref()[..]), (8, &b""[..]));
    /// writer.flush().await?;
    /// assert_eq!((writer.buffered(), &writer.get_ref()[..]), (0, &b"one, two"[..]));
    /// # Ok::<(), std::io::Error>(()) }).unwrap();
    /// ```
    fn put(&mut self, mut bytes: &[u8]) -> impl Future<Output = Result<()>> {
        async move {
            while !bytes.is_empty() {
                let room = self.space().await?;
                let n = room.len().min(bytes.len());
                room[..n].copy_from_slice(&bytes[..n]);
                self.commit(n); // nothing is awaited between the copy and this
                bytes = &bytes[n..];
            }
            Ok(())
        }
    }
}
