//! The load: every connection sends a request, waits for its echo, checks it, and sends the next;
//! or several at a time, or bytes in one direction alone.
//!
//! After the warm-up all connections rest, and each line on stdin starts a measured part, at the
//! end of which they rest again: exactly the counted requests fall between two rests.

mod connect;
mod echo;
mod stream;
mod storm;

use std::error::Error;
use std::io::{self, BufRead, ErrorKind, Write};
use std::os::fd::OwnedFd;
use std::time::Duration;

use peers::args::Args;
use peers::latency::Latency;
use peers::pattern::Pattern;
use peers::process;
use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, Event, EventData, EventFlags};
use rustix::time::Timespec;

use echo::{Kind, Load};
use stream::Streams;

const USAGE: &str = "load --port P [--connections C] [--bytes S] [--ms T] [--warm-ms W] [--core N]
     [--go] [--depth D|--datagrams|--up|--down|--storm|--idle]
     --go    start one measured part without a line on stdin
     --depth so many requests at a time on each connection
     --datagrams  requests and echoes are datagrams
     --up    bytes to the server, --down from it, in shares that are answered or asked for
     --storm a connection for each request
     --idle  connect, wait for a line, disconnect";

/// Events taken at once.
const BATCH: usize = 256;
/// Without any event for so long, the server has lost a request.
const SILENCE: Timespec = Timespec { tv_sec: 5, tv_nsec: 0 };

/// What one part of the run counted.
struct Counts {
    requests: u64,
    wall: Duration,
    latency: Latency,
}

fn main() -> Result<(), Box<dyn Error>> {
    let flags = ["go", "idle", "storm", "up", "down", "datagrams"];
    let options = ["port", "connections", "bytes", "ms", "warm-ms", "core", "depth"];
    let args = Args::read(USAGE, &flags, &options);
    process::raise_open_files()?;
    process::pin(args.number("core", 1))?;
    let port = args.required("port");
    let (connections, bytes) = (args.number("connections", 64), args.number("bytes", 64));
    let warm_up = Duration::from_millis(args.number("warm-ms", 200));
    let length = Duration::from_millis(args.number("ms", 1000));
    let go = args.flag("go");
    if args.flag("storm") {
        let (pattern, mut requests) = (Pattern::new(bytes), 0);
        by_turns(warm_up, length, go, |length| {
            let counts = storm::run(port, connections, &pattern, length, requests)?;
            requests += counts.requests;
            Ok(counts)
        })
    } else if args.flag("up") || args.flag("down") {
        let mut streams = Streams::connect(port, connections, args.flag("up"))?;
        by_turns(warm_up, length, go, |length| streams.run(length))
    } else {
        let kind = if args.flag("datagrams") { Kind::Datagrams } else { Kind::Connections };
        let mut load = Load::connect(port, kind, connections, bytes, args.number("depth", 1))?;
        if args.flag("idle") {
            println!("idle");
            io::stdin().lock().read_line(&mut String::new())?;
            return Ok(());
        }
        by_turns(warm_up, length, go, |length| load.run(length))
    }
}

/// Warms up, and then measures once for each line on stdin; or once, if it need not wait for one.
fn by_turns(
    warm_up: Duration,
    length: Duration,
    go: bool,
    mut run: impl FnMut(Duration) -> io::Result<Counts>,
) -> Result<(), Box<dyn Error>> {
    run(warm_up)?;
    println!("warm");
    while go || io::stdin().lock().read_line(&mut String::new())? > 0 {
        let counts = run(length)?;
        let latency = |percent| counts.latency.percentile_ns(percent);
        let (requests, wall_ns) = (counts.requests, counts.wall.as_nanos());
        let (p50, p99, p999) = (latency(50.0), latency(99.0), latency(99.9));
        println!("ops {requests} wall_ns {wall_ns} p50_ns {p50} p99_ns {p99} p999_ns {p999}");
        io::stdout().flush()?;
        if go {
            break;
        }
    }
    Ok(())
}

/// The next events; an error if none comes although so many sockets wait for something.
fn wait(epoll: &OwnedFd, events: &mut Vec<Event>, busy: usize) -> io::Result<()> {
    events.clear();
    epoll::wait(epoll, spare_capacity(events), Some(&SILENCE))?;
    if events.is_empty() {
        return Err(io::Error::new(ErrorKind::TimedOut, format!("{busy} answers are lost")));
    }
    Ok(())
}

/// Says whether a socket waits for room, unless that is what the kernel knows already.
fn want_write(
    epoll: &OwnedFd,
    socket: &OwnedFd,
    index: usize,
    knows: &mut bool,
    wants: bool,
) -> io::Result<()> {
    if wants != *knows {
        *knows = wants;
        let out = if wants { EventFlags::OUT } else { EventFlags::empty() };
        epoll::modify(epoll, socket, EventData::new_u64(index as u64), EventFlags::IN | out)?;
    }
    Ok(())
}

/// What a server sent that it should not have.
fn wrong(index: usize, place: u64) -> io::Error {
    let what = format!("connection {index}, byte {place}: wrong bytes");
    io::Error::new(ErrorKind::InvalidData, what)
}
