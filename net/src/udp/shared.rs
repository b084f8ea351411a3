//! One datagram socket: its descriptor, the receive in flight, and datagrams that nobody claimed.

use crate::op::RecvFrom;
use crate::socket::{Waiters, is_cancelled};
use sexton_buffers::{Claim, ReadCursor};
use sexton_runtime::calls::{self, Pause};
use sexton_runtime::op::{Detached, MsgRecv};
use sexton_runtime::{Fd, count_copied, spend_poll};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;

/// What a datagram counts for in one poll of a task, in bytes.
pub(super) const CALL: usize = 2048;

#[derive(Debug)]
pub(crate) struct Shared {
    fd: Fd,
    pub(super) recv: RefCell<Recv>,
    pub(super) receivers: Waiters,
    /// Whether a receive tries at once.
    pause: Pause,
}

/// Names one receive into a caller's buffer.
pub(super) type Ticket = u64;

/// A datagram, and who sent it if the kernel said so.
#[derive(Debug)]
pub(super) struct Datagram {
    pub(super) bytes: Vec<u8>,
    pub(super) peer: Option<SocketAddr>,
}

/// The receive in flight, and whether its future still wants it.
#[derive(Debug)]
pub(super) struct Flight {
    pub(super) ticket: Ticket,
    pub(super) detached: Detached,
    pub(super) wanted: bool,
}

/// A caller's buffer whose receive has ended, and that was not fetched yet.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) ticket: Ticket,
    pub(super) claim: Claim,
    pub(super) outcome: io::Result<Option<SocketAddr>>,
    /// Another receiver has seen it, and let its own future go first.
    passed_by: bool,
}

#[derive(Debug, Default)]
pub(super) struct Recv {
    /// Datagrams that nobody has claimed, in order. Nothing is received while there are some.
    pub(super) kept: VecDeque<Datagram>,
    /// What comes after them: reported once.
    pub(super) error: Option<io::Error>,
    pub(super) flight: Option<Flight>,
    pub(super) done: Option<Done>,
    /// Buffers whose datagrams somebody else took, for their futures to fetch.
    robbed: Vec<(Ticket, Claim)>,
    /// For the next receive.
    spare: Option<Box<MsgRecv>>,
    tickets: Ticket,
}

/// What a socket has for a receiver.
pub(super) enum Take {
    Datagram(Datagram),
    Error(io::Error),
    /// A receive is in flight.
    Wait,
    /// One has ended, and its future is to look at it first: wake yourself and ask again.
    Pass,
    /// Nothing, and nothing is in flight.
    Nothing,
}

/// What a future finds that waited for its receive.
pub(super) enum Fetched {
    /// Its end.
    Done(Done),
    /// Somebody else took what it brought.
    Robbed(Claim),
    /// Nothing yet.
    Nothing,
}

impl Shared {
    pub(super) fn new(fd: Fd) -> Rc<Self> {
        Rc::new(Self {
            fd,
            recv: RefCell::default(),
            receivers: Waiters::default(),
            pause: Pause::default(),
        })
    }

    pub(crate) fn fd(&self) -> &Fd {
        &self.fd
    }

    pub(super) fn into_fd(self) -> Fd {
        self.fd
    }

    /// Submits a receive into a buffer. To be called with nothing in flight.
    pub(super) fn arm(self: &Rc<Self>, claim: Claim) -> Result<Ticket, (Claim, io::Error)> {
        let mut recv = self.recv.borrow_mut();
        recv.tickets += 1;
        let (ticket, msg) = (recv.tickets, recv.spare.take().unwrap_or_default());
        drop(recv);
        match Detached::submit(RecvFrom { socket: Rc::clone(self), claim, msg }) {
            Ok(detached) => {
                let flight = Flight { ticket, detached, wanted: true };
                self.recv.borrow_mut().flight = Some(flight);
                Ok(ticket)
            }
            Err((op, error)) => Err((op.claim, error)),
        }
    }

    /// The receive in flight has ended.
    pub(crate) fn received(&self, claim: Claim, msg: Box<MsgRecv>, outcome: io::Result<()>) {
        let mut recv = self.recv.borrow_mut();
        let outcome = outcome.map(|()| msg.peer());
        recv.spare = Some(msg);
        let mut unused = None;
        let flight = recv.flight.take();
        match &flight {
            Some(Flight { ticket, wanted: true, .. }) => {
                recv.done = Some(Done { ticket: *ticket, claim, outcome, passed_by: false });
            }
            _ => unused = Some(recv.keep(claim, outcome)),
        }
        drop(recv);
        // Buffers are foreign code.
        drop((flight, unused));
        self.receivers.wake();
    }

