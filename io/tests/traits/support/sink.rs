//! A writer that takes as much as a list says, step by step.

use std::collections::VecDeque;
use std::io::{ErrorKind, IoSlice, Result};
use std::task::Poll;

use sexton_buffers::{BufError, BufResult, IoBuf, IoVecBuf};
use sexton_io::{Interest, NonBlocking, OwnedWrite, Readiness, Ready, Write};

/// How much a [`Sink`] takes next.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Take {
    /// At most so many bytes.
    AtMost(usize),
    /// Nothing, and says that it took so many.
    Claim(usize),
    /// Nothing until it was waited for, which takes a second poll.
    Block,
    /// Nothing; fails.
    Fail(ErrorKind),
}

/// A writer that does these steps, and takes everything then.
#[derive(Debug, Default)]
pub(crate) struct Sink {
    steps: VecDeque<Take>,
    pub(crate) taken: Vec<u8>,
    pub(crate) vectored: bool,
    pub(crate) flushed: usize,
}

impl Sink {
    pub(crate) fn new(steps: impl IntoIterator<Item = Take>) -> Self {
        Self { steps: steps.into_iter().collect(), ..Self::default() }
    }

    pub(crate) fn vectored(mut self) -> Self {
        self.vectored = true;
        self
    }

    fn attempt(&mut self, bytes: &[u8]) -> Result<NonBlocking<usize>> {
        let most = match self.steps.front().copied() {
            Some(Take::Block) => return Ok(NonBlocking::WouldBlock),
            None => usize::MAX,
            Some(step) => {
                self.steps.pop_front();
                match step {
                    Take::AtMost(n) => n,
                    Take::Claim(n) => return Ok(NonBlocking::Ready(n)),
                    Take::Fail(kind) => return Err(kind.into()),
                    Take::Block => unreachable!("is answered above"),
                }
            }
        };
        let n = bytes.len().min(most);
        self.taken.extend_from_slice(&bytes[..n]);
        Ok(NonBlocking::Ready(n))
    }
}

impl Ready for Sink {
    async fn ready(&mut self, interest: Interest) -> Result<Readiness> {
        assert!(interest.contains(Interest::WRITE), "waits for what it cannot do");
        std::future::poll_fn(|_| match self.steps.front() {
            Some(Take::Block) => {
                self.steps.pop_front();
                Poll::Pending
            }
            _ => Poll::Ready(Ok(Readiness::new(false, true, false))),
        })
        .await
    }
}

impl Write for Sink {
    fn non_blocking_write(&mut self, buf: &[u8]) -> Result<NonBlocking<usize>> {
        self.attempt(buf)
    }

    fn non_blocking_write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> Result<NonBlocking<usize>> {
        if self.vectored {
            let all: Vec<u8> = bufs.iter().flat_map(|buf| buf.to_vec()).collect();
            return self.attempt(&all);
        }
        self.attempt(bufs.iter().find(|buf| !buf.is_empty()).map_or(&[], |buf| buf))
    }

    fn non_blocking_flush(&mut self) -> Result<NonBlocking<()>> {
        let outcome = self.attempt(&[])?;
        self.flushed += usize::from(outcome != NonBlocking::WouldBlock);
        Ok(outcome.map(|_| ()))
    }

    fn is_write_vectored(&self) -> bool {
        self.vectored
    }
}

impl OwnedWrite for Sink {
    async fn write_owned<B: IoBuf>(&mut self, buf: B) -> BufResult<usize, B> {
        match self.write(buf.filled()).await {
            Ok(n) => Ok((n, buf)),
            Err(e) => Err(BufError::new(e, buf)),
        }
    }

    async fn write_vectored_owned<V: IoVecBuf>(&mut self, bufs: V) -> BufResult<usize, V> {
        let mut bytes = Vec::new();
        bufs.for_each_filled(&mut |part| bytes.extend_from_slice(part));
        match self.write(&bytes).await {
            Ok(n) => Ok((n, bufs)),
            Err(e) => Err(BufError::new(e, bufs)),
        }
    }

    fn is_write_vectored_owned(&self) -> bool {
        self.vectored
    }

    async fn flush_owned(&mut self) -> Result<()> {
        self.flush().await
    }
}
