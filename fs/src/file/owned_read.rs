//! Reads at the cursor, into buffers that are given away.

use super::File;
use super::cached::ReadOnce;
use crate::ahead::{CHUNK, Want};
use crate::fault;
use crate::steps::{Steps, Undo};
use sexton_buffers::{BufError, BufResult, IoBufMut, IoVecBufMut};
use sexton_io::OwnedRead;
use sexton_runtime::op::{Parts, ReadVectoredAt, submit};
use std::io;

impl File {
    /// Reads once at the cursor into the unfilled part of `buf`, and says how much.
    ///
    /// `(0, buf)` is the end of the file; if the file grows, a later call goes on. What was read
    /// ahead comes first, copied; otherwise the kernel fills `buf` itself.
    ///
    /// # Completes
    /// When bytes, the end, or an error is there. `buf` comes back in every case.
    ///
    /// # If dropped
    /// The cursor stays where it is, so nothing is lost. `buf` is freed when the kernel has let go
    /// of it. What a pipe or a terminal gave comes first in the next read.
    ///
    /// # Kernel
    /// As [`read_at`](File::read_at).
    ///
    /// # Errors
    /// The kernel's; `InvalidInput` if `buf` has no room.
    ///
    /// ```
    /// # sexton_runtime::block_on(async {
    /// let path = std::env::temp_dir().join("sexton-doc-read-owned");
    /// std::fs::write(&path, "hello")?;
    /// let mut file = sexton_fs::File::open(&path).await?;
    /// let mut buf = Vec::with_capacity(4);
    /// loop {
    ///     let n;
    ///     (n, buf) = file.read_owned(buf).await?;
    ///     if n == 0 { break }
    ///     print!("{}", String::from_utf8_lossy(&buf));
    ///     buf.clear();
    /// }
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), std::io::Error>(()) }).unwrap();
    /// ```
    pub async fn read_owned<B: IoBufMut>(&mut self, mut buf: B) -> BufResult<usize, B> {
        let room = buf.unfilled().len();
        match self.before_read(room).await {
            Err(error) => return Err(BufError::new(error, buf)),
            Ok(Before::Take) => {
                let n = buf.fill_from(self.buffer());
                self.advance(n);
                return Ok((n, buf));
            }
            Ok(Before::Ask) => {}
        }
        let offset = self.cursor.get();
        let answer = ReadOnce::settled(self, buf, offset).await;
        self.note_read(offset, answer)
    }

    /// Reads once at the cursor into the unfilled parts of `bufs` in order, and says how much.
    ///
    /// # Completes
    /// As [`read_owned`](File::read_owned) does.
    ///
    /// # If dropped
    /// As [`read_owned`](File::read_owned).
    ///
    /// # Kernel
    /// `IORING_OP_READV`, since Linux 5.1.
    ///
    /// # Errors
    /// As [`read_owned`](File::read_owned).
    ///
    /// ```
    /// # sexton_runtime::block_on(async {
    /// let path = std::env::temp_dir().join("sexton-doc-read-vectored-owned");
    /// std::fs::write(&path, "head body")?;
    /// let mut file = sexton_fs::File::open(&path).await?;
    /// let bufs = (Vec::with_capacity(5), Vec::with_capacity(64));
    /// let (n, (head, _)) = file.read_vectored_owned(bufs).await?;
    /// assert_eq!((n, &head[..]), (9, &b"head "[..]));
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), std::io::Error>(()) }).unwrap();
    /// ```
    pub async fn read_vectored_owned<V: IoVecBufMut>(
        &mut self,
        mut bufs: V,
    ) -> BufResult<usize, V> {
        let room = bufs.total_unfilled();
        match self.before_read(room).await {
            Err(error) => return Err(BufError::new(error, bufs)),
            Ok(Before::Take) => {
                let n = bufs.fill_vec_from(self.buffer());
                self.advance(n);
                return Ok((n, bufs));
            }
            Ok(Before::Ask) => {}
        }
        let (offset, parts) = (self.cursor.get(), Parts::new(bufs));
        let answer = submit(ReadVectoredAt { fd: self.fd.clone(), parts, offset }).await;
        self.note_read(offset, answer)
    }

    /// Fills `buf` from the cursor on. `buf.at_most(n)` reads `n` bytes.
    ///
    /// # Completes
    /// When `buf` is full, or the end or an error is there.
    ///
    /// # If dropped
    /// The cursor goes back to where it was, so nothing is lost but `buf`. A pipe or a terminal has
    /// no cursor: there, what was read so far is gone with `buf`.
    ///
    /// # Kernel
    /// As [`read_at`](File::read_at); again after a short read.
    ///
    /// # Errors
    /// The kernel's; `UnexpectedEof` if the file ends before. What was read is in the buffer, and
    /// the cursor is behind it.
    ///
    /// ```
    /// use sexton_buffers::IoBufMut;
    /// # sexton_runtime::block_on(async {
    /// let path = std::env::temp_dir().join("sexton-doc-read-exact-owned");
    /// std::fs::write(&path, "head body")?;
    /// let mut file = sexton_fs::File::open(&path).await?;
    /// let head = file.read_exact_owned(Vec::with_capacity(64).at_most(4)).await?;
    /// assert_eq!(head.into_inner(), b"head");
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), std::io::Error>(()) }).unwrap();
    /// ```
    pub async fn read_exact_owned<B: IoBufMut>(&mut self, buf: B) -> Result<B, BufError<B>> {
        let undo = self.undo();
        let answer = Steps(self).read_exact_owned(buf).await;
        undo.disarm();
        answer
    }

    /// Appends all that is left behind the cursor, and says how much.
    ///
    /// # Completes
    /// When the end or an error is there.
    ///
    /// # If dropped
    /// As [`read_exact_owned`](File::read_exact_owned).
    ///
    /// # Kernel
    /// As [`read_at`](File::read_at), until the end; `statx` for the length at the beginning.
    ///
    /// # Errors
    /// The kernel's; `OutOfMemory` if `buf` cannot grow. What was read is in the buffer.
    ///
    /// ```
    /// # sexton_runtime::block_on(async {
    /// let path = std::env::temp_dir().join("sexton-doc-read-to-end-owned");
    /// std::fs::write(&path, "all of it")?;
    /// let mut file = sexton_fs::File::open(&path).await?;
    /// let (n, buf) = file.read_to_end_owned(Vec::new()).await?;
    /// assert_eq!((n, &buf[..]), (9, &b"all of it"[..]));
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), std::io::Error>(()) }).unwrap();
    /// ```
    pub async fn read_to_end_owned(&mut self, mut buf: Vec<u8>) -> BufResult<usize, Vec<u8>> {
        if let Err(error) = self.reserve_rest(&mut buf) {
            return Err(BufError::new(error, buf));
        }
        let undo = self.undo();
        let answer = Steps(self).read_to_end_owned(buf).await;
        undo.disarm();
        answer
    }

    /// Checks a read of at most `room` bytes, and finds out where they come from.
    async fn before_read(&mut self, room: usize) -> io::Result<Before> {
        if room == 0 {
            return Err(fault::no_room());
        }
        // A stream's bytes are there once: the file receives them, and a dropped future loses none.
        if self.is_stream() || self.ahead.is_reading(self.source()) {
            self.fill(Want { least: 1, room: room.min(CHUNK) }).await?;
        }
        if self.is_stream() || !self.buffer().is_empty() {
            return Ok(Before::Take);
        }
        let from = self.cursor.get();
        self.order.settled(from..from.saturating_add(room as u64)).await?;
        Ok(Before::Ask)
    }

    /// The answer of a read at `offset`: the cursor moves behind it.
    fn note_read<B>(&mut self, offset: u64, answer: BufResult<usize, B>) -> BufResult<usize, B> {
        if let Ok((n, _)) = &answer {
            self.shown = 0;
            self.cursor.set(offset.saturating_add(*n as u64));
        }
        answer
    }

    /// The way back for a read of many steps.
    pub(super) fn undo(&self) -> Undo {
        Undo::to((!self.is_stream()).then_some(&self.cursor))
    }

    /// Makes room for what is left behind the cursor, as far as the file says how much that is.
    pub(super) fn reserve_rest(&self, buf: &mut Vec<u8>) -> io::Result<()> {
        let rest = self.len_now().unwrap_or(0).saturating_sub(self.cursor.get());
        let rest = usize::try_from(rest).map_err(|_| io::ErrorKind::OutOfMemory)?;
        // A little more, so that the end is seen without growing.
        if rest > 0 {
            buf.try_reserve(rest.saturating_add(32))?;
        }
        Ok(())
    }
}

/// Where the bytes of a read come from.
enum Before {
    /// The file's own memory; a stream that has none there is at its end.
    Take,
    /// The kernel.
    Ask,
}

impl OwnedRead for File {
    async fn read_owned<B: IoBufMut>(&mut self, buf: B) -> BufResult<usize, B> {
        File::read_owned(self, buf).await
    }

    async fn read_vectored_owned<V: IoVecBufMut>(&mut self, bufs: V) -> BufResult<usize, V> {
        File::read_vectored_owned(self, bufs).await
    }

    fn is_read_vectored_owned(&self) -> bool {
        true
    }

    async fn read_exact_owned<B: IoBufMut>(&mut self, buf: B) -> Result<B, BufError<B>> {
        File::read_exact_owned(self, buf).await
    }

    async fn read_to_end_owned(&mut self, buf: Vec<u8>) -> BufResult<usize, Vec<u8>> {
        File::read_to_end_owned(self, buf).await
    }
}
