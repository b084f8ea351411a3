//! A connection on this machine.

use crate::methods::stream_methods;
use crate::op::ConnectUnix;
use crate::socket::{Reader, Shared, Writer};
use sexton_buffers::BufError;
use sexton_runtime::op::{UnixAddrBuf, submit};
use sexton_runtime::{Fd, calls};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::SocketAddr;
use std::path::Path;

/// A stream between two processes of this machine (`AF_UNIX`), or within one.
///
/// Its methods take `&self`, so one task may read while another one writes. Reads of all kinds may
/// be mixed, dropped and forgotten: bytes come in order, and none is lost. At most one receive and
/// one send are in flight.
///
/// # If dropped
/// What is in flight is cancelled, and the descriptor closes after it.
///
/// ```
/// use sexton_net::UnixStream;
/// # sexton_runtime::block_on(async {
/// let (one, other) = UnixStream::pair()?;
/// one.write_all_owned("hello").await?;
/// let buf = other.read_exact_owned(Vec::with_capacity(5)).await?;
/// assert_eq!(buf, b"hello");
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
#[derive(Debug)]
pub struct UnixStream {
    reader: Reader,
    writer: Writer,
}

/// Who is at the other end of a local stream, as it was when it connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UCred {
    /// The process; 0 if it is not seen from here.
    pub pid: i32,
    /// Its effective user.
    pub uid: u32,
    /// Its effective group.
    pub gid: u32,
}

impl UnixStream {
    /// Connects to the socket at `path`.
    ///
    /// # Completes
    /// When the connection stands, or cannot be had.
    ///
    /// # If dropped
    /// A late connection is closed.
    ///
    /// # Kernel
    /// `IORING_OP_CONNECT`, since Linux 5.5.
    ///
    /// # Errors
    /// `NotFound`, `ConnectionRefused` and the kernel's others; `InvalidInput` for a path that is
    /// no address.
    ///
    /// ```
    /// use sexton_net::{UnixListener, UnixStream};
    /// # sexton_runtime::block_on(async {
    /// # let path = std::env::temp_dir().join(format!("sexton-doc-c-{}.sock", std::process::id()));
    /// # let listener = UnixListener::bind(&path)?;
    /// let stream = UnixStream::connect(&path).await?;
    /// # std::fs::remove_file(&path)?;
    /// # drop((stream, listener));
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn connect(path: impl AsRef<Path>) -> io::Result<Self> {
        Self::connect_addr(&SocketAddr::from_pathname(path)?).await
    }

    /// Connects to an address: a path, or an abstract name. As [`connect`](Self::connect).
    ///
    /// # Completes
    /// When a connection stands, or cannot.
    ///
    /// # If dropped
    /// A late connection is closed.
    ///
    /// # Kernel
    /// As [`connect`](Self::connect).
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    ///
    /// ```
    /// use sexton_net::{UnixListener, UnixStream};
    /// # sexton_runtime::block_on(async {
    /// use std::os::linux::net::SocketAddrExt;
    /// use std::os::unix::net::SocketAddr;
    /// # let name = format!("sexton-doc-{}", std::process::id());
    /// let addr = SocketAddr::from_abstract_name(&name)?;
    /// let listener = UnixListener::bind_addr(&addr)?;
    /// let stream = UnixStream::connect_addr(&addr).await?;
    /// # drop((stream, listener));
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn connect_addr(addr: &SocketAddr) -> io::Result<Self> {
        let peer = UnixAddrBuf::new(addr)?;
        let fd = Fd::new(calls::socket::unix_stream()?);
        submit(ConnectUnix { fd, peer }).await.map(Self::from_fd)
    }

    /// Two streams, connected to one another. `socketpair`, a plain system call.
    ///
    /// # Errors
    /// The kernel's.
    ///
    /// ```
    /// use sexton_net::UnixStream;
    /// # sexton_runtime::block_on(async {
    /// let (one, other) = UnixStream::pair()?;
    /// one.write_all(b"hello").await?;
    /// assert_eq!(other.read(&mut [0; 64]).await?, 5);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn pair() -> io::Result<(Self, Self)> {
        let (one, other) = calls::socket::unix_pair()?;
        Ok((Self::from_fd(one.into()), Self::from_fd(other.into())))
    }

    /// This end's address; mostly without a name.
    ///
    /// # Errors
    /// The kernel's.
    ///
    /// ```
    /// use sexton_net::UnixStream;
    /// # sexton_runtime::block_on(async {
    /// let (one, _other) = UnixStream::pair()?;
    /// assert!(one.local_addr()?.is_unnamed());
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        calls::socket::unix_local_addr(self)
    }

    /// The peer's address; a client's is mostly without a name.
    ///
    /// # Errors
    /// The kernel's.
    ///
    /// ```
    /// use sexton_net::UnixStream;
    /// # sexton_runtime::block_on(async {
    /// let (one, _other) = UnixStream::pair()?;
    /// assert!(one.peer_addr()?.is_unnamed());
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        calls::socket::unix_peer_addr(self)
    }

    /// Process, user and group of the peer.
    ///
    /// # Errors
    /// The kernel's.
    ///
    /// ```
    /// use sexton_net::UnixStream;
    /// # sexton_runtime::block_on(async {
    /// let (one, _other) = UnixStream::pair()?;
    /// assert_eq!(one.peer_cred()?.pid, std::process::id() as i32);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn peer_cred(&self) -> io::Result<UCred> {
        let (pid, uid, gid) = calls::socket::peer_cred(self)?;
        Ok(UCred { pid, uid, gid })
    }

    /// A stream of std's, which goes on as one of Sexton's.
    ///
    /// # Errors
    /// None today; the signature is std's counterpart's.
    ///
    /// ```
    /// use sexton_net::UnixStream;
    /// # sexton_runtime::block_on(async {
    /// let (one, other) = std::os::unix::net::UnixStream::pair()?;
    /// let one = UnixStream::from_std(one)?;
    /// assert_eq!(one.write(b"hello").await?, 5);
    /// # drop(other);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn from_std(stream: std::os::unix::net::UnixStream) -> io::Result<Self> {
        Ok(Self::from_fd(Fd::new(OwnedFd::from(stream))))
    }

    /// The stream for std, for another core or another runtime, and the bytes that came and were
    /// not read.
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
    /// use sexton_net::UnixStream;
    /// # sexton_runtime::block_on(async {
    /// let (one, _other) = UnixStream::pair()?;
    /// let (std, unread) = one.into_std().await?;
    /// assert!(unread.is_empty());
    /// # drop(std);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn into_std(self) -> io::Result<(std::os::unix::net::UnixStream, Vec<u8>)> {
        let (fd, unread) = self.reader.into_fd(self.writer).await?;
        Ok((fd.into(), unread))
    }
}

/// Fails, with the stream, if bytes are unread or an operation is in flight; `into_std` waits
/// instead.
impl TryFrom<UnixStream> for std::os::unix::net::UnixStream {
    type Error = BufError<UnixStream>;

    fn try_from(stream: UnixStream) -> Result<Self, BufError<UnixStream>> {
        match stream.reader.idle_fd(&stream.writer) {
            Ok(fd) => Ok(Self::from(fd)),
            Err(error) => Err(BufError::new(error, stream)),
        }
    }
}

stream_methods!(UnixStream);
