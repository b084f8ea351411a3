//! `File`: an open file with a cursor of its own.
//!
//! Read in this order: this file (what a file is, how it comes and goes), `at` (reads and writes at
//! an offset), `owned_read`, `owned_write` (through the cursor, with buffers that are given away),
//! `cached` (what needs no operation), `borrowed` (with buffers that the caller keeps), `buf_read`
//! (in the file's own memory), `seek`, `stream` (what has no positions), and `whole` (calls that
//! concern all of it).

mod at;
mod cached;
mod owned_read;
mod owned_write;
mod borrowed;
mod buf_read;
mod seek;
mod stream;
mod whole;

use self::cached::Cached;
use self::stream::Stream;
use crate::OpenOptions;
use crate::ahead::{Ahead, Source, Want};
use crate::fault;
use crate::op::{Steps, begin_write};
use crate::order::{Order, WHOLE, Wait};
use sexton_runtime::Fd;
use sexton_runtime::calls::file as calls;
use std::cell::Cell;
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::ops::Range;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::path::Path;
use std::rc::Rc;

/// An open file.
///
/// It is read and written at an offset by shared reference ([`read_at`](File::read_at),
/// [`write_at`](File::write_at)), or at its cursor ([`read_owned`](File::read_owned),
/// [`write_owned`](File::write_owned), and the traits of `sexton_io`). The cursor is the file's
/// own, not the kernel's: it moves when a read or write is *seen* to be done, so one that is
/// dropped or forgotten leaves it alone. All kinds of reads mix in any order.
///
/// What a handle, or a [clone](File::try_clone) of it, starts after a write at an overlapping range
/// reaches the kernel after that write has ended, even if the write's future was dropped or
/// forgotten: a late write never lands on top of its own retry. Other handles of the same file,
/// opened by themselves, are not ordered.
///
/// Pipes, terminals and the like have no positions: `read_at`, `write_at` and `seek` fail on them
/// with `NotSeekable`. What their dropped reads received comes first in the next read of the same
/// handle.
///
/// Dropping a file closes it once the last operation on it is done. Errors of the close are
/// ignored, as in std; [`sync_all`](File::sync_all) reports what was written back.
///
/// ```
/// use sexton_fs::File;
/// use sexton_io::BufRead;
/// # sexton_runtime::block_on(async {
/// let path = std::env::temp_dir().join("sexton-doc-file");
/// let mut file = File::create(&path).await?;
/// file.write_all_owned(b"one\ntwo\n").await?;
///
/// let mut file = File::open(&path).await?;
/// let mut line = String::new();
/// file.read_line(&mut line).await?;
/// assert_eq!(line, "one\n");
/// let (n, rest) = file.read_owned(Vec::with_capacity(64)).await?;
/// assert_eq!((n, &rest[..]), (4, &b"two\n"[..]));
/// # std::fs::remove_file(&path)?;
/// # Ok::<(), std::io::Error>(()) }).unwrap();
/// ```
pub struct File {
    fd: Fd,
    order: Rc<Order>,
    /// Shared with clones, as std's files share it; a stream's is its own, and only counts.
    cursor: Rc<Cell<u64>>,
    ahead: Ahead,
    /// Bytes that `fill_buf` showed and that were not consumed yet.
    shown: usize,
    stream: Stream,
    is_append: bool,
    /// The file said that it cannot be read without waiting.
    always_waits: bool,
    cached: Cached,
}

impl File {
    /// Opens a file for reading.
    ///
    /// # Completes
    /// When it is open, or cannot be.
    ///
    /// # If dropped
    /// A late success is closed.
    ///
    /// # Kernel
    /// `IORING_OP_OPENAT`, since Linux 5.6.
    ///
    /// # Errors
    /// As [`OpenOptions::open`].
    ///
    /// ```
    /// # sexton_runtime::block_on(async {
    /// let missing = sexton_fs::File::open("/no/such/file").await;
    /// assert_eq!(missing.unwrap_err().kind(), std::io::ErrorKind::NotFound);
    /// # });
    /// ```
    pub async fn open(path: impl AsRef<Path>) -> io::Result<Self> {
        OpenOptions::new().read(true).open(path).await
    }

