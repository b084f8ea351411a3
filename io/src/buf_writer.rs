//! Many small writes as few large ones.

use std::io::{IoSlice, Result};
use std::{fmt, mem};

use sexton_buffers::{BufError, IoBuf, Slice};

use crate::{BufWrite, Interest, NonBlocking, OwnedWrite, Readiness, Ready, Write, fault};

/// A [`BufWrite`] over any [`OwnedWrite`]: gathers bytes in memory of its own, and lends that to
/// the writer beneath when it is full, or on [`flush`](Write::flush).
///
/// # After an error
/// Everything that the writer beneath did not take stays committed. Flush again to go on from
/// there: no byte is lost, and none is sent twice.
///
/// # After a dropped flush
/// A future that sends (of [`flush`](Write::flush), [`shutdown`](Write::shutdown), or of any other
/// method that finds no room), dropped or forgotten while it waits, leaves its memory with the
/// writer beneath, and nobody knows how much of it was sent. From then on every method fails with
/// an error that says so, rather than to send bytes twice or to leave some out;
/// [`into_parts`](BufWriter::into_parts) gives the writer back. Flush outside of a `select`, or use
/// a stream that is a [`BufWrite`] itself: Sexton's keep the send.
///
/// # Dropping it
/// Discards what was not sent. Await [`flush`](Write::flush) or [`shutdown`](Write::shutdown)
/// first.
///
/// ```
/// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
/// # use wait::block_on;
/// use sexton_io::{BufWriter, Write};
///
/// # block_on(async {
/// let mut writer = BufWriter::new(Vec::new());
/// for n in 1..=3 {
///     write!(writer, "{n}\n").await?;
/// }
/// assert_eq!(writer.get_ref(), b"");
/// writer.flush().await?;
/// assert_eq!(writer.get_ref(), b"1\n2\n3\n");
/// # Ok::<(), std::io::Error>(()) }).unwrap();
/// ```
pub struct BufWriter<W> {
    writer: W,
    /// `capacity` bytes, zeroed once. None before the first use, and while the writer has them.
    memory: Vec<u8>,
    capacity: usize,
    /// Of the committed bytes, those that the writer took.
    sent: usize,
    committed: usize,
    /// The writer has the memory, or had it and did not give it back.
    in_doubt: bool,
    /// The writer took bytes since it was flushed.
    unflushed: bool,
    /// A flush would have waited: so `ready` waits for it.
    wants_flush: bool,
}

/// The memory of a writer that is not told how much.
const CAPACITY: usize = 8 * 1024;

impl<W> BufWriter<W> {
    /// Gathers up to 8 KiB.
    pub fn new(writer: W) -> Self {
        Self::with_capacity(writer, CAPACITY)
    }

    /// Gathers up to `capacity` bytes, at least one. The memory is allocated and zeroed with the
    /// first byte, once.
    ///
    /// ```
    /// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
    /// # use wait::block_on;
    /// use sexton_io::{BufWrite, BufWriter};
    ///
    /// let mut writer = BufWriter::with_capacity(Vec::new(), 4);
    /// block_on(writer.put(b"hello"))?; // more than it holds
    /// assert_eq!((&writer.get_ref()[..], writer.buffered()), (&b"hell"[..], 1));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn with_capacity(writer: W, capacity: usize) -> Self {
        Self {
            writer,
            memory: Vec::new(),
            capacity: capacity.max(1),
            sent: 0,
            committed: 0,
            in_doubt: false,
            unflushed: false,
            wants_flush: false,
        }
    }

    /// The writer beneath.
    #[must_use]
    pub fn get_ref(&self) -> &W {
        &self.writer
    }

    /// The writer beneath. What is written to it here overtakes what is gathered.
    #[must_use]
    pub fn get_mut(&mut self) -> &mut W {
        &mut self.writer
    }

    /// Gives the writer back, and the bytes that were committed and not sent.
    ///
    /// # Errors
    /// In place of the bytes: that of a [dropped flush](BufWriter#after-a-dropped-flush).
    ///
    /// ```
    /// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
    /// # use wait::block_on;
    /// use sexton_io::{BufWrite, BufWriter};
    ///
    /// let mut writer = BufWriter::new(Vec::new());
    /// block_on(writer.put(b"unsent"))?;
    /// let (writer, unsent) = writer.into_parts();
    /// assert_eq!((&writer[..], &unsent?[..]), (&b""[..], &b"unsent"[..]));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn into_parts(self) -> (W, Result<Vec<u8>>) {
        let Self { writer, mut memory, sent, committed, in_doubt, .. } = self;
        if in_doubt {
            return (writer, Err(fault::in_doubt(committed - sent)));
        }
        memory.truncate(committed);
        memory.drain(..sent);
        (writer, Ok(memory))
    }

    fn is_full(&self) -> bool {
        self.committed == self.capacity
    }

    fn unsent(&self) -> usize {
        self.committed - self.sent
    }

    /// After a dropped flush, that error.
    fn check(&self) -> Result<()> {
        if self.in_doubt {
            return Err(fault::in_doubt(self.unsent()));
        }
        Ok(())
    }

    /// The room at hand, its memory allocated; none if it is full.
    fn room(&mut self) -> Result<&mut [u8]> {
        self.check()?;
        if self.memory.is_empty() {
            self.memory.try_reserve_exact(self.capacity)?;
            self.memory.resize(self.capacity, 0);
        }
        Ok(&mut self.memory[self.committed..])
    }
}

