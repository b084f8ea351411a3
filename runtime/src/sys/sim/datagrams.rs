//! Datagram sockets: what is sent arrives after a while, whole, or not at all.
//!
//! Without faults datagrams of one sender arrive once and in order, as over a loopback interface;
//! what finds the receiver's queue full is dropped, and what nobody listens for is refused: who is
//! connected there is told.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::faults::Fault;
use super::objects::{Id, Link, Name, Object, Socket};
use super::world::State;

/// What a receiver's queue holds, each datagram with its costs: what Linux allows by default.
const ROOM: usize = 208 * 1024;
/// What a datagram costs beside its bytes.
const COSTS: usize = 512;
/// The longest datagram.
const LONGEST: usize = 65_507;
/// How much later a reordered datagram arrives, in nanoseconds, at most.
const LATE: u64 = 5_000_000;

/// What a datagram socket has beside its names.
#[derive(Debug, Default)]
pub(super) struct Mail {
    pub(super) queue: VecDeque<Datagram>,
    coming: Vec<Coming>,
    /// All that ever came, in the order of sending.
    count: u64,
    /// What the next call is told, once.
    pub(super) error: Option<i32>,
    pub(super) cast: Cast,
}

#[derive(Clone, Debug)]
pub(super) struct Datagram {
    pub(super) from: SocketAddr,
    pub(super) bytes: Vec<u8>,
}

/// On its way.
#[derive(Debug)]
struct Coming {
    at: u64,
    number: u64,
    /// It does not keep its place.
    late: bool,
    host: usize,
    what: What,
}

#[derive(Debug)]
enum What {
    Datagram(Datagram),
    Refused,
}

/// What can be set on a datagram socket, and asked again.
#[derive(Clone, Copy, Debug)]
pub(in crate::sys) struct Cast {
    pub(in crate::sys) broadcast: bool,
    pub(in crate::sys) loop_v4: bool,
    pub(in crate::sys) ttl_v4: u32,
    pub(in crate::sys) loop_v6: bool,
}

impl Default for Cast {
    fn default() -> Self {
        Self { broadcast: false, loop_v4: true, ttl_v4: 1, loop_v6: true }
    }
}

impl Mail {
    /// Sends something here that arrives not before `at`, and, unless it is late, after what the
    /// same host sent before; when it does.
    fn come(&mut self, at: u64, late: bool, host: usize, what: What) -> u64 {
        let before = self.coming.iter().filter(|other| !other.late && other.host == host);
        let before = before.map(|other| other.at).max().filter(|_| !late);
        let at = before.map_or(at, |before| at.max(before));
        self.count += 1;
        self.coming.push(Coming { at, number: self.count, late, host, what });
        at
    }

    /// What has arrived by `now`, in its order.
    fn arrived(&mut self, now: u64) -> Vec<Coming> {
        let coming = std::mem::take(&mut self.coming);
        let (mut here, later): (Vec<_>, Vec<_>) =
            coming.into_iter().partition(|coming| coming.at <= now);
        self.coming = later;
        here.sort_by_key(|coming| (coming.at, coming.number));
        here
    }

    /// Files what has arrived; false if it was dropped, for want of room.
    fn file(&mut self, what: What) -> bool {
        match what {
            What::Refused => self.error = Some(libc::ECONNREFUSED),
            What::Datagram(datagram) => {
                let costs = |datagram: &Datagram| datagram.bytes.len() + COSTS;
                let taken: usize = self.queue.iter().map(costs).sum();
                if taken + costs(&datagram) > ROOM {
                    return false;
                }
                self.queue.push_back(datagram);
            }
        }
        true
    }
}

fn mail_of(object: &mut Object) -> Option<&mut Mail> {
    match &mut object.socket_mut()?.state {
        Link::Datagrams(mail) => Some(mail),
        _ => None,
    }
}

fn internet(name: Option<&Name>) -> Option<SocketAddr> {
    match name {
        Some(Name::Internet(addr)) => Some(*addr),
        _ => None,
    }
}

/// Where a socket is bound, and where it is connected.
pub(super) fn ends(socket: &Socket) -> Option<(SocketAddr, Option<SocketAddr>)> {
    Some((internet(socket.local.as_ref())?, internet(socket.peer.as_ref())))
}

impl State {
    pub(super) fn mail(&mut self, socket: Id) -> Result<&mut Mail, i32> {
        let object = self.objects.get_mut(socket).ok_or(libc::EBADF)?;
        mail_of(object).ok_or(libc::ENOTSOCK)
    }

    /// The mail as it is now: with what has arrived, unless the hosts are cut off.
    pub(super) fn settle_mail(&mut self, socket: Id) -> Result<(), i32> {
        let (now, host) = (self.now(), self.objects.get(socket).map_or(0, |object| object.host));
        for coming in self.mail(socket)?.arrived(now) {
            let kept = self.hosts.reach(coming.host, host) && self.mail(socket)?.file(coming.what);
            if !kept {
                self.record("dropped", socket, 0);
            }
        }
        Ok(())
    }

