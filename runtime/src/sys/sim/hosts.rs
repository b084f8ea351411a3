//! Hosts: an address each, a file system each, and what lies between them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::faults::Fault;
use super::objects::{Arrived, Id, Kind, Link, Name, Object, Socket, Stream};
use super::tree::Tree;
use super::world::State;

/// How long bytes take between two hosts, in nanoseconds: at least, and beyond that at most.
const LATENCY: (u64, u64) = (50_000, 200_000);
/// How much longer they take when the network is slow.
const SLOW: u64 = 200_000_000;
/// How long a connect waits for a host that does not answer: what Linux does by default.
pub(super) const CONNECT_TIMEOUT: u64 = 127_000_000_000;
/// Connections that wait to be accepted.
const BACKLOG: usize = 4096;
/// The first port that the kernel chooses.
const FIRST_PORT: u16 = 32_768;

/// All hosts of a world.
#[derive(Debug, Default)]
pub(super) struct Hosts {
    all: Vec<Host>,
    /// Pairs that cannot reach each other, the lower one first.
    cut: BTreeSet<(usize, usize)>,
    /// What names stand for.
    pub(super) names: BTreeMap<String, Vec<IpAddr>>,
}

/// One host.
#[derive(Debug)]
pub(super) struct Host {
    pub(super) addr: Option<IpAddr>,
    pub(super) tree: Tree,
    /// It has no power.
    pub(super) is_down: bool,
    /// The threads on which its programs began.
    pub(super) programs: Vec<usize>,
    next_port: u16,
}

impl Hosts {
    pub(super) fn add(&mut self, addr: Option<IpAddr>) -> usize {
        self.all.push(Host {
            addr,
            tree: Tree::new(),
            is_down: false,
            programs: Vec::new(),
            next_port: FIRST_PORT,
        });
        self.all.len() - 1
    }

    pub(super) fn at(&mut self, host: usize) -> &mut Host {
        &mut self.all[host]
    }

    /// The threads on which programs of all hosts began.
    pub(super) fn take_programs(&mut self) -> Vec<usize> {
        self.all.iter_mut().flat_map(|host| std::mem::take(&mut host.programs)).collect()
    }

    pub(super) fn get(&self, host: usize) -> &Host {
        &self.all[host]
    }

    /// The host with this address, as seen from another.
    pub(super) fn find(&self, from: usize, addr: IpAddr) -> Option<usize> {
        let own = addr.is_loopback() || addr.is_unspecified() || self.all[from].addr == Some(addr);
        if own {
            return Some(from);
        }
        self.all.iter().position(|host| host.addr == Some(addr))
    }

    pub(super) fn has(&self, host: usize, addr: IpAddr) -> bool {
        addr.is_loopback() || addr.is_unspecified() || self.all[host].addr == Some(addr)
    }

    pub(super) fn set_cut(&mut self, one: usize, other: usize, cut: bool) {
        let pair = (one.min(other), one.max(other));
        if cut {
            self.cut.insert(pair)
        } else {
            self.cut.remove(&pair)
        };
    }

    /// Whether what one sends can reach the other.
    pub(super) fn reach(&self, one: usize, other: usize) -> bool {
        let up = !self.all[one].is_down && !self.all[other].is_down;
        one == other || up && !self.cut.contains(&(one.min(other), one.max(other)))
    }
}

impl State {
    /// When bytes that are sent now between two hosts arrive. What is on one host arrives at once,
    /// unless the network is slow.
    pub(super) fn arrival(&mut self, hosts: (usize, usize)) -> u64 {
        let mut at = self.now();
        if hosts.0 != hosts.1 {
            at += LATENCY.0 + self.rng.below(LATENCY.1);
        }
        if self.fault(Fault::SlowNet) {
            at += self.rng.below(SLOW);
        }
        at
    }

    /// The channel as it is now: with what has arrived, unless the hosts are cut off.
    pub(super) fn settle(&mut self, channel: Id) {
        let now = self.now();
        if let Some(channel) = self.objects.channels.get_mut(&channel)
            && self.hosts.reach(channel.hosts.0, channel.hosts.1)
        {
            channel.settle(now);
        }
    }

