//! A TCP connection.

use crate::addr::{ToSocketAddrs, resolve};
use crate::op::{Connect, Send, SendVectored};
use crate::socket::{Reader, Shared, WriteOwned};
use sexton_buffers::VectoredTail;
use sexton_buffers::{BufError, BufResult, Chunk, IoBuf, IoBufMut, IoVecBuf, IoVecBufMut, ReadBuf};
use sexton_io::{Interest, NonBlocking, OwnedWrite, Readiness};
use sexton_runtime::op::{SocketAddrBuf, submit};
use sexton_runtime::time::Duration;
use sexton_runtime::{Fd, calls};
use std::io::{self, IoSlice};
use std::net::{Shutdown, SocketAddr};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::rc::Rc;

/// A TCP connection.
///
/// Its methods take `&self`, so one task may read while another one writes. Reads of all kinds may
/// be mixed, dropped and forgotten: bytes come in order, and none is lost. At most one receive and
/// one send are in flight.
///
/// # If dropped
/// What is in flight is cancelled, and the descriptor closes after it.
///
/// ```
/// use sexton_net::{TcpListener, TcpStream};
/// # sexton_runtime::block_on(async {
/// # let listener = TcpListener::bind("127.0.0.1:0").await?;
/// let client = TcpStream::connect(listener.local_addr()?).await?;
/// let (server, _) = listener.accept().await?;
/// client.write_all_owned("hello").await?;
/// let (n, buf) = server.read_owned(Vec::with_capacity(16)).await?;
/// assert_eq!((n, &buf[..]), (5, &b"hello"[..]));
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
#[derive(Debug)]
pub struct TcpStream {
    pub(super) reader: Reader,
}

impl TcpStream {
    pub(super) fn from_fd(fd: Fd) -> Self {
        Self { reader: Reader::new(Shared::new(fd)) }
    }

    pub(super) fn socket(&self) -> &Rc<Shared> {
        self.reader.socket()
    }

