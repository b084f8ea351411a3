//! Pipes: one direction, within a process or between two.
//!
//! ```
//! # sexton_runtime::block_on(async {
//! let (to, from) = sexton_net::pipe::pipe()?;
//! to.write_all_owned("through the pipe").await?;
//! drop(to); // the end of the stream
//! let (n, buf) = from.read_owned(Vec::with_capacity(64)).await?;
//! assert_eq!((n, &buf[..]), (16, &b"through the pipe"[..]));
//! assert_eq!(from.read_owned(buf).await?.0, 0);
//! # std::io::Result::Ok(()) }).unwrap();
//! ```

use crate::impls::{buf_writing, reading, waiting, writing};
use crate::methods::{reading_methods, writing_methods};
use crate::socket::{Reader, Shared, Writer};
use sexton_io::{Interest, Readiness};
use sexton_runtime::calls;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// A new pipe: what is written to the one end is read from the other. `pipe2`, a plain system call.
///
/// # Errors
/// The kernel's.
///
/// ```
/// # sexton_runtime::block_on(async {
/// let (to, from) = sexton_net::pipe::pipe()?;
/// to.write_all(b"hello").await?;
/// assert_eq!(from.read(&mut [0; 64]).await?, 5);
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
pub fn pipe() -> io::Result<(Sender, Receiver)> {
    let (from, to) = calls::pipe::pipe()?;
    Ok((to.into(), from.into()))
}

/// The end of a pipe to write to.
///
/// To a pipe that nobody reads any more, writes fail with `BrokenPipe`; the signal that the kernel
/// sends with it is ignored by Rust programs, unless they change that.
///
/// # If dropped
/// What is in flight is cancelled, and the descriptor closes after it: the reader sees the end.
#[derive(Debug)]
pub struct Sender {
    writer: Writer,
}

/// The end of a pipe to read from.
///
/// # If dropped
/// What is in flight is cancelled, and the descriptor closes after it.
#[derive(Debug)]
pub struct Receiver {
    reader: Reader,
}

impl Sender {
    pub(crate) fn writer(&self) -> &Writer {
        &self.writer
    }

    pub(crate) fn writer_mut(&mut self) -> &mut Writer {
        &mut self.writer
    }

    /// Waits until a write would not wait, or nobody reads any more.
    ///
    /// # If dropped
    /// Nothing else happens.
    ///
    /// # Kernel
    /// `IORING_OP_POLL_ADD`, since Linux 5.1.
    ///
    /// # Errors
    /// The kernel's.
    ///
    /// ```
    /// # sexton_runtime::block_on(async {
    /// let (to, _from) = sexton_net::pipe::pipe()?;
    /// assert!(to.ready().await?.write());
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn ready(&self) -> io::Result<Readiness> {
        self.writer.ready().await
    }
}

impl Receiver {
    pub(crate) fn reader(&self) -> &Reader {
        &self.reader
    }

    pub(crate) fn reader_mut(&mut self) -> &mut Reader {
        &mut self.reader
    }

    /// Waits until a read would not wait.
    ///
    /// # If dropped
    /// Nothing else happens.
    ///
    /// # Kernel
    /// `IORING_OP_POLL_ADD`, since Linux 5.1.
    ///
    /// # Errors
    /// The kernel's.
    ///
    /// ```
    /// # sexton_runtime::block_on(async {
    /// let (to, from) = sexton_net::pipe::pipe()?;
    /// to.write_all(b"hello").await?;
    /// assert!(from.ready().await?.read());
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn ready(&self) -> io::Result<Readiness> {
        self.reader.ready(Interest::READ).await
    }
}

/// One end of a pipe that was made elsewhere: a child's standard input, for example.
impl From<OwnedFd> for Sender {
    fn from(fd: OwnedFd) -> Self {
        Self { writer: Writer::new(Shared::pipe(fd.into())) }
    }
}

/// One end of a pipe that was made elsewhere: a child's standard output, for example.
impl From<OwnedFd> for Receiver {
    fn from(fd: OwnedFd) -> Self {
        Self { reader: Reader::new(Shared::pipe(fd.into())) }
    }
}

impl AsFd for Sender {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.writer.socket().fd().as_fd()
    }
}

impl AsFd for Receiver {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.reader.socket().fd().as_fd()
    }
}

waiting!([] Sender, _interest => |this| this.writer.ready());
waiting!([] &Sender, _interest => |this| this.writer.ready());
waiting!([] Receiver, _interest => |this| this.reader.ready(Interest::READ));
waiting!([] &Receiver, _interest => |this| this.reader.ready(Interest::READ));
reading!([] Receiver);
reading!(ref Receiver);
writing!([] Sender);
writing!([] & Sender);
buf_writing!([] Sender);
reading_methods!(Receiver);
writing_methods!(Sender);
