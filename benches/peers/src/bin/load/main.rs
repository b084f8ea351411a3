//! The load: every connection sends a request, waits for its echo, checks it, and sends the next.
//!
//! After the warm-up all connections rest, and a line on stdin starts the measured part, at the end
//! of which they rest again: exactly the counted requests fall between the two rests.

mod storm;

use std::error::Error;
use std::io::{self, BufRead, ErrorKind, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use peers::args::Args;
use peers::latency::Latency;
use peers::pattern::Pattern;
use peers::process;
use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::net::{RecvFlags, SendFlags};
use rustix::time::Timespec;

const USAGE: &str = "load --port P [--connections C] [--bytes S] [--ms T] [--warm-ms W] [--core N]
     [--go] [--idle] [--storm]
     --go    start the measured part without a line on stdin
     --idle  connect, wait for a line, disconnect
     --storm a connection for each request";

/// Events taken at once.
const BATCH: usize = 256;
/// Without any event for so long, the server has lost a request.
const SILENCE: Timespec = Timespec { tv_sec: 5, tv_nsec: 0 };

/// One connection and its request.
struct Connection {
    socket: TcpStream,
    number: u64,
    sent: usize,
    received: usize,
    begun: Instant,
    wants_write: bool,
}

/// All connections.
struct Load {
    epoll: OwnedFd,
    connections: Vec<Connection>,
    pattern: Pattern,
    scratch: Vec<u8>,
}

/// What one part of the run counted.
struct Counts {
    requests: u64,
    wall: Duration,
    latency: Latency,
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = ["port", "connections", "bytes", "ms", "warm-ms", "core"];
    let args = Args::read(USAGE, &["go", "idle", "storm"], &options);
    process::raise_open_files()?;
    process::pin(args.number("core", 1))?;
    let port = args.required("port");
    let (connections, bytes) = (args.number("connections", 64), args.number("bytes", 64));
    let warm_up = Duration::from_millis(args.number("warm-ms", 200));
    let length = Duration::from_millis(args.number("ms", 1000));
    let go = |what: &str| {
        println!("{what}");
        if args.flag("go") { Ok(0) } else { io::stdin().lock().read_line(&mut String::new()) }
    };
    let counts = if args.flag("storm") {
        let pattern = Pattern::new(bytes);
        let warm = storm::run(port, connections, &pattern, warm_up, 0)?;
        go("warm")?;
        storm::run(port, connections, &pattern, length, warm.requests)?
    } else {
        let mut load = Load::connect(port, connections, bytes)?;
        if args.flag("idle") {
            go("idle")?;
            return Ok(());
        }
        load.run(warm_up)?;
        go("warm")?;
        load.run(length)?
    };
    let latency = |percent| counts.latency.percentile_ns(percent);
    let (requests, wall_ns) = (counts.requests, counts.wall.as_nanos());
    let (p50, p99, p999) = (latency(50.0), latency(99.0), latency(99.9));
    println!("ops {requests} wall_ns {wall_ns} p50_ns {p50} p99_ns {p99} p999_ns {p999}");
    io::stdout().flush()?;
    Ok(())
}

impl Load {
    fn connect(port: u16, connections: usize, bytes: usize) -> io::Result<Self> {
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let connections = (0..connections).map(|index| {
            let socket = TcpStream::connect(addr)?;
            socket.set_nodelay(true)?;
            socket.set_nonblocking(true)?;
            epoll::add(&epoll, &socket, EventData::new_u64(index as u64), EventFlags::IN)?;
            let (number, sent, received, begun) = (0, 0, 0, Instant::now());
            Ok(Connection { socket, number, sent, received, begun, wants_write: false })
        });
        let connections = connections.collect::<io::Result<_>>()?;
        let scratch = Vec::with_capacity(bytes.max(64));
        Ok(Self { epoll, connections, pattern: Pattern::new(bytes), scratch })
    }

    /// Sends requests for `length`, and waits for the last echoes.
    fn run(&mut self, length: Duration) -> io::Result<Counts> {
        let begin = Instant::now();
        let mut latency = Latency::default();
        for index in 0..self.connections.len() {
            self.begin(index, begin)?;
        }
        let (mut busy, mut requests) = (self.connections.len(), 0);
        let mut events = Vec::<Event>::with_capacity(BATCH);
        while busy > 0 {
            events.clear();
            epoll::wait(&self.epoll, spare_capacity(&mut events), Some(&SILENCE))?;
            if events.is_empty() {
                return Err(io::Error::new(ErrorKind::TimedOut, format!("{busy} echoes are lost")));
            }
            let now = Instant::now();
            let more = now.duration_since(begin) < length;
            for event in &events {
                let (flags, index) = (event.flags, event.data.u64() as usize);
                if flags.contains(EventFlags::OUT) {
                    self.send(index)?;
                }
                if flags.contains(EventFlags::IN) && self.receive(index)? {
                    let connection = &mut self.connections[index];
                    latency.add(now.duration_since(connection.begun).as_nanos() as u64);
                    requests += 1;
                    connection.number += 1;
                    if more { self.begin(index, now)? } else { busy -= 1 }
                }
            }
        }
        Ok(Counts { requests, wall: begin.elapsed(), latency })
    }

    fn begin(&mut self, index: usize, now: Instant) -> io::Result<()> {
        let connection = &mut self.connections[index];
        (connection.sent, connection.received, connection.begun) = (0, 0, now);
        self.send(index)
    }

    /// Sends what the socket takes of the request.
    fn send(&mut self, index: usize) -> io::Result<()> {
        let connection = &mut self.connections[index];
        let request = self.pattern.request(index, connection.number);
        let rest = &request[connection.sent..];
        match rustix::net::send(&connection.socket, rest, SendFlags::NOSIGNAL) {
            Ok(n) => connection.sent += n,
            Err(rustix::io::Errno::AGAIN) => {}
            Err(error) => return Err(error.into()),
        }
        let wants_write = connection.sent < request.len();
        if wants_write != connection.wants_write {
            connection.wants_write = wants_write;
            let out = if wants_write { EventFlags::OUT } else { EventFlags::empty() };
            let data = EventData::new_u64(index as u64);
            epoll::modify(&self.epoll, &connection.socket, data, EventFlags::IN | out)?;
        }
        Ok(())
    }

    /// Takes what is there of the echo, and says whether it is complete.
    fn receive(&mut self, index: usize) -> io::Result<bool> {
        let connection = &mut self.connections[index];
        let expected = &self.pattern.request(index, connection.number)[connection.received..];
        self.scratch.clear();
        let room = spare_capacity(&mut self.scratch);
        match rustix::net::recv(&connection.socket, room, RecvFlags::empty()) {
            Ok((0, _)) => Err(ErrorKind::UnexpectedEof.into()),
            Ok((n, _)) if expected.get(..n) == Some(&self.scratch[..]) => {
                connection.received += n;
                Ok(connection.received == self.pattern.request_len())
            }
            Ok(_) => {
                let what =
                    format!("connection {index}, request {}: wrong bytes", connection.number);
                Err(io::Error::new(ErrorKind::InvalidData, what))
            }
            Err(rustix::io::Errno::AGAIN) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}
