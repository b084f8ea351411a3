//! The two directions of a stream apart: borrowed for one task, owned for two.

use crate::TcpStream;
use crate::impls::{buf_writing, reading, waiting, writing};
use crate::socket::{Reader, Shared, Writer};
use sexton_io::{Interest, ReadAt};
use sexton_runtime::calls;
use std::fmt;
use std::io;
use std::marker::PhantomData;
use std::net::Shutdown;
use std::os::fd::{AsFd, BorrowedFd};
use std::rc::Rc;

/// The reading half of a stream, borrowed ([`TcpStream::split_io`]).
#[derive(Debug)]
pub struct ReadHalf<'a, S = TcpStream> {
    reader: &'a mut Reader,
    _of: PhantomData<&'a mut S>,
}

/// The writing half of a stream, borrowed ([`TcpStream::split_io`]).
#[derive(Debug)]
pub struct WriteHalf<'a, S = TcpStream> {
    writer: &'a mut Writer,
    _of: PhantomData<&'a mut S>,
}

/// The reading half of a stream, for a task of its own ([`TcpStream::into_split`]).
///
/// # If dropped
/// The receive in flight ends; the connection stands until the other half is dropped, too.
#[derive(Debug)]
pub struct OwnedReadHalf<S = TcpStream> {
    reader: Reader,
    _of: PhantomData<S>,
}

/// The writing half of a stream, for a task of its own ([`TcpStream::into_split`]).
///
/// # If dropped
/// The sending direction is shut down: the peer reads the end of the stream.
#[derive(Debug)]
pub struct OwnedWriteHalf<S = TcpStream> {
    end: End,
    writer: Writer,
    _of: PhantomData<S>,
}

/// Shuts the sending direction down when it is dropped.
#[derive(Debug)]
struct End(Option<Rc<Shared>>);

/// The two halves do not belong together; here they are again.
#[derive(Debug)]
pub struct ReuniteError<S = TcpStream>(pub OwnedReadHalf<S>, pub OwnedWriteHalf<S>);

impl<S> fmt::Display for ReuniteError<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the halves belong to different streams")
    }
}

impl<S: fmt::Debug> std::error::Error for ReuniteError<S> {}

pub(crate) fn lend<'a, S>(
    reader: &'a mut Reader,
    writer: &'a mut Writer,
) -> (ReadHalf<'a, S>, WriteHalf<'a, S>) {
    (ReadHalf { reader, _of: PhantomData }, WriteHalf { writer, _of: PhantomData })
}

pub(crate) fn part<S>(reader: Reader, writer: Writer) -> (OwnedReadHalf<S>, OwnedWriteHalf<S>) {
    let end = End(Some(Rc::clone(reader.socket())));
    (OwnedReadHalf { reader, _of: PhantomData }, OwnedWriteHalf { end, writer, _of: PhantomData })
}

impl<S> ReadHalf<'_, S> {
    fn reader(&self) -> &Reader {
        self.reader
    }

    fn reader_mut(&mut self) -> &mut Reader {
        self.reader
    }
}

impl<S> WriteHalf<'_, S> {
    pub(crate) fn writer(&self) -> &Writer {
        self.writer
    }

    fn writer_mut(&mut self) -> &mut Writer {
        self.writer
    }

    /// Sends a part of a file, as [`TcpStream::send_file`] does.
    ///
    /// # Completes
    /// As [`TcpStream::send_file`].
    ///
    /// # If dropped
    /// As [`TcpStream::send_file`].
    ///
    /// # Kernel
    /// As [`TcpStream::send_file`].
    ///
    /// # Errors
    /// As [`TcpStream::send_file`].
    ///
    /// ```
    /// # sexton_runtime::block_on(async {
    /// let path = std::env::temp_dir().join("sexton-doc-lent-send-file");
    /// std::fs::write(&path, "0123456789")?;
    /// let file = sexton_fs::File::open(&path).await?;
    /// let (mut one, other) = sexton_net::UnixStream::pair()?;
    /// let (_read, mut write) = one.split_io();
    /// let n = write.send_file(&file, 2, 3).await?;
    /// assert_eq!(other.read_exact_owned(Vec::with_capacity(n)).await?, &b"234"[..n]);
    /// # std::fs::remove_file(&path)?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn send_file<F: ReadAt + AsFd>(
        &mut self,
        file: &F,
        pos: u64,
        len: usize,
    ) -> io::Result<usize> {
        self.writer.send_file(file, pos, len).await
    }
}

