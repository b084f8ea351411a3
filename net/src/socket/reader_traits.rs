//! The reading traits on the reading side itself: reads of several steps are built on them.
//!
//! A read of several steps first gathers what it needs *in the stream*, where nothing is lost if it
//! is dropped or forgotten, and takes it out in one step.

use super::reader::Reader;
use sexton_buffers::{AtMost, BufError, Chunk, IoBufMut, ReadBuf, ReadCursor};
use sexton_io::{BufRead, Interest, Memory, NonBlocking, Read, Readiness, Ready};
use sexton_runtime::count_copied;
use std::io::{ErrorKind, Result};

impl Ready for Reader {
    async fn ready(&mut self, interest: Interest) -> Result<Readiness> {
        Reader::ready(self, interest).await
    }
}

impl Read for Reader {
    fn non_blocking_read_buf(&mut self, buf: ReadCursor<'_>) -> Result<NonBlocking<()>> {
        self.non_blocking_read(buf)
    }
}

impl BufRead for Reader {
    fn fill_buf(&mut self) -> impl Future<Output = Result<&[u8]>> {
        Reader::fill_buf(self)
    }

    fn consume(&mut self, n: usize) {
        Reader::consume(self, n);
    }
}

impl Reader {
    /// A line of at most `max` bytes, with what `line` holds already.
    pub(crate) async fn read_line_kept(&mut self, line: &mut String, max: usize) -> Result<usize> {
        let room = max.saturating_sub(line.len());
        let mut seen = 0;
        self.gather(|shown| {
            let ended = shown[seen..].contains(&b'\n');
            seen = shown.len();
            ended || seen >= room
        })
        .await?;
        // All of it is shown: nothing is waited for from here on.
        self.read_line_limited(line, max).await
    }

    /// All up to the end of the stream, if it is UTF-8.
    pub(crate) async fn read_to_string_kept(&mut self, text: &mut String) -> Result<usize> {
        self.gather(|_| false).await?;
        Read::read_to_string(self, text).await
    }

    /// Fills `buf`, or leaves the stream as it is.
    pub(crate) async fn read_exact_kept(&mut self, buf: &mut [u8]) -> Result<()> {
        let shown = self.fill_at_least(buf.len()).await?;
        let Some(bytes) = shown.get(..buf.len()) else {
            return Err(ErrorKind::UnexpectedEof.into());
        };
        buf.copy_from_slice(bytes);
        Reader::consume(self, buf.len());
        Ok(())
    }

    /// As [`read_exact_kept`](Self::read_exact_kept), beside other readers: what comes in several
    /// steps is gathered in memory that any of them may take it from.
    pub(crate) async fn read_exact_shared(&self, buf: &mut [u8]) -> Result<()> {
        let mut at_hand = ReadBuf::from(&mut *buf);
        let _would_block = self.non_blocking_read(at_hand.unfilled())?;
        let (count, wanted) = (at_hand.filled().len(), at_hand.capacity());
        if count == wanted {
            return Ok(());
        }
        if count > 0 {
            self.socket().put_back(Chunk::from(buf[..count].to_vec()));
            count_copied(count);
        }
        let mut memory = Vec::new();
        memory.try_reserve_exact(wanted)?;
        let gathered = self.read_exact_owned(memory.at_most(wanted)).await;
        let gathered = gathered.map_err(|error| error.map_buf(AtMost::into_inner));
        let bytes = gathered.map(AtMost::into_inner).or_else(|error| self.keep(error))?;
        buf.copy_from_slice(&bytes);
        count_copied(wanted);
        Ok(())
    }

    /// As [`read_to_string_kept`](Self::read_to_string_kept), beside other readers.
    pub(crate) async fn read_to_string_shared(&self, text: &mut String) -> Result<usize> {
        let gathered = self.read_to_end_owned(Vec::new()).await;
        let bytes = gathered.map(|(_, bytes)| bytes).or_else(|e| self.keep(e))?;
        // All of it is here: nothing is waited for from here on.
        Read::read_to_string(&mut Memory::new(bytes), text).await
    }

    /// A read of several steps has failed: what it had gathered comes first again.
    fn keep<T>(&self, error: BufError<Vec<u8>>) -> Result<T> {
        let (error, bytes) = error.into_parts();
        self.socket().put_back(Chunk::from(bytes));
        self.socket().readers.wake();
        Err(error)
    }
}
