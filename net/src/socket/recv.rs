//! The read state of a stream: what is in flight, what came, and whose it is.

use super::chunks::Chunks;
use sexton_buffers::{Chunk, Claim};
use sexton_runtime::count_copied;
use sexton_runtime::op::Detached;
use std::cell::Cell;
use std::io;

/// Names one receive into a caller's buffer; 0 is the stream itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket(u64);

impl Ticket {
    /// The stream's own receives: nobody waits for their buffer.
    pub(crate) const STREAM: Self = Self(0);

    /// One that no other receive of this thread has.
    pub(crate) fn new() -> Self {
        TICKETS.set(TICKETS.get() + 1);
        Self(TICKETS.get())
    }
}

thread_local! {
    /// Tickets that were given: not in every stream.
    static TICKETS: Cell<u64> = const { Cell::new(0) };
}

/// The receive in flight, at most one.
#[derive(Debug)]
pub(super) enum Flight {
    None,
    /// From the pool, again and again.
    Pool {
        detached: Detached,
        stopped: bool,
    },
    /// Into a buffer: whose it is, and whether that future still wants it.
    Into {
        detached: Detached,
        ticket: Ticket,
        wanted: bool,
    },
}

/// A caller's buffer whose receive has ended, or that waits for more, and was not fetched yet.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) ticket: Ticket,
    pub(super) claim: Claim,
    /// What its last receive ended with, if not with bytes or the end of the stream.
    pub(super) error: Option<io::Error>,
}

/// Places for each `Done`, and for an error, made for the first one and kept: a stream that is read
/// into buffers asks for memory once, and one that is not costs a word.
#[derive(Debug, Default)]
pub(super) struct Parked(Option<Box<Places>>);

#[derive(Debug, Default)]
struct Places {
    /// Its bytes come before the chunks.
    done: Option<Done>,
    /// Buffers whose bytes somebody else took, for their futures to fetch.
    robbed: Vec<Done>,
    /// What comes after all bytes: reported once.
    error: Option<io::Error>,
}

impl Parked {
    fn put(&mut self, done: Done) {
        self.0.get_or_insert_default().done = Some(done);
    }

    fn put_aside(&mut self, done: Done) {
        self.0.get_or_insert_default().robbed.push(done);
    }

    fn get(&self) -> Option<&Done> {
        self.0.as_deref()?.done.as_ref()
    }

    fn take_if(&mut self, takes: impl FnOnce(&mut Done) -> bool) -> Option<Done> {
        self.0.as_deref_mut()?.done.take_if(takes)
    }

    fn take_robbed(&mut self, ticket: Ticket) -> Option<Done> {
        let robbed = &mut self.0.as_deref_mut()?.robbed;
        let at = robbed.iter().position(|done| done.ticket == ticket)?;
        Some(robbed.swap_remove(at))
    }
}

#[derive(Debug)]
pub(super) struct Recv {
    /// Bytes that nobody has claimed, in order.
    pub(super) chunks: Chunks,
    /// The stream has ended: a level, not an edge.
    pub(super) eof: bool,
    pub(super) flight: Flight,
    /// The last receive left nothing: the next one waits before it tries.
    pub(super) drained: bool,
    /// The last read without waiting found less than it had room for: the next one waits first.
    pub(super) short: bool,
    pub(super) done: Parked,
    /// The pool was empty: the next receive waits for its turn.
    pub(super) starved: bool,
    /// It waits: whoever hands out turns arms the next receive.
    pub(super) in_line: bool,
}

impl Default for Recv {
    fn default() -> Self {
        Self {
            chunks: Chunks::default(),
            eof: false,
            flight: Flight::None,
            drained: false,
            short: false,
            done: Parked::default(),
            starved: false,
            in_line: false,
        }
    }
}

impl Recv {
    /// What comes after all bytes, once.
    pub(super) fn take_error(&mut self) -> Option<io::Error> {
        self.done.0.as_deref_mut()?.error.take()
    }

    pub(super) fn set_error(&mut self, error: io::Error) {
        self.done.0.get_or_insert_default().error = Some(error);
    }

    fn has_error(&self) -> bool {
        self.done.0.as_deref().is_some_and(|places| places.error.is_some())
    }

    /// Takes the bytes of a buffer that was not fetched: who reads next gets them, and the older
    /// future its buffer as it was.
    pub(super) fn rob(&mut self) {
        if let Some(done) = self.done.take_if(|done| done.claim.got() > 0) {
            self.put_aside(done);
        }
    }

    fn put_aside(&mut self, mut done: Done) {
        self.unread(&mut done.claim);
        self.done.put_aside(done);
    }

    /// Files a buffer for its future to fetch: its bytes are the stream's until then.
    pub(super) fn park(&mut self, mut done: Done) {
        if let Some(older) = self.done.take_if(|_| true) {
            self.put_aside(older);
        }
        if self.chunks.is_empty() || done.claim.got() == 0 {
            self.done.put(done);
        } else {
            self.chunks.push_back(taken(&mut done.claim));
            self.done.put_aside(done);
        }
    }

    /// The buffer of a future that asks for it.
    pub(super) fn fetch(&mut self, ticket: Ticket) -> Option<Done> {
        let done = self.done.take_if(|done| done.ticket == ticket);
        done.or_else(|| self.done.take_robbed(ticket))
    }

    /// The bytes of a buffer whose read was given up: they come first again. Right-sized, so that a
    /// large buffer does not stay with an idle stream.
    pub(super) fn unread(&mut self, claim: &mut Claim) {
        if claim.got() > 0 {
            self.chunks.push_front(taken(claim));
        }
    }

    /// Whether the next receive is for a reader to arm.
    pub(super) fn is_idle(&self) -> bool {
        matches!(self.flight, Flight::None) && !self.in_line
    }

    /// Whether a read would not wait.
    pub(super) fn is_ready(&self) -> bool {
        !self.chunks.is_empty()
            || self.eof
            || self.has_error()
            || self.done.get().is_some_and(|done| done.claim.got() > 0)
    }

    /// An error that ends no stream: the receive was cancelled, or is to be tried again.
    pub(super) fn is_passing(error: &io::Error) -> bool {
        let interrupted = [io::ErrorKind::Interrupted, io::ErrorKind::WouldBlock];
        interrupted.contains(&error.kind()) || is_cancelled(error)
    }
}

/// The bytes of a buffer that goes back without them.
pub(super) fn taken(claim: &mut Claim) -> Chunk {
    count_copied(claim.got());
    Chunk::from(claim.take_bytes())
}

/// `ECANCELED`, by the number that Linux has everywhere.
pub(crate) fn is_cancelled(error: &io::Error) -> bool {
    error.raw_os_error() == Some(125)
}
