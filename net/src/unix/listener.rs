//! Accepting connections on this machine.

use super::stream::UnixStream;
use crate::socket::Backlog;
use sexton_runtime::{CancelHook, Fd, calls};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::SocketAddr;
use std::path::Path;
use std::rc::Rc;

/// A local socket that accepts connections.
///
/// A path belongs to one listener: to accept on several cores, give each a clone of std's listener
/// ([`from_std`](Self::from_std)).
///
/// # If dropped
/// The socket is closed, with the connections that were accepted and not fetched. Its path stays,
/// as it does with std: remove it before the next `bind`.
///
/// ```
/// use sexton_net::{UnixListener, UnixStream};
/// # sexton_runtime::block_on(async {
/// # let path = std::env::temp_dir().join(format!("sexton-doc-{}.sock", std::process::id()));
/// let listener = UnixListener::bind(&path)?;
/// let client = UnixStream::connect(&path).await?;
/// let (server, _peer) = listener.accept().await?;
/// client.write_all(b"hello").await?;
/// assert_eq!(server.read_exact_owned(Vec::with_capacity(5)).await?, b"hello");
/// # std::fs::remove_file(&path)?;
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
#[derive(Debug)]
pub struct UnixListener {
    backlog: Rc<Backlog>,
}

impl UnixListener {
    /// Binds a path and listens on it.
    ///
    /// # Kernel
    /// `socket`, `bind`, `listen`, as plain system calls: they never wait.
    ///
    /// # Errors
    /// `AddrInUse` if the path is there; `InvalidInput` for one that is no address.
    ///
    /// ```
    /// use sexton_net::UnixListener;
    /// # sexton_runtime::block_on(async {
    /// # let path = std::env::temp_dir().join(format!("sexton-doc-b-{}.sock", std::process::id()));
    /// let listener = UnixListener::bind(&path)?;
    /// assert_eq!(listener.local_addr()?.as_pathname(), Some(&*path));
    /// // The path outlives its listener.
    /// drop(listener);
    /// assert!(UnixListener::bind(&path).is_err());
    /// std::fs::remove_file(&path)?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn bind(path: impl AsRef<Path>) -> io::Result<Self> {
        Self::bind_addr(&SocketAddr::from_pathname(path)?)
    }

    /// Binds an address, a path or an abstract name, and listens on it.
    ///
    /// An abstract name is in use until the last accept of its listener has ended, which is a
    /// moment after the listener was dropped.
    ///
    /// # Errors
    /// As [`bind`](Self::bind).
    ///
    /// # Kernel
    /// As [`bind`](Self::bind).
    ///
    /// ```
    /// use sexton_net::{UnixListener, UnixStream};
    /// # sexton_runtime::block_on(async {
    /// use std::os::linux::net::SocketAddrExt;
    /// use std::os::unix::net::SocketAddr;
    /// # let name = format!("sexton-doc-l-{}", std::process::id());
    /// let addr = SocketAddr::from_abstract_name(&name)?; // no file, gone with its listener
    /// let listener = UnixListener::bind_addr(&addr)?;
    /// let client = UnixStream::connect_addr(&addr).await?;
    /// # drop((client, listener));
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn bind_addr(addr: &SocketAddr) -> io::Result<Self> {
        let fd = calls::socket::unix_listener(addr)?;
        Ok(Self { backlog: Backlog::local(fd.into()) })
    }

    /// Accepts one connection, and says who it is; a client mostly has no name.
    ///
    /// When no descriptor is left (`EMFILE`), accepting pauses and goes on: the connections wait in
    /// the kernel's queue.
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
    /// use sexton_net::{UnixListener, UnixStream};
    /// # sexton_runtime::block_on(async {
    /// # use std::os::linux::net::SocketAddrExt;
    /// # use std::os::unix::net::SocketAddr;
    /// # let name = format!("sexton-doc-a-{}", std::process::id());
    /// # let addr = SocketAddr::from_abstract_name(&name)?;
    /// # let listener = UnixListener::bind_addr(&addr)?;
    /// # let client = UnixStream::connect_addr(&addr).await?;
    /// let (server, peer) = listener.accept().await?;
    /// assert!(peer.is_unnamed());
    /// client.write_all(b"hello").await?;
    /// assert_eq!(server.read(&mut [0; 64]).await?, 5);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn accept(&self) -> io::Result<(UnixStream, SocketAddr)> {
        let mut hook = CancelHook::default();
        let (fd, _) = self.backlog.accept(&mut hook).await?;
        let peer = calls::socket::unix_peer_addr(&fd)?;
        Ok((UnixStream::from_fd(fd.into()), peer))
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
    /// use sexton_net::{UnixListener, UnixStream};
    /// # sexton_runtime::block_on(async {
    /// # use std::os::linux::net::SocketAddrExt;
    /// # use std::os::unix::net::SocketAddr;
    /// # let name = format!("sexton-doc-i-{}", std::process::id());
    /// # let addr = SocketAddr::from_abstract_name(&name)?;
    /// # let listener = UnixListener::bind_addr(&addr)?;
    /// use futures_core::Stream;
    /// use std::{future::poll_fn, pin::pin};
    /// let client = UnixStream::connect_addr(&addr).await?;
    /// let mut incoming = pin!(listener.incoming());
    /// let server = poll_fn(|cx| incoming.as_mut().poll_next(cx)).await.expect("it never ends")?;
    /// client.write_all(b"hello").await?;
    /// assert_eq!(server.read(&mut [0; 64]).await?, 5);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[cfg(feature = "stream")]
    pub fn incoming(&self) -> crate::Incoming<'_, UnixStream> {
        crate::Incoming::new(&self.backlog, |fd| UnixStream::from_fd(fd.into()))
    }

    /// The address that it listens on.
    ///
    /// # Errors
    /// The kernel's.
    ///
    /// ```
    /// use sexton_net::UnixListener;
    /// # sexton_runtime::block_on(async {
    /// # use std::os::linux::net::SocketAddrExt;
    /// # use std::os::unix::net::SocketAddr;
    /// # let name = format!("sexton-doc-n-{}", std::process::id());
    /// # let addr = SocketAddr::from_abstract_name(&name)?;
    /// let listener = UnixListener::bind_addr(&addr)?;
    /// assert_eq!(listener.local_addr()?.as_abstract_name(), addr.as_abstract_name());
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        calls::socket::unix_local_addr(self)
    }

    /// A listener of std's, which goes on as one of Sexton's.
    ///
    /// # Errors
    /// None today; the signature is std's counterpart's.
    ///
    /// ```
    /// use sexton_net::{UnixListener, UnixStream};
    /// # sexton_runtime::block_on(async {
    /// # use std::os::linux::net::SocketAddrExt;
    /// # use std::os::unix::net::SocketAddr;
    /// # let name = format!("sexton-doc-s-{}", std::process::id());
    /// # let addr = SocketAddr::from_abstract_name(&name)?;
    /// let std = std::os::unix::net::UnixListener::bind_addr(&addr)?;
    /// let listener = UnixListener::from_std(std)?;
    /// let client = UnixStream::connect_addr(&addr).await?;
    /// listener.accept().await?;
    /// # drop(client);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn from_std(listener: std::os::unix::net::UnixListener) -> io::Result<Self> {
        Ok(Self { backlog: Backlog::local(Fd::new(OwnedFd::from(listener))) })
    }
}

impl AsFd for UnixListener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.backlog.fd().as_fd()
    }
}

impl Drop for UnixListener {
    fn drop(&mut self) {
        self.backlog.bury();
    }
}
