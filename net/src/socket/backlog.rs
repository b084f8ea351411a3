//! What the handles of one listener share: connections that were accepted and not fetched yet.

use super::attempt::Attempt;
use super::waiters::Waiters;
use crate::op::Accept;
use crate::tcp::Ending;
use sexton_runtime::op::{Detached, SocketAddrBuf};
use sexton_runtime::time::{Duration, Sleep, sleep};
use sexton_runtime::{CancelHook, Fd};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

/// A connection, and its peer if the kernel said who.
pub(crate) type Connection = (OwnedFd, Option<SocketAddr>);

#[derive(Debug)]
pub(crate) struct Backlog {
    fd: Fd,
    state: RefCell<State>,
    waiters: Waiters,
    attempt: Attempt,
    /// The listener is gone; over when the last accept has let go of this, and of `fd` before.
    ending: RefCell<Option<Ending>>,
}

#[derive(Debug, Default)]
struct State {
    accepted: VecDeque<Connection>,
    error: Option<io::Error>,
    flight: Option<Detached>,
}

/// What accepting brings.
enum Accepted {
    Connection(Connection),
    /// No descriptor or no memory is left: the connection stays in the kernel's queue. Pause.
    Exhausted,
}

/// How long accepting pauses when no descriptor is left: connections stay in the kernel's queue.
const PAUSE: Duration = Duration::from_millis(50);
/// `EMFILE`, `ENFILE`, `ENOBUFS`, `ENOMEM`, by the numbers that Linux has everywhere.
const EXHAUSTED: [i32; 4] = [24, 23, 105, 12];
/// `ECONNABORTED`, `EPROTO`, `EPERM` (a firewall), what a network may report of one connection, and
/// an accept that was interrupted, cancelled, or is to be tried again (`EAGAIN`).
const PASSING: [i32; 13] = [103, 71, 1, 100, 92, 112, 64, 113, 95, 101, 4, 125, 11];

impl Backlog {
    /// Of TCP.
    pub(crate) fn new(fd: Fd) -> Rc<Self> {
        Self::with(fd, Attempt::default())
    }

    /// Of local sockets.
    pub(crate) fn local(fd: Fd) -> Rc<Self> {
        Self::with(fd, Attempt::untold())
    }

    fn with(fd: Fd, attempt: Attempt) -> Rc<Self> {
        Rc::new(Self {
            fd,
            attempt,
            state: RefCell::default(),
            waiters: Waiters::default(),
            ending: RefCell::default(),
        })
    }

    pub(crate) fn fd(&self) -> &Fd {
        &self.fd
    }

    /// An accept has ended that waited before it tried, or not; more connections wait, or not.
    pub(crate) fn accepted(
        &self,
        outcome: io::Result<OwnedFd>,
        peer: Option<SocketAddr>,
        waited: bool,
        more: bool,
    ) {
        let again = self.attempt.ended(waited, outcome.as_ref().err(), more);
        let mut state = self.state.borrow_mut();
        let flight = state.flight.take();
        match outcome {
            Ok(fd) => state.accepted.push_back((fd, peer)),
            // Who waits makes the next one.
            Err(_) if again => {}
            Err(error) => state.error = Some(error),
        }
        drop(state);
        drop(flight);
        self.waiters.wake();
    }

    /// The next connection; while no descriptor is left it pauses and goes on.
    pub(crate) async fn accept(self: &Rc<Self>, hook: &mut CancelHook) -> io::Result<Connection> {
        let mut pause = None;
        poll_fn(|cx| self.poll_connection(cx, hook, &mut pause)).await
    }

    /// [`accept`](Self::accept), to be polled with the same hook and the same pause.
    pub(crate) fn poll_connection(
        self: &Rc<Self>,
        cx: &mut Context<'_>,
        hook: &mut CancelHook,
        pause: &mut Option<Sleep>,
    ) -> Poll<io::Result<Connection>> {
        loop {
            if let Some(sleep) = pause {
                ready!(Pin::new(sleep).poll(cx));
                *pause = None;
            }
            match ready!(self.poll_accept(cx, hook))? {
                Accepted::Connection(connection) => return Poll::Ready(Ok(connection)),
                Accepted::Exhausted => *pause = Some(sleep(PAUSE)),
            }
        }
    }

    /// The next connection, or that there is no descriptor for it now. The accept in flight is the
    /// listener's: nothing is lost with a future.
    fn poll_accept(
        self: &Rc<Self>,
        cx: &mut Context<'_>,
        hook: &mut CancelHook,
    ) -> Poll<io::Result<Accepted>> {
        let idle = {
            let mut state = self.state.borrow_mut();
            if let Some(connection) = state.accepted.pop_front() {
                return Poll::Ready(Ok(Accepted::Connection(connection)));
            }
            if let Some(error) = state.error.take() {
                match error.raw_os_error() {
                    Some(code) if EXHAUSTED.contains(&code) => {
                        return Poll::Ready(Ok(Accepted::Exhausted));
                    }
                    // The connection is gone, was interrupted, or nobody wants it any more: next
                    // one.
                    Some(code) if PASSING.contains(&code) => {}
                    _ => return Poll::Ready(Err(error)),
                }
            }
            state.flight.is_none()
        };
        if hook.is_cancelled(cx) {
            return Poll::Ready(Err(io::Error::from_raw_os_error(125)));
        }
        if idle {
            let op = Accept {
                listener: Rc::clone(self),
                peer: SocketAddrBuf::empty(),
                poll_first: self.attempt.waits(),
            };
            match Detached::submit(op) {
                Ok(flight) => self.state.borrow_mut().flight = Some(flight),
                Err((_, error)) => return Poll::Ready(Err(error)),
            }
        }
        self.waiters.register(cx);
        Poll::Pending
    }

    /// Whether the kernel has an accept.
    pub(crate) fn is_accepting(&self) -> bool {
        self.state.borrow().flight.is_some()
    }

    /// The listener ends, and has ended when its descriptor is closed.
    pub(crate) fn ends(&self, ending: Option<Ending>) {
        *self.ending.borrow_mut() = ending;
    }

    /// The listener is gone: what it accepted and nobody fetched is closed, and so is what comes
    /// late.
    pub(crate) fn bury(&self) {
        let state = std::mem::take(&mut *self.state.borrow_mut());
        if let Some(flight) = state.flight {
            flight.bury();
        }
    }
}
