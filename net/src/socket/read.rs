//! One read into a caller's buffer, as a future.

use super::recv::{Done, Flight, Recv, Ticket, is_cancelled};
use super::shared::Shared;
use sexton_buffers::{BufError, BufResult, Claim, IoBufMut, OwnedBuf};
use sexton_runtime::{CancelHook, count_copied};
use std::future::Future;
use std::io;
use std::marker::PhantomData;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

/// Reads into `buf`; what a cancelled or forgotten read brings, or brought, is the stream's.
pub(crate) struct ReadOwned<'a, B: IoBufMut> {
    socket: &'a Rc<Shared>,
    phase: Phase,
    until: Until,
    hook: CancelHook,
    _buf: PhantomData<B>,
}

/// When a read has enough.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Until {
    Some,
    /// The buffer is full.
    Full,
    /// The stream has ended; the buffer grows.
    End,
}

/// With less room than this, a read to the end grows its vector,
const LEAST_ROOM: usize = 32;
/// by at least so much: a page.
const GROWTH: usize = 4096;

enum Phase {
    /// The buffer is here, and has got nothing yet.
    Holds(Claim),
    /// The buffer is with the kernel, or with the stream.
    Waits(Ticket),
    Finished,
}

impl<B: IoBufMut> Unpin for ReadOwned<'_, B> {}

pub(crate) fn no_room() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidInput,
        "the buffer has no room to read into: give it capacity (`Vec::with_capacity`, `clear`), or \
         a window of filled bytes (`slice_mut(..)`)",
    )
}

impl<'a> ReadOwned<'a, Vec<u8>> {
    /// Reads until the stream ends.
    pub(crate) fn to_end(socket: &'a Rc<Shared>, buf: Vec<u8>) -> Self {
        Self::until(socket, buf, Until::End)
    }
}

impl<'a, B: IoBufMut> ReadOwned<'a, B> {
    pub(crate) fn new(socket: &'a Rc<Shared>, buf: B) -> Self {
        Self::until(socket, buf, Until::Some)
    }

    fn until(socket: &'a Rc<Shared>, buf: B, until: Until) -> Self {
        let phase = Phase::Holds(Claim::new(OwnedBuf::new(buf)));
        Self { socket, phase, until, hook: CancelHook::default(), _buf: PhantomData }
    }

    fn finish(&mut self, claim: Claim, error: Option<io::Error>) -> Poll<BufResult<usize, B>> {
        self.phase = Phase::Finished;
        let (got, buf) = claim.settle();
        let Ok(buf) = buf.try_into_inner::<B>() else {
            unreachable!("a ticket's buffer is the one that its future gave")
        };
        Poll::Ready(match error {
            None => Ok((got, buf)),
            Some(error) => Err(BufError::new(error, buf).with_transferred(got)),
        })
    }

    /// With the buffer here, and what it got: ends, or goes on.
    fn go_on(&mut self, claim: Claim, cx: &mut Context<'_>) -> Poll<BufResult<usize, B>> {
        let enough = match self.until {
            Until::Some => claim.got() > 0,
            Until::Full => claim.is_full(),
            Until::End => false,
        };
        if enough { self.finish(claim, None) } else { self.begin(claim, cx) }
    }

    /// With the buffer here: serve it from what is there, or ask the kernel.
    fn begin(&mut self, mut claim: Claim, cx: &mut Context<'_>) -> Poll<BufResult<usize, B>> {
        if self.until == Until::End && claim.room().len() < LEAST_ROOM {
            claim = match claim.grown(GROWTH) {
                Ok(claim) => claim,
                Err((claim, error)) => return self.finish(claim, Some(error.into())),
            };
        }
        if claim.is_full() {
            let nothing_asked = self.until == Until::Full;
            return self.finish(claim, (!nothing_asked).then(no_room));
        }
        match self.socket.take_into(&mut claim) {
            Take::Bytes => return self.go_on(claim, cx),
            Take::End => {
                let early = self.until == Until::Full;
                let early = early.then(|| io::ErrorKind::UnexpectedEof.into());
                return self.finish(claim, early);
            }
            Take::Error(error) => return self.finish(claim, Some(error)),
            Take::Wait => {}
            Take::Nothing => {
                let ticket = Ticket::new();
                match self.socket.arm_into(claim, ticket) {
                    Ok(()) => self.phase = Phase::Waits(ticket),
                    Err((claim, error)) => return self.finish(claim, Some(error)),
                }
                return self.wait(ticket, cx);
            }
        }
        self.socket.readers.register(cx);
        if self.hook.is_cancelled(cx) {
            return self.finish(claim, Some(io::Error::from_raw_os_error(125)));
        }
        self.phase = if claim.got() == 0 {
            Phase::Holds(claim)
        } else {
            // This future may be forgotten: what it got must not be.
            let mut recv = self.socket.recv.borrow_mut();
            let ticket = Ticket::new();
            recv.park(Done { ticket, claim, error: None });
            Phase::Waits(ticket)
        };
        Poll::Pending
    }

