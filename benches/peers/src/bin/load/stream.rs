//! Bytes in one direction: up, in shares that the server answers when it has all of one; down, in
//! shares that it is asked for. See `peers::streams`.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use peers::latency::Latency;
use peers::streams::{ANSWER, PIECE, PIECES, SHARE, piece};
use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags};

use crate::{BATCH, Counts, wait, want_write, wrong};

/// What is taken from a socket at once.
const ROOM: usize = 64 << 10;

/// One connection and its share.
struct Stream {
    socket: OwnedFd,
    begun: Instant,
    /// Bytes of all shares that have begun, and those of them that went or came.
    wanted: u64,
    moved: u64,
    answer: Vec<u8>,
    wants_write: bool,
}

/// All connections.
pub(crate) struct Streams {
    epoll: OwnedFd,
    streams: Vec<Stream>,
    up: bool,
    scratch: Vec<u8>,
}

impl Streams {
    pub(crate) fn connect(port: u16, connections: usize, up: bool) -> io::Result<Self> {
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let streams = (0..connections).map(|index| {
            let socket = TcpStream::connect(addr)?;
            socket.set_nodelay(true)?;
            socket.set_nonblocking(true)?;
            let socket = OwnedFd::from(socket);
            epoll::add(&epoll, &socket, EventData::new_u64(index as u64), EventFlags::IN)?;
            let (begun, answer) = (Instant::now(), Vec::with_capacity(ANSWER));
            Ok(Stream { socket, begun, wanted: 0, moved: 0, answer, wants_write: false })
        });
        let streams = streams.collect::<io::Result<_>>()?;
        Ok(Self { epoll, streams, up, scratch: Vec::with_capacity(ROOM) })
    }

    /// Begins shares for `length`, and waits until the last of them is through.
    pub(crate) fn run(&mut self, length: Duration) -> io::Result<Counts> {
        let begin = Instant::now();
        let (mut busy, mut shares, mut latency) = (self.streams.len(), 0, Latency::default());
        for index in 0..self.streams.len() {
            self.begin(index, begin)?;
        }
        let mut events = Vec::<Event>::with_capacity(BATCH);
        while busy > 0 {
            wait(&self.epoll, &mut events, busy)?;
            let now = Instant::now();
            let more = now.duration_since(begin) < length;
            for event in &events {
                let (flags, index) = (event.flags, event.data.u64() as usize);
                if flags.contains(EventFlags::OUT) {
                    self.send(index)?;
                }
                if !flags.contains(EventFlags::IN) {
                    continue;
                }
                let done = if self.up { self.answered(index)? } else { self.receive(index)? };
                if done {
                    latency.add(now.duration_since(self.streams[index].begun).as_nanos() as u64);
                    shares += 1;
                    if more { self.begin(index, now)? } else { busy -= 1 }
                }
            }
        }
        Ok(Counts { requests: shares * PIECES as u64, wall: begin.elapsed(), latency })
    }

    fn begin(&mut self, index: usize, now: Instant) -> io::Result<()> {
        let stream = &mut self.streams[index];
        stream.begun = now;
        stream.wanted += SHARE;
        if self.up {
            return self.send(index);
        }
        rustix::net::send(&stream.socket, b"1", SendFlags::NOSIGNAL)?;
        Ok(())
    }

    /// Sends what the socket takes of the share.
    fn send(&mut self, index: usize) -> io::Result<()> {
        let stream = &mut self.streams[index];
        while stream.moved < stream.wanted {
            let rest = &piece()[(stream.moved % PIECE as u64) as usize..];
            match rustix::net::send(&stream.socket, rest, SendFlags::NOSIGNAL) {
                Ok(n) => stream.moved += n as u64,
                Err(Errno::AGAIN) => break,
                Err(error) => return Err(error.into()),
            }
        }
        let wants = stream.moved < stream.wanted;
        want_write(&self.epoll, &stream.socket, index, &mut stream.wants_write, wants)
    }

    /// Whether the server has said that it took all of the share.
    fn answered(&mut self, index: usize) -> io::Result<bool> {
        let stream = &mut self.streams[index];
        if !receive(&stream.socket, &mut stream.answer)? || stream.answer.len() < ANSWER {
            return Ok(false);
        }
        if stream.answer != stream.moved.to_ne_bytes() || stream.moved != stream.wanted {
            return Err(wrong(index, stream.moved));
        }
        stream.answer.clear();
        Ok(true)
    }

    /// Takes what is there of the share, and says whether it is complete.
    fn receive(&mut self, index: usize) -> io::Result<bool> {
        let stream = &mut self.streams[index];
        self.scratch.clear();
        if !receive(&stream.socket, &mut self.scratch)? {
            return Ok(false);
        }
        let mut rest = &self.scratch[..];
        while !rest.is_empty() {
            let expected = &piece()[(stream.moved % PIECE as u64) as usize..];
            let (these, later) = rest.split_at(rest.len().min(expected.len()));
            if these != &expected[..these.len()] {
                return Err(wrong(index, stream.moved));
            }
            stream.moved += these.len() as u64;
            rest = later;
        }
        if stream.moved > stream.wanted {
            return Err(wrong(index, stream.wanted));
        }
        Ok(stream.moved == stream.wanted)
    }
}

/// Appends what is there, and says whether there was something.
fn receive(socket: &OwnedFd, bytes: &mut Vec<u8>) -> io::Result<bool> {
    match rustix::net::recv(socket, spare_capacity(bytes), RecvFlags::empty()) {
        Ok((0, _)) => Err(ErrorKind::UnexpectedEof.into()),
        Ok(_) => Ok(true),
        Err(Errno::AGAIN) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
