//! Reads into a buffer that is lent to the kernel and comes back.

use std::future::Future;
use std::io::ErrorKind;

use sexton_buffers::{BufError, BufResult, IoBufMut, IoVecBufMut};

use crate::fault;
use crate::read::make_room;

/// Readers that take a buffer and give it back with the result.
///
/// The kernel works on the buffer itself, nothing is copied. Reads *append*: they fill what is
/// unfilled. A buffer without room is an `InvalidInput` error, never a false end of the stream.
///
/// ```
/// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
/// # use wait::block_on;
/// use sexton_io::OwnedRead;
///
/// /// One buffer for the whole stream.
/// async fn count(reader: &mut impl OwnedRead) -> std::io::Result<usize> {
///     let (mut buf, mut total) = (Vec::with_capacity(4096), 0);
///     loop {
///         let n;
///         (n, buf) = reader.read_owned(buf).await?;
///         if n == 0 {
///             return Ok(total);
///         }
///         total += n;
///         buf.clear();
///     }
/// }
///
/// let mut bytes = &[7; 10_000][..];
/// assert_eq!(block_on(count(&mut bytes))?, 10_000);
/// # Ok::<(), std::io::Error>(())
/// ```
pub trait OwnedRead {
    /// Reads once into the unfilled part of `buf`, and says how much.
    ///
    /// `(0, buf)` is the end of the stream.
    ///
    /// # Completes
    /// When at least one byte, the end of the stream, or an error is there. `buf` comes back in
    /// every case.
    ///
    /// # Errors
    /// `InvalidInput` if `buf` has no room.
    ///
    /// # If dropped
    /// `buf` is gone; it is freed when the kernel has let go of it. Sexton's streams inherit the
    /// read: its bytes come first in the next one, lossless. Files have not advanced their cursor,
    /// lossless. Other readers say for themselves.
    ///
    /// ```
    /// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
    /// # use wait::block_on;
    /// use sexton_io::OwnedRead;
    ///
    /// let mut bytes = &b"hello"[..];
    /// let mut buf = b"> ".to_vec();
    /// buf.reserve(64);
    /// let (n, buf) = block_on(bytes.read_owned(buf))?;
    /// assert_eq!((n, &buf[..]), (5, &b"> hello"[..]));
    /// let (n, _) = block_on(bytes.read_owned(buf))?;
    /// assert_eq!(n, 0); // the end
    /// # Ok::<(), std::io::Error>(())
    /// ```
    fn read_owned<B: IoBufMut>(&mut self, buf: B) -> impl Future<Output = BufResult<usize, B>>;

    /// Reads once into the unfilled parts of `bufs` in order, and says how much.
    ///
    /// # Completes
    /// As [`read_owned`](OwnedRead::read_owned) does.
    ///
    /// # Errors
    /// `InvalidInput` if none of `bufs` has room.
    ///
    /// # If dropped
    /// As [`read_owned`](OwnedRead::read_owned).
    ///
    /// ```
    /// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
    /// # use wait::block_on;
    /// use sexton_io::OwnedRead;
    ///
    /// let mut bytes = &b"headbody"[..];
    /// let bufs = (Vec::with_capacity(4), Vec::with_capacity(64));
    /// let (n, (head, body)) = block_on(bytes.read_vectored_owned(bufs))?;
    /// assert_eq!((n, &head[..], &body[..]), (8, &b"head"[..], &b"body"[..]));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    fn read_vectored_owned<V: IoVecBufMut>(
        &mut self,
        bufs: V,
    ) -> impl Future<Output = BufResult<usize, V>>;

    /// Whether the vectored method uses more than the first buffer with room.
    ///
    /// A hint. Wrappers must forward it.
    fn is_read_vectored_owned(&self) -> bool {
        false
    }

    /// Fills `buf`. Goes on after `Interrupted`. `buf.at_most(n)` reads `n` bytes.
    ///
    /// # Completes
    /// When `buf` is full, or the stream has ended or failed.
    ///
    /// # Errors
    /// `UnexpectedEof` if the stream ends before. [`BufError::transferred`] says how much was read,
    /// those bytes are in the buffer: a caller can go on from there.
    ///
    /// # If dropped
    /// The bytes read so far are gone with `buf`; not lossless. In a `select`, loop over
    /// [`read_owned`](OwnedRead::read_owned) instead. (Sexton's streams take them back: they come
    /// first in the next read.)
    ///
    /// ```
    /// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
    /// # use wait::block_on;
    /// use sexton_buffers::IoBufMut;
    /// use sexton_io::OwnedRead;
    ///
    /// let mut bytes = &b"head body"[..];
    /// let head = block_on(bytes.read_exact_owned(Vec::with_capacity(64).at_most(4)))?;
    /// assert_eq!(head.into_inner(), b"head");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    fn read_exact_owned<B: IoBufMut>(
        &mut self,
        mut buf: B,
    ) -> impl Future<Output = Result<B, BufError<B>>> {
        async move {
            // The buffer's own counter says what was read: the reader's `n` need not be right.
            let start = buf.filled().len();
            while !buf.unfilled().is_empty() {
                let before = buf.filled().len();
                let error = match self.read_owned(buf).await {
                    Ok((_, b)) if b.filled().len() > before => {
                        buf = b;
                        continue;
                    }
                    Ok((_, b)) => BufError::new(fault::ended_early(), b),
                    Err(e) if e.kind() == ErrorKind::Interrupted => {
                        buf = e.into_buf();
                        continue;
                    }
                    Err(e) => e,
                };
                let done = error.buf().filled().len().saturating_sub(start);
                return Err(error.with_transferred(done));
            }
            Ok(buf)
        }
    }

    /// Appends all that is left. Says how much. Goes on after `Interrupted`.
    ///
    /// It takes a `Vec` since that can grow, which no other buffer ever does.
    ///
    /// # Completes
    /// When the stream has ended or failed.
    ///
    /// # Errors
    /// `OutOfMemory` if `buf` cannot grow. What was read is in `buf`, and
    /// [`BufError::transferred`] counts it.
    ///
    /// # If dropped
    /// The bytes read so far are gone with `buf`; not lossless. (Sexton's streams take them back:
    /// they come first in the next read.)
    ///
    /// ```
    /// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
    /// # use wait::block_on;
    /// use sexton_io::OwnedRead;
    ///
    /// let mut bytes = &b"all of it"[..];
    /// let (n, buf) = block_on(bytes.read_to_end_owned(Vec::new()))?;
    /// assert_eq!((n, &buf[..]), (9, &b"all of it"[..]));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    fn read_to_end_owned(
        &mut self,
        mut buf: Vec<u8>,
    ) -> impl Future<Output = BufResult<usize, Vec<u8>>> {
        async move {
            let start = buf.len();
            loop {
                let before = buf.len();
                let error = match make_room(&mut buf) {
                    Err(e) => BufError::new(e, buf),
                    Ok(()) => match self.read_owned(buf).await {
                        Ok((_, b)) if b.len() > before => {
                            buf = b;
                            continue;
                        }
                        Ok((_, b)) => return Ok((b.len().saturating_sub(start), b)),
                        Err(e) if e.kind() == ErrorKind::Interrupted => {
                            buf = e.into_buf();
                            continue;
                        }
                        Err(e) => e,
                    },
                };
                let done = error.buf().len().saturating_sub(start);
                return Err(error.with_transferred(done));
            }
        }
    }
}
