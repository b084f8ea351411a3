//! A reader that does what a list says, step by step.

use std::collections::VecDeque;
use std::io::{ErrorKind, Result};
use std::task::Poll;

use sexton_buffers::{ReadCursor, ReadVecCursor};
use sexton_io::{BufRead, Interest, NonBlocking, Read, Readiness, Ready};

/// What a [`Script`] does next.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Has these bytes, for as many reads as it takes.
    Bytes(Vec<u8>),
    /// Would block until it was waited for, which takes a second poll.
    Block,
    /// Seems ready, but would block once more.
    Spurious,
    /// Fails once.
    Fail(ErrorKind),
}

/// A reader that does these steps and is at its end then, for ever.
///
/// A wait goes on where a dropped one was, as the kernel's readiness does.
#[derive(Debug)]
pub(crate) struct Script {
    steps: VecDeque<Step>,
    pub(crate) vectored: bool,
    /// How often it was asked in vain.
    pub(crate) would_block: usize,
}

impl Script {
    pub(crate) fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        Self { steps: steps.into_iter().collect(), vectored: false, would_block: 0 }
    }

    /// These chunks, with a wait before each.
    pub(crate) fn slow<C: AsRef<[u8]>>(chunks: impl IntoIterator<Item = C>) -> Self {
        let step = |chunk: C| [Step::Block, Step::Bytes(chunk.as_ref().to_vec())];
        Self::new(chunks.into_iter().flat_map(step))
    }

    /// Each byte alone, with a wait before it.
    pub(crate) fn byte_by_byte(bytes: &[u8]) -> Self {
        Self::slow(bytes.chunks(1))
    }

    pub(crate) fn vectored(mut self) -> Self {
        self.vectored = true;
        self
    }

    /// The bytes that were not read.
    pub(crate) fn rest(&self) -> Vec<u8> {
        let bytes = |step: &Step| match step {
            Step::Bytes(bytes) => bytes.clone(),
            _ => Vec::new(),
        };
        self.steps.iter().flat_map(bytes).collect()
    }

    fn skip_empty(&mut self) {
        while matches!(self.steps.front(), Some(Step::Bytes(bytes)) if bytes.is_empty()) {
            self.steps.pop_front();
        }
    }

    /// One attempt. `move_bytes` says how many bytes it took.
    fn attempt(&mut self, move_bytes: impl FnOnce(&[u8]) -> usize) -> Result<NonBlocking<usize>> {
        self.skip_empty();
        match self.steps.front_mut() {
            None => Ok(NonBlocking::Ready(0)),
            Some(Step::Bytes(bytes)) => {
                let n = move_bytes(bytes);
                bytes.drain(..n);
                Ok(NonBlocking::Ready(n))
            }
            Some(Step::Block) => {
                self.would_block += 1;
                Ok(NonBlocking::WouldBlock)
            }
            Some(Step::Spurious) => {
                self.steps.pop_front();
                self.would_block += 1;
                Ok(NonBlocking::WouldBlock)
            }
            Some(&mut Step::Fail(kind)) => {
                self.steps.pop_front();
                Err(kind.into())
            }
        }
    }
}

impl Ready for Script {
    async fn ready(&mut self, interest: Interest) -> Result<Readiness> {
        assert!(interest.contains(Interest::READ), "waits for what it cannot do");
        self.skip_empty();
        std::future::poll_fn(|_| match self.steps.front() {
            Some(Step::Block) => {
                self.steps.pop_front();
                Poll::Pending
            }
            _ => Poll::Ready(Ok(Readiness::new(true, false, false))),
        })
        .await
    }
}

impl Read for Script {
    fn non_blocking_read_buf(&mut self, mut buf: ReadCursor<'_>) -> Result<NonBlocking<()>> {
        Ok(self.attempt(|bytes| buf.append(bytes))?.map(|_| ()))
    }

    fn non_blocking_read_buf_vectored(
        &mut self,
        mut bufs: ReadVecCursor<'_, '_>,
    ) -> Result<NonBlocking<usize>> {
        if self.vectored {
            return self.attempt(|bytes| bufs.append(bytes));
        }
        let Some(mut first) = bufs.first() else { return Ok(NonBlocking::Ready(0)) };
        self.attempt(|bytes| first.append(bytes))
    }

    fn is_read_vectored(&self) -> bool {
        self.vectored
    }
}

impl BufRead for Script {
    async fn fill_buf(&mut self) -> Result<&[u8]> {
        let mut there = 0;
        while self.attempt(|bytes| {
            there = bytes.len();
            0
        })? == NonBlocking::WouldBlock
        {
            self.ready(Interest::READ).await?;
        }
        match self.steps.front() {
            Some(Step::Bytes(bytes)) if there > 0 => Ok(bytes),
            _ => Ok(&[]),
        }
    }

    fn consume(&mut self, n: usize) {
        match self.steps.front_mut() {
            Some(Step::Bytes(bytes)) => drop(bytes.drain(..n)),
            _ => assert_eq!(n, 0, "consumed what was not shown"),
        }
    }
}
