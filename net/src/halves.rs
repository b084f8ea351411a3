//! The two directions of a stream apart: borrowed for one task, owned for two.

use crate::TcpStream;
use crate::impls::{reading, waiting, writing};
use crate::socket::{Reader, Shared};
use sexton_io::Interest;
use sexton_runtime::calls;
use std::fmt;
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
    socket: Rc<Shared>,
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
    socket: Rc<Shared>,
    shut_on_drop: bool,
    _of: PhantomData<S>,
}

/// The two halves do not belong together; here they are again.
#[derive(Debug)]
pub struct ReuniteError<S = TcpStream>(pub OwnedReadHalf<S>, pub OwnedWriteHalf<S>);

impl<S> fmt::Display for ReuniteError<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the halves belong to different streams")
    }
}

impl<S: fmt::Debug> std::error::Error for ReuniteError<S> {}

pub(crate) fn lend<S>(reader: &mut Reader) -> (ReadHalf<'_, S>, WriteHalf<'_, S>) {
    let socket = Rc::clone(reader.socket());
    (ReadHalf { reader, _of: PhantomData }, WriteHalf { socket, _of: PhantomData })
}

pub(crate) fn part<S>(reader: Reader) -> (OwnedReadHalf<S>, OwnedWriteHalf<S>) {
    let socket = Rc::clone(reader.socket());
    let write = OwnedWriteHalf { socket, shut_on_drop: true, _of: PhantomData };
    (OwnedReadHalf { reader, _of: PhantomData }, write)
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
    fn socket(&self) -> &Rc<Shared> {
        &self.socket
    }
}

impl<S> OwnedReadHalf<S> {
    fn reader(&self) -> &Reader {
        &self.reader
    }

    fn reader_mut(&mut self) -> &mut Reader {
        &mut self.reader
    }

    /// The reader, if `write` is of the same stream.
    pub(crate) fn join(self, mut write: OwnedWriteHalf<S>) -> Result<Reader, ReuniteError<S>> {
        if !Rc::ptr_eq(self.reader.socket(), &write.socket) {
            return Err(ReuniteError(self, write));
        }
        write.shut_on_drop = false;
        Ok(self.reader)
    }
}

impl<S> OwnedWriteHalf<S> {
    fn socket(&self) -> &Rc<Shared> {
        &self.socket
    }

    /// Leaves the sending direction open when this half is dropped.
    pub fn forget(mut self) {
        self.shut_on_drop = false;
    }
}

impl<S> Drop for OwnedWriteHalf<S> {
    fn drop(&mut self) {
        if self.shut_on_drop {
            // A connection that is gone already has nothing to shut down.
            let _ = calls::socket::shutdown(self.socket.fd(), Shutdown::Write);
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
        self.socket.fd().as_fd()
    }
}

waiting!(['a, S] ReadHalf<'a, S>, _interest => |this| this.reader.ready(Interest::READ));
waiting!([S] OwnedReadHalf<S>, _interest => |this| this.reader.ready(Interest::READ));
waiting!(['a, S] WriteHalf<'a, S>, _interest => |this| this.socket.ready_to_write());
waiting!([S] OwnedWriteHalf<S>, _interest => |this| this.socket.ready_to_write());
reading!(['a, S] ReadHalf<'a, S>);
reading!([S] OwnedReadHalf<S>);
writing!(['a, S] WriteHalf<'a, S>);
writing!([S] OwnedWriteHalf<S>);
