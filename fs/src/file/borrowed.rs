//! Reads at the cursor, into buffers that the caller keeps.
//!
//! The kernel never has such a buffer while a future waits. Bytes that are in memory are read at
//! once (`preadv2` with `RWF_NOWAIT`); what is not comes into the file's own memory first, and is
//! copied.

use super::File;
use crate::ahead::Want;
use crate::order::Wait;
use crate::steps::Steps;
use sexton_buffers::{ReadCursor, ReadVecCursor};
use sexton_io::{Interest, NonBlocking, Read, Readiness, Ready};
use sexton_runtime::calls::file::{ReadNow, read_now};
use std::future::poll_fn;
use std::io;
use std::os::fd::AsFd;
use std::task::Poll;

/// No more is read at once without waiting: the core has other tasks.
const NOW_MAX: usize = 1 << 20;

impl File {
    /// Reads once at the cursor into `buf`, and says how much; `Ok(0)` is the end of the file, or
    /// an empty `buf`.
    ///
    /// [`read_owned`](File::read_owned) needs no copy.
    ///
    /// # Completes
    /// When bytes, the end, or an error is there.
    ///
    /// # If dropped
    /// Nothing is lost: bytes are moved, and the cursor with them, only in the poll that says so.
    ///
    /// # Kernel
    /// `preadv2` with `RWF_NOWAIT`; if that would wait, `IORING_OP_READ` into the file's own
    /// memory.
    ///
    /// # Errors
    /// The kernel's.
    ///
    /// ```
    /// # sexton_runtime::block_on(async {
    /// let path = std::env::temp_dir().join("sexton-doc-read");
    /// std::fs::write(&path, "hello")?;
    /// let mut file = sexton_fs::File::open(&path).await?;
    /// let mut buf = [0; 16];
    /// let n = file.read(&mut buf).await?;
    /// assert_eq!(&buf[..n], b"hello");
    /// assert_eq!(file.read(&mut buf).await?, 0);
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), std::io::Error>(()) }).unwrap();
    /// ```
    pub async fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        Read::read(self, buf).await
    }

    /// Fills all of `buf` from the cursor on.
    ///
    /// # Completes
    /// When `buf` is full, or the end or an error is there.
    ///
    /// # If dropped
    /// The cursor goes back to where it was. What a pipe or a terminal gave so far is in `buf`, but
    /// nobody knows how much it is.
    ///
    /// # Kernel
    /// As [`read`](File::read).
    ///
    /// # Errors
    /// The kernel's; `UnexpectedEof` if the file ends before.
    ///
    /// ```
    /// # sexton_runtime::block_on(async {
    /// let path = std::env::temp_dir().join("sexton-doc-read-exact");
    /// std::fs::write(&path, "head body")?;
    /// let mut file = sexton_fs::File::open(&path).await?;
    /// let mut head = [0; 4];
    /// file.read_exact(&mut head).await?;
    /// assert_eq!(&head, b"head");
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), std::io::Error>(()) }).unwrap();
    /// ```
    pub async fn read_exact(&mut self, buf: &mut [u8]) -> io::Result<()> {
        let undo = self.undo();
        let answer = Steps(self).read_exact(buf).await;
        undo.disarm();
        answer
    }

    /// Appends all that is left behind the cursor, and says how much.
    ///
    /// # Completes
    /// When the end or an error is there.
    ///
    /// # If dropped
    /// What was read is in `buf`, and the cursor is behind it: nothing is lost.
    ///
    /// # Kernel
    /// As [`read`](File::read); `statx` for the length at the beginning.
    ///
    /// # Errors
    /// The kernel's; `OutOfMemory` if `buf` cannot grow.
    ///
    /// ```
    /// # sexton_runtime::block_on(async {
    /// let path = std::env::temp_dir().join("sexton-doc-read-to-end");
    /// std::fs::write(&path, "all of it")?;
    /// let mut file = sexton_fs::File::open(&path).await?;
    /// let mut buf = Vec::new();
    /// assert_eq!(file.read_to_end(&mut buf).await?, 9);
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), std::io::Error>(()) }).unwrap();
    /// ```
    pub async fn read_to_end(&mut self, buf: &mut Vec<u8>) -> io::Result<usize> {
        self.reserve_rest(buf)?;
        Steps(self).read_to_end(buf).await
    }

    /// Appends all that is left behind the cursor, which must be UTF-8, and says how many bytes.
    ///
    /// # Completes
    /// When the end or an error is there.
    ///
    /// # If dropped
    /// `buf` is unchanged, and the cursor goes back to where it was. What a pipe or a terminal gave
    /// so far is lost.
    ///
    /// # Kernel
    /// As [`read`](File::read).
    ///
    /// # Errors
    /// The kernel's; `InvalidData` if it is not UTF-8.
    ///
    /// ```
    /// # sexton_runtime::block_on(async {
    /// let path = std::env::temp_dir().join("sexton-doc-file-read-to-string");
    /// std::fs::write(&path, "all of it")?;
    /// let mut text = String::new();
    /// sexton_fs::File::open(&path).await?.read_to_string(&mut text).await?;
    /// assert_eq!(text, "all of it");
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), std::io::Error>(()) }).unwrap();
    /// ```
    pub async fn read_to_string(&mut self, buf: &mut String) -> io::Result<usize> {
        let undo = self.undo();
        let answer = Steps(self).read_to_string(buf).await;
        undo.disarm();
        answer
    }

    /// Reads what needs no waiting straight from the kernel.
    fn read_now(&mut self, buf: &mut [u8]) -> io::Result<ReadNow> {
        if self.always_waits {
            return Ok(ReadNow::Unsupported);
        }
        let from = self.cursor.get();
        let is_settled = self.is_stream()
            || self.order.is_settled(&(from..from.saturating_add(buf.len() as u64)));
        // What the file itself receives comes first.
        if !is_settled || (self.is_stream() && self.ahead.is_reading(self.source())) {
            return Ok(ReadNow::WouldBlock);
        }
        let answer =
            read_now(self.fd.as_fd(), buf, if self.is_stream() { u64::MAX } else { from })?;
        self.always_waits = answer == ReadNow::Unsupported;
        Ok(answer)
    }

    /// Whether a read would bring something without waiting, as far as that can be told.
    fn seems_readable(&mut self) -> bool {
        if !self.buffer().is_empty() || self.ahead.has_end_to_tell(self.source()) {
            return true;
        }
        // A stream's byte would be gone. An error will show in the read itself.
        !self.is_stream()
            && !matches!(self.read_now(&mut [0]), Ok(ReadNow::WouldBlock | ReadNow::Unsupported))
    }
}

