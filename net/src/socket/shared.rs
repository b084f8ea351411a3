//! One stream: its descriptor, its read state, its write state.

use super::outbox::Outbox;
use super::polls::Polls;
use super::recv::{Done, Flight, Recv, Ticket, taken};
use super::waiters::{RareWaiters, Waiters};
use crate::op::{RecvInto, RecvPool};
use sexton_buffers::{Chunk, Claim, OwnedBuf, PoolBufs, ProvidedPool, ReadCursor};
use sexton_runtime::op::{Answered, Detached};
use sexton_runtime::{Fd, Starved, calls};
use std::cell::{Cell, RefCell};
use std::io;
use std::rc::{Rc, Weak};

/// Chunks that may wait for a slow reader before the receive from the pool is stopped: other
/// streams want the pool's buffers, too.
const CHUNKS_MAX: usize = 8;
/// A private buffer, where the pool is empty.
const PRIVATE_LEN: usize = 16 << 10;
/// `ENOBUFS`, by the number that Linux has everywhere: the pool is empty.
const ENOBUFS: i32 = 105;

/// What lies behind the descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Socket,
    /// One end of a pipe: one direction, and other calls.
    Pipe,
}

const _: () = assert!(size_of::<Shared>() <= 152, "every stream has one");

#[derive(Debug)]
pub(crate) struct Shared {
    fd: Fd,
    kind: Kind,
    pub(super) recv: RefCell<Recv>,
    pub(super) readers: Waiters,
    pub(super) sending: Cell<bool>,
    pub(super) writers: RareWaiters,
    pub(super) polls: Polls,
    pub(super) outbox: Outbox,
}

impl Shared {
    pub(crate) fn socket(fd: Fd) -> Rc<Self> {
        Self::new(fd, Kind::Socket)
    }

    pub(crate) fn pipe(fd: Fd) -> Rc<Self> {
        Self::new(fd, Kind::Pipe)
    }

