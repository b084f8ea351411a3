//! Reads and writes at an offset: no cursor, by shared reference.

use super::File;
use super::cached::ReadOnce;
use crate::fault;
use crate::op::WriteAllAt;
use crate::order::{WHOLE, Wait};
use sexton_buffers::{BufError, BufResult, IoBuf, IoBufMut, IoVecBuf, IoVecBufMut};
use sexton_runtime::op::{Parts, ReadVectoredAt, WriteAt, WriteVectoredAt, submit};
use std::future::poll_fn;
use std::io;
use std::ops::Range;
use std::task::{Context, Poll};

impl File {
    /// Reads once, from `pos` on, into the unfilled part of `buf`, and says how much.
    ///
    /// `(0, buf)` means that nothing is there: `pos` is at the end, or beyond. Calls may run side
    /// by side.
    ///
    /// # Completes
    /// When bytes, the end, or an error is there. `buf` comes back in every case.
    ///
    /// # If dropped
    /// Nothing that anybody could see. `buf` is freed when the kernel has let go of it.
    ///
    /// # Kernel
    /// `preadv2` with `RWF_NOWAIT`, if this file's bytes were in memory of late, and `O_DIRECT`
    /// does not go past it; otherwise, or for what is left, `IORING_OP_READ`, since Linux 5.6, or
    /// `IORING_OP_READ_FIXED`, since Linux 5.1, if this runtime registered `buf`.
    ///
    /// # Errors
    /// The kernel's; `InvalidInput` if `buf` has no room, or `pos` is 2 to the power of 63 or more;
    /// `NotSeekable` for pipes and the like.
    ///
    /// ```
    /// # sexton_runtime::block_on(async {
    /// let path = std::env::temp_dir().join("sexton-doc-read-at");
    /// std::fs::write(&path, "0123456789")?;
    /// let file = sexton_fs::File::open(&path).await?;
    /// let (n, buf) = file.read_at(Vec::with_capacity(64), 7).await?;
    /// assert_eq!((n, &buf[..]), (3, &b"789"[..]));
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), std::io::Error>(()) }).unwrap();
    /// ```
    pub fn read_at<B: IoBufMut>(
        &self,
        buf: B,
        pos: u64,
    ) -> impl Future<Output = BufResult<usize, B>> {
        ReadOnce::new(self, buf, pos)
    }

    /// Reads once, from `pos` on, into the unfilled parts of `bufs` in order, and says how much.
    ///
    /// # Completes
    /// As [`read_at`](File::read_at) does.
    ///
    /// # If dropped
    /// As [`read_at`](File::read_at).
    ///
    /// # Kernel
    /// `IORING_OP_READV`, since Linux 5.1.
    ///
    /// # Errors
    /// As [`read_at`](File::read_at).
    ///
    /// ```
    /// # sexton_runtime::block_on(async {
    /// let path = std::env::temp_dir().join("sexton-doc-read-vectored-at");
    /// std::fs::write(&path, "head body")?;
    /// let file = sexton_fs::File::open(&path).await?;
    /// let bufs = (Vec::with_capacity(5), Vec::with_capacity(64));
    /// let (_, (head, body)) = file.read_vectored_at(bufs, 0).await?;
    /// assert_eq!((&head[..], &body[..]), (&b"head "[..], &b"body"[..]));
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), std::io::Error>(()) }).unwrap();
    /// ```
    pub async fn read_vectored_at<V: IoVecBufMut>(
        &self,
        mut bufs: V,
        pos: u64,
    ) -> BufResult<usize, V> {
        let room = bufs.total_unfilled();
        let mut wait = Wait::default();
        match poll_fn(|cx| self.poll_prepare_read(room, pos, &mut wait, cx)).await {
            Ok(()) if self.is_stream() => Err(BufError::new(fault::not_seekable(), bufs)),
            Ok(()) => {
                let parts = Parts::new(bufs);
                submit(ReadVectoredAt { fd: self.fd.clone(), parts, offset: pos }).await
            }
            Err(error) => Err(BufError::new(error, bufs)),
        }
    }

    /// Fills `buf` from `pos` on. `buf.at_most(n)` reads `n` bytes.
    ///
    /// # Completes
    /// When `buf` is full, or the end or an error is there.
    ///
    /// # If dropped
    /// As [`read_at`](File::read_at).
    ///
    /// # Kernel
    /// As [`read_at`](File::read_at); again after a short read.
    ///
    /// # Errors
    /// As [`read_at`](File::read_at), but a full `buf` is fine; `UnexpectedEof` if the end comes
    /// before. What was read is in the buffer.
    ///
    /// ```
    /// use sexton_buffers::IoBufMut;
    /// # sexton_runtime::block_on(async {
    /// let path = std::env::temp_dir().join("sexton-doc-read-exact-at");
    /// std::fs::write(&path, "0123456789")?;
    /// let file = sexton_fs::File::open(&path).await?;
    /// let buf = file.read_exact_at(Vec::with_capacity(64).at_most(3), 4).await?;
    /// assert_eq!(buf.into_inner(), b"456");
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), std::io::Error>(()) }).unwrap();
    /// ```
    pub async fn read_exact_at<B: IoBufMut>(&self, buf: B, pos: u64) -> Result<B, BufError<B>> {
        sexton_io::ReadAt::read_exact_at(self, buf, pos).await
    }

    /// Writes a prefix of the filled bytes of `buf` at `pos`, and says how long it was.
    ///
    /// A file that was opened for appending is written at its end instead, wherever `pos` is.
    ///
    /// # Completes
    /// When at least one byte was taken; at once, without the kernel, if there is none. `buf` comes
    /// back in every case. The bytes are in the kernel's memory then, not yet on the disk
    /// ([`sync_data`](File::sync_data)).
    ///
    /// # If dropped
    /// The write may or may not happen. What this handle or a clone of it starts later at an
    /// overlapping range starts after it has ended. `buf` is freed when the kernel has let go of
    /// it.
    ///
    /// # Kernel
    /// `IORING_OP_WRITE`, since Linux 5.6, or `IORING_OP_WRITE_FIXED`, since Linux 5.1, if this
    /// runtime registered `buf`; several file systems let the ring's worker do it.
    ///
    /// # Errors
    /// The kernel's; `InvalidInput` if `pos` is 2 to the power of 63 or more; `NotSeekable` for
    /// pipes and the like.
    ///
    /// ```
    /// # sexton_runtime::block_on(async {
    /// let path = std::env::temp_dir().join("sexton-doc-write-at");
    /// let file = sexton_fs::File::create(&path).await?;
    /// let (n, _buf) = file.write_at(b"hello".to_vec(), 2).await?;
    /// assert_eq!(n, 5);
    /// assert_eq!(std::fs::read(&path)?, b"\0\0hello");
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), std::io::Error>(()) }).unwrap();
    /// ```
    pub async fn write_at<B: IoBuf>(&self, buf: B, pos: u64) -> BufResult<usize, B> {
        let len = buf.filled().len();
        let range = match self.range_of_write(len, pos) {
            Ok(Some(range)) => range,
            Ok(None) => return Ok((0, buf)),
            Err(error) => return Err(BufError::new(error, buf)),
        };
        let write = WriteAt { fd: self.fd.clone(), buf, offset: pos };
        self.write_in_order(range, write).await
    }

    /// Writes a prefix of the filled bytes of all `bufs` in order at `pos`, and says how long it
    /// was.
    ///
    /// # Completes
    /// As [`write_at`](File::write_at) does.
    ///
    /// # If dropped
    /// As [`write_at`](File::write_at).
    ///
    /// # Kernel
    /// `IORING_OP_WRITEV`, since Linux 5.1.
    ///
    /// # Errors
    /// As [`write_at`](File::write_at).
    ///
    /// ```
    /// # sexton_runtime::block_on(async {
    /// let path = std::env::temp_dir().join("sexton-doc-write-vectored-at");
    /// let file = sexton_fs::File::create(&path).await?;
    /// let (n, _) = file.write_vectored_at((b"head ".to_vec(), &b"body"[..]), 0).await?;
    /// assert_eq!(n, 9);
    /// assert_eq!(std::fs::read(&path)?, b"head body");
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), std::io::Error>(()) }).unwrap();
    /// ```
    pub async fn write_vectored_at<V: IoVecBuf>(&self, bufs: V, pos: u64) -> BufResult<usize, V> {
        let range = match self.range_of_write(bufs.total_filled(), pos) {
            Ok(Some(range)) => range,
            Ok(None) => return Ok((0, bufs)),
            Err(error) => return Err(BufError::new(error, bufs)),
        };
        let parts = Parts::new(bufs);
        let write = WriteVectoredAt { fd: self.fd.clone(), parts, offset: pos };
        self.write_in_order(range, write).await
    }

    /// Writes all filled bytes of `buf` at `pos`.
    ///
    /// # Completes
    /// When all bytes were taken, or an error is there. `buf` comes back in every case.
    ///
    /// # If dropped
    /// The write may happen wholly, partly or not at all; later calls are ordered behind all of it,
    /// as behind [`write_at`](File::write_at).
    ///
    /// # Kernel
    /// `IORING_OP_WRITE`, since Linux 5.6, or `IORING_OP_WRITE_FIXED`, since Linux 5.1, if this
    /// runtime registered `buf`; again after a short write.
    ///
    /// # Errors
    /// As [`write_at`](File::write_at). `BufError::transferred` says how much was written before.
    ///
    /// ```
    /// # sexton_runtime::block_on(async {
    /// let path = std::env::temp_dir().join("sexton-doc-write-all-at");
    /// let file = sexton_fs::File::create(&path).await?;
    /// let mut buf = file.write_all_at(b"hello".to_vec(), 0).await?;
    /// buf.clear(); // the same memory, for the next write
    /// assert_eq!(std::fs::read(&path)?, b"hello");
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), std::io::Error>(()) }).unwrap();
    /// ```
    pub async fn write_all_at<B: IoBuf>(&self, buf: B, pos: u64) -> Result<B, BufError<B>> {
        let len = buf.filled().len();
        let range = match self.range_of_write(len, pos) {
            Ok(Some(range)) => range,
            Ok(None) => return Ok(buf),
            Err(error) => return Err(BufError::new(error, buf)),
        };
        let write = WriteAllAt { fd: self.fd.clone(), rest: buf.slice(..), offset: pos, done: 0 };
        self.write_in_order(range, write).await
    }

    /// Checks a read of at most `room` bytes, and waits for the writes before it.
    pub(super) fn poll_prepare_read(
        &self,
        room: usize,
        pos: u64,
        wait: &mut Wait,
        cx: &Context<'_>,
    ) -> Poll<io::Result<()>> {
        if room == 0 {
            return Poll::Ready(Err(fault::no_room()));
        }
        self.order.poll_settled(wait, &self.range(room, pos)?, cx)
    }

    /// The range that a write of `len` bytes may touch; none if there is nothing to write.
    fn range_of_write(&self, len: usize, pos: u64) -> io::Result<Option<Range<u64>>> {
        if self.is_stream() {
            return Err(fault::not_seekable());
        }
        let range = self.range(len, pos)?;
        let range = if self.is_append { WHOLE } else { range };
        Ok((len > 0).then_some(range))
    }

    /// `len` bytes from `pos` on, if `pos` may be a position, and this is not known to have none.
    fn range(&self, len: usize, pos: u64) -> io::Result<Range<u64>> {
        if self.stream.is_known() {
            return Err(fault::not_seekable());
        }
        if i64::try_from(pos).is_err() {
            return Err(fault::offset_too_large());
        }
        Ok(pos..pos.saturating_add(len as u64))
    }
}

impl sexton_io::ReadAt for File {
    fn read_at<B: IoBufMut>(&self, buf: B, pos: u64) -> impl Future<Output = BufResult<usize, B>> {
        File::read_at(self, buf, pos)
    }

    async fn read_vectored_at<V: IoVecBufMut>(&self, bufs: V, pos: u64) -> BufResult<usize, V> {
        File::read_vectored_at(self, bufs, pos).await
    }
}

impl sexton_io::WriteAt for File {
    async fn write_at<B: IoBuf>(&self, buf: B, pos: u64) -> BufResult<usize, B> {
        File::write_at(self, buf, pos).await
    }

    async fn write_vectored_at<V: IoVecBuf>(&self, bufs: V, pos: u64) -> BufResult<usize, V> {
        File::write_vectored_at(self, bufs, pos).await
    }

    async fn write_all_at<B: IoBuf>(&self, buf: B, pos: u64) -> Result<B, BufError<B>> {
        File::write_all_at(self, buf, pos).await
    }
}
