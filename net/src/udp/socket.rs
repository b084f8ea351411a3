//! The type: making one, its addresses, its way out of the runtime.

use super::shared::{Datagram, Shared};
use crate::addr::{ToSocketAddrs, resolve};
use sexton_buffers::BufError;
use sexton_io::{Interest, Readiness, Ready};
use sexton_runtime::{Fd, calls};
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::rc::Rc;
use std::task::Poll;

/// A socket for datagrams (UDP).
///
/// Its methods take `&self`, so one task may receive while another one sends, and several may
/// receive: each datagram goes to one of them. At most one receive into an owned buffer is with the
/// kernel; others wait behind it.
///
/// No datagram that the kernel gave to the socket is lost with a future. What comes for a receive
/// that was dropped or forgotten comes first in the next one. The kernel had cut it to the length
/// of the *older* buffer, though: who drops receives gives them buffers of one size.
///
/// A datagram of no bytes is a datagram; a socket has no end. A datagram that is longer than the
/// buffer is cut, and the rest is gone: as with std's.
///
/// # If dropped
/// What is in flight is cancelled, and the descriptor closes after it.
///
/// ```
/// use sexton_net::UdpSocket;
/// # sexton_runtime::block_on(async {
/// let server = UdpSocket::bind("127.0.0.1:0").await?;
/// let client = UdpSocket::bind("127.0.0.1:0").await?;
/// client.send_to(b"hello", server.local_addr()?).await?;
/// let ((n, peer), buf) = server.recv_from_owned(Vec::with_capacity(64)).await?;
/// assert_eq!((n, &buf[..], peer), (5, &b"hello"[..], client.local_addr()?));
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
#[derive(Debug)]
pub struct UdpSocket {
    pub(super) shared: Rc<Shared>,
}

impl UdpSocket {
    /// Binds an address; of several, the first one that can be had. Port 0 is any free one.
    ///
    /// # Completes
    /// When it is bound, or the last address has failed.
    ///
    /// # If dropped
    /// Nothing is bound.
    ///
    /// # Kernel
    /// `socket` and `bind`, as plain system calls: they never wait. Names are looked up on a
    /// blocking thread.
    ///
    /// # Errors
    /// `AddrInUse` and the kernel's others; `InvalidInput` for what is no address; the resolver's.
    ///
    /// ```
    /// use sexton_net::UdpSocket;
    /// # sexton_runtime::block_on(async {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// assert_ne!(socket.local_addr()?.port(), 0);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn bind(addr: impl ToSocketAddrs) -> io::Result<Self> {
        let mut last = None;
        for addr in resolve(addr).await? {
            match calls::datagram::bind(&addr) {
                Ok(fd) => return Ok(Self::from_fd(fd)),
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(|| io::ErrorKind::InvalidInput.into()))
    }

    fn from_fd(fd: OwnedFd) -> Self {
        Self { shared: Shared::new(Fd::new(fd)) }
    }

    /// From now on `send` goes to `addr`, and only what comes from there is received; of several
    /// addresses, the first one that the kernel takes.
    ///
    /// What waited in the socket before stays there, from whomever it is.
    ///
    /// # Completes
    /// At once, but for the look-up of a name: nothing is sent.
    ///
    /// # If dropped
    /// Nothing is connected.
    ///
    /// # Kernel
    /// `connect`, as a plain system call: of a datagram socket it never waits.
    ///
    /// # Errors
    /// The kernel's; `InvalidInput` for what is no address; the resolver's.
    ///
    /// ```
    /// use sexton_net::UdpSocket;
    /// # sexton_runtime::block_on(async {
    /// let server = UdpSocket::bind("127.0.0.1:0").await?;
    /// let client = UdpSocket::bind("127.0.0.1:0").await?;
    /// client.connect(server.local_addr()?).await?;
    /// assert_eq!(client.peer_addr()?, server.local_addr()?);
    /// client.send(b"hello").await?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn connect(&self, addr: impl ToSocketAddrs) -> io::Result<()> {
        let mut last = None;
        for addr in resolve(addr).await? {
            match calls::datagram::connect(self, &addr) {
                Ok(()) => return Ok(()),
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
    /// use sexton_net::UdpSocket;
    /// # sexton_runtime::block_on(async {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// assert!(socket.local_addr()?.ip().is_loopback());
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        calls::socket::local_addr(self)
    }

    /// The address that it is connected to.
    ///
    /// # Errors
    /// `NotConnected` if it is not; the kernel's.
    ///
    /// ```
    /// use sexton_net::UdpSocket;
    /// # sexton_runtime::block_on(async {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// assert!(socket.peer_addr().is_err());
    /// socket.connect("127.0.0.1:9").await?;
    /// assert_eq!(socket.peer_addr()?.port(), 9);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        calls::socket::peer_addr(self)
    }

