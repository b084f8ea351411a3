//! A TCP connection.

use crate::Notified;
use crate::addr::{ToSocketAddrs, resolve};
use crate::halves::{OwnedReadHalf, OwnedWriteHalf, WriteHalf};
use crate::methods::stream_methods;
use crate::op::Connect;
use crate::socket::{Reader, Shared, Writer};
use sexton_buffers::{BufError, IoBuf};
use sexton_runtime::op::{SocketAddrBuf, submit};
use sexton_runtime::time::Duration;
use sexton_runtime::{Fd, calls};
use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;

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
    reader: Reader,
    writer: Writer,
}

impl TcpStream {
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
    ///
    /// ```
    /// use sexton_net::{TcpListener, TcpStream};
    /// # sexton_runtime::block_on(async {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// assert_eq!(stream.peer_addr()?, listener.local_addr()?);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
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

    /// This end's address.
    ///
    /// # Errors
    /// The kernel's.
    ///
    /// ```
    /// use sexton_net::{TcpListener, TcpStream};
    /// # sexton_runtime::block_on(async {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// # let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// assert!(stream.local_addr()?.ip().is_loopback());
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        calls::socket::local_addr(self)
    }

    /// The peer's address.
    ///
    /// # Errors
    /// The kernel's.
    ///
    /// ```
    /// use sexton_net::{TcpListener, TcpStream};
    /// # sexton_runtime::block_on(async {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// # let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// assert_eq!(stream.peer_addr()?, listener.local_addr()?);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        calls::socket::peer_addr(self)
    }

    /// Whether small writes are sent at once.
    ///
    /// # Errors
    /// The kernel's.
    ///
    /// ```
    /// use sexton_net::{TcpListener, TcpStream};
    /// # sexton_runtime::block_on(async {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// # let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// assert!(!stream.nodelay()?); // gathered, unless one wants it otherwise
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn nodelay(&self) -> io::Result<bool> {
        calls::socket::nodelay(self)
    }

    /// Sends small writes at once, or gathers them.
    ///
    /// # Errors
    /// The kernel's.
    ///
    /// ```
    /// use sexton_net::{TcpListener, TcpStream};
    /// # sexton_runtime::block_on(async {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// # let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// stream.set_nodelay(true)?;
    /// assert!(stream.nodelay()?);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        calls::socket::set_nodelay(self, nodelay)
    }

    /// The hop limit of what is sent.
    ///
    /// # Errors
    /// The kernel's.
    ///
    /// ```
    /// use sexton_net::{TcpListener, TcpStream};
    /// # sexton_runtime::block_on(async {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// # let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// assert!(stream.ttl()? > 1);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn ttl(&self) -> io::Result<u32> {
        calls::socket::ttl(self)
    }

    /// Sets the hop limit of what is sent.
    ///
    /// # Errors
    /// The kernel's.
    ///
    /// ```
    /// use sexton_net::{TcpListener, TcpStream};
    /// # sexton_runtime::block_on(async {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// # let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// stream.set_ttl(7)?;
    /// assert_eq!(stream.ttl()?, 7);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        calls::socket::set_ttl(self, ttl)
    }

    /// How long a close waits for unsent data.
    ///
    /// # Errors
    /// The kernel's.
    ///
    /// ```
    /// use sexton_net::{TcpListener, TcpStream};
    /// # sexton_runtime::block_on(async {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// # let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// assert_eq!(stream.linger()?, None);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn linger(&self) -> io::Result<Option<Duration>> {
        calls::socket::linger(self)
    }

    /// Sets how long a close waits for unsent data; zero resets the connection.
    ///
    /// # Errors
    /// The kernel's.
    ///
    /// ```
    /// use sexton_net::{TcpListener, TcpStream};
    /// # sexton_runtime::block_on(async {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// use std::time::Duration;
    /// # let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// stream.set_linger(Some(Duration::from_secs(2)))?;
    /// assert_eq!(stream.linger()?, Some(Duration::from_secs(2)));
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn set_linger(&self, linger: Option<Duration>) -> io::Result<()> {
        calls::socket::set_linger(self, linger)
    }

    /// Sends probes on an idle connection, or not.
    ///
    /// # Errors
    /// The kernel's.
    ///
    /// ```
    /// use sexton_net::{TcpListener, TcpStream};
    /// # sexton_runtime::block_on(async {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// # let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// stream.set_keepalive(true)?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn set_keepalive(&self, keepalive: bool) -> io::Result<()> {
        calls::socket::set_keepalive(self, keepalive)
    }

    /// Sets the size of the kernel's buffer of received data, in bytes.
    ///
    /// # Errors
    /// The kernel's.
    ///
    /// ```
    /// use sexton_net::{TcpListener, TcpStream};
    /// # sexton_runtime::block_on(async {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// # let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// stream.set_recv_buffer_size(1 << 16)?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn set_recv_buffer_size(&self, bytes: usize) -> io::Result<()> {
        calls::socket::set_recv_buffer_size(self, bytes)
    }

    /// Sets the size of the kernel's buffer of unsent data, in bytes.
    ///
    /// # Errors
    /// The kernel's.
    ///
    /// ```
    /// use sexton_net::{TcpListener, TcpStream};
    /// # sexton_runtime::block_on(async {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// # let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// stream.set_send_buffer_size(1 << 16)?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn set_send_buffer_size(&self, bytes: usize) -> io::Result<()> {
        calls::socket::set_send_buffer_size(self, bytes)
    }

    /// Sends a prefix of the filled bytes of `buf` from where they lie, without a copy; says how
    /// many, and gives the buffer back later.
    ///
    /// Worth its price from some ten kilobytes on, and on a network: what stays on this machine is
    /// copied all the same. Where the kernel can't do without a copy, this one makes it: if the
    /// user's limit for locked memory is used up (`ENOMEM`; it counts for users without
    /// `CAP_IPC_LOCK`), and on a socket whose protocol has no such sends. The buffer is there at
    /// once then.
    ///
    /// # Completes
    /// When the kernel has taken at least one byte, or an error is there. The [`Notified`]
    /// completes when the kernel does not read the buffer any more; nothing else waits for that.
    ///
    /// # If dropped
    /// What the kernel took is sent; the next write waits until it is known how much that is, so
    /// that bytes never interleave. The buffer is freed after the notification.
    ///
    /// # Kernel
    /// `IORING_OP_SEND_ZC`, since Linux 6.0.
    ///
    /// # Errors
    /// The kernel's (`BrokenPipe`, never a signal), with the buffer; `QuotaExceeded` if too many
    /// buffers whose `Notified` was dropped are still not back, and for too long. The buffer of a
    /// send that failed or was cancelled comes when the kernel lets go of it: it may be as late as
    /// those that were sent before.
    ///
    /// ```
    /// use sexton_net::{TcpListener, TcpStream};
    /// # sexton_runtime::block_on(async {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// # let client = TcpStream::connect(listener.local_addr()?).await?;
    /// # let (server, _) = listener.accept().await?;
    /// let (n, first) = server.send_zc("first").await?;
    /// let (m, second) = server.send_zc("second").await?; // does not wait for the first one's
    /// let both = client.read_exact_owned(Vec::with_capacity(n + m)).await?;
    /// assert_eq!(both, b"firstsecond");
    /// assert_eq!((second.await, first.await), ("second", "first"));
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn send_zc<B: IoBuf>(&self, buf: B) -> Result<(usize, Notified<B>), BufError<B>> {
        self.writer.send_zc(buf).await
    }

    /// A connection of std's, which goes on as one of Sexton's.
    ///
    /// # Errors
    /// None today; the signature is std's counterpart's.
    ///
    /// ```
    /// use sexton_net::{TcpListener, TcpStream};
    /// # sexton_runtime::block_on(async {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let std = std::net::TcpStream::connect(listener.local_addr()?)?;
    /// let stream = TcpStream::from_std(std)?;
    /// assert_eq!(stream.write(b"hello").await?, 5);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
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
    /// # Kernel
    /// `IORING_OP_ASYNC_CANCEL`, since Linux 5.5, if a receive is in flight.
    ///
    /// # Errors
    /// `ResourceBusy` if an operation of a forgotten future still holds the descriptor.
    ///
    /// ```
    /// use sexton_net::{TcpListener, TcpStream};
    /// # sexton_runtime::block_on(async {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// # let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// let (std, unread) = stream.into_std().await?;
    /// assert!(unread.is_empty());
    /// # drop(std);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn into_std(self) -> io::Result<(std::net::TcpStream, Vec<u8>)> {
        let (fd, unread) = self.reader.into_fd(self.writer).await?;
        Ok((fd.into(), unread))
    }
}

