//! One direction of a [`Duplex`](super::Duplex): the bytes on the way, and who waits for them.

use std::cell::RefCell;
use std::fmt;
use std::io::{Error, ErrorKind, Result};
use std::mem;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use crate::NonBlocking;

/// What both ends of one direction share.
struct Pipe {
    /// Written, and not with the reader yet.
    queue: Vec<u8>,
    /// With the reader, and not consumed.
    shown: usize,
    capacity: usize,
    /// Nothing more will be written. A level: it never goes back.
    ended: bool,
    /// Nothing more will be read. A level, too.
    reader_gone: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl Pipe {
    fn room(&self) -> usize {
        self.capacity.saturating_sub(self.shown + self.queue.len())
    }
}

/// A handle on one direction.
///
/// Wakers are code of others: they are cloned, woken and dropped while nothing is borrowed. Each
/// end has one: its methods take `&mut self`, so that at most one of its futures is awaited.
#[derive(Clone)]
pub(super) struct Shared(Rc<RefCell<Pipe>>);

impl Shared {
    pub(super) fn new(capacity: usize) -> Self {
        Self(Rc::new(RefCell::new(Pipe {
            queue: Vec::new(),
            shown: 0,
            capacity: capacity.max(1),
            ended: false,
            reader_gone: false,
            reader: None,
            writer: None,
        })))
    }

    /// Appends what fits of `bytes`.
    pub(super) fn push(&self, bytes: &[u8]) -> Result<NonBlocking<usize>> {
        let (n, waker) = {
            let mut pipe = self.0.borrow_mut();
            if pipe.reader_gone || pipe.ended {
                return Err(gone());
            }
            let n = bytes.len().min(pipe.room());
            if n == 0 {
                let blocked = !bytes.is_empty();
                return Ok(if blocked { NonBlocking::WouldBlock } else { NonBlocking::Ready(0) });
            }
            pipe.queue.try_reserve(n)?;
            pipe.queue.extend_from_slice(&bytes[..n]);
            (n, pipe.reader.take())
        };
        wake(waker);
        Ok(NonBlocking::Ready(n))
    }

    /// Moves what is on the way to the end of `received`, of which the reader has consumed all up
    /// to `at`; that part goes. Cannot fail if that was all.
    pub(super) fn pull(&self, received: &mut Vec<u8>, at: &mut usize) -> Result<()> {
        let mut pipe = self.0.borrow_mut();
        if pipe.queue.is_empty() {
            return Ok(());
        }
        received.drain(..mem::take(at));
        if received.is_empty() {
            mem::swap(received, &mut pipe.queue);
        } else {
            received.try_reserve(pipe.queue.len())?;
            received.append(&mut pipe.queue);
        }
        pipe.shown = received.len();
        Ok(())
    }

    /// The reader consumed `n` of the bytes that it has.
    pub(super) fn consumed(&self, n: usize) {
        let waker = {
            let mut pipe = self.0.borrow_mut();
            pipe.shown -= n;
            if n == 0 { None } else { pipe.writer.take() }
        };
        wake(waker);
    }

    /// Whether there is nothing more to come than what is on the way.
    pub(super) fn ended(&self) -> bool {
        self.0.borrow().ended
    }

    /// Whether more can come before something is consumed.
    pub(super) fn full(&self) -> bool {
        self.0.borrow().room() == 0
    }

    /// Waits for bytes that the reader does not have, or the end; whether it is the end.
    pub(super) fn poll_more(&self, cx: &mut Context<'_>) -> Poll<bool> {
        let check = |pipe: &Pipe| (!pipe.queue.is_empty() || pipe.ended).then_some(pipe.ended);
        self.poll(cx, check, |pipe| &mut pipe.reader)
    }

    /// Waits for room; whether there is nobody to write to.
    pub(super) fn poll_room(&self, cx: &mut Context<'_>) -> Poll<bool> {
        let check = |pipe: &Pipe| {
            let gone = pipe.reader_gone || pipe.ended;
            (gone || pipe.room() > 0).then_some(gone)
        };
        self.poll(cx, check, |pipe| &mut pipe.writer)
    }

    fn poll<T>(
        &self,
        cx: &Context<'_>,
        check: impl Fn(&Pipe) -> Option<T>,
        waiter: impl Fn(&mut Pipe) -> &mut Option<Waker>,
    ) -> Poll<T> {
        if let Some(outcome) = check(&self.0.borrow()) {
            return Poll::Ready(outcome);
        }
        let waker = cx.waker().clone(); // may have changed what was checked
        let (outcome, old) = {
            let mut pipe = self.0.borrow_mut();
            match check(&pipe) {
                Some(outcome) => (Poll::Ready(outcome), Some(waker)),
                None => (Poll::Pending, waiter(&mut pipe).replace(waker)),
            }
        };
        drop(old);
        outcome
    }

    /// Nothing more will be written.
    pub(super) fn end(&self) {
        let waker = {
            let mut pipe = self.0.borrow_mut();
            pipe.ended = true;
            pipe.reader.take()
        };
        wake(waker);
    }

    /// Nothing more will be read; what is on the way is dropped.
    pub(super) fn reader_is_gone(&self) {
        let (waker, _unread) = {
            let mut pipe = self.0.borrow_mut();
            pipe.reader_gone = true;
            (pipe.writer.take(), mem::take(&mut pipe.queue))
        };
        wake(waker);
    }
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}

fn gone() -> Error {
    Error::new(ErrorKind::BrokenPipe, "the other end is gone, or this direction was shut down")
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pipe = self.0.borrow();
        f.debug_struct("Pipe")
            .field("on_the_way", &(pipe.queue.len() + pipe.shown))
            .field("capacity", &pipe.capacity)
            .field("ended", &pipe.ended)
            .field("reader_gone", &pipe.reader_gone)
            .finish_non_exhaustive()
    }
}