    /// The next datagram for who asks. `polite`: what another future waited for is left to it when
    /// it is seen first; a future that does not come for it was forgotten.
    pub(super) fn take(&self, polite: bool) -> Take {
        let mut recv = self.recv.borrow_mut();
        if let Some(done) = &mut recv.done {
            if polite && !std::mem::replace(&mut done.passed_by, true) {
                return Take::Pass;
            }
            recv.rob();
        }
        match recv.kept.pop_front() {
            Some(datagram) => Take::Datagram(datagram),
            None => match recv.error.take() {
                Some(error) => Take::Error(error),
                None if recv.flight.is_some() => Take::Wait,
                None => Take::Nothing,
            },
        }
    }

    /// Puts back what was only looked at.
    pub(super) fn put_back(&self, datagram: Datagram) {
        self.recv.borrow_mut().kept.push_front(datagram);
    }

    /// Takes a datagram, or looks at it, without waiting.
    pub(super) fn receive_now(
        &self,
        cursor: &mut ReadCursor<'_>,
        peek: bool,
        polite: bool,
    ) -> io::Result<Received> {
        match self.take(polite) {
            Take::Datagram(datagram) => {
                let (count, peer) = (cursor.append(&datagram.bytes), datagram.peer);
                count_copied(count);
                if peek {
                    self.put_back(datagram);
                }
                Ok(Received::Datagram(count, peer))
            }
            Take::Error(error) => Err(error),
            Take::Wait => Ok(Received::WouldBlock),
            Take::Pass => Ok(Received::Pass),
            Take::Nothing => match calls::datagram::recv_from(&self.fd, cursor, peek) {
                Ok((count, peer)) => Ok(Received::Datagram(count, peer)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(Received::WouldBlock),
                Err(error) => Err(error),
            },
        }
    }

    /// What is there already, if it is worth a try: a call is cheaper than an operation, and
    /// several datagrams may wait. To be called with nothing in flight.
    pub(super) fn receive_early(
        &self,
        claim: &mut Claim,
    ) -> Option<io::Result<Option<SocketAddr>>> {
        if !self.pause.is_over() || !spend_poll(CALL) {
            return None;
        }
        let received = claim.fill_by(|cursor| calls::datagram::recv_from(&self.fd, cursor, false));
        match received {
            Ok((_, peer)) => {
                self.pause.hit();
                Some(Ok(peer))
            }
            Err(error) if is_passing(&error) => {
                self.pause.miss();
                None
            }
            Err(error) => Some(Err(error)),
        }
    }

    /// The socket is gone: the receive ends, and the descriptor with it.
    pub(super) fn bury(&self) {
        let mut recv = self.recv.borrow_mut();
        let flight = recv.flight.as_mut().map(|flight| {
            flight.wanted = false;
            flight.detached.again()
        });
        let rest = (std::mem::take(&mut recv.kept), recv.done.take());
        drop(recv);
        drop(rest);
        if let Some(flight) = flight {
            flight.bury();
        }
    }
}

/// What came of asking once.
pub(super) enum Received {
    Datagram(usize, Option<SocketAddr>),
    WouldBlock,
    /// As [`Take::Pass`].
    Pass,
}

impl Recv {
    /// Whether a receive would not wait.
    pub(super) fn is_ready(&self) -> bool {
        !self.kept.is_empty() || self.error.is_some() || self.done.is_some()
    }

    /// Takes the datagram of a buffer that was not fetched: who receives next gets it, and the
    /// older future its buffer as it was.
    pub(super) fn rob(&mut self) {
        if let Some(Done { ticket, claim, outcome, .. }) = self.done.take() {
            let claim = self.keep(claim, outcome);
            self.robbed.push((ticket, claim));
        }
    }

    /// Keeps what a receive brought whose future does not come for it.
    pub(super) fn keep(
        &mut self,
        mut claim: Claim,
        outcome: io::Result<Option<SocketAddr>>,
    ) -> Claim {
        match outcome {
            Ok(peer) => {
                count_copied(claim.got());
                self.kept.push_back(Datagram { bytes: claim.take_bytes(), peer });
            }
            Err(error) if is_passing(&error) => {}
            Err(error) => self.error = Some(error),
        }
        claim
    }

    /// The buffer of a future that asks for it.
    pub(super) fn fetch(&mut self, ticket: Ticket) -> Fetched {
        if let Some(done) = self.done.take_if(|done| done.ticket == ticket) {
            return Fetched::Done(done);
        }
        match self.robbed.iter().position(|(of, _)| *of == ticket) {
            Some(at) => Fetched::Robbed(self.robbed.swap_remove(at).1),
            None => Fetched::Nothing,
        }
    }
}

/// An error that says nothing of the socket: the receive was cancelled, or is to be tried again.
pub(super) fn is_passing(error: &io::Error) -> bool {
    let again = [io::ErrorKind::Interrupted, io::ErrorKind::WouldBlock];
    again.contains(&error.kind()) || is_cancelled(error)
}
