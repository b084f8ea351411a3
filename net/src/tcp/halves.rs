//! The two directions of a stream apart: borrowed for one task, owned for two.

use super::stream::TcpStream;
use crate::op::{Send, SendVectored};
use crate::socket::{Shared, WriteOwned};
use sexton_buffers::{
    BufError, BufResult, Chunk, IoBuf, IoBufMut, IoVecBuf, IoVecBufMut, ReadCursor,
};
use sexton_io::{
    BufRead, Interest, ManagedRead, NonBlocking, OwnedRead, OwnedWrite, Read, Readiness, Ready,
    Write,
};
use sexton_runtime::calls;
use sexton_runtime::op::{PollFd, submit};
use std::fmt;
use std::io::{self, IoSlice, Result};
use std::net::{Shutdown, SocketAddr};
use std::rc::Rc;

/// The reading half of a stream, borrowed ([`TcpStream::split_io`]).
#[derive(Debug)]
pub struct ReadHalf<'a> {
    stream: &'a mut TcpStream,
}

/// The writing half of a stream, borrowed ([`TcpStream::split_io`]).
#[derive(Debug)]
pub struct WriteHalf<'a> {
    socket: Rc<Shared>,
    _stream: std::marker::PhantomData<&'a TcpStream>,
}

/// The reading half of a stream, for a task of its own ([`TcpStream::into_split`]).
///
/// # If dropped
/// The receive in flight ends; the connection stands until the other half is dropped, too.
#[derive(Debug)]
pub struct OwnedReadHalf {
    stream: TcpStream,
}

/// The writing half of a stream, for a task of its own ([`TcpStream::into_split`]).
///
/// # If dropped
/// The sending direction is shut down: the peer reads the end of the stream.
#[derive(Debug)]
pub struct OwnedWriteHalf {
    socket: Rc<Shared>,
    shut_on_drop: bool,
}

/// The two halves do not belong together; here they are again.
#[derive(Debug)]
pub struct ReuniteError(pub OwnedReadHalf, pub OwnedWriteHalf);

impl fmt::Display for ReuniteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the halves belong to different streams")
    }
}

impl std::error::Error for ReuniteError {}

impl TcpStream {
    /// Lends the two directions apart, to be used side by side in one task.
    pub fn split_io(&mut self) -> (ReadHalf<'_>, WriteHalf<'_>) {
        let socket = Rc::clone(self.socket());
        (ReadHalf { stream: self }, WriteHalf { socket, _stream: std::marker::PhantomData })
    }

    /// Takes the two directions apart, for two tasks. [`OwnedReadHalf::reunite`] puts them
    /// together.
    #[must_use]
    pub fn into_split(self) -> (OwnedReadHalf, OwnedWriteHalf) {
        let socket = Rc::clone(self.socket());
        (OwnedReadHalf { stream: self }, OwnedWriteHalf { socket, shut_on_drop: true })
    }
}

impl OwnedReadHalf {
    /// Puts two halves of one stream together again.
    ///
    /// # Errors
    /// Both halves, if they are not of one stream.
    pub fn reunite(self, write: OwnedWriteHalf) -> std::result::Result<TcpStream, ReuniteError> {
        if !Rc::ptr_eq(self.stream.socket(), &write.socket) {
            return Err(ReuniteError(self, write));
        }
        let mut write = write;
        write.shut_on_drop = false;
        Ok(self.stream)
    }

    /// This end's address.
    ///
    /// # Errors
    /// The kernel's.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.stream.local_addr()
    }

    /// The peer's address.
    ///
    /// # Errors
    /// The kernel's.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.stream.peer_addr()
    }
}

impl OwnedWriteHalf {
    /// This end's address.
    ///
    /// # Errors
    /// The kernel's.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        calls::socket::local_addr(self.socket.fd())
    }

    /// The peer's address.
    ///
    /// # Errors
    /// The kernel's.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        calls::socket::peer_addr(self.socket.fd())
    }

    /// Leaves the sending direction open when this half is dropped.
    pub fn forget(mut self) {
        self.shut_on_drop = false;
    }
}

impl Drop for OwnedWriteHalf {
    fn drop(&mut self) {
        if self.shut_on_drop {
            // A connection that is gone already has nothing to shut down.
            let _ = calls::socket::shutdown(self.socket.fd(), Shutdown::Write);
        }
    }
}

