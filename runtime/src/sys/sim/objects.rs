//! Descriptors and what they stand for.
//!
//! Each descriptor is a real one, so that it can be owned, borrowed and closed as any other: the
//! writing end of a pipe whose reading end stays here and tells when the last copy was closed.
//! What it stands for lives on while an operation in flight names it, as in a kernel.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::time::Duration;

use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};

use super::channel::Channel;
use super::datagrams::Mail;
use super::lives::Lives;
use super::messages::Inbox;
use super::tree::Inode;

/// The number of an object or of a channel; none is given out twice.
pub(super) type Id = u64;

/// All descriptors, objects and channels.
#[derive(Debug, Default)]
pub(super) struct Objects {
    last: Id,
    all: BTreeMap<Id, Object>,
    pub(super) channels: BTreeMap<Id, Channel>,
    /// Of the rings that others send messages to.
    pub(super) inboxes: BTreeMap<Id, Inbox>,
    places: BTreeMap<RawFd, Place>,
    lives: Lives,
    /// Those that nobody may have any more.
    idle: BTreeSet<Id>,
}

/// A descriptor.
#[derive(Debug)]
struct Place {
    object: Id,
    /// Reads as ended once every copy of the descriptor is closed.
    life: OwnedFd,
}

/// What a descriptor stands for.
#[derive(Debug)]
pub(super) struct Object {
    pub(super) kind: Kind,
    pub(super) host: usize,
    /// Descriptors of it.
    places: usize,
    /// Operations in flight on it.
    flying: usize,
    /// Its operations don't complete, and can't be cancelled.
    pub(super) held: bool,
    /// Errors for the next operations.
    pub(super) failures: VecDeque<i32>,
}

#[derive(Debug)]
pub(super) enum Kind {
    Socket(Socket),
    /// The reading end.
    PipeFrom(Id),
    /// The writing end.
    PipeTo(Id),
    File(OpenFile),
    /// By its inbox, which is gone when the ring is.
    Ring(Id),
}

/// An open file or directory.
#[derive(Debug)]
pub(super) struct OpenFile {
    pub(super) inode: Inode,
    /// The kernel's own position.
    pub(super) position: u64,
    /// Of a directory, the last entry that was read: what comes and goes before it moves nothing.
    pub(super) listed: Vec<u8>,
    pub(super) append: bool,
    pub(super) reads: bool,
    pub(super) writes: bool,
    /// Around the page cache: in whole blocks.
    pub(super) direct: bool,
}

impl OpenFile {
    /// Whether it refuses such a read or write (`EINVAL`). Where its memory lies is not looked at:
    /// that is no seed's choice.
    pub(super) fn is_misaligned(&self, offset: u64, len: usize) -> bool {
        const BLOCK: u64 = 512;
        self.direct && (!offset.is_multiple_of(BLOCK) || !(len as u64).is_multiple_of(BLOCK))
    }
}

/// A socket: of a stream, unless its state says otherwise.
#[derive(Debug, Default)]
pub(super) struct Socket {
    pub(super) local: Option<Name>,
    pub(super) peer: Option<Name>,
    pub(super) state: Link,
    pub(super) options: Options,
    /// A local one, not of the internet.
    pub(super) is_unix: bool,
    /// Others may listen on the same address.
    pub(super) joinable: bool,
}

/// A socket's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Name {
    Internet(SocketAddr),
    /// `sun_path`: a path, or a null byte and an abstract name, or nothing.
    Local(Vec<u8>),
}

/// How far a socket is.
#[derive(Debug, Default)]
pub(super) enum Link {
    #[default]
    Fresh,
    Listening(VecDeque<Arrived>),
    Connected(Stream),
    /// No stream: of datagrams.
    Datagrams(Box<Mail>),
}

/// Both directions of a connection, as one end has them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stream {
    pub(super) inbox: Id,
    pub(super) outbox: Id,
}

/// A connection that waits to be accepted.
#[derive(Debug)]
pub(super) struct Arrived {
    pub(super) stream: Stream,
    pub(super) local: Name,
    pub(super) peer: Name,
}

/// What can be set on a socket, and asked again.
#[derive(Clone, Copy, Debug)]
pub(in crate::sys) struct Options {
    pub(in crate::sys) nodelay: bool,
    pub(in crate::sys) ttl: u32,
    pub(in crate::sys) linger: Option<Duration>,
}

impl Default for Options {
    fn default() -> Self {
        Self { nodelay: false, ttl: 64, linger: None }
    }
}

impl Objects {
    /// A new object, and its first descriptor.
    pub(super) fn open(&mut self, kind: Kind, host: usize) -> io::Result<(Id, OwnedFd)> {
        self.last += 1;
        let id = self.last;
        let object =
            Object { kind, host, places: 0, flying: 0, held: false, failures: VecDeque::new() };
        self.all.insert(id, object);
        let fd = self.place(id).inspect_err(|_| drop(self.all.remove(&id)))?;
        Ok((id, fd))
    }