    /// With the buffer away: fetch it, or wait for it.
    fn wait(&mut self, ticket: Ticket, cx: &mut Context<'_>) -> Poll<BufResult<usize, B>> {
        let fetched = self.socket.recv.borrow_mut().fetch(ticket);
        if let Some(Done { claim, error, .. }) = fetched {
            return match error {
                None => self.go_on(claim, cx),
                // Somebody else's cancel, or the kernel's wish to be asked again.
                Some(error)
                    if Recv::is_passing(&error)
                        && !(is_cancelled(&error) && self.hook.is_cancelled(cx)) =>
                {
                    self.begin(claim, cx)
                }
                Some(error) => self.finish(claim, Some(error)),
            };
        }
        self.socket.readers.register(cx);
        if self.hook.is_cancelled(cx)
            && let Flight::Into { detached, ticket: of, .. } = &self.socket.recv.borrow().flight
            && *of == ticket
        {
            detached.cancel();
        }
        self.phase = Phase::Waits(ticket);
        Poll::Pending
    }
}

/// What a stream has for a reader.
pub(super) enum Take {
    /// Some.
    Bytes,
    End,
    Error(io::Error),
    /// Nothing, and a receive is in flight.
    Wait,
    /// Nothing, and nothing is in flight.
    Nothing,
}

impl Shared {
    /// Copies bytes that are there already; then errors, then the end.
    pub(super) fn take_into(&self, claim: &mut Claim) -> Take {
        let mut recv = self.recv.borrow_mut();
        recv.rob();
        if let Some(mut chunk) = recv.chunks.pop_front() {
            drop(recv);
            let count = claim.fill_from(&chunk);
            count_copied(count);
            chunk.consume(count);
            self.put_back(chunk);
            return Take::Bytes;
        }
        if let Some(error) = recv.take_error() {
            return Take::Error(error);
        }
        if recv.eof {
            return Take::End;
        }
        match recv.flight {
            Flight::None => Take::Nothing,
            _ => Take::Wait,
        }
    }
}

impl<B: IoBufMut> Future for ReadOwned<'_, B> {
    type Output = BufResult<usize, B>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        match std::mem::replace(&mut this.phase, Phase::Finished) {
            Phase::Holds(claim) => this.begin(claim, cx),
            Phase::Waits(ticket) => this.wait(ticket, cx),
            Phase::Finished => panic!("a read was polled after it had ended"),
        }
    }
}

/// A read until the buffer is full: how much that was, its caller knows.
pub(crate) struct ReadExact<'a, B: IoBufMut>(ReadOwned<'a, B>);

impl<'a, B: IoBufMut> ReadExact<'a, B> {
    pub(crate) fn new(socket: &'a Rc<Shared>, buf: B) -> Self {
        Self(ReadOwned::until(socket, buf, Until::Full))
    }
}

impl<B: IoBufMut> Future for ReadExact<'_, B> {
    type Output = Result<B, BufError<B>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(cx).map_ok(|(_, buf)| buf)
    }
}

impl<B: IoBufMut> Drop for ReadOwned<'_, B> {
    fn drop(&mut self) {
        let mut recv = self.socket.recv.borrow_mut();
        let (mut unused, mut flight) = (None, None);
        match std::mem::replace(&mut self.phase, Phase::Finished) {
            Phase::Finished => return,
            Phase::Holds(claim) => unused = Some(claim),
            Phase::Waits(ticket) => {
                if let Some(mut done) = recv.fetch(ticket) {
                    recv.unread(&mut done.claim);
                    if let Some(error) = done.error.filter(|error| !Recv::is_passing(error)) {
                        recv.set_error(error);
                    }
                    unused = Some(done.claim);
                } else if let Flight::Into { detached, ticket: of, wanted } = &mut recv.flight
                    && *of == ticket
                {
                    *wanted = false;
                    flight = Some(detached.again());
                }
            }
        }
        drop(recv);
        drop(unused);
        // Buried: counted, cancelled, and its bytes come first in the next read.
        if let Some(flight) = flight {
            flight.bury();
        }
        // Another reader may have waited for this one's end.
        self.socket.readers.wake();
    }
}