    fn new(fd: Fd, kind: Kind) -> Rc<Self> {
        Rc::new(Self {
            fd,
            kind,
            recv: RefCell::default(),
            readers: Waiters::default(),
            sending: Cell::new(false),
            writers: RareWaiters::default(),
            polls: Polls::default(),
            outbox: Outbox::default(),
        })
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    pub(crate) fn fd(&self) -> &Fd {
        &self.fd
    }

    pub(crate) fn into_fd(self) -> Fd {
        self.fd
    }

    /// Arms a receive from the pool; if it was empty the last time, when it is this stream's turn.
    /// To be called if the stream is idle.
    pub(super) fn arm(self: &Rc<Self>) -> io::Result<()> {
        let starved = std::mem::take(&mut self.recv.borrow_mut().starved);
        match (self.kind, starved) {
            (Kind::Socket, false) => self.arm_from(sexton_runtime::recv_pool()),
            (Kind::Pipe, false) => self.arm_from(sexton_runtime::read_pool()),
            (Kind::Socket, true) => {
                let this: Weak<Self> = Rc::downgrade(self);
                sexton_runtime::wait_for_buffers(this)?;
                self.recv.borrow_mut().in_line = true;
                Ok(())
            }
            (Kind::Pipe, true) => self.arm_from(None),
        }
    }

    /// Arms a receive from a pool, or into a private buffer if there is none.
    fn arm_from(self: &Rc<Self>, pool: Option<ProvidedPool>) -> io::Result<()> {
        let Some(pool) = pool else {
            let claim = Claim::new(OwnedBuf::with_capacity(PRIVATE_LEN));
            self.recv.borrow_mut().drained = true;
            return self.arm_into(claim, Ticket::STREAM).map_err(|(_, error)| error);
        };
        let op = RecvPool { socket: Rc::clone(self), pool };
        match Detached::submit_multishot(op, Rc::clone(self)) {
            Ok(detached) => {
                self.recv.borrow_mut().flight = Flight::Pool { detached, stopped: false };
            }
            Err((_, _, error)) => return Err(error),
        }
        Ok(())
    }

    /// Submits a receive into a buffer. To be called with nothing in flight.
    pub(super) fn arm_into(
        self: &Rc<Self>,
        claim: Claim,
        ticket: Ticket,
    ) -> Result<(), (Claim, io::Error)> {
        let op = RecvInto { socket: Rc::clone(self), claim, ticket };
        match Detached::submit(op) {
            Ok(detached) => {
                let wanted = ticket != Ticket::STREAM;
                let flight = Flight::Into { detached, ticket, wanted };
                self.recv.borrow_mut().flight = flight;
                Ok(())
            }
            Err((op, error)) => Err((op.claim, error)),
        }
    }

    /// Whether the last receive left nothing behind.
    pub(crate) fn is_drained(&self) -> bool {
        self.recv.borrow().drained
    }

    /// Takes what has come, without waiting.
    pub(super) fn recv_now(&self, cursor: &mut ReadCursor<'_>) -> io::Result<usize> {
        match self.kind {
            Kind::Socket => calls::socket::recv(&self.fd, cursor, false),
            Kind::Pipe => calls::pipe::read(&self.fd, cursor),
        }
    }

    /// A receive into a buffer has ended; `more` if the kernel said that it left bytes behind.
    pub(crate) fn recv_ended(
        &self,
        ticket: Ticket,
        claim: Claim,
        result: io::Result<usize>,
        more: bool,
    ) {
        let mut recv = self.recv.borrow_mut();
        recv.drained = !more;
        let flight = std::mem::replace(&mut recv.flight, Flight::None);
        let wanted =
            matches!(&flight, Flight::Into { ticket: of, wanted: true, .. } if *of == ticket);
        let unused = recv.ended(ticket, claim, result, wanted);
        drop(recv);
        // Buffers are foreign code.
        drop((flight, unused));
        self.readers.wake();
    }

    /// The pool's receive brought a chunk, or several.
    pub(crate) fn pool_item(&self, item: io::Result<Option<PoolBufs>>) {
        if let Ok(Some(bufs)) = item {
            let mut recv = self.recv.borrow_mut();
            recv.chunks.extend(bufs.map(Chunk::from));
            let full = recv.chunks.len() >= CHUNKS_MAX;
            if let Flight::Pool { detached, stopped: stopped @ false, .. } = &mut recv.flight
                && full
            {
                *stopped = true;
                detached.cancel();
            }
        }
        self.readers.wake();
    }

    /// The pool's receive has ended; it may have brought last chunks.
    pub(crate) fn pool_ended(&self, end: io::Result<Option<PoolBufs>>) {
        let mut recv = self.recv.borrow_mut();
        let flight = std::mem::replace(&mut recv.flight, Flight::None);
        match end {
            Ok(Some(bufs)) => recv.chunks.extend(bufs.map(Chunk::from)),
            Ok(None) => recv.eof = true,
            Err(error) if error.raw_os_error() == Some(ENOBUFS) => recv.starved = true,
            Err(error) if Recv::is_passing(&error) => {}
            Err(error) => recv.set_error(error),
        }
        drop(recv);
        drop(flight);
        self.readers.wake();
    }

    /// Puts back what a handle showed and did not consume: it comes first again.
    pub(super) fn put_back(&self, chunk: Chunk) {
        if !chunk.is_empty() {
            self.recv.borrow_mut().chunks.push_front(chunk);
        }
    }

    /// Asks for the end of the receive in flight.
    pub(crate) fn stop_receiving(&self) {
        if let Flight::Pool { detached, .. } | Flight::Into { detached, .. } =
            &self.recv.borrow().flight
        {
            detached.cancel();
        }
    }

    /// Whether a receive or a send is in flight.
    pub(crate) fn is_busy(&self) -> bool {
        self.sending.get() || !matches!(self.recv.borrow().flight, Flight::None)
    }

    /// The last handle that reads is gone: the receive ends, and its descriptor with it.
    pub(crate) fn bury_reads(&self) {
        let mut recv = self.recv.borrow_mut();
        recv.in_line = false;
        if let Flight::Into { wanted, .. } = &mut recv.flight {
            *wanted = false;
        }
        let flight = match &recv.flight {
            Flight::Pool { detached, .. } | Flight::Into { detached, .. } => Some(detached.again()),
            Flight::None => None,
        };
        let rest = (std::mem::take(&mut recv.chunks), std::mem::take(&mut recv.done));
        drop(recv);
        drop(rest);
        if let Some(flight) = flight {
            flight.bury();
        }
    }
}

/// A send has ended, whether its future lives or not: the next one has the turn.
impl Answered for Shared {
    fn answered(self: Rc<Self>) {
        self.next_send();
    }
}

/// A buffer has come back, or more memory was made, and it is this stream's turn.
impl Starved for Shared {
    fn fed(self: Rc<Self>, pool: Option<ProvidedPool>) {
        let mut recv = self.recv.borrow_mut();
        let waits = std::mem::take(&mut recv.in_line) && recv.is_idle();
        drop(recv);
        if waits && let Err(error) = self.arm_from(pool) {
            self.recv.borrow_mut().set_error(error);
            self.readers.wake();
        }
    }
}

impl Recv {
    /// Files what a receive into a buffer ended with. If its future is gone, its bytes are the
    /// stream's, and the buffer comes back to be dropped.
    fn ended(
        &mut self,
        ticket: Ticket,
        mut claim: Claim,
        result: io::Result<usize>,
        wanted: bool,
    ) -> Option<Claim> {
        let error = match result {
            Ok(0) => {
                self.eof = true;
                None
            }
            Ok(_) => None,
            Err(error) => Some(error),
        };
        if wanted {
            self.park(Done { ticket, claim, error });
            return None;
        }
        self.rob();
        if claim.got() > 0 {
            self.chunks.push_back(taken(&mut claim));
        }
        if let Some(error) = error.filter(|error| !Self::is_passing(error)) {
            self.set_error(error);
        }
        Some(claim)
    }
}

#[cfg(test)]
mod tests {
    use super::Shared;

    /// What an idle connection costs here; its slot and its task come on top.
    #[test]
    fn the_state_of_a_socket_is_small() {
        let size = size_of::<Shared>();
        assert!(size <= 256, "{size} bytes");
    }
}