    /// The pending error, which is told once.
    pub(super) fn take_mail_error(&mut self, socket: Id) -> Option<i32> {
        self.settle_mail(socket).ok()?;
        self.mail(socket).ok()?.error.take()
    }

    /// The next datagram, or a look at it: none while one must wait.
    pub(super) fn next_datagram(
        &mut self,
        socket: Id,
        peek: bool,
    ) -> Result<Option<Datagram>, i32> {
        if let Some(errno) = self.take_mail_error(socket) {
            return Err(errno);
        }
        let mail = self.mail(socket)?;
        if peek {
            return Ok(mail.queue.front().cloned());
        }
        let datagram = mail.queue.pop_front();
        if datagram.is_some() {
            self.touch();
        }
        Ok(datagram)
    }

    /// The socket that a datagram is for: one that is connected to the sender comes first.
    fn addressee(&self, host: usize, to: SocketAddr, from: SocketAddr) -> Option<Id> {
        let able = self.objects.iter().filter(|(_, object)| object.host == host);
        let able = able.filter_map(|(id, object)| {
            let socket = object.socket()?;
            let Link::Datagrams(_) = socket.state else { return None };
            let (local, peer) = ends(socket)?;
            let any = local.ip().is_unspecified() && local.is_ipv4() == to.is_ipv4();
            let hears = local.port() == to.port() && (any || local.ip() == to.ip());
            let wants = peer.is_none_or(|peer| peer == from);
            (hears && wants).then_some((peer.is_none(), id))
        });
        able.min().map(|(_, id)| id)
    }

    /// Sends a datagram: whatever becomes of it, it was taken.
    pub(super) fn send_datagram(
        &mut self,
        socket: Id,
        to: Option<SocketAddr>,
        bytes: Vec<u8>,
    ) -> Result<usize, i32> {
        if let Some(errno) = self.take_mail_error(socket) {
            return Err(errno);
        }
        let object = self.objects.get(socket).ok_or(libc::EBADF)?;
        let host = object.host;
        let (local, peer) = object.socket().and_then(ends).ok_or(libc::ENOTSOCK)?;
        let mut to = to.or(peer).ok_or(libc::EDESTADDRREQ)?;
        if local.is_ipv4() != to.is_ipv4() {
            return Err(libc::EAFNOSUPPORT);
        }
        if to.port() == 0 {
            return Err(libc::EINVAL);
        }
        if bytes.len() > LONGEST {
            return Err(libc::EMSGSIZE);
        }
        let connected = peer == Some(to);
        let from = self.source(host, local, to);
        if to.ip().is_unspecified() {
            to.set_ip(loopback(to));
        }
        let count = bytes.len();
        self.record("datagram", socket, count.cast_signed() as i64);
        // What has no such host, or no way there, is never heard of again.
        let there = self.hosts.find(host, to.ip()).filter(|there| self.hosts.reach(host, *there));
        let Some(there) = there else { return Ok(count) };
        if self.fault(Fault::LostDatagram) {
            return Ok(count);
        }
        let copies = if self.fault(Fault::DuplicatedDatagram) { 2 } else { 1 };
        let addressee = self.addressee(there, to, from);
        for _ in 0..copies {
            let mut at = self.arrival((host, there));
            let late = self.fault(Fault::ReorderedDatagram);
            if late {
                at += 1 + self.rng.below(LATE);
            }
            let (whose, what) = match addressee {
                Some(addressee) => {
                    (addressee, What::Datagram(Datagram { from, bytes: bytes.clone() }))
                }
                None if connected => {
                    at += self.arrival((there, host)) - self.now();
                    (socket, What::Refused)
                }
                None => return Ok(count),
            };
            let sender = if addressee.is_some() { host } else { there };
            let at = self.mail(whose)?.come(at, late, sender, what);
            self.schedule.alarm(at);
        }
        self.touch();
        Ok(count)
    }

    /// Whom a datagram names as its sender.
    pub(super) fn source(&self, host: usize, local: SocketAddr, to: SocketAddr) -> SocketAddr {
        let near = to.ip().is_loopback() || to.ip().is_unspecified();
        let ip = match (local.ip().is_unspecified(), near) {
            (false, _) => local.ip(),
            (true, true) => loopback(to),
            (true, false) => self.hosts.get(host).addr.unwrap_or(loopback(to)),
        };
        SocketAddr::new(ip, local.port())
    }

    /// Whether no datagram socket of this host has the address.
    pub(super) fn is_free(&self, host: usize, addr: SocketAddr) -> bool {
        let mut own = self.objects.iter().filter(|(_, object)| object.host == host);
        !own.any(|(_, object)| match object.socket() {
            Some(socket @ Socket { state: Link::Datagrams(_), .. }) => {
                ends(socket).is_some_and(|(other, _)| {
                    let any = other.ip().is_unspecified() || addr.ip().is_unspecified();
                    let family = other.is_ipv4() == addr.is_ipv4();
                    other.port() == addr.port() && family && (any || other.ip() == addr.ip())
                })
            }
            _ => false,
        })
    }
}

fn loopback(of: SocketAddr) -> IpAddr {
    match of {
        SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    }
}
