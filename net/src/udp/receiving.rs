//! Receiving, in all its forms.

use super::receive::ReceiveOwned;
use super::shared::Received;
use super::socket::UdpSocket;
use sexton_buffers::{BufError, BufResult, IoBufMut};
use std::io;
use std::net::SocketAddr;

/// The kernel names the sender of every datagram of the internet.
fn known(peer: Option<SocketAddr>) -> io::Result<SocketAddr> {
    peer.ok_or_else(|| {
        io::Error::new(
            io::ErrorKind::InvalidData,
            "the sender has no internet address: receive without asking for it",
        )
    })
}

impl UdpSocket {
    /// Receives one datagram into the unfilled part of `buf`, and says how long it was.
    ///
    /// What has no room in `buf` is cut off. Zero is a datagram of no bytes.
    ///
    /// # Completes
    /// When a datagram or an error is there. `buf` comes back in every case.
    ///
    /// # If dropped
    /// No datagram is lost: one that comes late comes first in the next receive, cut to the length
    /// of this `buf`. `buf` itself is freed when the kernel has let go of it; to get it back,
    /// cancel by a token instead.
    ///
    /// # Kernel
    /// `recvfrom`, without waiting, where that is likely to find something, and
    /// `IORING_OP_RECVMSG`, since Linux 5.3.
    ///
    /// # Errors
    /// `InvalidInput` if `buf` has no room; `ConnectionRefused` if the peer of a connected socket
    /// said that nobody was there (the socket goes on); the kernel's others.
    ///
    /// ```
    /// use sexton_net::UdpSocket;
    /// # sexton_runtime::block_on(async {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// socket.connect(socket.local_addr()?).await?;
    /// socket.send(b"hello").await?;
    /// let (n, buf) = socket.recv_owned(Vec::with_capacity(64)).await?;
    /// assert_eq!((n, &buf[..]), (5, &b"hello"[..]));
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn recv_owned<B: IoBufMut>(&self, buf: B) -> BufResult<usize, B> {
        let (count, _, buf) = ReceiveOwned::new(&self.shared, buf).await?;
        Ok((count, buf))
    }

