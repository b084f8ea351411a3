//! Reads and writes at an offset: no cursor, hence by shared reference and repeatable.

use std::future::Future;
use std::io::{self, ErrorKind};

use sexton_buffers::{BufError, BufResult, IoBuf, IoBufMut, IoVecBuf, IoVecBufMut, Slice};

use crate::fault;

/// Sources that are read at an offset.
///
/// There is no cursor: reads may run side by side, and a dropped one loses nothing.
///
/// ```
/// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
/// # use wait::block_on;
/// use sexton_io::ReadAt;
///
/// # block_on(async {
/// let source = b"0123456789".to_vec();
/// let (n, buf) = source.read_at(Vec::with_capacity(64), 7).await?;
/// assert_eq!((n, &buf[..]), (3, &b"789"[..]));
/// # Ok::<(), std::io::Error>(()) }).unwrap();
/// ```
pub trait ReadAt {
    /// Reads once, from `pos` on, into the unfilled part of `buf`, and says how much.
    ///
    /// `(0, buf)` means that nothing is there: `pos` is at the end, or beyond.
    ///
    /// # Completes
    /// When bytes, the end, or an error is there. `buf` comes back in every case.
    ///
    /// # Errors
    /// `InvalidInput` if `buf` has no room.
    ///
    /// # If dropped
    /// Nothing that anybody could see; lossless. `buf` is freed when the kernel has let go of it.
    fn read_at<B: IoBufMut>(&self, buf: B, pos: u64) -> impl Future<Output = BufResult<usize, B>>;

    /// Reads once, from `pos` on, into the unfilled parts of `bufs` in order, and says how much.
    ///
    /// # Errors
    /// `InvalidInput` if none of `bufs` has room.
    ///
    /// # If dropped
    /// As [`read_at`](ReadAt::read_at): lossless.
    fn read_vectored_at<V: IoVecBufMut>(
        &self,
        bufs: V,
        pos: u64,
    ) -> impl Future<Output = BufResult<usize, V>>;

    /// Fills `buf` from `pos` on. Goes on after `Interrupted`. `buf.at_most(n)` reads `n` bytes.
    ///
    /// # Errors
    /// `UnexpectedEof` if the end comes before. [`BufError::transferred`] says how much was read;
    /// those bytes are in the buffer.
    ///
    /// # If dropped
    /// As [`read_at`](ReadAt::read_at): lossless.
    ///
    /// ```
    /// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
    /// # use wait::block_on;
    /// use sexton_buffers::IoBufMut;
    /// use sexton_io::ReadAt;
    ///
    /// let source = &b"0123456789"[..];
    /// let buf = block_on(source.read_exact_at(Vec::with_capacity(64).at_most(3), 4))?;
    /// assert_eq!(buf.into_inner(), b"456");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    fn read_exact_at<B: IoBufMut>(
        &self,
        mut buf: B,
        pos: u64,
    ) -> impl Future<Output = Result<B, BufError<B>>> {
        async move {
            // The buffer's own counter says what was read: the source's `n` need not be right.
            let start = buf.filled().len();
            while !buf.unfilled().is_empty() {
                let before = buf.filled().len();
                let result = match further(pos, before.saturating_sub(start)) {
                    Ok(pos) => self.read_at(buf, pos).await,
                    Err(e) => Err(BufError::new(e, buf)),
                };
                let error = match result {
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
}

/// Targets that are written at an offset.
///
/// There is no cursor: a write can be repeated, and those to different places may run side by side.
pub trait WriteAt {
    /// Writes a prefix of the filled bytes of `buf` at `pos`, and says how long it was.
    ///
    /// # Completes
    /// When at least one byte was taken, at once if there is none. `buf` comes back in every case.
    ///
    /// # If dropped
    /// The write may or may not happen; lossless by repeating it. `buf` is freed when the kernel
    /// has let go of it.
    fn write_at<B: IoBuf>(&self, buf: B, pos: u64) -> impl Future<Output = BufResult<usize, B>>;

    /// Writes a prefix of the filled bytes of all `bufs` in order at `pos`, and says how long it
    /// was.
    ///
    /// # If dropped
    /// As [`write_at`](WriteAt::write_at): lossless by repeating it.
    fn write_vectored_at<V: IoVecBuf>(
        &self,
        bufs: V,
        pos: u64,
    ) -> impl Future<Output = BufResult<usize, V>>;

    /// Writes all filled bytes of `buf` at `pos`. Goes on after `Interrupted`.
    ///
    /// # Errors
    /// `WriteZero` if the target takes no more. [`BufError::transferred`] says how much was written
    /// before.
    ///
    /// # If dropped
    /// The write may happen wholly, partly or not at all; lossless by repeating it.
    fn write_all_at<B: IoBuf>(
        &self,
        buf: B,
        pos: u64,
    ) -> impl Future<Output = Result<B, BufError<B>>> {
        async move {
            let len = buf.filled().len();
            let (mut rest, mut done) = (buf.slice(..), 0);
            while done < len {
                let result = match further(pos, done) {
                    Ok(pos) => self.write_at(rest, pos).await,
                    Err(e) => Err(BufError::new(e, rest)),
                };
                match result {
                    Ok((n, r)) => {
                        if let Err(e) = fault::check_taken(n, len - done) {
                            return Err(BufError::new(e, r.into_inner()).with_transferred(done));
                        }
                        done += n;
                        rest = r.into_inner().slice(done..);
                    }
                    Err(e) if e.kind() == ErrorKind::Interrupted => rest = e.into_buf(),
                    Err(e) => return Err(e.map_buf(Slice::into_inner).with_transferred(done)),
                }
            }
            Ok(rest.into_inner())
        }
    }
}

/// The offset `done` bytes after `pos`.
fn further(pos: u64, done: usize) -> io::Result<u64> {
    u64::try_from(done)
        .ok()
        .and_then(|done| pos.checked_add(done))
        .ok_or_else(fault::beyond_the_last_offset)
}