    /// Opens a file for writing; makes it if it is not there, and empties it if it is.
    ///
    /// # Completes
    /// When it is open, or cannot be.
    ///
    /// # If dropped
    /// A late success is closed. The file may have been made, or emptied, all the same.
    ///
    /// # Kernel
    /// `IORING_OP_OPENAT`, since Linux 5.6; the ring hands it to a worker.
    ///
    /// # Errors
    /// As [`OpenOptions::open`].
    ///
    /// ```
    /// # sexton_runtime::block_on(async {
    /// let path = std::env::temp_dir().join("sexton-doc-create");
    /// let file = sexton_fs::File::create(&path).await?;
    /// file.write_all_at(b"hello", 0).await?;
    /// assert_eq!(std::fs::read(&path)?, b"hello");
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), std::io::Error>(()) }).unwrap();
    /// ```
    pub async fn create(path: impl AsRef<Path>) -> io::Result<Self> {
        OpenOptions::new().write(true).create(true).truncate(true).open(path).await
    }

    /// Makes a file and opens it for reading and writing.
    ///
    /// # Completes
    /// When it is open, or cannot be.
    ///
    /// # If dropped
    /// A late success is closed. The file may have been made all the same.
    ///
    /// # Kernel
    /// `IORING_OP_OPENAT`, since Linux 5.6; the ring hands it to a worker.
    ///
    /// # Errors
    /// `AlreadyExists` if there is one; otherwise as [`OpenOptions::open`].
    ///
    /// ```
    /// # sexton_runtime::block_on(async {
    /// let path = std::env::temp_dir().join("sexton-doc-create-new");
    /// # let _ = std::fs::remove_file(&path);
    /// let file = sexton_fs::File::create_new(&path).await?;
    /// file.write_all_at(b"hello", 0).await?;
    /// let (n, buf) = file.read_at(Vec::with_capacity(64), 1).await?;
    /// assert_eq!((n, &buf[..]), (4, &b"ello"[..]));
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), std::io::Error>(()) }).unwrap();
    /// ```
    pub async fn create_new(path: impl AsRef<Path>) -> io::Result<Self> {
        OpenOptions::new().read(true).write(true).create_new(true).open(path).await
    }

    /// How a file is opened; the same as [`OpenOptions::new`].
    #[must_use]
    pub fn options() -> OpenOptions {
        OpenOptions::new()
    }

    /// Takes over a file of std. The cursor begins where the file's position is.
    ///
    /// ```
    /// # sexton_runtime::block_on(async {
    /// let path = std::env::temp_dir().join("sexton-doc-from-std");
    /// std::fs::write(&path, "hello")?;
    /// let mut file = sexton_fs::File::from_std(std::fs::File::open(&path)?);
    /// let (n, _) = file.read_owned(Vec::with_capacity(64)).await?;
    /// assert_eq!(n, 5);
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), std::io::Error>(()) }).unwrap();
    /// ```
    #[must_use]
    pub fn from_std(file: std::fs::File) -> Self {
        let flags = calls::status_flags(file.as_fd()).unwrap_or(0);
        Self::from_fd(file.into(), flags)
    }

    /// Gives the file to std, with its position where the cursor is.
    ///
    /// # Completes
    /// When the reads and writes in flight have ended, those of dropped futures too.
    ///
    /// # If dropped
    /// The file is closed.
    ///
    /// # Kernel
    /// `lseek`; and, if something else still holds the descriptor (a clone, a forgotten read),
    /// `fcntl` to duplicate it.
    ///
    /// # Errors
    /// The kernel's, if there are no more descriptors; `Other` if this is a pipe or a terminal and
    /// has unread bytes ([`buffer`](File::buffer)), which std's file could not give.
    ///
    /// ```
    /// use std::io::Read;
    /// # sexton_runtime::block_on(async {
    /// let path = std::env::temp_dir().join("sexton-doc-into-std");
    /// std::fs::write(&path, "hello")?;
    /// let mut file = sexton_fs::File::open(&path).await?;
    /// file.seek(std::io::SeekFrom::Start(1)).await?;
    /// let mut rest = String::new();
    /// file.into_std().await?.read_to_string(&mut rest)?;
    /// assert_eq!(rest, "ello");
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), std::io::Error>(()) }).unwrap();
    /// ```
    pub async fn into_std(mut self) -> io::Result<std::fs::File> {
        poll_fn(|cx| self.ahead.poll_stop(cx)).await;
        self.order.settled(WHOLE).await?;
        if !self.is_stream() {
            calls::set_position(self.fd.as_fd(), self.cursor.get())?;
        } else if !self.buffer().is_empty() {
            return Err(fault::unread(self.buffer().len()));
        }
        let fd = match self.fd.try_unwrap() {
            Ok(fd) => fd,
            Err(shared) => calls::duplicate(shared.as_fd())?,
        };
        Ok(fd.into())
    }

    /// A second handle of the same open file. As in std, both have one cursor.
    ///
    /// Writes of both are ordered as if one handle had made them. What `fill_buf` has read ahead
    /// stays with the handle that called it.
    ///
    /// # Errors
    /// None today: nothing is asked of the kernel.
    ///
    /// ```
    /// # sexton_runtime::block_on(async {
    /// let path = std::env::temp_dir().join("sexton-doc-try-clone");
    /// std::fs::write(&path, "hello")?;
    /// let mut file = sexton_fs::File::open(&path).await?;
    /// let mut clone = file.try_clone()?;
    /// file.read_owned(Vec::with_capacity(2)).await?;
    /// let (_, rest) = clone.read_owned(Vec::with_capacity(64)).await?;
    /// assert_eq!(rest, b"llo");
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), std::io::Error>(()) }).unwrap();
    /// ```
    pub fn try_clone(&self) -> io::Result<Self> {
        let cursor = if self.is_stream() { Rc::default() } else { Rc::clone(&self.cursor) };
        Ok(Self {
            fd: self.fd.clone(),
            order: Rc::clone(&self.order),
            cursor,
            ahead: Ahead::default(),
            shown: 0,
            stream: self.stream.clone(),
            cached: self.cached.clone(),
            ..*self
        })
    }

    /// What was read ahead and is not consumed yet. No I/O.
    ///
    /// Empty for a file with positions that was written to since: then it would be out of date.
    ///
    /// ```
    /// use sexton_fs::File;
    /// use sexton_io::BufRead;
    /// # sexton_runtime::block_on(async {
    /// # let path = std::env::temp_dir().join("sexton-doc-buffer");
    /// # std::fs::write(&path, "hello")?;
    /// let mut file = File::open(&path).await?;
    /// assert!(file.buffer().is_empty());
    /// file.fill_buf().await?;
    /// assert_eq!(file.buffer(), b"hello");
    /// # std::fs::remove_file(&path)?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[must_use]
    pub fn buffer(&self) -> &[u8] {
        self.ahead.available(self.source())
    }

    /// Takes over a descriptor of somebody else's, which was opened with these flags.
    fn from_fd(fd: OwnedFd, flags: i32) -> Self {
        let position = calls::position(fd.as_fd());
        let file = Self::opened(fd, flags);
        file.stream.note(position.is_err());
        file.cursor.set(position.unwrap_or(0));
        file
    }

    /// A descriptor that was just opened, with these flags.
    pub(crate) fn opened(fd: OwnedFd, flags: i32) -> Self {
        Self {
            fd: Fd::new(fd),
            order: Rc::default(),
            stream: Stream::default(),
            cursor: Rc::default(),
            ahead: Ahead::default(),
            shown: 0,
            is_append: flags & calls::flags::APPEND != 0,
            always_waits: false,
            cached: Cached::of(flags),
        }
    }

    /// What operations on it hold.
    pub(crate) fn descriptor(&self) -> &Fd {
        &self.fd
    }

    /// Whether it has no positions.
    fn is_stream(&self) -> bool {
        self.stream.is(&self.fd)
    }

    fn source(&self) -> Source<'_> {
        let is_stream = self.is_stream();
        Source { fd: &self.fd, order: &self.order, cursor: &self.cursor, is_stream }
    }

    /// Waits until as much as is wanted is in the file's own memory, or the end is seen.
    async fn fill(&mut self, want: Want) -> io::Result<()> {
        let mut wait = Wait::default();
        let source = Source {
            fd: &self.fd,
            order: &self.order,
            cursor: &self.cursor,
            is_stream: self.stream.is(&self.fd),
        };
        let ahead = &mut self.ahead;
        poll_fn(|cx| ahead.poll_fill(source, want, &mut wait, cx)).await
    }

    /// The cursor moves on: `n` bytes were read or written.
    fn advance(&mut self, n: usize) {
        self.shown = self.shown.saturating_sub(n);
        self.cursor.set(self.cursor.get().saturating_add(n as u64));
    }

    /// Writes, behind the writes before it at the same place.
    async fn write_in_order<O: Steps>(&self, range: Range<u64>, op: O) -> O::Answer {
        begin_write(&self.order, range, op).await
    }
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("File")
            .field("fd", &self.fd.as_raw_fd())
            .field("cursor", &self.cursor.get())
            .field("order", &self.order)
            .field("ahead", &self.ahead)
            .finish_non_exhaustive()
    }
}

impl AsFd for File {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl AsRawFd for File {
    fn as_raw_fd(&self) -> RawFd {
        self.fd.as_raw_fd()
    }
}

impl From<std::fs::File> for File {
    fn from(file: std::fs::File) -> Self {
        Self::from_std(file)
    }
}
