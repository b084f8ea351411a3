//! Reads of what is in the page cache: a system call is cheaper than an operation, its answer and a
//! second poll, even where many of those share an `enter`.
//!
//! Whether bytes are in memory is known by trying only. A try that fails costs about as much as it
//! could have gained, so a file whose tries failed is asked less and less often, and one that
//! cannot say (tmpfs, procfs) or has no cache (`O_DIRECT`) never.

use super::File;
use crate::fault;
use crate::order::Wait;
use sexton_buffers::{BufError, BufResult, IoBufMut};
use sexton_runtime::calls::Pause;
use sexton_runtime::calls::file::{ReadNow, flags, read_owned_now};
use sexton_runtime::op::{ReadAt, Submit, submit};
use sexton_runtime::spend_poll;
use std::cell::Cell;
use std::future::Future;
use std::os::fd::AsFd;
use std::pin::Pin;
use std::task::{Context, Poll};

/// What a read counts for beside its bytes, in bytes.
const CALL: usize = 4096;

/// What is known of a file's bytes.
#[derive(Clone, Debug)]
pub(super) struct Cached {
    /// Never to be tried.
    waits: Cell<bool>,
    pause: Pause,
}

impl Cached {
    /// Of a file that was opened with these flags.
    pub(super) fn of(flags: i32) -> Self {
        let waits = Cell::new(flags & flags::DIRECT != 0);
        Self { waits, pause: Pause::default() }
    }

    /// Whether the next read is to try.
    fn is_likely(&self) -> bool {
        !self.waits.get() && self.pause.is_over()
    }

    fn note(&self, answer: ReadNow) {
        match answer {
            ReadNow::Bytes(_) => self.pause.hit(),
            ReadNow::WouldBlock => self.pause.miss(),
            ReadNow::Unsupported => self.waits.set(true),
        }
    }
}

/// One read of a file with positions. By hand: an `async fn` in another one moves the buffer, and
/// what comes of it, once more for each.
pub(super) struct ReadOnce<'a, B: IoBufMut> {
    file: &'a File,
    phase: Phase<B>,
    pos: u64,
    /// Bytes that were in memory.
    done: usize,
    wait: Wait,
}

enum Phase<B: IoBufMut> {
    /// Not checked yet, or behind a write.
    Fresh(B),
    /// To be read: nothing holds it up, and there is room.
    Settled(B),
    Reading(Submit<ReadAt<B>>),
    Finished,
}

impl<B: IoBufMut> Unpin for ReadOnce<'_, B> {}

impl<'a, B: IoBufMut> ReadOnce<'a, B> {
    /// A read that is checked, and waits for the writes before it.
    pub(super) fn new(file: &'a File, buf: B, pos: u64) -> Self {
        Self { file, phase: Phase::Fresh(buf), pos, done: 0, wait: Wait::default() }
    }

    /// A read into a buffer with room that nothing holds up.
    pub(super) fn settled(file: &'a File, buf: B, pos: u64) -> Self {
        Self { file, phase: Phase::Settled(buf), pos, done: 0, wait: Wait::default() }
    }

    /// Reads what is in memory: true if no more is to be had, or wanted.
    fn read_now(&mut self, buf: &mut B) -> bool {
        let Self { file, pos, ref mut done, .. } = *self;
        if !file.cached.is_likely() || !spend_poll(CALL) {
            return false;
        }
        let room = buf.unfilled().len();
        let mut is_end = false;
        while *done < room && !is_end {
            // What is wrong is told by the operation, in the same way as ever.
            let from = pos.saturating_add(*done as u64);
            let Ok(answer) = read_owned_now(file.fd.as_fd(), buf, from) else { break };
            file.cached.note(answer);
            let ReadNow::Bytes(n) = answer else { break };
            *done += n;
            is_end = n == 0;
        }
        spend_poll(*done);
        *done == room || is_end
    }

    /// What the operation comes to.
    fn poll_read(
        &mut self,
        mut read: Submit<ReadAt<B>>,
        cx: &mut Context<'_>,
    ) -> Poll<BufResult<usize, B>> {
        let Poll::Ready(answer) = Pin::new(&mut read).poll(cx) else {
            self.phase = Phase::Reading(read);
            return Poll::Pending;
        };
        Poll::Ready(match answer {
            Ok((n, buf)) => Ok((self.done + n, buf)),
            Err(error) if self.done > 0 => Ok((self.done, error.into_buf())),
            Err(error) => Err(error),
        })
    }
}

impl<B: IoBufMut> Future for ReadOnce<'_, B> {
    type Output = BufResult<usize, B>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let mut buf = match std::mem::replace(&mut this.phase, Phase::Finished) {
            Phase::Fresh(mut buf) => {
                let room = buf.unfilled().len();
                match this.file.poll_prepare_read(room, this.pos, &mut this.wait, cx) {
                    Poll::Ready(Ok(())) => buf,
                    Poll::Ready(Err(error)) => return Poll::Ready(Err(BufError::new(error, buf))),
                    Poll::Pending => {
                        this.phase = Phase::Fresh(buf);
                        return Poll::Pending;
                    }
                }
            }
            Phase::Settled(buf) => buf,
            Phase::Reading(read) => return this.poll_read(read, cx),
            Phase::Finished => panic!("a read was polled after it had ended"),
        };
        if this.read_now(&mut buf) {
            return Poll::Ready(Ok((this.done, buf)));
        }
        if this.file.is_stream() {
            return Poll::Ready(Err(BufError::new(fault::not_seekable(), buf)));
        }
        let offset = this.pos.saturating_add(this.done as u64);
        this.poll_read(submit(ReadAt { fd: this.file.fd.clone(), buf, offset }), cx)
    }
}