    /// Sends bytes into a channel.
    pub(super) fn send(&mut self, channel: Id, bytes: &[u8]) {
        self.on_channel(channel, |channel, at| channel.send(bytes, at));
    }

    /// Ends a channel.
    pub(super) fn finish(&mut self, channel: Id) {
        self.on_channel(channel, super::channel::Channel::finish);
    }

    /// Breaks a channel: its reader is told.
    pub(super) fn fail(&mut self, channel: Id, errno: i32) {
        self.on_channel(channel, |channel, at| channel.fail(errno, at));
    }

    fn on_channel(&mut self, id: Id, act: impl FnOnce(&mut super::channel::Channel, u64) -> u64) {
        let Some(hosts) = self.objects.channels.get(&id).map(|channel| channel.hosts) else {
            return;
        };
        let at = self.arrival(hosts);
        if let Some(channel) = self.objects.channels.get_mut(&id) {
            let at = act(channel, at);
            self.schedule.alarm(at);
        }
        self.touch();
    }

    /// As if the other end had reset the connection; the other end hears of it, too.
    pub(super) fn reset(&mut self, stream: Stream) {
        self.break_off(stream, libc::ECONNRESET);
    }

    /// Our end breaks with this error, and the other one is reset.
    pub(super) fn break_off(&mut self, stream: Stream, errno: i32) {
        let now = self.now();
        if let Some(inbox) = self.objects.channels.get_mut(&stream.inbox) {
            inbox.fail(errno, now);
            inbox.settle(now);
        }
        self.fail(stream.outbox, libc::ECONNRESET);
        if let Some(outbox) = self.objects.channels.get_mut(&stream.outbox) {
            outbox.reader_gone = true;
        }
    }

    /// Whether a socket of this host may listen at this address.
    pub(super) fn may_bind(&self, host: usize, addr: SocketAddr, joins: bool) -> Result<(), i32> {
        if !self.hosts.has(host, addr.ip()) {
            return Err(libc::EADDRNOTAVAIL);
        }
        let overlaps = |other: &SocketAddr| {
            let any = other.ip().is_unspecified() || addr.ip().is_unspecified();
            other.port() == addr.port() && (any || other.ip() == addr.ip())
        };
        let taken = self.listeners(host).any(|(_, socket)| match &socket.local {
            Some(Name::Internet(other)) => overlaps(other) && !(joins && socket.joinable),
            _ => false,
        });
        if taken { Err(libc::EADDRINUSE) } else { Ok(()) }
    }

    /// A port that nobody listens on.
    pub(super) fn free_port(&mut self, host: usize) -> u16 {
        let host = self.hosts.at(host);
        let port = host.next_port;
        host.next_port = port.checked_add(1).unwrap_or(FIRST_PORT);
        port
    }

    fn listeners(&self, host: usize) -> impl Iterator<Item = (Id, &Socket)> {
        self.objects.iter().filter(move |(_, object)| object.host == host).filter_map(
            |(id, object)| match &object.kind {
                Kind::Socket(socket) if matches!(socket.state, Link::Listening(_)) => {
                    Some((id, socket))
                }
                _ => None,
            },
        )
    }

