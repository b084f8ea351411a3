//! The file's own memory: bytes ahead of the cursor, and the read in flight that brings more.
//!
//! The read belongs to the file, not to the future that waits for it: dropped, it goes on, and
//! whoever asks next gets its bytes. In a file with positions the memory is a copy of a place in
//! the file; when the cursor leaves that place, or the file is written to, it is forgotten and read
//! again. In a stream (a pipe, a terminal) what was received is kept until it is taken.
//!
//! ```text
//!            at                    cursor
//!   bytes    |  consumed           |  available           |  being read, or room
//! ```

use crate::order::{Order, Wait};
use sexton_buffers::{AtMost, IoBufMut};
use sexton_runtime::Fd;
use sexton_runtime::calls::file::is_cancelled;
use sexton_runtime::op::{ReadAt, Submit, submit};
use std::cell::Cell;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// Bytes of one read ahead: large enough that the way to the kernel costs little beside the
/// copying.
pub(crate) const CHUNK: usize = 64 * 1024;

/// A file, as far as its memory needs to know it.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) fd: &'a Fd,
    pub(crate) order: &'a Order,
    pub(crate) cursor: &'a Cell<u64>,
    pub(crate) is_stream: bool,
}

/// How much is wanted.
#[derive(Clone, Copy)]
pub(crate) struct Want {
    /// Wait for so many bytes at the cursor.
    pub(crate) least: usize,
    /// Read at most so many more at once.
    pub(crate) room: usize,
}

impl Want {
    /// Something.
    pub(crate) const SOME: Want = Want { least: 1, room: CHUNK };
}

/// Whether the last read found nothing behind the bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum End {
    #[default]
    NotSeen,
    /// It did, and nobody was told.
    Seen,
    /// It did, and a reader was told. The file may have grown since.
    Told,
}

/// See the module.
#[derive(Default)]
pub(crate) struct Ahead {
    bytes: Vec<u8>,
    /// How many bytes went along with the read in flight.
    had: usize,
    /// Where the first of the bytes lies in the file.
    at: u64,
    /// [`Order::changes`] when they were asked for.
    changes: u64,
    end: End,
    reading: Option<Submit<ReadAt<AtMost<Vec<u8>>>>>,
}

impl Ahead {
    /// Whether what is here is what the file has at the cursor.
    fn is_current(&self, source: Source<'_>) -> bool {
        let len = if self.reading.is_some() { self.had } else { self.bytes.len() };
        let inside =
            source.cursor.get().checked_sub(self.at).is_some_and(|skip| skip <= len as u64);
        inside && (source.is_stream || self.changes == source.order.changes())
    }

    /// The bytes at the cursor that are here.
    pub(crate) fn available(&self, source: Source<'_>) -> &[u8] {
        if self.reading.is_some() || !self.is_current(source) {
            return &[];
        }
        &self.bytes[(source.cursor.get() - self.at) as usize..]
    }

    /// Whether a read at the cursor is in flight.
    pub(crate) fn is_reading(&self, source: Source<'_>) -> bool {
        self.reading.is_some() && self.is_current(source)
    }

    /// Whether the file ended at the cursor when it was last read; it may have grown since.
    pub(crate) fn is_at_end(&self, source: Source<'_>) -> bool {
        self.end != End::NotSeen && self.is_here_without_bytes(source)
    }

    /// Whether it did, and nobody was told.
    pub(crate) fn has_end_to_tell(&self, source: Source<'_>) -> bool {
        self.end == End::Seen && self.is_here_without_bytes(source)
    }

    fn is_here_without_bytes(&self, source: Source<'_>) -> bool {
        self.is_current(source) && self.reading.is_none() && self.available(source).is_empty()
    }

    /// A reader was told that the file ended.
    pub(crate) fn tell_end(&mut self) {
        self.end = End::Told;
    }

    /// Asks the file anew where it ends, if a reader was told before.
    pub(crate) fn forget_told_end(&mut self) {
        if self.end == End::Told {
            self.end = End::NotSeen;
        }
    }

    /// Waits until as much as is wanted is available, or the end is seen.
    pub(crate) fn poll_fill(
        &mut self,
        source: Source<'_>,
        want: Want,
        wait: &mut Wait,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            if !self.is_current(source) {
                self.forget();
                self.at = source.cursor.get();
                self.changes = source.order.changes();
            }
            if self.reading.is_some() {
                match ready!(self.poll_reading(cx)) {
                    Ok(()) => continue,
                    // Somebody else wanted it cancelled, before this call.
                    Err(error) if is_cancelled(&error) && !wait.is_cancelled(cx) => {}
                    Err(error) => return Poll::Ready(Err(error)),
                }
            }
            if self.available(source).len() >= want.least || self.end != End::NotSeen {
                return Poll::Ready(Ok(()));
            }
            if !source.is_stream {
                let from = source.cursor.get();
                let more = want.least.saturating_add(want.room) as u64;
                let range = from..from.saturating_add(more);
                ready!(source.order.poll_settled(wait, &range, cx))?;
            }
            self.start(source, want)?;
        }
    }

    /// Submits a read behind the bytes that are available.
    fn start(&mut self, source: Source<'_>, want: Want) -> io::Result<()> {
        let consumed = (source.cursor.get() - self.at) as usize;
        self.bytes.drain(..consumed);
        self.at = source.cursor.get();
        let len = self.bytes.len();
        let room = want.room.max(want.least.saturating_sub(len)).max(1);
        if len == 0 && self.bytes.capacity() > room.max(CHUNK) {
            // Once much was wanted in one piece; that is no reason to keep as much for ever.
            self.bytes = Vec::new();
        }
        self.bytes.try_reserve_exact(room)?;
        let buf = std::mem::take(&mut self.bytes).at_most(room);
        let offset = if source.is_stream { u64::MAX } else { self.at + len as u64 };
        self.had = len;
        self.end = End::NotSeen;
        self.reading = Some(submit(ReadAt { fd: source.fd.clone(), buf, offset }));
        Ok(())
    }

    fn poll_reading(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(reading) = &mut self.reading else { return Poll::Ready(Ok(())) };
        let answer = ready!(Pin::new(reading).poll(cx));
        self.reading = None;
        Poll::Ready(match answer {
            Ok((n, buf)) => {
                self.bytes = buf.into_inner();
                self.end = if n == 0 { End::Seen } else { End::NotSeen };
                Ok(())
            }
            Err(error) => {
                let (error, buf) = error.into_parts();
                self.bytes = buf.into_inner();
                Err(error)
            }
        })
    }

    /// Cancels the read in flight, if there is one, and waits for its end.
    pub(crate) fn poll_stop(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(reading) = &self.reading {
            reading.cancel();
        }
        // An error brings no bytes, and nobody waits for it.
        self.poll_reading(cx).map(|_| ())
    }

    fn forget(&mut self) {
        self.bytes.clear();
        self.end = End::NotSeen;
        self.reading = None;
    }
}

impl fmt::Debug for Ahead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ahead")
            .field("at", &self.at)
            .field("bytes", &self.bytes.len())
            .field("end", &self.end)
            .field("reading", &self.reading.is_some())
            .finish()
    }
}