    /// One more descriptor of an object.
    pub(super) fn place(&mut self, object: Id) -> io::Result<OwnedFd> {
        let (life, fd) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
        self.lives.watch(&life, fd.as_raw_fd())?;
        let old = self.places.insert(fd.as_raw_fd(), Place { object, life });
        if let Some(old) = old {
            // The real number was free, so every copy was closed.
            self.displace(old.object);
        }
        if let Some(object) = self.all.get_mut(&object) {
            object.places += 1;
        }
        Ok(fd)
    }

    fn displace(&mut self, id: Id) {
        if let Some(object) = self.all.get_mut(&id) {
            object.places -= 1;
            self.idle.extend(object.is_unused().then_some(id));
        }
    }

    /// A new channel between two hosts.
    pub(super) fn channel(&mut self, hosts: (usize, usize)) -> Id {
        self.last += 1;
        self.channels.insert(self.last, Channel::new(hosts));
        self.last
    }

    /// A new inbox of a ring.
    pub(super) fn inbox(&mut self) -> Id {
        self.last += 1;
        self.inboxes.insert(self.last, Inbox::default());
        self.last
    }

    /// Both ends of a new connection between two hosts.
    pub(super) fn connection(&mut self, hosts: (usize, usize)) -> (Stream, Stream) {
        let there = self.channel(hosts);
        let back = self.channel((hosts.1, hosts.0));
        (Stream { inbox: back, outbox: there }, Stream { inbox: there, outbox: back })
    }

    /// What the number stands for now.
    pub(super) fn find(&self, number: RawFd) -> Option<Id> {
        let place = self.places.get(&number)?;
        (!place.is_gone()).then_some(place.object)
    }

    pub(super) fn get(&self, id: Id) -> Option<&Object> {
        self.all.get(&id)
    }

    pub(super) fn get_mut(&mut self, id: Id) -> Option<&mut Object> {
        self.all.get_mut(&id)
    }

    /// All objects, the oldest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Id, &Object)> {
        self.all.iter().map(|(id, object)| (*id, object))
    }

    /// An operation begins, which keeps the object.
    pub(super) fn hold(&mut self, id: Id) {
        if let Some(object) = self.all.get_mut(&id) {
            object.flying += 1;
        }
    }

    /// An operation has ended.
    pub(super) fn release(&mut self, id: Id) {
        if let Some(object) = self.all.get_mut(&id) {
            object.flying -= 1;
            self.idle.extend(object.is_unused().then_some(id));
        }
    }

    /// Descriptors that are open.
    pub(super) fn places(&self) -> usize {
        self.places.values().filter(|place| !place.is_gone()).count()
    }

    /// Looks which descriptors were closed. Those under which an operation is in flight are told.
    pub(super) fn sweep(&mut self) -> Vec<Id> {
        let mut under = Vec::new();
        for number in self.lives.ended() {
            let Some(place) = self.places.remove(&number) else { continue };
            self.displace(place.object);
            let object = self.all.get(&place.object);
            if object.is_some_and(|object| object.places == 0 && object.flying > 0) {
                under.push(place.object);
            }
        }
        under
    }

    /// Takes out an object that nobody has any more, the oldest first.
    pub(super) fn take_unused(&mut self) -> Option<(Id, Object)> {
        while !self.idle.is_empty() {
            let id = self.idle.pop_first()?;
            if self.all.get(&id).is_some_and(Object::is_unused) {
                return self.all.remove(&id).map(|object| (id, object));
            }
        }
        None
    }

    pub(super) fn each_mut(&mut self) -> impl Iterator<Item = &mut Object> {
        self.all.values_mut()
    }
}

impl Place {
    /// Whether every copy of the descriptor is closed.
    fn is_gone(&self) -> bool {
        let mut byte = [0_u8; 1];
        // Nobody has a reason to write into it; what all the same comes is passed over.
        loop {
            match rustix::io::read(&self.life, &mut byte) {
                Ok(0) => return true,
                Ok(_) | Err(Errno::INTR) => {}
                Err(_) => return false,
            }
        }
    }
}

impl Object {
    fn is_unused(&self) -> bool {
        self.places == 0 && self.flying == 0
    }

    pub(super) fn socket(&self) -> Option<&Socket> {
        match &self.kind {
            Kind::Socket(socket) => Some(socket),
            _ => None,
        }
    }

    pub(super) fn socket_mut(&mut self) -> Option<&mut Socket> {
        match &mut self.kind {
            Kind::Socket(socket) => Some(socket),
            _ => None,
        }
    }

    /// The channel that is read, if there is one now.
    pub(super) fn inbox(&self) -> Option<Id> {
        match &self.kind {
            Kind::Socket(Socket { state: Link::Connected(stream), .. }) => Some(stream.inbox),
            Kind::PipeFrom(channel) => Some(*channel),
            _ => None,
        }
    }

    /// The channel that is written, if there is one now.
    pub(super) fn outbox(&self) -> Option<Id> {
        match &self.kind {
            Kind::Socket(Socket { state: Link::Connected(stream), .. }) => Some(stream.outbox),
            Kind::PipeTo(channel) => Some(*channel),
            _ => None,
        }
    }
}