impl<S> OwnedReadHalf<S> {
    fn reader(&self) -> &Reader {
        &self.reader
    }

    fn reader_mut(&mut self) -> &mut Reader {
        &mut self.reader
    }

    /// The two sides, if `write` is of the same stream.
    pub(crate) fn join(
        self,
        write: OwnedWriteHalf<S>,
    ) -> Result<(Reader, Writer), ReuniteError<S>> {
        if !Rc::ptr_eq(self.reader.socket(), write.writer.socket()) {
            return Err(ReuniteError(self, write));
        }
        let OwnedWriteHalf { mut end, writer, .. } = write;
        end.0 = None;
        Ok((self.reader, writer))
    }
}

impl<S> OwnedWriteHalf<S> {
    pub(crate) fn writer(&self) -> &Writer {
        &self.writer
    }

    fn writer_mut(&mut self) -> &mut Writer {
        &mut self.writer
    }

    /// Sends a part of a file, as [`TcpStream::send_file`] does.
    ///
    /// # Completes
    /// As [`TcpStream::send_file`].
    ///
    /// # If dropped
    /// As [`TcpStream::send_file`].
    ///
    /// # Kernel
    /// As [`TcpStream::send_file`].
    ///
    /// # Errors
    /// As [`TcpStream::send_file`].
    ///
    /// ```
    /// # sexton_runtime::block_on(async {
    /// let path = std::env::temp_dir().join("sexton-doc-half-send-file");
    /// std::fs::write(&path, "0123456789")?;
    /// let file = sexton_fs::File::open(&path).await?;
    /// let (one, other) = sexton_net::UnixStream::pair()?;
    /// let (_read, mut write) = one.into_split();
    /// let n = write.send_file(&file, 2, 3).await?;
    /// assert_eq!(other.read_exact_owned(Vec::with_capacity(n)).await?, &b"234"[..n]);
    /// # std::fs::remove_file(&path)?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn send_file<F: ReadAt + AsFd>(
        &mut self,
        file: &F,
        pos: u64,
        len: usize,
    ) -> io::Result<usize> {
        self.writer.send_file(file, pos, len).await
    }

    /// Leaves the sending direction open when this half is dropped.
    ///
    /// ```
    /// # sexton_runtime::block_on(async {
    /// let (one, other) = sexton_net::UnixStream::pair()?;
    /// let (_read, write) = one.into_split();
    /// write.forget();
    /// let mut buf = [0; 64];
    /// let read = other.read(&mut buf);
    /// let waits = sexton_runtime::time::timeout(std::time::Duration::from_millis(1), read).await;
    /// assert!(waits.is_err()); // the stream has not ended
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn forget(mut self) {
        self.end.0 = None;
    }
}

impl Drop for End {
    fn drop(&mut self) {
        if let Some(socket) = &self.0 {
            // A connection that is gone already has nothing to shut down.
            let _ = calls::socket::shutdown(socket.fd(), Shutdown::Write);
        }
    }
}

impl<S> AsFd for OwnedReadHalf<S> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.reader.socket().fd().as_fd()
    }
}

impl<S> AsFd for OwnedWriteHalf<S> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.writer.socket().fd().as_fd()
    }
}

waiting!(['a, S] ReadHalf<'a, S>, _interest => |this| this.reader.ready(Interest::READ));
waiting!([S] OwnedReadHalf<S>, _interest => |this| this.reader.ready(Interest::READ));
waiting!(['a, S] WriteHalf<'a, S>, _interest => |this| this.writer.ready());
waiting!([S] OwnedWriteHalf<S>, _interest => |this| this.writer.ready());
reading!(['a, S] ReadHalf<'a, S>);
reading!([S] OwnedReadHalf<S>);
writing!(['a, S] WriteHalf<'a, S>);
writing!([S] OwnedWriteHalf<S>);
buf_writing!(['a, S] WriteHalf<'a, S>);
buf_writing!([S] OwnedWriteHalf<S>);
