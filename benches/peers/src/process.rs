//! How every program here sets itself up: its core, its limits, its listener, its port.

use std::fmt::Display;
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};

use crate::allocs;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::{CpuSet, sched_setaffinity};
use socket2::{Domain, Socket, Type};

/// Connections that may wait to be accepted: all of the largest load.
const BACKLOG: i32 = 4096;

/// Bytes of datagrams that wait at a server.
const RECEIVE_BUFFER: usize = 1 << 20;

/// Pins this thread, and all that it starts from now on, to one core.
pub fn pin(core: usize) -> io::Result<()> {
    let mut cores = CpuSet::new();
    cores.set(core);
    Ok(sched_setaffinity(None, &cores)?)
}

/// Descriptors of the largest load, with some to spare.
const FILES: u64 = 65_536;

/// Allows as many open descriptors as this user may have, more than that if he may.
pub fn raise_open_files() -> io::Result<()> {
    let maximum = getrlimit(Resource::Nofile).maximum;
    let more = maximum.map(|maximum| maximum.max(FILES));
    if setrlimit(Resource::Nofile, Rlimit { current: more, maximum: more }).is_ok() {
        return Ok(());
    }
    Ok(setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })?)
}

/// Resident memory of this process.
pub fn resident_bytes() -> io::Result<u64> {
    status_bytes(std::process::id(), "VmRSS:")
}

/// The most that this process ever had resident.
pub fn most_resident_bytes() -> io::Result<u64> {
    status_bytes(std::process::id(), "VmHWM:")
}

/// A line of `/proc/PID/status` that counts memory.
pub fn status_bytes(pid: u32, name: &str) -> io::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.map(|kib| kib * 1024).ok_or_else(|| io::Error::other(format!("no {name} in status")))
}

/// A listener on the loopback, at a port of the kernel's choice, whose connections have
/// TCP_NODELAY.
pub fn listener() -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
    // Accepted sockets inherit it.
    socket.set_tcp_nodelay(true)?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// A socket for datagrams on the loopback, at a port of the kernel's choice, with room for one of
/// each peer of the largest load.
pub fn datagram_socket() -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, None)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
    socket.set_recv_buffer_size(RECEIVE_BUFFER)?;
    Ok(socket.into())
}

/// Tells who started this server where it listens. If allocations are counted, answers each line on
/// stdin with the count.
pub fn announce(addr: SocketAddr) -> io::Result<()> {
    if allocs::so_far().is_some() {
        std::thread::spawn(|| {
            for _ in io::stdin().lines() {
                say(allocs::so_far().unwrap_or_default()).expect("whoever asks wants to know");
            }
        });
    }
    say(format_args!("port {}", addr.port()))
}

fn say(what: impl Display) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{what}")?;
    stdout.flush()
}