    /// Waits until a receive or a send, whichever `interest` asks for, would not wait.
    ///
    /// # Completes
    /// When a datagram, an error, or room to send is there; now and then too early.
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
    /// use sexton_io::Interest;
    /// use sexton_net::UdpSocket;
    /// # sexton_runtime::block_on(async {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// assert!(socket.ready(Interest::WRITE).await?.write());
    /// socket.send_to(b"to myself", socket.local_addr()?).await?;
    /// assert!(socket.ready(Interest::READ).await?.read());
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn ready(&self, interest: Interest) -> io::Result<Readiness> {
        self.shared.ready(interest).await
    }

    /// The socket's pending error, which is cleared.
    ///
    /// # Errors
    /// The kernel's.
    ///
    /// ```
    /// use sexton_net::UdpSocket;
    /// # sexton_runtime::block_on(async {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// assert!(socket.take_error()?.is_none());
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        let kept = self.shared.recv.borrow_mut().error.take();
        if kept.is_some() { Ok(kept) } else { calls::datagram::take_error(self) }
    }

    /// A socket of std's, which goes on as one of Sexton's.
    ///
    /// # Errors
    /// None today; the signature is that of streams.
    ///
    /// ```
    /// use sexton_net::UdpSocket;
    /// # sexton_runtime::block_on(async {
    /// let std = std::net::UdpSocket::bind("127.0.0.1:0")?;
    /// let socket = UdpSocket::from_std(std)?;
    /// socket.send_to(b"hello", socket.local_addr()?).await?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn from_std(socket: std::net::UdpSocket) -> io::Result<Self> {
        Ok(Self::from_fd(OwnedFd::from(socket)))
    }

    /// The socket for std, for another core or another runtime, and the datagrams that came for
    /// receives that were given up, with their senders.
    ///
    /// # Completes
    /// When what is in flight has ended.
    ///
    /// # If dropped
    /// The socket is closed.
    ///
    /// # Kernel
    /// `IORING_OP_ASYNC_CANCEL`, since Linux 5.5, if a receive is in flight.
    ///
    /// # Errors
    /// `ResourceBusy` if an operation of a forgotten future still holds the descriptor.
    ///
    /// ```
    /// use sexton_net::UdpSocket;
    /// # sexton_runtime::block_on(async {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// let (std, unread) = socket.into_std().await?;
    /// assert!(unread.is_empty());
    /// # drop(std);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn into_std(
        self,
    ) -> io::Result<(std::net::UdpSocket, Vec<(Vec<u8>, Option<SocketAddr>)>)> {
        let shared = Rc::clone(&self.shared);
        poll_fn(|cx| {
            let recv = shared.recv.borrow();
            let Some(flight) = &recv.flight else { return Poll::Ready(()) };
            flight.detached.cancel();
            shared.receivers.register(cx);
            Poll::Pending
        })
        .await;
        let kept = {
            let mut recv = shared.recv.borrow_mut();
            recv.rob();
            std::mem::take(&mut recv.kept)
        };
        drop(self);
        crate::socket::alone(&shared, |shared| shared.fd()).await;
        let fd = Rc::try_unwrap(shared).ok().and_then(|shared| shared.into_fd().try_unwrap().ok());
        let fd = fd.ok_or_else(busy)?;
        let unread = kept.into_iter().map(|Datagram { bytes, peer }| (bytes, peer));
        Ok((fd.into(), unread.collect()))
    }
}

fn busy() -> io::Error {
    let what = "a datagram is unread, or an operation is in flight: use `into_std`";
    io::Error::new(io::ErrorKind::ResourceBusy, what)
}

/// Fails, with the socket, if a datagram is unread or an operation is in flight; `into_std` waits
/// instead.
impl TryFrom<UdpSocket> for std::net::UdpSocket {
    type Error = BufError<UdpSocket>;

    fn try_from(socket: UdpSocket) -> Result<Self, BufError<UdpSocket>> {
        let shared = &socket.shared;
        let recv = shared.recv.borrow();
        let is_busy = recv.is_ready() || recv.flight.is_some();
        drop(recv);
        if is_busy || shared.fd().handles() > 1 || Rc::strong_count(shared) > 1 {
            return Err(BufError::new(busy(), socket));
        }
        match shared.fd().as_fd().try_clone_to_owned() {
            Ok(fd) => Ok(Self::from(fd)),
            Err(error) => Err(BufError::new(error, socket)),
        }
    }
}

impl AsFd for UdpSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.shared.fd().as_fd()
    }
}

impl Ready for UdpSocket {
    async fn ready(&mut self, interest: Interest) -> io::Result<Readiness> {
        self.shared.ready(interest).await
    }
}

impl Ready for &UdpSocket {
    async fn ready(&mut self, interest: Interest) -> io::Result<Readiness> {
        self.shared.ready(interest).await
    }
}

impl Drop for UdpSocket {
    fn drop(&mut self) {
        self.shared.bury();
    }
}
