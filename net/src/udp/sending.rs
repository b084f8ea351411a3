//! Sending, in all its forms.

use super::shared::{CALL, is_passing};
use super::socket::UdpSocket;
use crate::addr::{ToSocketAddrs, resolve_first};
use crate::op::SendTo;
use sexton_buffers::{BufError, BufResult, IoBuf};
use sexton_runtime::op::{SocketAddrBuf, submit};
use sexton_runtime::{calls, spend_poll};
use std::io;
use std::net::SocketAddr;

impl UdpSocket {
    /// Sends `buf` as one datagram to where the socket is connected.
    ///
    /// # Completes
    /// When the kernel has taken it. It may be lost on its way all the same.
    ///
    /// # If dropped
    /// Nothing is sent.
    ///
    /// # Kernel
    /// `send`, without waiting; if there is no room, `IORING_OP_POLL_ADD`, and again.
    ///
    /// # Errors
    /// `NotConnected`, by its name or as `EDESTADDRREQ`, without a peer; `ConnectionRefused` if the
    /// peer said of an earlier datagram that nobody was there: this one is not sent then, the next
    /// one is; `EMSGSIZE` if it is too long; the kernel's others.
    ///
    /// ```
    /// use sexton_net::UdpSocket;
    /// # sexton_runtime::block_on(async {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// socket.connect(socket.local_addr()?).await?;
    /// assert_eq!(socket.send(b"hello").await?, 5);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn send(&self, buf: &[u8]) -> io::Result<usize> {
        self.shared.send(buf, None).await
    }

    /// Sends `buf` as one datagram to `addr`; of several addresses, to the first.
    ///
    /// # Completes
    /// When the kernel has taken it. It may be lost on its way all the same.
    ///
    /// # If dropped
    /// Nothing is sent.
    ///
    /// # Kernel
    /// `sendto`, without waiting; if there is no room, `IORING_OP_POLL_ADD`, and again. Names are
    /// looked up on a blocking thread.
    ///
    /// # Errors
    /// `EMSGSIZE` if it is too long; `InvalidInput` for what is no address; the kernel's and the
    /// resolver's others.
    ///
    /// ```
    /// use sexton_net::UdpSocket;
    /// # sexton_runtime::block_on(async {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// assert_eq!(socket.send_to(b"hello", socket.local_addr()?).await?, 5);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn send_to(&self, buf: &[u8], addr: impl ToSocketAddrs) -> io::Result<usize> {
        let addr = resolve_first(addr).await?;
        self.shared.send(buf, Some(addr)).await
    }

    async fn submit_send<B: IoBuf>(
        &self,
        mut buf: B,
        addr: Option<SocketAddr>,
    ) -> BufResult<usize, B> {
        if spend_poll(CALL) {
            // There is nearly always room.
            match calls::datagram::send_to(self.shared.fd(), buf.filled(), addr.as_ref()) {
                Ok(count) => return Ok((count, buf)),
                Err(error) if is_passing(&error) => {}
                Err(error) => return Err(BufError::new(error, buf)),
            }
        }
        let to = addr.map(SocketAddrBuf::new);
        loop {
            let fd = self.shared.fd().clone();
            match submit(SendTo { fd, to, buf }).await {
                // Nothing was sent: a signal came first.
                Err(error) if error.kind() == io::ErrorKind::Interrupted => buf = error.into_buf(),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    // Somebody has said of the descriptor that nothing may wait on it.
                    buf = error.into_buf();
                    let ready = self.shared.ready(sexton_io::Interest::WRITE).await;
                    if let Err(error) = ready {
                        return Err(BufError::new(error, buf));
                    }
                }
                outcome => return outcome,
            }
        }
    }

    /// Sends the filled bytes of `buf` as one datagram to where the socket is connected.
    ///
    /// # Completes
    /// When the kernel has taken it. `buf` comes back in every case.
    ///
    /// # If dropped
    /// The datagram is sent, whole, or not. `buf` is freed when the kernel has let go of it.
    ///
    /// # Kernel
    /// `sendto`, without waiting; if there is no room, `IORING_OP_SEND`, since Linux 5.6.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    ///
    /// ```
    /// use sexton_net::UdpSocket;
    /// # sexton_runtime::block_on(async {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// socket.connect(socket.local_addr()?).await?;
    /// assert_eq!(socket.send_owned("hello").await?, (5, "hello"));
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn send_owned<B: IoBuf>(&self, buf: B) -> BufResult<usize, B> {
        self.submit_send(buf, None).await
    }

    /// Sends the filled bytes of `buf` as one datagram to `addr`; of several addresses, to the
    /// first.
    ///
    /// # Completes
    /// When the kernel has taken it. `buf` comes back in every case.
    ///
    /// # If dropped
    /// The datagram is sent, whole, or not. `buf` is freed when the kernel has let go of it.
    ///
    /// # Kernel
    /// `sendto`, without waiting; if there is no room, `IORING_OP_SEND` with an address, since
    /// Linux 6.1. Names are looked up on a blocking thread.
    ///
    /// # Errors
    /// As [`send_to`](Self::send_to).
    ///
    /// ```
    /// use sexton_net::UdpSocket;
    /// # sexton_runtime::block_on(async {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// assert_eq!(socket.send_to_owned("hello", socket.local_addr()?).await?, (5, "hello"));
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn send_to_owned<B: IoBuf>(
        &self,
        buf: B,
        addr: impl ToSocketAddrs,
    ) -> BufResult<usize, B> {
        match resolve_first(addr).await {
            Ok(addr) => self.submit_send(buf, Some(addr)).await,
            Err(error) => Err(BufError::new(error, buf)),
        }
    }

    /// Sends `buf` to where the socket is connected, without waiting: see [`ready`](Self::ready).
    ///
    /// # Errors
    /// `WouldBlock` if there is no room; otherwise as [`send`](Self::send).
    ///
    /// ```
    /// use sexton_net::UdpSocket;
    /// # sexton_runtime::block_on(async {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// socket.connect(socket.local_addr()?).await?;
    /// assert_eq!(socket.try_send(b"hello")?, 5);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn try_send(&self, buf: &[u8]) -> io::Result<usize> {
        calls::datagram::send_to(self, buf, None)
    }

    /// Sends `buf` to `addr`, without waiting: see [`ready`](Self::ready).
    ///
    /// # Errors
    /// `WouldBlock` if there is no room; otherwise as [`send_to`](Self::send_to).
    ///
    /// ```
    /// use sexton_net::UdpSocket;
    /// # sexton_runtime::block_on(async {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// assert_eq!(socket.try_send_to(b"hello", socket.local_addr()?)?, 5);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn try_send_to(&self, buf: &[u8], addr: SocketAddr) -> io::Result<usize> {
        calls::datagram::send_to(self, buf, Some(&addr))
    }
}
