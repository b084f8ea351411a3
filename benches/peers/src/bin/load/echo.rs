//! Requests and their echoes: so many at a time on each connection, every byte checked.

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, UdpSocket};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use peers::latency::Latency;
use peers::pattern::Pattern;
use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::net::{RecvFlags, SendFlags};

use crate::connect::connect;
use crate::{BATCH, Counts, wait, want_write, wrong};

/// What carries requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Connections,
    Datagrams,
}

/// One connection and its requests, which are one stream of bytes.
struct Connection {
    socket: OwnedFd,
    /// When each request in flight began.
    begun: VecDeque<Instant>,
    /// Bytes of all requests that have begun, those of them that were sent, and those that came
    /// back.
    wanted: u64,
    sent: u64,
    received: u64,
    wants_write: bool,
}

/// All connections.
pub(crate) struct Load {
    epoll: OwnedFd,
    connections: Vec<Connection>,
    pattern: Pattern,
    depth: usize,
    /// Several requests in one piece.
    out: Vec<u8>,
    scratch: Vec<u8>,
}

impl Load {
    pub(crate) fn connect(
        port: u16,
        kind: Kind,
        connections: usize,
        bytes: usize,
        depth: usize,
    ) -> io::Result<Self> {
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        let connections = (0..connections).map(|index| {
            let socket = open(port, kind, index)?;
            epoll::add(&epoll, &socket, EventData::new_u64(index as u64), EventFlags::IN)?;
            let (begun, wants_write) = (VecDeque::with_capacity(depth), false);
            Ok(Connection { socket, begun, wanted: 0, sent: 0, received: 0, wants_write })
        });
        let connections = connections.collect::<io::Result<_>>()?;
        let (out, scratch) = (Vec::new(), Vec::with_capacity((bytes * depth).max(64)));
        Ok(Self { epoll, connections, pattern: Pattern::new(bytes), depth, out, scratch })
    }

    /// Sends requests for `length`, and waits for the last echoes.
    pub(crate) fn run(&mut self, length: Duration) -> io::Result<Counts> {
        let begin = Instant::now();
        let mut latency = Latency::default();
        for index in 0..self.connections.len() {
            self.begin(index, self.depth, begin)?;
        }
        let (mut busy, mut requests) = (self.connections.len(), 0);
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
                let done = self.receive(index)?;
                let connection = &mut self.connections[index];
                for begun in connection.begun.drain(..done) {
                    latency.add(now.duration_since(begun).as_nanos() as u64);
                }
                requests += done as u64;
                if more && done > 0 {
                    self.begin(index, done, now)?;
                } else if done > 0 && connection.begun.is_empty() {
                    busy -= 1;
                }
            }
        }
        Ok(Counts { requests, wall: begin.elapsed(), latency })
    }

    fn begin(&mut self, index: usize, requests: usize, now: Instant) -> io::Result<()> {
        let connection = &mut self.connections[index];
        connection.wanted += (requests * self.pattern.request_len()) as u64;
        connection.begun.extend(std::iter::repeat_n(now, requests));
        self.send(index)
    }

    /// Sends what the socket takes of the requests: all of them at once.
    fn send(&mut self, index: usize) -> io::Result<()> {
        let Connection { socket, wanted, sent, wants_write, .. } = &mut self.connections[index];
        let left = (*wanted - *sent) as usize;
        let first = self.pattern.rest(index, *sent);
        let bytes = if first.len() >= left {
            &first[..left]
        } else {
            self.out.clear();
            while self.out.len() < left {
                let next = self.pattern.rest(index, *sent + self.out.len() as u64);
                self.out.extend_from_slice(next);
            }
            &self.out[..left]
        };
        match rustix::net::send(&*socket, bytes, SendFlags::NOSIGNAL) {
            Ok(n) => *sent += n as u64,
            Err(rustix::io::Errno::AGAIN) => {}
            Err(error) => return Err(error.into()),
        }
        want_write(&self.epoll, socket, index, wants_write, *sent < *wanted)
    }

    /// Takes what is there of the echoes, and says how many are complete.
    fn receive(&mut self, index: usize) -> io::Result<usize> {
        let connection = &mut self.connections[index];
        self.scratch.clear();
        let room = spare_capacity(&mut self.scratch);
        match rustix::net::recv(&connection.socket, room, RecvFlags::empty()) {
            Ok((0, _)) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(_) => {}
            Err(rustix::io::Errno::AGAIN) => return Ok(0),
            Err(error) => return Err(error.into()),
        }
        let (mut rest, before) = (&self.scratch[..], connection.received);
        while !rest.is_empty() {
            let expected = self.pattern.rest(index, connection.received);
            let (these, later) = rest.split_at(rest.len().min(expected.len()));
            if these != &expected[..these.len()] {
                return Err(wrong(index, connection.received));
            }
            connection.received += these.len() as u64;
            rest = later;
        }
        if connection.received > connection.sent {
            return Err(wrong(index, connection.sent));
        }
        let len = self.pattern.request_len() as u64;
        Ok((connection.received / len - before / len) as usize)
    }
}

fn open(port: u16, kind: Kind, index: usize) -> io::Result<OwnedFd> {
    match kind {
        Kind::Connections => {
            let socket = connect(port, index as u64)?;
            socket.set_nonblocking(true)?;
            Ok(socket.into())
        }
        Kind::Datagrams => {
            let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
            socket.connect((Ipv4Addr::LOCALHOST, port))?;
            socket.set_nonblocking(true)?;
            Ok(socket.into())
        }
    }
}
