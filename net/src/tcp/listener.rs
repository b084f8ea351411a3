//! Accepting connections.

use super::shared_port::{self, Membership};
use super::stream::TcpStream;
use crate::addr::{ToSocketAddrs, resolve};
use crate::socket::Backlog;
use sexton_runtime::{CancelHook, Fd, calls};
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::rc::Rc;

/// A socket that accepts TCP connections.
///
/// Each core binds its own: the first core of a runtime that binds an address takes it (another
/// process is refused), the others join it, and the kernel spreads connections over them.
///
/// # If dropped
/// The socket is closed, with the connections that were accepted and not fetched.
///
/// ```
/// use sexton_net::{TcpListener, TcpStream};
/// # sexton_runtime::block_on(async {
/// let listener = TcpListener::bind("127.0.0.1:0").await?;
/// let client = TcpStream::connect(listener.local_addr()?).await?;
/// let (server, peer) = listener.accept().await?;
/// assert_eq!(peer, client.local_addr()?);
/// assert_eq!(server.local_addr()?, client.peer_addr()?);
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
#[derive(Debug)]
pub struct TcpListener {
    backlog: Rc<Backlog>,
    _membership: Option<Membership>,
}

impl TcpListener {
    /// Binds an address and listens on it; of several, the first one that can be had.
    ///
    /// # Completes
    /// When it listens, or the last address has failed.
    ///
    /// # If dropped
    /// Nothing is bound.
    ///
    /// # Kernel
    /// `socket`, `bind`, `listen`, as plain system calls: they never wait.
    ///
    /// # Errors
    /// `AddrInUse` and the kernel's others; `InvalidInput` for what is no address; the resolver's.
    ///
    /// ```
    /// use sexton_net::TcpListener;
    /// # sexton_runtime::block_on(async {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// assert_ne!(listener.local_addr()?.port(), 0);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn bind(addr: impl ToSocketAddrs) -> io::Result<Self> {
        let mut last = None;
        for addr in resolve(addr).await? {
            match shared_port::bind(addr) {
                Ok((fd, membership)) => {
                    return Ok(Self { backlog: Backlog::new(fd.into()), _membership: membership });
                }
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(|| io::ErrorKind::InvalidInput.into()))
    }

    /// Accepts one connection, and says who it is.
    ///
    /// A connection that was aborted before it could be accepted is passed over. When no descriptor
    /// is left (`EMFILE`), accepting pauses and goes on: the connections wait in the kernel's
    /// queue.
    ///
    /// # Completes
    /// When a connection is there.
    ///
    /// # If dropped
    /// Nothing is lost: a connection that is taken late is given to the next accept, or closed with
    /// the listener.
    ///
    /// # Kernel
    /// `IORING_OP_ACCEPT`, since Linux 5.5.
    ///
    /// # Errors
    /// The kernel's, of the listening socket itself.
    ///
    /// ```
    /// use sexton_net::{TcpListener, TcpStream};
    /// # sexton_runtime::block_on(async {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let client = TcpStream::connect(listener.local_addr()?).await?;
    /// let (stream, peer) = listener.accept().await?;
    /// assert_eq!(peer, client.local_addr()?);
    /// # drop(stream);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        let mut hook = CancelHook::default();
        let (fd, peer) = self.backlog.accept(&mut hook).await?;
        // The kernel says who the peer is, unless it is of no internet family.
        let peer = match peer {
            Some(peer) => peer,
            None => calls::socket::peer_addr(&fd)?,
        };
        Ok((TcpStream::from_fd(fd.into()), peer))
    }

    /// The connections, one after the other, as a stream that never ends (feature `stream`).
    ///
    /// # If dropped
    /// No connection is lost, as with [`accept`](Self::accept).
    ///
    /// # Kernel
    /// As [`accept`](Self::accept).
    ///
    /// ```
    /// use sexton_net::{TcpListener, TcpStream};
    /// # sexton_runtime::block_on(async {
    /// use futures_core::Stream;
    /// use std::{future::poll_fn, pin::pin};
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let client = TcpStream::connect(listener.local_addr()?).await?;
    /// let mut incoming = pin!(listener.incoming());
    /// let server = poll_fn(|cx| incoming.as_mut().poll_next(cx)).await.expect("it never ends")?;
    /// assert_eq!(server.peer_addr()?, client.local_addr()?);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[cfg(feature = "stream")]
    pub fn incoming(&self) -> crate::Incoming<'_, TcpStream> {
        crate::Incoming::new(&self.backlog, |fd| TcpStream::from_fd(fd.into()))
    }

    /// The address that it listens on.
    ///
    /// # Errors
    /// The kernel's.
    ///
    /// ```
    /// use sexton_net::{TcpListener, TcpStream};
    /// # sexton_runtime::block_on(async {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let client = TcpStream::connect(listener.local_addr()?).await?;
    /// # drop(client);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        calls::socket::local_addr(self)
    }

    /// A listener of std's, which goes on as one of Sexton's.
    ///
    /// # Errors
    /// None today; the signature is std's counterpart's.
    ///
    /// ```
    /// use sexton_net::{TcpListener, TcpStream};
    /// # sexton_runtime::block_on(async {
    /// let std = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// let listener = TcpListener::from_std(std)?;
    /// let client = TcpStream::connect(listener.local_addr()?).await?;
    /// listener.accept().await?;
    /// # drop(client);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn from_std(listener: std::net::TcpListener) -> io::Result<Self> {
        let fd = Fd::new(OwnedFd::from(listener));
        Ok(Self { backlog: Backlog::new(fd), _membership: None })
    }

    /// The hop limit of what is sent.
    ///
    /// # Errors
    /// The kernel's.
    ///
    /// ```
    /// use sexton_net::TcpListener;
    /// # sexton_runtime::block_on(async {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// assert!(listener.ttl()? > 1);
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
    /// use sexton_net::TcpListener;
    /// # sexton_runtime::block_on(async {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// listener.set_ttl(9)?;
    /// assert_eq!(listener.ttl()?, 9);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        calls::socket::set_ttl(self, ttl)
    }
}

impl AsFd for TcpListener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.backlog.fd().as_fd()
    }
}

impl Drop for TcpListener {
    fn drop(&mut self) {
        self.backlog.bury();
    }
}