    /// Connects; of several addresses, each is tried in order.
    ///
    /// # Completes
    /// When a connection stands, or the last address has failed.
    ///
    /// # If dropped
    /// A late connection is closed.
    ///
    /// # Kernel
    /// `IORING_OP_CONNECT`, since Linux 5.5. Names are looked up on a blocking thread.
    ///
    /// # Errors
    /// Those of the last address; `InvalidInput` for what is no address; the resolver's.
    pub async fn connect(addr: impl ToSocketAddrs) -> io::Result<Self> {
        let mut last = None;
        for addr in resolve(addr).await? {
            let fd = Fd::new(calls::socket::tcp_stream(&addr)?);
            match submit(Connect { fd, peer: SocketAddrBuf::new(addr) }).await {
                Ok(fd) => return Ok(Self::from_fd(fd)),
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(|| io::ErrorKind::InvalidInput.into()))
    }

    /// Reads once into the unfilled part of `buf`, and says how many bytes came.
    ///
    /// Zero bytes mean that the peer will send no more.
    ///
    /// # Completes
    /// When at least one byte, the end of the stream, or an error is there. `buf` comes back in
    /// every case.
    ///
    /// # If dropped
    /// The stream inherits the receive: its bytes come first in the next read. `buf` itself is
    /// freed when the kernel has let go of it; to get it back, cancel by a token instead.
    ///
    /// # Kernel
    /// `IORING_OP_RECV`, since Linux 5.6.
    ///
    /// # Errors
    /// The kernel's; `InvalidInput` for a buffer without room.
    pub async fn read_owned<B: IoBufMut>(&self, buf: B) -> BufResult<usize, B> {
        self.reader.read_owned(buf).await
    }

    /// Reads once into several buffers, in order. As [`read_owned`](Self::read_owned).
    ///
    /// # Kernel
    /// `recv`, without waiting, then `IORING_OP_POLL_ADD`, since Linux 5.1.
    ///
    /// # Errors
    /// As [`read_owned`](Self::read_owned).
    pub async fn read_vectored_owned<V: IoVecBufMut>(&self, mut bufs: V) -> BufResult<usize, V> {
        loop {
            let mut tail = VectoredTail::new(&mut bufs);
            let has_room = tail.unfilled().remaining() > 0;
            let outcome = if has_room {
                self.reader.non_blocking_read_vectored(tail.unfilled())
            } else {
                Err(crate::socket::no_room())
            };
            let count = tail.commit();
            match outcome {
                Ok(NonBlocking::Ready(_)) => return Ok((count, bufs)),
                Ok(NonBlocking::WouldBlock) => {}
                Err(error) => return Err(BufError::new(error, bufs)),
            }
            if let Err(error) = self.reader.ready(Interest::READ).await {
                return Err(BufError::new(error, bufs));
            }
        }
    }

    /// Reads until `buf` is full.
    ///
    /// # If dropped
    /// Nothing is lost: what it has gathered comes first in the next read.
    ///
    /// # Errors
    /// `UnexpectedEof` if the stream ends before; otherwise as [`read_owned`](Self::read_owned).
    pub async fn read_exact_owned<B: IoBufMut>(&self, buf: B) -> Result<B, BufError<B>> {
        self.reader.read_exact_owned(buf).await
    }

    /// The next piece of the stream, given away: at most `max` bytes, `None` at the end.
    ///
    /// # Completes
    /// When at least one byte, the end of the stream, or an error is there.
    ///
    /// # If dropped
    /// Nothing is lost: the receive is the stream's.
    ///
    /// # Kernel
    /// `IORING_OP_RECV`, multishot, from provided buffers, since Linux 6.0.
    ///
    /// # Errors
    /// The kernel's; `InvalidInput` for a `max` of zero.
    pub async fn read_managed(&self, max: usize) -> io::Result<Option<Chunk>> {
        self.reader.read_managed(max).await
    }

    /// Reads once into `buf`; zero is the end of the stream, or a `buf` without room.
    ///
    /// # If dropped
    /// Nothing is lost.
    ///
    /// # Kernel
    /// `recv`, without waiting, then `IORING_OP_POLL_ADD`.
    ///
    /// # Errors
    /// The kernel's.
    pub async fn read(&self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            let mut into = ReadBuf::from(&mut *buf);
            match self.reader.non_blocking_read(into.unfilled())? {
                NonBlocking::Ready(()) => return Ok(into.filled().len()),
                NonBlocking::WouldBlock => self.reader.ready(Interest::READ).await?,
            };
        }
    }