/// Fails, with the stream, if bytes are unread or an operation is in flight; `into_std` waits
/// instead.
impl TryFrom<TcpStream> for std::net::TcpStream {
    type Error = BufError<TcpStream>;

    fn try_from(stream: TcpStream) -> Result<Self, BufError<TcpStream>> {
        match stream.reader.idle_fd(&stream.writer) {
            Ok(fd) => Ok(Self::from(fd)),
            Err(error) => Err(BufError::new(error, stream)),
        }
    }
}

impl OwnedReadHalf {
    /// This end's address.
    ///
    /// # Errors
    /// The kernel's.
    ///
    /// ```
    /// use sexton_net::{TcpListener, TcpStream};
    /// # sexton_runtime::block_on(async {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// # let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// let addr = stream.local_addr()?;
    /// let (read, write) = stream.into_split();
    /// assert_eq!(read.local_addr()?, addr);
    /// # drop((read, write));
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        calls::socket::local_addr(self)
    }

    /// The peer's address.
    ///
    /// # Errors
    /// The kernel's.
    ///
    /// ```
    /// use sexton_net::{TcpListener, TcpStream};
    /// # sexton_runtime::block_on(async {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// # let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// let addr = stream.peer_addr()?;
    /// let (read, write) = stream.into_split();
    /// assert_eq!(read.peer_addr()?, addr);
    /// # drop((read, write));
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        calls::socket::peer_addr(self)
    }
}

