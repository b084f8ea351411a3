//! Connections from many addresses of this machine: one has too few ports for a minute's worth.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};

use socket2::{Domain, Socket, Type};

/// Ports of one address: closed connections keep theirs for a minute, so the address moves on.
const PORTS: u64 = 8_000;

/// Connects to `port`, as the connection of that number of this process.
pub(crate) fn connect(port: u16, number: u64) -> io::Result<TcpStream> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    let process = u64::from(std::process::id());
    let address = process * 31 + number / PORTS;
    let [.., high, low] = (address as u32).to_be_bytes();
    let own = Ipv4Addr::new(127, 1 + (process % 200) as u8, high, low.clamp(1, 254));
    socket.bind(&SocketAddr::from((own, 0)).into())?;
    socket.set_tcp_nodelay(true)?;
    socket.connect(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)).into())?;
    Ok(socket.into())
}
