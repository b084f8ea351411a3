//! Options: as std's sockets have them.

use super::socket::UdpSocket;
use sexton_runtime::calls;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};

impl UdpSocket {
    /// Whether it may send to broadcast addresses.
    ///
    /// # Errors
    /// The kernel's.
    ///
    /// ```
    /// use sexton_net::UdpSocket;
    /// # sexton_runtime::block_on(async {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// assert!(!socket.broadcast()?);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn broadcast(&self) -> io::Result<bool> {
        calls::datagram::broadcast(self)
    }

    /// Allows it to send to broadcast addresses, or forbids it.
    ///
    /// # Errors
    /// The kernel's.
    ///
    /// ```
    /// use sexton_net::UdpSocket;
    /// # sexton_runtime::block_on(async {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// socket.set_broadcast(true)?;
    /// assert!(socket.broadcast()?);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn set_broadcast(&self, broadcast: bool) -> io::Result<()> {
        calls::datagram::set_broadcast(self, broadcast)
    }

    /// The hop limit of what is sent by IPv4.
    ///
    /// # Errors
    /// The kernel's.
    ///
    /// ```
    /// use sexton_net::UdpSocket;
    /// # sexton_runtime::block_on(async {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// assert!(socket.ttl()? > 1);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn ttl(&self) -> io::Result<u32> {
        calls::socket::ttl(self)
    }

    /// Sets the hop limit of what is sent by IPv4.
    ///
    /// # Errors
    /// The kernel's.
    ///
    /// ```
    /// use sexton_net::UdpSocket;
    /// # sexton_runtime::block_on(async {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// socket.set_ttl(7)?;
    /// assert_eq!(socket.ttl()?, 7);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        calls::socket::set_ttl(self, ttl)
    }

    /// Whether members of an IPv4 group on this machine get what this socket sends to the group.
    ///
    /// # Errors
    /// The kernel's.
    ///
    /// ```
    /// use sexton_net::UdpSocket;
    /// # sexton_runtime::block_on(async {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// assert!(socket.multicast_loop_v4()?);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn multicast_loop_v4(&self) -> io::Result<bool> {
        calls::datagram::multicast_loop_v4(self)
    }

    /// Sets whether members of an IPv4 group on this machine get what this socket sends to it.
    ///
    /// # Errors
    /// The kernel's.
    ///
    /// ```
    /// use sexton_net::UdpSocket;
    /// # sexton_runtime::block_on(async {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// socket.set_multicast_loop_v4(false)?;
    /// assert!(!socket.multicast_loop_v4()?);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn set_multicast_loop_v4(&self, multicast_loop_v4: bool) -> io::Result<()> {
        calls::datagram::set_multicast_loop_v4(self, multicast_loop_v4)
    }

    /// The hop limit of what is sent to IPv4 groups.
    ///
    /// # Errors
    /// The kernel's.
    ///
    /// ```
    /// use sexton_net::UdpSocket;
    /// # sexton_runtime::block_on(async {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// assert_eq!(socket.multicast_ttl_v4()?, 1);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn multicast_ttl_v4(&self) -> io::Result<u32> {
        calls::datagram::multicast_ttl_v4(self)
    }

    /// Sets the hop limit of what is sent to IPv4 groups.
    ///
    /// # Errors
    /// The kernel's.
    ///
    /// ```
    /// use sexton_net::UdpSocket;
    /// # sexton_runtime::block_on(async {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// socket.set_multicast_ttl_v4(3)?;
    /// assert_eq!(socket.multicast_ttl_v4()?, 3);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn set_multicast_ttl_v4(&self, multicast_ttl_v4: u32) -> io::Result<()> {
        calls::datagram::set_multicast_ttl_v4(self, multicast_ttl_v4)
    }

    /// Whether members of an IPv6 group on this machine get what this socket sends to the group.
    ///
    /// # Errors
    /// The kernel's.
    ///
    /// ```
    /// use sexton_net::UdpSocket;
    /// # sexton_runtime::block_on(async {
    /// let socket = UdpSocket::bind("[::1]:0").await?;
    /// assert!(socket.multicast_loop_v6()?);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn multicast_loop_v6(&self) -> io::Result<bool> {
        calls::datagram::multicast_loop_v6(self)
    }

    /// Sets whether members of an IPv6 group on this machine get what this socket sends to it.
    ///
    /// # Errors
    /// The kernel's.
    ///
    /// ```
    /// use sexton_net::UdpSocket;
    /// # sexton_runtime::block_on(async {
    /// let socket = UdpSocket::bind("[::1]:0").await?;
    /// socket.set_multicast_loop_v6(false)?;
    /// assert!(!socket.multicast_loop_v6()?);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn set_multicast_loop_v6(&self, multicast_loop_v6: bool) -> io::Result<()> {
        calls::datagram::set_multicast_loop_v6(self, multicast_loop_v6)
    }

    /// Joins an IPv4 group on the interface with this address; an unspecified one is the default.
    ///
    /// # Errors
    /// The kernel's; `Unsupported` in a simulation, which has no groups.
    ///
    /// ```no_run
    /// use sexton_net::UdpSocket;
    /// use std::net::Ipv4Addr;
    /// # sexton_runtime::block_on(async {
    /// let socket = UdpSocket::bind("0.0.0.0:0").await?;
    /// let group = Ipv4Addr::new(224, 0, 0, 123);
    /// socket.join_multicast_v4(&group, &Ipv4Addr::LOCALHOST)?; // the loopback interface
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn join_multicast_v4(&self, group: &Ipv4Addr, interface: &Ipv4Addr) -> io::Result<()> {
        calls::datagram::join_multicast_v4(self, group, interface)
    }

    /// Leaves an IPv4 group.
    ///
    /// # Errors
    /// The kernel's; `Unsupported` in a simulation, which has no groups.
    ///
    /// ```no_run
    /// use sexton_net::UdpSocket;
    /// use std::net::Ipv4Addr;
    /// # sexton_runtime::block_on(async {
    /// let socket = UdpSocket::bind("0.0.0.0:0").await?;
    /// let group = Ipv4Addr::new(224, 0, 0, 123);
    /// socket.join_multicast_v4(&group, &Ipv4Addr::LOCALHOST)?; // the loopback interface
    /// socket.leave_multicast_v4(&group, &Ipv4Addr::LOCALHOST)?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn leave_multicast_v4(&self, group: &Ipv4Addr, interface: &Ipv4Addr) -> io::Result<()> {
        calls::datagram::leave_multicast_v4(self, group, interface)
    }

    /// Joins an IPv6 group on the interface with this number; 0 is any.
    ///
    /// # Errors
    /// The kernel's; `Unsupported` in a simulation, which has no groups.
    ///
    /// ```no_run
    /// use sexton_net::UdpSocket;
    /// use std::net::Ipv6Addr;
    /// # sexton_runtime::block_on(async {
    /// let socket = UdpSocket::bind("[::]:0").await?;
    /// let group = Ipv6Addr::new(0xff01, 0, 0, 0, 0, 0, 0, 0x123);
    /// socket.join_multicast_v6(&group, 1)?; // the loopback interface
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn join_multicast_v6(&self, group: &Ipv6Addr, interface: u32) -> io::Result<()> {
        calls::datagram::join_multicast_v6(self, group, interface)
    }

    /// Leaves an IPv6 group.
    ///
    /// # Errors
    /// The kernel's; `Unsupported` in a simulation, which has no groups.
    ///
    /// ```no_run
    /// use sexton_net::UdpSocket;
    /// use std::net::Ipv6Addr;
    /// # sexton_runtime::block_on(async {
    /// let socket = UdpSocket::bind("[::]:0").await?;
    /// let group = Ipv6Addr::new(0xff01, 0, 0, 0, 0, 0, 0, 0x123);
    /// socket.join_multicast_v6(&group, 1)?; // the loopback interface
    /// socket.leave_multicast_v6(&group, 1)?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn leave_multicast_v6(&self, group: &Ipv6Addr, interface: u32) -> io::Result<()> {
        calls::datagram::leave_multicast_v6(self, group, interface)
    }

    /// Sets the size of the kernel's buffer of received datagrams, in bytes: what has no room there
    /// is lost.
    ///
    /// # Errors
    /// The kernel's.
    ///
    /// ```
    /// use sexton_net::UdpSocket;
    /// # sexton_runtime::block_on(async {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// socket.set_recv_buffer_size(1 << 16)?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn set_recv_buffer_size(&self, bytes: usize) -> io::Result<()> {
        calls::socket::set_recv_buffer_size(self, bytes)
    }

    /// Sets the size of the kernel's buffer of unsent datagrams, in bytes.
    ///
    /// # Errors
    /// The kernel's.
    ///
    /// ```
    /// use sexton_net::UdpSocket;
    /// # sexton_runtime::block_on(async {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// socket.set_send_buffer_size(1 << 16)?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn set_send_buffer_size(&self, bytes: usize) -> io::Result<()> {
        calls::socket::set_send_buffer_size(self, bytes)
    }
}
