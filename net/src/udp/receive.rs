//! One receive into a caller's buffer, as a future.

use super::shared::{Done, Fetched, Recv, Shared, Take, Ticket, is_passing};
use crate::socket::no_room;
use sexton_buffers::{BufError, Claim, IoBufMut, OwnedBuf};
use sexton_runtime::op::{PollFd, Submit, submit};
use sexton_runtime::{CancelHook, count_copied};
use std::future::Future;
use std::io;
use std::marker::PhantomData;
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

/// Receives one datagram into `buf`; what a dropped or forgotten receive brings is the socket's.
pub(super) struct ReceiveOwned<'a, B: IoBufMut> {
    socket: &'a Rc<Shared>,
    phase: Phase,
    hook: CancelHook,
    _buf: PhantomData<B>,
}

enum Phase {
    /// The buffer is here, and has got nothing.
    Holds(Claim),
    /// The buffer is here, and waits for a socket whose descriptor says that nothing may wait
    /// (`O_NONBLOCK`, by whoever made it).
    Polls(Claim, Submit<PollFd>),
    /// The buffer is with the kernel, or with the socket.
    Waits(Ticket),
    Finished,
}

impl<B: IoBufMut> Unpin for ReceiveOwned<'_, B> {}

type Received<B> = Result<(usize, Option<SocketAddr>, B), BufError<B>>;

impl<'a, B: IoBufMut> ReceiveOwned<'a, B> {
    pub(super) fn new(socket: &'a Rc<Shared>, buf: B) -> Self {
        let phase = Phase::Holds(Claim::new(OwnedBuf::new(buf)));
        Self { socket, phase, hook: CancelHook::default(), _buf: PhantomData }
    }

    fn finish(
        &mut self,
        claim: Claim,
        outcome: io::Result<Option<SocketAddr>>,
    ) -> Poll<Received<B>> {
        self.phase = Phase::Finished;
        let (got, buf) = claim.settle();
        let Ok(buf) = buf.try_into_inner::<B>() else {
            unreachable!("a ticket's buffer is the one that its future gave")
        };
        Poll::Ready(match outcome {
            Ok(peer) => Ok((got, peer, buf)),
            Err(error) => Err(BufError::new(error, buf)),
        })
    }

    /// With the buffer here: serve it from what is there, or ask the kernel.
    fn begin(&mut self, mut claim: Claim, cx: &mut Context<'_>) -> Poll<Received<B>> {
        if claim.is_full() {
            return self.finish(claim, Err(no_room()));
        }
        match self.socket.take(true) {
            Take::Datagram(datagram) => {
                count_copied(claim.fill_from(&datagram.bytes));
                return self.finish(claim, Ok(datagram.peer));
            }
            Take::Error(error) => return self.finish(claim, Err(error)),
            Take::Nothing => {
                if let Some(outcome) = self.socket.receive_early(&mut claim) {
                    return self.finish(claim, outcome);
                }
                return match self.socket.arm(claim) {
                    Ok(ticket) => self.wait(ticket, cx),
                    Err((claim, error)) => self.finish(claim, Err(error)),
                };
            }
            Take::Pass => cx.waker().wake_by_ref(),
            Take::Wait => self.socket.receivers.register(cx),
        }
        if self.hook.is_cancelled(cx) {
            return self.finish(claim, Err(io::Error::from_raw_os_error(125)));
        }
        self.phase = Phase::Holds(claim);
        Poll::Pending
    }

    /// With the buffer away: fetch it, or wait for it.
    fn wait(&mut self, ticket: Ticket, cx: &mut Context<'_>) -> Poll<Received<B>> {
        let fetched = self.socket.recv.borrow_mut().fetch(ticket);
        match fetched {
            Fetched::Robbed(claim) => return self.begin(claim, cx),
            Fetched::Done(Done { claim, outcome: Err(error), .. }) if is_passing(&error) => {
                return if self.hook.is_cancelled(cx) {
                    self.finish(claim, Err(error))
                } else if error.kind() == io::ErrorKind::WouldBlock {
                    let fd = self.socket.fd().clone();
                    self.poll_first(claim, submit(PollFd { fd, mask: PollFd::READ }), cx)
                } else {
                    self.begin(claim, cx)
                };
            }
            Fetched::Done(Done { claim, outcome, .. }) => return self.finish(claim, outcome),
            Fetched::Nothing => {}
        }
        self.socket.receivers.register(cx);
        if self.hook.is_cancelled(cx)
            && let Some(flight) = &self.socket.recv.borrow().flight
            && flight.ticket == ticket
        {
            flight.detached.cancel();
        }
        self.phase = Phase::Waits(ticket);
        Poll::Pending
    }

    /// With the buffer here: wait until there is something, then ask again.
    fn poll_first(
        &mut self,
        claim: Claim,
        mut poll: Submit<PollFd>,
        cx: &mut Context<'_>,
    ) -> Poll<Received<B>> {
        self.socket.receivers.register(cx);
        let kept = self.socket.recv.borrow().is_ready();
        match Pin::new(&mut poll).poll(cx) {
            Poll::Pending if !kept => {
                self.phase = Phase::Polls(claim, poll);
                Poll::Pending
            }
            Poll::Ready(Err(error)) if error.kind() != io::ErrorKind::Interrupted => {
                self.finish(claim, Err(error))
            }
            _ => self.begin(claim, cx),
        }
    }
}

impl<B: IoBufMut> Future for ReceiveOwned<'_, B> {
    type Output = Received<B>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        match std::mem::replace(&mut this.phase, Phase::Finished) {
            Phase::Holds(claim) => this.begin(claim, cx),
            Phase::Polls(claim, poll) => this.poll_first(claim, poll, cx),
            Phase::Waits(ticket) => this.wait(ticket, cx),
            Phase::Finished => panic!("a receive was polled after it had ended"),
        }
    }
}

impl Recv {
    /// The future of this receive is gone: its buffer, if it is here, and what is in flight.
    fn give_up(&mut self, ticket: Ticket) -> (Option<Claim>, Option<sexton_runtime::op::Detached>) {
        match self.fetch(ticket) {
            Fetched::Done(Done { claim, outcome, .. }) => (Some(self.keep(claim, outcome)), None),
            Fetched::Robbed(claim) => (Some(claim), None),
            Fetched::Nothing => {
                let flight = self.flight.as_mut().filter(|flight| flight.ticket == ticket);
                let flight = flight.map(|flight| {
                    flight.wanted = false;
                    flight.detached.again()
                });
                (None, flight)
            }
        }
    }
}

impl<B: IoBufMut> Drop for ReceiveOwned<'_, B> {
    fn drop(&mut self) {
        let Phase::Waits(ticket) = self.phase else { return };
        let (unused, flight) = self.socket.recv.borrow_mut().give_up(ticket);
        // Buffers are foreign code.
        drop(unused);
        // Buried: counted, cancelled, and its datagram comes first in the next receive.
        if let Some(flight) = flight {
            flight.bury();
        }
        // Another receiver may have waited for this one's end.
        self.socket.receivers.wake();
    }
}
