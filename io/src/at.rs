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
    ///
    /// ```
    /// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
    /// # use wait::block_on;
    /// use sexton_io::ReadAt;
    ///
    /// let source = &b"0123456789"[..];
    /// let (n, buf) = block_on(source.read_at(Vec::with_capacity(2), 4))?;
    /// assert_eq!((n, &buf[..]), (2, &b"45"[..]));
    /// assert!(block_on(source.read_at(buf, 6)).is_err()); // it is full
    /// # Ok::<(), std::io::Error>(())
    /// ```
    fn read_at<B: IoBufMut>(&self, buf: B, pos: u64) -> impl Future<Output = BufResult<usize, B>>;

    /// Reads once, from `pos` on, into the unfilled parts of `bufs` in order, and says how much.
    ///
    /// # Completes
    /// As [`read_at`](ReadAt::read_at) does.
    ///
    /// # Errors
    /// `InvalidInput` if none of `bufs` has room.
    ///
    /// # If dropped
    /// As [`read_at`](ReadAt::read_at): lossless.
    ///
    /// ```
    /// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
    /// # use wait::block_on;
    /// use sexton_io::ReadAt;
    ///
    /// let source = &b"0123456789"[..];
    /// let bufs = [Vec::with_capacity(2), Vec::with_capacity(64)];
    /// let (n, bufs) = block_on(source.read_vectored_at(bufs, 4))?;
    /// assert_eq!((n, &bufs[0][..], &bufs[1][..]), (6, &b"45"[..], &b"6789"[..]));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    fn read_vectored_at<V: IoVecBufMut>(
        &self,
        bufs: V,
        pos: u64,
    ) -> impl Future<Output = BufResult<usize, V>>;

    /// Fills `buf` from `pos` on. Goes on after `Interrupted`. `buf.at_most(n)` reads `n` bytes.
    ///
    /// # Completes
    /// When `buf` is full, or it cannot be filled.
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
///
/// ```
/// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
/// # use wait::block_on;
/// use sexton_buffers::{BufResult, IoBuf, IoVecBuf};
/// use sexton_io::WriteAt;
/// use std::cell::RefCell;
///
/// /// Bytes of a fixed length.
/// struct Page(RefCell<[u8; 10]>);
///
/// impl WriteAt for Page {
///     async fn write_at<B: IoBuf>(&self, buf: B, pos: u64) -> BufResult<usize, B> {
///         let mut page = self.0.borrow_mut();
///         let room = page.get_mut(pos as usize..).unwrap_or_default();
///         let n = room.len().min(buf.filled().len());
///         room[..n].copy_from_slice(&buf.filled()[..n]);
///         Ok((n, buf))
///     }
/// #   async fn write_vectored_at<V: IoVecBuf>(&self, bufs: V, pos: u64) -> BufResult<usize, V> {
/// #       let mut all = Vec::new();
/// #       bufs.for_each_filled(&mut |part| all.extend_from_slice(part));
/// #       let Ok((n, _)) = self.write_at(all, pos).await else { unreachable!() };
/// #       Ok((n, bufs))
/// #   }
///     // and `write_vectored_at`
/// }
///
/// # block_on(async {
/// let page = Page(RefCell::new(*b"0123456789"));
/// let (n, _) = page.write_at("abc", 8).await?;
/// assert_eq!((n, *page.0.borrow()), (2, *b"01234567ab"));
/// let (n, _) = page.write_vectored_at(["d", "ef"], 0).await?;
/// assert_eq!((n, *page.0.borrow()), (3, *b"def34567ab"));
/// let error = page.write_all_at("too long", 5).await.unwrap_err();
/// assert_eq!((error.transferred(), *error.buf()), (5, "too long"));
/// # Ok::<(), std::io::Error>(()) }).unwrap();
/// ```
pub trait WriteAt {
    /// Writes a prefix of the filled bytes of `buf` at `pos`, and says how long it was.
    ///
    /// # Completes
    /// When at least one byte was taken, at once if there is none. `buf` comes back in every case.
    ///
    /// # Errors
    /// The target's. `buf` comes back with it.
    ///
    /// # If dropped
    /// The write may or may not happen; lossless by repeating it. `buf` is freed when the kernel
    /// has let go of it.
    fn write_at<B: IoBuf>(&self, buf: B, pos: u64) -> impl Future<Output = BufResult<usize, B>>;

    /// Writes a prefix of the filled bytes of all `bufs` in order at `pos`, and says how long it
    /// was.
    ///
    /// # Completes
    /// As [`write_at`](WriteAt::write_at) does.
    ///
    /// # Errors
    /// As [`write_at`](WriteAt::write_at).
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
    /// # Completes
    /// When all is written, or cannot be.
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