impl<W: OwnedWrite> BufWriter<W> {
    /// Sends what is committed.
    async fn send(&mut self) -> Result<()> {
        self.check()?;
        let unsent = self.unsent();
        if unsent == 0 {
            return Ok(());
        }
        let lent = mem::take(&mut self.memory).slice(self.sent..self.committed);
        self.in_doubt = true; // until the answer is seen, which may be never
        self.unflushed = true;
        let (answer, sent, memory) = match self.writer.write_all_owned(lent).await {
            Ok(lent) => (Ok(()), unsent, Slice::into_inner(lent)),
            Err(e) => {
                let sent = e.transferred();
                let (error, lent) = BufError::into_parts(e);
                (Err(error), sent, lent.into_inner())
            }
        };
        if memory.len() != self.capacity || sent > unsent {
            return Err(fault::not_what_was_lent());
        }
        self.memory = memory;
        self.sent += sent;
        self.in_doubt = false;
        if self.unsent() == 0 {
            (self.sent, self.committed) = (0, 0);
        }
        answer
    }
}

impl<W: OwnedWrite> BufWrite for BufWriter<W> {
    /// Shows the room that is left; sends what is committed if there is none.
    ///
    /// # If dropped
    /// Nothing if there was room; otherwise as a [dropped flush](BufWriter#after-a-dropped-flush).
    async fn space(&mut self) -> Result<&mut [u8]> {
        if self.is_full() {
            self.send().await?;
        }
        self.room()
    }

    fn commit(&mut self, n: usize) {
        let room = self.memory.len().saturating_sub(self.committed);
        assert!(n <= room, "committed {n} bytes, room for {room} was shown");
        self.committed += n;
    }

    /// Bytes committed and not known to be sent; after a dropped flush, those that are in doubt.
    fn buffered(&self) -> usize {
        self.unsent()
    }
}

impl<W: OwnedWrite> Ready for BufWriter<W> {
    /// Waits for room, by sending what is committed if there is none; and for the flush that would
    /// have blocked.
    ///
    /// # Errors
    /// `Unsupported` if not asked for `WRITE`.
    ///
    /// # If dropped
    /// Nothing if there was room; otherwise as a [dropped flush](BufWriter#after-a-dropped-flush).
    async fn ready(&mut self, interest: Interest) -> Result<Readiness> {
        self.check()?;
        if !interest.contains(Interest::WRITE) {
            return Err(fault::cannot_be_read());
        }
        if self.wants_flush {
            self.flush().await?;
        } else if self.is_full() {
            self.send().await?;
        }
        Ok(Readiness::new(false, true, false))
    }
}

impl<W: OwnedWrite> Write for BufWriter<W> {
    fn non_blocking_write(&mut self, buf: &[u8]) -> Result<NonBlocking<usize>> {
        let room = self.room()?;
        let n = room.len().min(buf.len());
        if n == 0 && !buf.is_empty() {
            return Ok(NonBlocking::WouldBlock);
        }
        room[..n].copy_from_slice(&buf[..n]);
        self.committed += n;
        Ok(NonBlocking::Ready(n))
    }

    fn non_blocking_write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> Result<NonBlocking<usize>> {
        let mut total = 0;
        for buf in bufs {
            match self.non_blocking_write(buf)? {
                NonBlocking::Ready(n) => total += n,
                NonBlocking::WouldBlock if total == 0 => return Ok(NonBlocking::WouldBlock),
                NonBlocking::WouldBlock => break,
            }
        }
        Ok(NonBlocking::Ready(total))
    }

    fn non_blocking_flush(&mut self) -> Result<NonBlocking<()>> {
        self.check()?;
        self.wants_flush = self.unsent() > 0 || self.unflushed;
        Ok(if self.wants_flush { NonBlocking::WouldBlock } else { NonBlocking::Ready(()) })
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    /// Sends what is committed, and flushes the writer beneath.
    ///
    /// # Errors
    /// Those of the writer beneath. Flush again to go on with what it did not take.
    ///
    /// # If dropped
    /// While bytes are being sent, see [there](BufWriter#after-a-dropped-flush). While the writer
    /// beneath is being flushed, as it says.
    async fn flush(&mut self) -> Result<()> {
        self.send().await?;
        self.writer.flush_owned().await?;
        (self.unflushed, self.wants_flush) = (false, false);
        Ok(())
    }

    /// Flushes, then shuts the writer beneath down.
    ///
    /// # If dropped
    /// As [`flush`](Write::flush); then as the writer beneath says.
    async fn shutdown(&mut self) -> Result<()> {
        self.flush().await?;
        self.writer.shutdown_owned().await
    }
}

impl<W: fmt::Debug> fmt::Debug for BufWriter<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BufWriter")
            .field("writer", &self.writer)
            .field("capacity", &self.capacity)
            .field("unsent", &self.unsent())
            .field("in_doubt", &self.in_doubt)
            .finish_non_exhaustive()
    }
}
