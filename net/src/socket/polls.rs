//! Reads and writes to be polled: what they wait with lies in the stream, not in a future.

use super::reader::Reader;
use super::shared::Shared;
use sexton_io::NonBlocking;
use sexton_runtime::CancelHook;
use sexton_runtime::op::{PollFd, Submit, submit};
use std::cell::Cell;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// What the polls of one stream keep from one call to the next; made by the first that waits.
#[derive(Default)]
pub(crate) struct Polls(Cell<Option<Box<Kept>>>);

#[derive(Default)]
struct Kept {
    reading: CancelHook,
    writing: CancelHook,
    /// Waits until there is room to write.
    room: Option<Submit<PollFd>>,
}

impl std::fmt::Debug for Polls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Polls").finish_non_exhaustive()
    }
}

impl Polls {
    /// Lends what is kept, while foreign code may run.
    fn with<T>(&self, f: impl FnOnce(&mut Kept) -> T) -> T {
        let mut kept = self.0.take().unwrap_or_default();
        let outcome = f(&mut kept);
        self.0.set(Some(kept));
        outcome
    }

    /// Gives up what waits.
    pub(super) fn clear(&self) {
        drop(self.0.take());
    }
}

impl Reader {
    pub(crate) fn poll_fill_buf(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let filled = if self.has_shown() {
            Poll::Ready(Ok(()))
        } else {
            self.socket().polls.with(|kept| self.poll_fill(cx, &mut kept.reading))
        };
        ready!(filled)?;
        Poll::Ready(Ok(self.shown()))
    }

    /// Until something is there, or the end: bytes stay where they are.
    pub(crate) fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.has_shown() {
            return Poll::Ready(Ok(()));
        }
        let socket = self.socket();
        let recv = socket.recv.borrow();
        let (there, idle) = (recv.is_ready(), recv.is_idle());
        drop(recv);
        if there {
            return Poll::Ready(Ok(()));
        }
        if socket.polls.with(|kept| kept.reading.is_cancelled(cx)) {
            return Poll::Ready(Err(io::Error::from_raw_os_error(125)));
        }
        if idle {
            socket.arm()?;
        }
        socket.readers.register(cx);
        Poll::Pending
    }
}

impl Shared {
    pub(super) fn poll_write_vectored(
        &self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        loop {
            match self.non_blocking_write_vectored(bufs) {
                Ok(NonBlocking::Ready(count)) => return Poll::Ready(Ok(count)),
                Ok(NonBlocking::WouldBlock) => ready!(self.poll_write_ready(cx))?,
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    pub(super) fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.polls.with(|kept| {
            ready!(self.poll_sent(cx, &mut kept.writing))?;
            let wait = || submit(PollFd { fd: self.fd().clone(), mask: PollFd::WRITE });
            let outcome = ready!(Pin::new(kept.room.get_or_insert_with(wait)).poll(cx));
            kept.room = None;
            Poll::Ready(outcome.map(|_| ()))
        })
    }

    /// Until no send is in flight.
    pub(super) fn poll_all_sent(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.polls.with(|kept| self.poll_sent(cx, &mut kept.writing))
    }

    /// As [`sent`](Self::sent): the wait ends early by a cancel, the send does not.
    pub(super) fn poll_sent(
        &self,
        cx: &mut Context<'_>,
        hook: &mut CancelHook,
    ) -> Poll<io::Result<()>> {
        if !self.sending.get() {
            return Poll::Ready(Ok(()));
        }
        if hook.is_cancelled(cx) {
            return Poll::Ready(Err(io::Error::from_raw_os_error(125)));
        }
        self.writers.register(cx);
        Poll::Pending
    }
}