    /// Connects a fresh socket to whoever listens; the peer's end waits to be accepted.
    pub(super) fn connect(&mut self, client: Id, to: &Name) -> Result<(), i32> {
        let from = self.objects.get(client).map_or(0, |object| object.host);
        let target = match to {
            Name::Internet(addr) => self.hosts.find(from, addr.ip()).ok_or(libc::ENETUNREACH)?,
            Name::Local(_) => from,
        };
        let hears = |name: &Option<Name>| match (name, to) {
            (Some(Name::Internet(own)), Name::Internet(asked)) => {
                own.port() == asked.port()
                    && (own.ip().is_unspecified()
                        || own.ip() == asked.ip()
                        || asked.ip().is_unspecified() && own.ip().is_loopback())
            }
            (Some(own), asked) => own == asked,
            (None, _) => false,
        };
        let able = self.listeners(target).filter(|(_, socket)| hears(&socket.local));
        let able: Vec<Id> = able.map(|(id, _)| id).collect();
        if let Name::Local(path) = to
            && path.first() != Some(&0)
        {
            // Its name may have been removed since.
            self.hosts.get(from).tree.stat_path(path, true)?;
        }
        if able.is_empty() {
            return Err(libc::ECONNREFUSED);
        }
        let listener = able[self.rng.below(able.len() as u64) as usize];
        let own = self.own_name(client, from, to);
        let (ours, theirs) = self.objects.connection((from, target));
        let Some(socket) = self.objects.get_mut(listener).and_then(Object::socket_mut) else {
            return Err(libc::ECONNREFUSED);
        };
        let local = match (to, &socket.local) {
            (Name::Internet(asked), _) if !asked.ip().is_unspecified() => to.clone(),
            (_, local) => local.clone().unwrap_or_else(|| to.clone()),
        };
        let Link::Listening(backlog) = &mut socket.state else { return Err(libc::ECONNREFUSED) };
        if backlog.len() >= BACKLOG {
            return Err(libc::ETIMEDOUT);
        }
        backlog.push_back(Arrived { stream: theirs, local, peer: own.clone() });
        if let Some(socket) = self.objects.get_mut(client).and_then(Object::socket_mut) {
            socket.state = Link::Connected(ours);
            socket.local = Some(own);
            socket.peer = Some(to.clone());
        }
        self.touch();
        Ok(())
    }

    /// The name that a connecting socket gets.
    fn own_name(&mut self, client: Id, host: usize, to: &Name) -> Name {
        let bound = self.objects.get(client).and_then(Object::socket);
        if let Some(name) = bound.and_then(|socket| socket.local.clone()) {
            return name;
        }
        let Name::Internet(asked) = to else { return Name::Local(Vec::new()) };
        let ip = match (asked.ip().is_loopback() || asked.ip().is_unspecified(), asked) {
            (true, SocketAddr::V4(_)) => Ipv4Addr::LOCALHOST.into(),
            (true, SocketAddr::V6(_)) => Ipv6Addr::LOCALHOST.into(),
            (false, _) => self.hosts.get(host).addr.unwrap_or(Ipv4Addr::LOCALHOST.into()),
        };
        Name::Internet(SocketAddr::new(ip, self.free_port(host)))
    }

    /// Looks which descriptors were closed, and ends what nobody has any more.
    pub(super) fn sweep(&mut self) {
        for id in self.objects.sweep() {
            self.complain(format!("a descriptor was closed under an operation (object {id})"));
        }
        self.close_unused();
    }

    /// Ends what nobody has any more.
    pub(super) fn close_unused(&mut self) {
        while let Some((id, object)) = self.objects.take_unused() {
            self.record("closes", id, 0);
            self.close(object);
            self.touch();
        }
    }

    /// As the last close does: the other end sees the end, and can't send. What was not read makes
    /// it a reset.
    fn close(&mut self, object: Object) {
        let (inbox, outbox) = (object.inbox(), object.outbox());
        let socket = object.socket();
        let linger =
            socket.is_some_and(|socket| socket.options.linger.is_some_and(|t| t.is_zero()));
        let mut unread = false;
        if let Some(channel) = inbox.and_then(|inbox| self.objects.channels.get_mut(&inbox)) {
            channel.reader_gone = true;
            unread = channel.is_unread() && socket.is_some();
        }
        match outbox {
            Some(outbox) if unread || linger => self.fail(outbox, libc::ECONNRESET),
            Some(outbox) => self.finish(outbox),
            None => {}
        }
        match object.kind {
            Kind::Socket(Socket { state: Link::Listening(backlog), .. }) => {
                for arrived in backlog {
                    self.fail(arrived.stream.outbox, libc::ECONNRESET);
                    if let Some(inbox) = self.objects.channels.get_mut(&arrived.stream.inbox) {
                        inbox.reader_gone = true;
                    }
                }
            }
            Kind::File(file) => self.hosts.at(object.host).tree.release(file.inode),
            Kind::Socket(_) | Kind::PipeFrom(_) | Kind::PipeTo(_) | Kind::Ring(_) => {}
        }
    }
}