    /// Receives one datagram into the unfilled part of `buf`, and says how long it was and who sent
    /// it.
    ///
    /// What has no room in `buf` is cut off. Zero is a datagram of no bytes.
    ///
    /// # Completes
    /// When a datagram or an error is there. `buf` comes back in every case.
    ///
    /// # If dropped
    /// As [`recv_owned`](Self::recv_owned): no datagram is lost.
    ///
    /// # Kernel
    /// `recvfrom`, without waiting, where that is likely to find something, and
    /// `IORING_OP_RECVMSG`, since Linux 5.3.
    ///
    /// # Errors
    /// As [`recv_owned`](Self::recv_owned).
    ///
    /// ```
    /// use sexton_net::UdpSocket;
    /// # sexton_runtime::block_on(async {
    /// let (one, other) = (UdpSocket::bind("[::1]:0").await?, UdpSocket::bind("[::1]:0").await?);
    /// one.send_to(b"hello", other.local_addr()?).await?;
    /// let ((n, peer), buf) = other.recv_from_owned(Vec::with_capacity(64)).await?;
    /// assert_eq!((n, peer), (5, one.local_addr()?));
    /// # drop(buf);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn recv_from_owned<B: IoBufMut>(&self, buf: B) -> BufResult<(usize, SocketAddr), B> {
        let (count, peer, buf) = ReceiveOwned::new(&self.shared, buf).await?;
        match known(peer) {
            Ok(peer) => Ok(((count, peer), buf)),
            Err(error) => Err(BufError::new(error, buf).with_transferred(count)),
        }
    }

    /// Receives one datagram into `buf`, and says how long it was.
    ///
    /// What has no room in `buf` is cut off. Zero is a datagram of no bytes.
    ///
    /// # Completes
    /// When a datagram or an error is there.
    ///
    /// # If dropped
    /// Nothing is lost: `buf` is filled only when the receive is ready.
    ///
    /// # Kernel
    /// `recvfrom`, without waiting, then `IORING_OP_POLL_ADD`.
    ///
    /// # Errors
    /// As [`recv_owned`](Self::recv_owned).
    ///
    /// ```
    /// use sexton_net::UdpSocket;
    /// # sexton_runtime::block_on(async {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// socket.send_to(b"hello", socket.local_addr()?).await?;
    /// let mut buf = [0; 3];
    /// assert_eq!((socket.recv(&mut buf).await?, &buf), (3, b"hel")); // cut
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.shared.receive(buf, false).await.map(|(count, _)| count)
    }

    /// Receives one datagram into `buf`, and says how long it was and who sent it.
    ///
    /// # Completes
    /// When a datagram or an error is there.
    ///
    /// # If dropped
    /// Nothing is lost: `buf` is filled only when the receive is ready.
    ///
    /// # Kernel
    /// As [`recv`](Self::recv).
    ///
    /// # Errors
    /// As [`recv_owned`](Self::recv_owned).
    ///
    /// ```
    /// use sexton_net::UdpSocket;
    /// # sexton_runtime::block_on(async {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// socket.send_to(b"hello", socket.local_addr()?).await?;
    /// let mut buf = [0; 64];
    /// assert_eq!(socket.recv_from(&mut buf).await?, (5, socket.local_addr()?));
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        let (count, peer) = self.shared.receive(buf, false).await?;
        Ok((count, known(peer)?))
    }

    /// As [`recv`](Self::recv), but the datagram stays for the next receive.
    ///
    /// # Completes
    /// When a datagram or an error is there.
    ///
    /// # If dropped
    /// Nothing happens.
    ///
    /// # Kernel
    /// As [`recv`](Self::recv), with `MSG_PEEK`.
    ///
    /// # Errors
    /// As [`recv_owned`](Self::recv_owned).
    ///
    /// ```
    /// use sexton_net::UdpSocket;
    /// # sexton_runtime::block_on(async {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// socket.send_to(b"hello", socket.local_addr()?).await?;
    /// assert_eq!(socket.peek(&mut [0; 64]).await?, 5);
    /// assert_eq!(socket.recv(&mut [0; 64]).await?, 5); // the same one
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.shared.receive(buf, true).await.map(|(count, _)| count)
    }

    /// As [`recv_from`](Self::recv_from), but the datagram stays for the next receive.
    ///
    /// # Completes
    /// When a datagram or an error is there.
    ///
    /// # If dropped
    /// Nothing happens.
    ///
    /// # Kernel
    /// As [`recv`](Self::recv), with `MSG_PEEK`.
    ///
    /// # Errors
    /// As [`recv_owned`](Self::recv_owned).
    ///
    /// ```
    /// use sexton_net::UdpSocket;
    /// # sexton_runtime::block_on(async {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// socket.send_to(b"hello", socket.local_addr()?).await?;
    /// let mut buf = [0; 64];
    /// assert_eq!(socket.peek_from(&mut buf).await?, socket.recv_from(&mut buf).await?);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn peek_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        let (count, peer) = self.shared.receive(buf, true).await?;
        Ok((count, known(peer)?))
    }

    fn receive_now(&self, buf: &mut [u8]) -> io::Result<(usize, Option<SocketAddr>)> {
        match self.shared.try_receive(buf, false, false)? {
            Received::Datagram(count, peer) => Ok((count, peer)),
            Received::WouldBlock | Received::Pass => Err(io::ErrorKind::WouldBlock.into()),
        }
    }

    /// Receives what is there, without waiting: see [`ready`](Self::ready).
    ///
    /// # Errors
    /// `WouldBlock` if there is nothing, or while a receive into an owned buffer is with the
    /// kernel: datagrams never overtake it. Otherwise as [`recv_owned`](Self::recv_owned).
    ///
    /// ```
    /// use sexton_net::UdpSocket;
    /// # sexton_runtime::block_on(async {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// let error = socket.try_recv(&mut [0; 64]).unwrap_err();
    /// assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn try_recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.receive_now(buf).map(|(count, _)| count)
    }

    /// As [`try_recv`](Self::try_recv), and says who sent it.
    ///
    /// # Errors
    /// As [`try_recv`](Self::try_recv).
    ///
    /// ```
    /// use sexton_io::Interest;
    /// use sexton_net::UdpSocket;
    /// # sexton_runtime::block_on(async {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// socket.send_to(b"hello", socket.local_addr()?).await?;
    /// socket.ready(Interest::READ).await?; // no buffer is held meanwhile
    /// let mut buf = [0; 64];
    /// assert_eq!(socket.try_recv_from(&mut buf)?, (5, socket.local_addr()?));
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn try_recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        let (count, peer) = self.receive_now(buf)?;
        Ok((count, known(peer)?))
    }
}