impl Ready for File {
    async fn ready(&mut self, interest: Interest) -> io::Result<Readiness> {
        let write = interest.contains(Interest::WRITE);
        if !interest.contains(Interest::READ) {
            return Ok(Readiness::new(false, write, false));
        }
        if self.seems_readable() {
            return Ok(Readiness::new(true, write, false));
        }
        self.ahead.forget_told_end();
        let mut wait = Wait::default();
        poll_fn(|cx| {
            let source = crate::ahead::Source {
                fd: &self.fd,
                order: &self.order,
                cursor: &self.cursor,
                is_stream: self.is_stream(),
            };
            match self.ahead.poll_fill(source, Want::SOME, &mut wait, cx) {
                Poll::Ready(answer) => {
                    Poll::Ready(answer.map(|()| Readiness::new(true, write, false)))
                }
                // The read goes on; a file can always be written.
                Poll::Pending if write => Poll::Ready(Ok(Readiness::new(false, true, false))),
                Poll::Pending => Poll::Pending,
            }
        })
        .await
    }
}

impl Read for File {
    fn non_blocking_read_buf(&mut self, mut buf: ReadCursor<'_>) -> io::Result<NonBlocking<()>> {
        if buf.capacity() == 0 {
            return Ok(NonBlocking::Ready(()));
        }
        if !self.buffer().is_empty() {
            let n = buf.append(self.buffer());
            self.advance(n);
            return Ok(NonBlocking::Ready(()));
        }
        if self.ahead.is_at_end(self.source()) {
            self.ahead.tell_end();
            return Ok(NonBlocking::Ready(()));
        }
        if self.always_waits {
            return Ok(NonBlocking::WouldBlock);
        }
        let mut part = buf.at_most(NOW_MAX);
        match self.read_now(part.ensure_init())? {
            ReadNow::Bytes(n) => {
                part.advance(n);
                self.advance(n);
                Ok(NonBlocking::Ready(()))
            }
            ReadNow::WouldBlock | ReadNow::Unsupported => Ok(NonBlocking::WouldBlock),
        }
    }

    async fn read_buf(&mut self, mut buf: ReadCursor<'_>) -> io::Result<()> {
        // The file may have grown since its end was told.
        self.ahead.forget_told_end();
        while self.non_blocking_read_buf(buf.reborrow())? == NonBlocking::WouldBlock {
            self.fill(Want::SOME).await?;
        }
        Ok(())
    }

    async fn read_buf_vectored(&mut self, mut bufs: ReadVecCursor<'_, '_>) -> io::Result<usize> {
        let Some(mut first) = bufs.first() else { return Ok(0) };
        self.read_buf(first.reborrow()).await?;
        Ok(first.written())
    }

    async fn read_exact(&mut self, buf: &mut [u8]) -> io::Result<()> {
        File::read_exact(self, buf).await
    }

    async fn read_to_end(&mut self, buf: &mut Vec<u8>) -> io::Result<usize> {
        File::read_to_end(self, buf).await
    }

    async fn read_to_string(&mut self, buf: &mut String) -> io::Result<usize> {
        File::read_to_string(self, buf).await
    }
}
