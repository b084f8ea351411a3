//! The writing direction of a [`Duplex`](super::Duplex).

use std::future::poll_fn;
use std::io::{IoSlice, Result};
use std::task::{Context, Poll};

use sexton_buffers::{BufError, BufResult, IoBuf, IoVecBuf};

use super::pipe::Shared;
use crate::{Interest, NonBlocking, OwnedWrite, Readiness, Ready, Write};

/// What writes of a [`Duplex`](crate::Duplex); made by [`into_split`](crate::Duplex::into_split)
/// and by [`split_io`](crate::SplitIo::split_io).
#[derive(Debug)]
pub struct DuplexWriter {
    pipe: Shared,
}

impl DuplexWriter {
    pub(super) fn new(pipe: Shared) -> Self {
        Self { pipe }
    }

    /// Waits for room, or for an error that a write would give at once; whether it is that.
    pub(super) fn poll_writable(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        self.pipe.poll_room(cx)
    }
}

/// Takes a prefix of several parts, in order.
struct Gather<'p> {
    pipe: &'p Shared,
    total: usize,
    /// The answer if nothing is taken.
    outcome: Result<NonBlocking<usize>>,
    stopped: bool,
}

impl<'p> Gather<'p> {
    fn new(pipe: &'p Shared) -> Self {
        let outcome = pipe.push(&[]); // an error, if it is the time for one
        Self { pipe, total: 0, stopped: outcome.is_err(), outcome }
    }

    fn add(&mut self, part: &[u8]) {
        if self.stopped || part.is_empty() {
            return;
        }
        match self.pipe.push(part) {
            Ok(NonBlocking::Ready(n)) => {
                self.total += n;
                self.stopped = n < part.len();
            }
            other => {
                self.outcome = other;
                self.stopped = true;
            }
        }
    }

    fn finish(self) -> Result<NonBlocking<usize>> {
        if self.total > 0 { Ok(NonBlocking::Ready(self.total)) } else { self.outcome }
    }
}

impl Ready for DuplexWriter {
    /// Waits for writing, whatever the `interest`: it can do nothing else.
    async fn ready(&mut self, _interest: Interest) -> Result<Readiness> {
        let gone = poll_fn(|cx| self.poll_writable(cx)).await;
        Ok(Readiness::new(false, true, gone))
    }
}

impl Write for DuplexWriter {
    fn non_blocking_write(&mut self, buf: &[u8]) -> Result<NonBlocking<usize>> {
        self.pipe.push(buf)
    }

    fn non_blocking_write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> Result<NonBlocking<usize>> {
        let mut gather = Gather::new(&self.pipe);
        bufs.iter().for_each(|buf| gather.add(buf));
        gather.finish()
    }

    fn non_blocking_flush(&mut self) -> Result<NonBlocking<()>> {
        Ok(NonBlocking::Ready(()))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    async fn shutdown(&mut self) -> Result<()> {
        self.pipe.end();
        Ok(())
    }
}

impl OwnedWrite for DuplexWriter {
    async fn write_owned<B: IoBuf>(&mut self, buf: B) -> BufResult<usize, B> {
        match self.write(buf.filled()).await {
            Ok(n) => Ok((n, buf)),
            Err(e) => Err(BufError::new(e, buf)),
        }
    }

    async fn write_vectored_owned<V: IoVecBuf>(&mut self, bufs: V) -> BufResult<usize, V> {
        loop {
            let mut gather = Gather::new(&self.pipe);
            bufs.for_each_filled(&mut |part| gather.add(part));
            match gather.finish() {
                Ok(NonBlocking::Ready(n)) => return Ok((n, bufs)),
                Ok(NonBlocking::WouldBlock) => {
                    poll_fn(|cx| self.poll_writable(cx)).await;
                }
                Err(e) => return Err(BufError::new(e, bufs)),
            }
        }
    }

    fn is_write_vectored_owned(&self) -> bool {
        true
    }

    async fn flush_owned(&mut self) -> Result<()> {
        Ok(())
    }

    async fn shutdown_owned(&mut self) -> Result<()> {
        self.shutdown().await
    }
}

impl Drop for DuplexWriter {
    fn drop(&mut self) {
        self.pipe.end();
    }
}
