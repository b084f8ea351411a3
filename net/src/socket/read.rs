//! One read into a caller's buffer, as a future.

use super::recv::{Done, Flight, Recv, Ticket, is_cancelled};
use super::shared::Shared;
use sexton_buffers::{BufError, BufResult, Claim, IoBufMut, OwnedBuf};
use sexton_runtime::CancelHook;
use std::future::Future;
use std::io;
use std::marker::PhantomData;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

/// Reads once into `buf`; what a cancelled or forgotten read brings is the stream's.
pub(crate) struct ReadOwned<'a, B: IoBufMut> {
    socket: &'a Rc<Shared>,
    phase: Phase,
    /// Goes on until the buffer is full.
    exact: bool,
    /// What it has read so far, if it goes on.
    gathered: usize,
    hook: CancelHook,
    _buf: PhantomData<B>,
}

enum Phase {
    /// The buffer is here.
    Holds(OwnedBuf),
    /// The buffer is with the kernel, or has come back to the stream.
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

impl<'a, B: IoBufMut> ReadOwned<'a, B> {
    pub(crate) fn new(socket: &'a Rc<Shared>, buf: B) -> Self {
        Self::until(socket, buf, false)
    }

    /// Reads until `buf` is full. What it has gathered is the stream's again if it is dropped.
    pub(crate) fn exact(socket: &'a Rc<Shared>, buf: B) -> Self {
        Self::until(socket, buf, true)
    }

    fn until(socket: &'a Rc<Shared>, buf: B, exact: bool) -> Self {
        let phase = Phase::Holds(OwnedBuf::new(buf));
        let hook = CancelHook::default();
        Self { socket, phase, exact, gathered: 0, hook, _buf: PhantomData }
    }

    /// So many bytes came, or the end.
    fn got(
        &mut self,
        mut buf: OwnedBuf,
        n: usize,
        cx: &mut Context<'_>,
    ) -> Poll<BufResult<usize, B>> {
        if !self.exact {
            return self.finish(buf, Ok(n));
        }
        if n == 0 {
            return self.finish(buf, Err(io::ErrorKind::UnexpectedEof.into()));
        }
        self.gathered += n;
        if buf.unfilled().is_empty() {
            return self.finish(buf, Ok(self.gathered));
        }
        self.begin(buf, cx)
    }

    fn finish(&mut self, buf: OwnedBuf, result: io::Result<usize>) -> Poll<BufResult<usize, B>> {
        self.phase = Phase::Finished;
        let Ok(buf) = buf.try_into_inner::<B>() else {
            unreachable!("a ticket's buffer is the one that its future gave")
        };
        Poll::Ready(match result {
            Ok(count) => Ok((count, buf)),
            Err(error) => Err(BufError::new(error, buf).with_transferred(self.gathered)),
        })
    }

    /// With the buffer here: serve it from what is there, or ask the kernel.
    fn begin(&mut self, mut buf: OwnedBuf, cx: &mut Context<'_>) -> Poll<BufResult<usize, B>> {
        if buf.unfilled().is_empty() {
            return self.finish(buf, Err(no_room()));
        }
        match self.socket.take_into(&mut buf) {
            Take::Bytes(count) => return self.got(buf, count, cx),
            Take::Error(error) => return self.finish(buf, Err(error)),
            Take::Wait => {}
            Take::Nothing => {
                let ticket = self.socket.recv.borrow_mut().ticket();
                match self.socket.arm_into(Claim::new(buf), ticket, false) {
                    Ok(()) => self.phase = Phase::Waits(ticket),
                    Err((claim, error)) => return self.finish(claim.settle().1, Err(error)),
                }
                return self.wait(ticket, cx);
            }
        }
        self.socket.readers.register(cx);
        if self.hook.is_cancelled(cx) {
            return self.finish(buf, Err(io::Error::from_raw_os_error(125)));
        }
        self.phase = Phase::Holds(buf);
        Poll::Pending
    }

    /// With the buffer away: fetch it, or wait for it.
    fn wait(&mut self, ticket: Ticket, cx: &mut Context<'_>) -> Poll<BufResult<usize, B>> {
        let mut recv = self.socket.recv.borrow_mut();
        if let Some(done) = recv.done.take_if(|done| done.ticket == ticket) {
            let eof = recv.eof && done.error.is_none();
            drop(recv);
            let cancelled = self.hook.is_cancelled(cx);
            let Done { claim, error, .. } = done;
            let (got, buf) = claim.settle();
            return match error {
                _ if got > 0 => self.got(buf, got, cx),
                None if eof => self.got(buf, 0, cx),
                // Somebody else's cancel, or the kernel's wish to be asked again.
                Some(error) if Recv::is_passing(&error) && !(cancelled && is_cancelled(&error)) => {
                    self.begin(buf, cx)
                }
                Some(error) => self.finish(buf, Err(error)),
                None => self.begin(buf, cx),
            };
        }
        if let Some(index) = recv.robbed.iter().position(|(of, _)| *of == ticket) {
            let (_, claim) = recv.robbed.swap_remove(index);
            drop(recv);
            return self.begin(claim.settle().1, cx);
        }
        drop(recv);
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
    Bytes(usize),
    Error(io::Error),
    /// Nothing, and a receive is in flight.
    Wait,
    /// Nothing, and nothing is in flight.
    Nothing,
}

impl Shared {
    /// Copies bytes that are there already; then errors, then the end.
    pub(super) fn take_into(&self, buf: &mut impl IoBufMut) -> Take {
        let mut recv = self.recv.borrow_mut();
        recv.rob();
        if let Some(mut chunk) = recv.chunks.pop_front() {
            drop(recv);
            // Buffers are foreign code.
            let count = buf.fill_from(&chunk);
            chunk.consume(count);
            self.put_back(chunk);
            return Take::Bytes(count);
        }
        if let Some(error) = recv.error.take() {
            return Take::Error(error);
        }
        if recv.eof {
            return Take::Bytes(0);
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
            Phase::Holds(buf) => this.begin(buf, cx),
            Phase::Waits(ticket) => this.wait(ticket, cx),
            Phase::Finished => panic!("a read was polled after it had ended"),
        }
    }
}

impl<B: IoBufMut> Drop for ReadOwned<'_, B> {
    fn drop(&mut self) {
        let mut recv = self.socket.recv.borrow_mut();
        let (mut unused, mut flight) = (None, None);
        match std::mem::replace(&mut self.phase, Phase::Finished) {
            Phase::Finished => return,
            Phase::Holds(buf) => {
                recv.unread(&buf, self.gathered);
                unused = Some(buf);
            }
            Phase::Waits(ticket) => {
                if let Some(done) = recv.done.take_if(|done| done.ticket == ticket) {
                    let (got, buf) = done.claim.settle();
                    recv.unread(&buf, self.gathered + got);
                    if let Some(error) = done.error.filter(|error| !Recv::is_passing(error)) {
                        recv.error = Some(error);
                    }
                    unused = Some(buf);
                } else if let Some(at) = recv.robbed.iter().position(|(of, _)| *of == ticket) {
                    let (_, buf) = recv.robbed.swap_remove(at).1.settle();
                    recv.unread(&buf, self.gathered);
                    unused = Some(buf);
                } else if let Flight::Into { detached, ticket: of, wanted, gathered } =
                    &mut recv.flight
                    && *of == ticket
                {
                    *wanted = false;
                    *gathered = self.gathered;
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
