//! Reads of many steps: their provided forms, and the way back for a future that is dropped
//! halfway.

use crate::File;
use sexton_buffers::{BufResult, IoBufMut, IoVecBufMut, ReadCursor};
use sexton_io::{BufRead, Interest, NonBlocking, OwnedRead, Read, Readiness, Ready};
use std::cell::Cell;
use std::io;
use std::rc::Rc;

/// A file with the single steps only, so that the traits' own many-step methods work on it.
pub(crate) struct Steps<'a>(pub(crate) &'a mut File);

impl Ready for Steps<'_> {
    async fn ready(&mut self, interest: Interest) -> io::Result<Readiness> {
        self.0.ready(interest).await
    }
}

impl Read for Steps<'_> {
    fn non_blocking_read_buf(&mut self, buf: ReadCursor<'_>) -> io::Result<NonBlocking<()>> {
        self.0.non_blocking_read_buf(buf)
    }

    async fn read_buf(&mut self, buf: ReadCursor<'_>) -> io::Result<()> {
        self.0.read_buf(buf).await
    }
}

impl BufRead for Steps<'_> {
    async fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.0.fill_buf().await
    }

    fn consume(&mut self, n: usize) {
        self.0.consume(n);
    }
}

impl OwnedRead for Steps<'_> {
    async fn read_owned<B: IoBufMut>(&mut self, buf: B) -> BufResult<usize, B> {
        self.0.read_owned(buf).await
    }

    async fn read_vectored_owned<V: IoVecBufMut>(&mut self, bufs: V) -> BufResult<usize, V> {
        self.0.read_vectored_owned(bufs).await
    }
}

/// Moves the cursor back when it is dropped before the read of many steps is done.
pub(crate) struct Undo {
    /// None in a stream, which has no way back.
    cursor: Option<Rc<Cell<u64>>>,
    start: u64,
}

impl Undo {
    /// The way back to where `cursor` is now.
    pub(crate) fn to(cursor: Option<&Rc<Cell<u64>>>) -> Self {
        Self { start: cursor.map_or(0, |cursor| cursor.get()), cursor: cursor.cloned() }
    }

    /// The read is done, or has failed: the cursor stays.
    pub(crate) fn disarm(mut self) {
        self.cursor = None;
    }
}

impl Drop for Undo {
    fn drop(&mut self) {
        if let Some(cursor) = &self.cursor {
            cursor.set(self.start);
        }
    }
}
