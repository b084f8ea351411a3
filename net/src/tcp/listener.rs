//! Accepting connections.

use super::ending::{self, Ending};
use super::shared_port::{self, Membership};
use super::stream::TcpStream;
use crate::addr::{ToSocketAddrs, resolve};
use crate::socket::Backlog;
use sexton_runtime::time::{Duration, timeout};
use sexton_runtime::{CancelHook, Fd, calls};
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::rc::Rc;

/// How long a bind waits for a listener that is ending. An accept is cancelled in no time, but its
/// core may be busy with other things.
const PATIENCE: Duration = Duration::from_secs(10);

/// A socket that accepts TCP connections.
///
/// Each core binds its own: the first core of a runtime that binds an address takes it (another
/// process is refused), the others join it, and the kernel spreads connections over them.
///
/// # If dropped
/// The socket is closed, with the connections that were accepted and not fetched. If the kernel has
/// an accept, that is cancelled, and the address is free when it has ended; a
/// [`bind`](Self::bind) of the same runtime waits for that.
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
    membership: Option<Membership>,
}

impl TcpListener {
    /// Binds an address and listens on it; of several, the first one that can be had.
    ///
    /// # Completes
    /// When it listens, or the last address has failed. If a listener of this runtime was just
    /// dropped that had the address, and the kernel has not let go of it, when that has happened
    /// (or not, for ten seconds).
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
            match bind_behind_the_last(addr).await {
                Ok((fd, membership)) => {
                    return Ok(Self { backlog: Backlog::new(fd.into()), membership });
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
    /// `IORING_OP_ACCEPT`, since Linux 5.5, one at a time. If the last one left no connection
    /// behind, it waits before it tries (Linux 6.10).
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
        Ok(Self { backlog: Backlog::new(fd), membership: None })
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
        if self.backlog.is_accepting() {
            let got = self.membership.as_ref().map(Membership::got);
            let addr = got.or_else(|| self.local_addr().ok());
            self.backlog.ends(addr.and_then(|addr| Ending::new(addr.port())));
        }
        self.backlog.bury();
    }
}

/// Binds, behind a listener of this runtime that is just ending.
async fn bind_behind_the_last(addr: SocketAddr) -> io::Result<(OwnedFd, Option<Membership>)> {
    // What is bound, and whether it is worth to wait. Asked for before: the last one may end, on
    // another core, while this one fails.
    let try_now = || {
        let is_ending = ending::is_ending(addr.port());
        let bound = shared_port::bind(addr);
        let in_use = |error: &io::Error| error.kind() == io::ErrorKind::AddrInUse;
        let waits = is_ending && bound.as_ref().is_err_and(in_use);
        (bound, waits)
    };
    let (bound, waits) = try_now();
    if !waits {
        return bound;
    }
    let later = async {
        loop {
            ending::over(addr.port()).await?;
            let (bound, waits) = try_now();
            if !waits {
                return bound;
            }
        }
    };
    timeout(PATIENCE, later).await.unwrap_or(bound)
}