async fn ready_to_write(socket: &Rc<Shared>) -> Result<Readiness> {
    socket.sent().await;
    let fd = socket.fd().clone();
    let ready = submit(PollFd { fd, mask: PollFd::WRITE }).await?;
    Ok(Readiness::new(false, PollFd::is_write(ready), PollFd::is_hup(ready)))
}

// Macros, since a blanket impl of another crate's traits is not to be had.
macro_rules! read_half {
    ($half:ty) => {
        impl Ready for $half {
            async fn ready(&mut self, _: Interest) -> Result<Readiness> {
                self.stream.reader.ready(Interest::READ).await
            }
        }

        impl Read for $half {
            fn non_blocking_read_buf(&mut self, buf: ReadCursor<'_>) -> Result<NonBlocking<()>> {
                self.stream.reader.non_blocking_read(buf)
            }

            async fn read_exact(&mut self, buf: &mut [u8]) -> Result<()> {
                self.stream.reader.read_exact_kept(buf).await
            }

            async fn read_to_string(&mut self, buf: &mut String) -> Result<usize> {
                self.stream.reader.read_to_string_kept(buf).await
            }
        }

        impl BufRead for $half {
            async fn fill_buf(&mut self) -> Result<&[u8]> {
                self.stream.reader.fill_buf().await
            }

            fn consume(&mut self, n: usize) {
                self.stream.reader.consume(n);
            }

            async fn fill_at_least(&mut self, n: usize) -> Result<&[u8]> {
                self.stream.reader.fill_at_least(n).await
            }

            async fn read_line_limited(&mut self, buf: &mut String, max: usize) -> Result<usize> {
                self.stream.reader.read_line_kept(buf, max).await
            }
        }

        impl ManagedRead for $half {
            type Buf = Chunk;

            async fn read_managed(&mut self, max: usize) -> Result<Option<Chunk>> {
                self.stream.reader.read_managed(max).await
            }
        }

        impl OwnedRead for $half {
            async fn read_owned<B: IoBufMut>(&mut self, buf: B) -> BufResult<usize, B> {
                self.stream.read_owned(buf).await
            }

            async fn read_vectored_owned<V: IoVecBufMut>(
                &mut self,
                bufs: V,
            ) -> BufResult<usize, V> {
                self.stream.read_vectored_owned(bufs).await
            }

            fn is_read_vectored_owned(&self) -> bool {
                true
            }

            async fn read_exact_owned<B: IoBufMut>(
                &mut self,
                buf: B,
            ) -> std::result::Result<B, BufError<B>> {
                self.stream.reader.read_exact_owned(buf).await
            }
        }
    };
}

macro_rules! write_half {
    ($half:ty) => {
        impl Ready for $half {
            async fn ready(&mut self, _: Interest) -> Result<Readiness> {
                ready_to_write(&self.socket).await
            }
        }

        impl Write for $half {
            fn non_blocking_write(&mut self, buf: &[u8]) -> Result<NonBlocking<usize>> {
                self.socket.non_blocking_write_vectored(&[IoSlice::new(buf)])
            }

            fn non_blocking_write_vectored(
                &mut self,
                bufs: &[IoSlice<'_>],
            ) -> Result<NonBlocking<usize>> {
                self.socket.non_blocking_write_vectored(bufs)
            }

            fn non_blocking_flush(&mut self) -> Result<NonBlocking<()>> {
                Ok(NonBlocking::Ready(()))
            }

            fn is_write_vectored(&self) -> bool {
                true
            }

            async fn shutdown(&mut self) -> Result<()> {
                self.socket.sent().await;
                calls::socket::shutdown(self.socket.fd(), Shutdown::Write)
            }
        }

        impl OwnedWrite for $half {
            async fn write_owned<B: IoBuf>(&mut self, buf: B) -> BufResult<usize, B> {
                WriteOwned::<Send<B>>::new(&self.socket, buf).await
            }

            async fn write_vectored_owned<V: IoVecBuf>(&mut self, bufs: V) -> BufResult<usize, V> {
                WriteOwned::<SendVectored<V>>::new(&self.socket, bufs).await
            }

            fn is_write_vectored_owned(&self) -> bool {
                true
            }

            async fn flush_owned(&mut self) -> Result<()> {
                self.socket.sent().await;
                Ok(())
            }

            async fn shutdown_owned(&mut self) -> Result<()> {
                self.socket.sent().await;
                calls::socket::shutdown(self.socket.fd(), Shutdown::Write)
            }
        }
    };
}

read_half!(ReadHalf<'_>);
read_half!(OwnedReadHalf);
write_half!(WriteHalf<'_>);
write_half!(OwnedWriteHalf);
