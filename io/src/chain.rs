//! One reader after another.

use std::io::Result;

use sexton_buffers::{ReadCursor, ReadVecCursor};

use crate::{BufRead, Interest, NonBlocking, Read, Readiness, Ready, fault};

/// All of one reader, then all of another; made by [`Read::chain`].
///
/// ```
/// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
/// # use wait::block_on;
/// use sexton_io::{Memory, Read};
///
/// let mut reader = Memory::new("one, ").chain(Memory::new("two"));
/// let mut all = String::new();
/// block_on(reader.read_to_string(&mut all))?;
/// assert_eq!(all, "one, two");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Chain<A, B> {
    first: A,
    second: B,
    first_ended: bool,
}

impl<A, B> Chain<A, B> {
    pub(crate) fn new(first: A, second: B) -> Self {
        Self { first, second, first_ended: false }
    }

    /// Both readers.
    #[must_use]
    pub fn get_ref(&self) -> (&A, &B) {
        (&self.first, &self.second)
    }

    /// Both readers. What is read from them here is missing in what the chain reads.
    #[must_use]
    pub fn get_mut(&mut self) -> (&mut A, &mut B) {
        (&mut self.first, &mut self.second)
    }

    /// Gives both readers back.
    pub fn into_inner(self) -> (A, B) {
        (self.first, self.second)
    }
}

impl<A: Ready, B: Ready> Ready for Chain<A, B> {
    /// The first reader's end makes the chain seem ready; trying then moves on to the second.
    async fn ready(&mut self, interest: Interest) -> Result<Readiness> {
        if self.first_ended {
            self.second.ready(interest).await
        } else {
            self.first.ready(interest).await
        }
    }
}

impl<A: Read, B: Read> Read for Chain<A, B> {
    fn non_blocking_read_buf(&mut self, mut buf: ReadCursor<'_>) -> Result<NonBlocking<()>> {
        if buf.capacity() == 0 {
            return Ok(NonBlocking::Ready(()));
        }
        if !self.first_ended {
            let mut first = buf.reborrow();
            let outcome = self.first.non_blocking_read_buf(first.reborrow())?;
            if outcome == NonBlocking::WouldBlock || first.written() > 0 {
                return Ok(outcome);
            }
            self.first_ended = true;
        }
        self.second.non_blocking_read_buf(buf)
    }

    fn non_blocking_read_buf_vectored(
        &mut self,
        mut bufs: ReadVecCursor<'_, '_>,
    ) -> Result<NonBlocking<usize>> {
        let room = bufs.remaining();
        if room == 0 {
            return Ok(NonBlocking::Ready(0));
        }
        if !self.first_ended {
            let outcome = self.first.non_blocking_read_buf_vectored(bufs.reborrow())?;
            if outcome == NonBlocking::WouldBlock || bufs.remaining() < room {
                return Ok(outcome);
            }
            self.first_ended = true;
        }
        self.second.non_blocking_read_buf_vectored(bufs)
    }

    fn is_read_vectored(&self) -> bool {
        self.first.is_read_vectored() || self.second.is_read_vectored()
    }

    async fn read_buf(&mut self, mut buf: ReadCursor<'_>) -> Result<()> {
        if buf.capacity() == 0 {
            return Ok(());
        }
        if !self.first_ended {
            let mut first = buf.reborrow();
            self.first.read_buf(first.reborrow()).await?;
            if first.written() > 0 {
                return Ok(());
            }
            self.first_ended = true;
        }
        self.second.read_buf(buf).await
    }

    async fn read_buf_vectored(&mut self, mut bufs: ReadVecCursor<'_, '_>) -> Result<usize> {
        let room = bufs.remaining();
        if room == 0 {
            return Ok(0);
        }
        if !self.first_ended {
            let n = self.first.read_buf_vectored(bufs.reborrow()).await?;
            if bufs.remaining() < room {
                return Ok(n);
            }
            self.first_ended = true;
        }
        self.second.read_buf_vectored(bufs).await
    }
}

impl<A: BufRead, B: BufRead> BufRead for Chain<A, B> {
    async fn fill_buf(&mut self) -> Result<&[u8]> {
        if !self.first_ended {
            if self.first.has_data_left().await? {
                return self.first.fill_buf().await; // there already
            }
            self.first_ended = true;
        }
        self.second.fill_buf().await
    }

    fn consume(&mut self, n: usize) {
        if self.first_ended {
            self.second.consume(n);
        } else {
            self.first.consume(n);
        }
    }

    /// `Unsupported` for bytes of both readers: they lie in two places.
    async fn fill_at_least(&mut self, n: usize) -> Result<&[u8]> {
        if !self.first_ended {
            if self.first.has_data_left().await? {
                let shown = self.first.fill_at_least(n).await?;
                return if shown.len() >= n { Ok(shown) } else { Err(fault::cannot_show(n)) };
            }
            self.first_ended = true;
        }
        self.second.fill_at_least(n).await
    }
}
