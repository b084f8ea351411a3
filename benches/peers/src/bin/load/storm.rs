//! Connections that live for one request: connect, send, receive, close.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use peers::latency::Latency;
use peers::pattern::Pattern;
use socket2::{Domain, Socket, Type};

use crate::Counts;

/// Ports of one address: closed connections keep theirs for a minute, so the address moves on.
const PORTS: u64 = 8_000;

/// So many connections at a time, for `length`; all of them rest at the end.
pub(crate) fn run(
    port: u16,
    connections: usize,
    pattern: &Pattern,
    length: Duration,
    first: u64,
) -> io::Result<Counts> {
    let begin = Instant::now();
    let (mut requests, mut latency) = (0, Latency::default());
    let mut answer = vec![0; pattern.request_len()];
    let mut begun = Vec::with_capacity(connections);
    while begin.elapsed() < length {
        for index in 0..connections {
            let at = Instant::now();
            let mut stream = connect(port, first + requests + index as u64)?;
            stream.write_all(pattern.request(index, requests))?;
            begun.push((stream, at));
        }
        for (index, (mut stream, at)) in begun.drain(..).enumerate() {
            stream.read_exact(&mut answer)?;
            if answer != pattern.request(index, requests) {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "wrong bytes"));
            }
            drop(stream);
            latency.add(at.elapsed().as_nanos() as u64);
        }
        requests += connections as u64;
    }
    Ok(Counts { requests, wall: begin.elapsed(), latency })
}

fn connect(port: u16, number: u64) -> io::Result<TcpStream> {
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
