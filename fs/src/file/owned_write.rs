//! Writes at the cursor, from buffers that are given away.

use super::File;
use crate::order::WHOLE;
use sexton_buffers::{BufError, BufResult, IoBuf, IoVecBuf};
use sexton_io::OwnedWrite;
use sexton_runtime::calls::file as calls;
use sexton_runtime::op::{Parts, WriteAt, WriteVectoredAt};
use std::io;
use std::ops::Range;
use std::os::fd::AsFd;

impl File {
    /// Writes a prefix of the filled bytes of `buf` at the cursor, and says how long it was.
    ///
    /// A file that was opened for appending is written at its end, and the cursor is there
    /// afterwards.
    ///
    /// # Completes
    /// When at least one byte was taken; at once, without the kernel, if there is none. `buf` comes
    /// back in every case. The bytes are in the kernel's memory then, not yet on the disk
    /// ([`sync_data`](File::sync_data)).
    ///
    /// # If dropped
    /// The write may or may not happen, and the cursor stays where it is. What this handle or a
    /// clone of it starts later there starts after it has ended. `buf` is freed when the kernel has
    /// let go of it.
    ///
    /// # Kernel
    /// `IORING_OP_WRITE`, since Linux 5.6, or `IORING_OP_WRITE_FIXED`, since Linux 5.1, if this
    /// runtime registered `buf`; several file systems let the ring's worker do it.
    ///
    /// # Errors
    /// The kernel's.
    ///
    /// ```
    /// # sexton_runtime::block_on(async {
    /// let path = std::env::temp_dir().join("sexton-doc-write-owned");
    /// let mut file = sexton_fs::File::create(&path).await?;
    /// let (n, buf) = file.write_owned(b"hello".to_vec()).await?;
    /// assert_eq!((n, buf.len()), (5, 5));
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), std::io::Error>(()) }).unwrap();
    /// ```
    pub async fn write_owned<B: IoBuf>(&mut self, buf: B) -> BufResult<usize, B> {
        let len = buf.filled().len();
        if len == 0 {
            return Ok((0, buf));
        }
        let (range, offset) = self.place_of_write(len);
        let write = WriteAt { fd: self.fd.clone(), buf, offset };
        let answer = self.write_in_order(range, write).await;
        self.note_written(offset, answer)
    }

    /// Writes a prefix of the filled bytes of all `bufs` in order at the cursor, and says how long
    /// it was.
    ///
    /// # Completes
    /// As [`write_owned`](File::write_owned) does.
    ///
    /// # If dropped
    /// As [`write_owned`](File::write_owned).
    ///
    /// # Kernel
    /// `IORING_OP_WRITEV`, since Linux 5.1.
    ///
    /// # Errors
    /// As [`write_owned`](File::write_owned).
    ///
    /// ```
    /// # sexton_runtime::block_on(async {
    /// let path = std::env::temp_dir().join("sexton-doc-write-vectored-owned");
    /// let mut file = sexton_fs::File::create(&path).await?;
    /// let (n, _) = file.write_vectored_owned((b"head ".to_vec(), &b"body"[..])).await?;
    /// assert_eq!(n, 9);
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), std::io::Error>(()) }).unwrap();
    /// ```
    pub async fn write_vectored_owned<V: IoVecBuf>(&mut self, bufs: V) -> BufResult<usize, V> {
        let len = bufs.total_filled();
        if len == 0 {
            return Ok((0, bufs));
        }
        let (range, offset) = self.place_of_write(len);
        let write = WriteVectoredAt { fd: self.fd.clone(), parts: Parts::new(bufs), offset };
        let answer = self.write_in_order(range, write).await;
        self.note_written(offset, answer)
    }

    /// Writes all filled bytes of `buf` at the cursor.
    ///
    /// # Completes
    /// When all bytes were taken, or an error is there. `buf` comes back in every case.
    ///
    /// # If dropped
    /// An unknown prefix was written; the cursor is behind what was seen to be written.
    ///
    /// # Kernel
    /// `IORING_OP_WRITE`, since Linux 5.6, or `IORING_OP_WRITE_FIXED`, since Linux 5.1, if this
    /// runtime registered `buf`; again after a short write.
    ///
    /// # Errors
    /// The kernel's. `BufError::transferred` says how much was written before.
    ///
    /// ```
    /// # sexton_runtime::block_on(async {
    /// let path = std::env::temp_dir().join("sexton-doc-write-all-owned");
    /// let mut file = sexton_fs::File::create(&path).await?;
    /// let mut buf = file.write_all_owned(b"hello, ".to_vec()).await?;
    /// buf.clear();
    /// buf.extend_from_slice(b"world");
    /// file.write_all_owned(buf).await?;
    /// assert_eq!(std::fs::read(&path)?, b"hello, world");
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), std::io::Error>(()) }).unwrap();
    /// ```
    pub async fn write_all_owned<B: IoBuf>(&mut self, buf: B) -> Result<B, BufError<B>> {
        OwnedWrite::write_all_owned(self, buf).await
    }

    /// What a write of `len` bytes at the cursor may touch, and the offset that says so.
    fn place_of_write(&self, len: usize) -> (Range<u64>, u64) {
        if self.is_append || self.is_stream() {
            // The kernel's own position: the end of the file, or none.
            return (WHOLE, u64::MAX);
        }
        let from = self.cursor.get();
        (from..from.saturating_add(len as u64), from)
    }

    /// The answer of a write at `offset`: the cursor moves behind it.
    fn note_written<B>(&mut self, offset: u64, answer: BufResult<usize, B>) -> BufResult<usize, B> {
        if let Ok((n, _)) = &answer
            && !self.is_stream()
        {
            self.shown = 0;
            let end = if self.is_append {
                // The kernel moved its own position behind the write.
                calls::position(self.fd.as_fd()).unwrap_or(self.cursor.get())
            } else {
                offset.saturating_add(*n as u64)
            };
            self.cursor.set(end);
        }
        answer
    }
}

impl OwnedWrite for File {
    async fn write_owned<B: IoBuf>(&mut self, buf: B) -> BufResult<usize, B> {
        File::write_owned(self, buf).await
    }

    async fn write_vectored_owned<V: IoVecBuf>(&mut self, bufs: V) -> BufResult<usize, V> {
        File::write_vectored_owned(self, bufs).await
    }

    fn is_write_vectored_owned(&self) -> bool {
        true
    }

    /// Nothing to do: a file holds nothing back. What it says about the disk is
    /// [`sync_all`](File::sync_all)'s.
    async fn flush_owned(&mut self) -> io::Result<()> {
        Ok(())
    }
}
