//! What a write does after each answer of the kernel: it ends, or goes on.

use sexton_buffers::{BufError, BufResult, IoBuf, IoVecBuf, Slice};
use sexton_runtime::Fd;
use sexton_runtime::op::{Completion, Entry, Op, WriteAt, WriteVectoredAt};
use std::io::{Error, ErrorKind, Result};

/// A write of one step, or several.
pub(crate) trait Steps: Op<Output: 'static> {
    /// What all of it gives.
    type Answer: 'static;

    /// What comes after a step that gave this.
    fn step(output: Self::Output) -> Step<Self>
    where
        Self: Sized;

    /// It was not submitted, or not with all of its steps.
    fn refused(self, error: Error) -> Self::Answer;
}

pub(crate) enum Step<O: Steps> {
    End(O::Answer),
    More(O),
}

impl<B: IoBuf> Steps for WriteAt<B> {
    type Answer = BufResult<usize, B>;

    fn step(output: Self::Output) -> Step<Self> {
        Step::End(output)
    }

    fn refused(self, error: Error) -> Self::Answer {
        Err(BufError::new(error, self.buf))
    }
}

impl<V: IoVecBuf> Steps for WriteVectoredAt<V> {
    type Answer = BufResult<usize, V>;

    fn step(output: Self::Output) -> Step<Self> {
        Step::End(output)
    }

    fn refused(self, error: Error) -> Self::Answer {
        Err(BufError::new(error, self.parts.into_inner()))
    }
}

/// `IORING_OP_WRITE` of all that a buffer has, again after a short one.
pub(crate) struct WriteAllAt<B> {
    pub(crate) fd: Fd,
    pub(crate) rest: Slice<B>,
    /// Where the rest belongs.
    pub(crate) offset: u64,
    /// What was written before the rest.
    pub(crate) done: usize,
}

impl<B: IoBuf> Op for WriteAllAt<B> {
    type Output = (Self, Result<usize>);

    fn entry(&mut self) -> Entry<'_> {
        Entry::write(&self.fd, &self.rest, self.offset)
    }

    fn complete(self, completion: Completion) -> Self::Output {
        (self, completion.count())
    }
}

impl<B: IoBuf> Steps for WriteAllAt<B> {
    type Answer = std::result::Result<B, BufError<B>>;

    fn step((mut this, outcome): Self::Output) -> Step<Self> {
        match outcome {
            Ok(0) => Step::End(this.refused(ErrorKind::WriteZero.into())),
            Ok(count) => {
                this.rest.skip(count);
                this.done += count;
                this.offset += count as u64;
                if this.rest.filled().is_empty() {
                    return Step::End(Ok(this.rest.into_inner()));
                }
                Step::More(this)
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => Step::More(this),
            Err(error) => Step::End(this.refused(error)),
        }
    }

    fn refused(self, error: Error) -> Self::Answer {
        Err(BufError::new(error, self.rest.into_inner()).with_transferred(self.done))
    }
}