    /// Copies what waits to be read, without taking it.
    ///
    /// # If dropped
    /// Nothing is lost.
    ///
    /// # Kernel
    /// `recv` with `MSG_PEEK`, without waiting, then `IORING_OP_POLL_ADD`.
    ///
    /// # Errors
    /// The kernel's.
    pub async fn peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.reader.peek(buf).await
    }

    /// Sends a prefix of the filled bytes of `buf`, and says how many.
    ///
    /// # Completes
    /// When the kernel has taken at least one byte, or an error is there.
    ///
    /// # If dropped
    /// What the kernel took is sent; the next write waits until this one has ended, so that bytes
    /// never interleave.
    ///
    /// # Kernel
    /// `IORING_OP_SEND`, since Linux 5.6.
    ///
    /// # Errors
    /// The kernel's (`BrokenPipe`, never a signal).
    pub async fn write_owned<B: IoBuf>(&self, buf: B) -> BufResult<usize, B> {
        WriteOwned::<Send<B>>::new(self.socket(), buf).await
    }

    /// Sends a prefix of several buffers, in order. As [`write_owned`](Self::write_owned).
    ///
    /// # Kernel
    /// `IORING_OP_SENDMSG`, since Linux 5.3.
    ///
    /// # Errors
    /// As [`write_owned`](Self::write_owned).
    pub async fn write_vectored_owned<V: IoVecBuf>(&self, bufs: V) -> BufResult<usize, V> {
        WriteOwned::<SendVectored<V>>::new(self.socket(), bufs).await
    }

    /// Sends all filled bytes of `buf`.
    ///
    /// # If dropped
    /// A prefix is sent.
    ///
    /// # Errors
    /// As [`write_owned`](Self::write_owned); how much was sent before is in `transferred`.
    pub async fn write_all_owned<B: IoBuf>(&self, buf: B) -> Result<B, BufError<B>> {
        (&mut &*self).write_all_owned(buf).await
    }

    /// Sends a prefix of `buf`. As [`write_owned`](Self::write_owned), by a copy into the kernel.
    ///
    /// # If dropped
    /// Nothing was sent.
    ///
    /// # Kernel
    /// `send`, without waiting, then `IORING_OP_POLL_ADD`.
    ///
    /// # Errors
    /// The kernel's.
    pub async fn write(&self, buf: &[u8]) -> io::Result<usize> {
        loop {
            match self.non_blocking_write(buf)? {
                NonBlocking::Ready(n) => return Ok(n),
                NonBlocking::WouldBlock => self.ready(Interest::WRITE).await?,
            };
        }
    }

    /// Sends all of `buf`. As [`write`](Self::write).
    ///
    /// # If dropped
    /// A prefix was sent.
    ///
    /// # Errors
    /// The kernel's.
    pub async fn write_all(&self, mut buf: &[u8]) -> io::Result<()> {
        while !buf.is_empty() {
            let n = self.write(buf).await?;
            buf = &buf[n..];
        }
        Ok(())
    }

    /// Waits until something in `interest` is ready, or seems so.
    ///
    /// # If dropped
    /// Nothing else happens.
    ///
    /// # Kernel
    /// `IORING_OP_POLL_ADD`, since Linux 5.1.
    ///
    /// # Errors
    /// The kernel's.
    pub async fn ready(&self, interest: Interest) -> io::Result<Readiness> {
        if interest.contains(Interest::WRITE) && !interest.contains(Interest::READ) {
            self.socket().sent().await;
        }
        self.reader.ready(interest).await
    }

    pub(super) fn non_blocking_write(&self, buf: &[u8]) -> io::Result<NonBlocking<usize>> {
        self.non_blocking_write_vectored(&[IoSlice::new(buf)])
    }

    pub(super) fn non_blocking_write_vectored(
        &self,
        bufs: &[IoSlice<'_>],
    ) -> io::Result<NonBlocking<usize>> {
        self.socket().non_blocking_write_vectored(bufs)
    }

    /// Ends one direction, or both: the peer reads the end of the stream.
    ///
    /// A send in flight is not cut off: it is waited for first.
    ///
    /// # If dropped
    /// Nothing is shut down.
    ///
    /// # Kernel
    /// `shutdown`, as a plain system call.
    ///
    /// # Errors
    /// The kernel's.
    pub async fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        if how != Shutdown::Read {
            self.socket().sent().await;
        }
        calls::socket::shutdown(self, how)
    }

    /// This end's address.
    ///
    /// # Errors
    /// The kernel's.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        calls::socket::local_addr(self)
    }

    /// The peer's address.
    ///
    /// # Errors
    /// The kernel's.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        calls::socket::peer_addr(self)
    }

    /// The socket's pending error, which is cleared.
    ///
    /// # Errors
    /// The kernel's.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        calls::socket::take_error(self)
    }

    /// Whether small writes are sent at once.
    ///
    /// # Errors
    /// The kernel's.
    pub fn nodelay(&self) -> io::Result<bool> {
        calls::socket::nodelay(self)
    }

    /// Sends small writes at once, or gathers them.
    ///
    /// # Errors
    /// The kernel's.
    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        calls::socket::set_nodelay(self, nodelay)
    }

    /// The hop limit of what is sent.
    ///
    /// # Errors
    /// The kernel's.
    pub fn ttl(&self) -> io::Result<u32> {
        calls::socket::ttl(self)
    }

    /// Sets the hop limit of what is sent.
    ///
    /// # Errors
    /// The kernel's.
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        calls::socket::set_ttl(self, ttl)
    }

    /// How long a close waits for unsent data.
    ///
    /// # Errors
    /// The kernel's.
    pub fn linger(&self) -> io::Result<Option<Duration>> {
        calls::socket::linger(self)
    }

    /// Sets how long a close waits for unsent data; zero resets the connection.
    ///
    /// # Errors
    /// The kernel's.
    pub fn set_linger(&self, linger: Option<Duration>) -> io::Result<()> {
        calls::socket::set_linger(self, linger)
    }

    /// Sends probes on an idle connection, or not.
    ///
    /// # Errors
    /// The kernel's.
    pub fn set_keepalive(&self, keepalive: bool) -> io::Result<()> {
        calls::socket::set_keepalive(self, keepalive)
    }

    /// Sets the size of the kernel's buffer of received data, in bytes.
    ///
    /// # Errors
    /// The kernel's.
    pub fn set_recv_buffer_size(&self, bytes: usize) -> io::Result<()> {
        calls::socket::set_recv_buffer_size(self, bytes)
    }

    /// Sets the size of the kernel's buffer of unsent data, in bytes.
    ///
    /// # Errors
    /// The kernel's.
    pub fn set_send_buffer_size(&self, bytes: usize) -> io::Result<()> {
        calls::socket::set_send_buffer_size(self, bytes)
    }

    /// A connection of std's, which goes on as one of Sexton's.
    ///
    /// # Errors
    /// None today; the signature is std's counterpart's.
    pub fn from_std(stream: std::net::TcpStream) -> io::Result<Self> {
        Ok(Self::from_fd(Fd::new(OwnedFd::from(stream))))
    }

    /// The connection for std, for another core or another runtime, and the bytes that came and
    /// were not read.
    ///
    /// # Completes
    /// When what is in flight has ended.
    ///
    /// # If dropped
    /// The connection is closed.
    ///
    /// # Errors
    /// `ResourceBusy` if an operation of a forgotten future still holds the descriptor.
    pub async fn into_std(self) -> io::Result<(std::net::TcpStream, Vec<u8>)> {
        self.reader.settle().await;
        let unread = self.reader.take_unread();
        let socket = Rc::clone(self.socket());
        drop(self);
        let fd = Rc::try_unwrap(socket).ok().and_then(|socket| socket.into_fd().try_unwrap().ok());
        let fd = fd.ok_or_else(|| {
            let what = "an operation on the connection is still in flight";
            io::Error::new(io::ErrorKind::ResourceBusy, what)
        })?;
        Ok((fd.into(), unread))
    }
}

/// Fails, with the stream, if bytes are unread or an operation is in flight; `into_std` waits
/// instead.
impl TryFrom<TcpStream> for std::net::TcpStream {
    type Error = BufError<TcpStream>;

    fn try_from(stream: TcpStream) -> Result<Self, BufError<TcpStream>> {
        let busy = stream.socket().is_busy() || stream.reader.has_unread();
        if busy || stream.socket().fd().handles() > 1 || Rc::strong_count(stream.socket()) > 1 {
            let what = "bytes are unread, or an operation is in flight: use `into_std`";
            return Err(BufError::new(io::Error::new(io::ErrorKind::ResourceBusy, what), stream));
        }
        match stream.as_fd().try_clone_to_owned() {
            Ok(fd) => Ok(Self::from(fd)),
            Err(error) => Err(BufError::new(error, stream)),
        }
    }
}

impl AsFd for TcpStream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket().fd().as_fd()
    }
}