impl OwnedWriteHalf {
    /// As [`TcpStream::send_zc`].
    ///
    /// # Completes
    /// As [`TcpStream::send_zc`].
    ///
    /// # If dropped
    /// As [`TcpStream::send_zc`].
    ///
    /// # Kernel
    /// `IORING_OP_SEND_ZC`, since Linux 6.0.
    ///
    /// # Errors
    /// As [`TcpStream::send_zc`].
    ///
    /// ```
    /// use sexton_net::{TcpListener, TcpStream};
    /// # sexton_runtime::block_on(async {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// # let client = TcpStream::connect(listener.local_addr()?).await?;
    /// # let (server, _) = listener.accept().await?;
    /// let (read, mut write) = server.into_split();
    /// let (n, notified) = write.send_zc("hello").await?;
    /// assert_eq!(client.read_exact_owned(Vec::with_capacity(n)).await?, &b"hello"[..n]);
    /// assert_eq!(notified.await, "hello");
    /// # drop(read);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn send_zc<B: IoBuf>(&mut self, buf: B) -> Result<(usize, Notified<B>), BufError<B>> {
        self.writer().send_zc(buf).await
    }

    /// This end's address.
    ///
    /// # Errors
    /// The kernel's.
    ///
    /// ```
    /// use sexton_net::{TcpListener, TcpStream};
    /// # sexton_runtime::block_on(async {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// # let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// let addr = stream.local_addr()?;
    /// let (read, write) = stream.into_split();
    /// assert_eq!(write.local_addr()?, addr);
    /// # drop((read, write));
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        calls::socket::local_addr(self)
    }

    /// The peer's address.
    ///
    /// # Errors
    /// The kernel's.
    ///
    /// ```
    /// use sexton_net::{TcpListener, TcpStream};
    /// # sexton_runtime::block_on(async {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// # let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// let addr = stream.peer_addr()?;
    /// let (read, write) = stream.into_split();
    /// assert_eq!(write.peer_addr()?, addr);
    /// # drop((read, write));
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        calls::socket::peer_addr(self)
    }
}

impl WriteHalf<'_> {
    /// As [`TcpStream::send_zc`].
    ///
    /// # Completes
    /// As [`TcpStream::send_zc`].
    ///
    /// # If dropped
    /// As [`TcpStream::send_zc`].
    ///
    /// # Kernel
    /// `IORING_OP_SEND_ZC`, since Linux 6.0.
    ///
    /// # Errors
    /// As [`TcpStream::send_zc`].
    ///
    /// ```
    /// use sexton_net::{TcpListener, TcpStream};
    /// # sexton_runtime::block_on(async {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// # let client = TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut server, _) = listener.accept().await?;
    /// let (_, mut write) = server.split_io();
    /// let (n, notified) = write.send_zc("hello").await?;
    /// assert_eq!(client.read_exact_owned(Vec::with_capacity(n)).await?, &b"hello"[..n]);
    /// assert_eq!(notified.await, "hello");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn send_zc<B: IoBuf>(&mut self, buf: B) -> Result<(usize, Notified<B>), BufError<B>> {
        self.writer().send_zc(buf).await
    }
}

stream_methods!(TcpStream);
