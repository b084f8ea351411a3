//! `ReadBufVec` and its cursor: several borrowed buffers, filled in order.
//!
//! # Invariants
//!
//! - **I1** the unfilled bytes of the buffers, in their order, are the room of the cursor; what is
//!   advanced over is advanced over in that order.

#![allow(unsafe_code, reason = "counts bytes that the kernel initialised")]

use core::{fmt, mem::MaybeUninit};

use crate::{ReadBuf, ReadCursor};

/// Several borrowed buffers for a vectored read.
///
/// ```
/// use sexton_buffers::{ReadBuf, ReadBufVec};
///
/// let (mut head, mut body) = ([0; 2], [0; 8]);
/// let mut bufs = [ReadBuf::from(&mut head[..]), ReadBuf::from(&mut body[..])];
/// ReadBufVec::new(&mut bufs).cursor().append(b"HDbody");
/// assert_eq!((bufs[0].filled(), bufs[1].filled()), (&b"HD"[..], &b"body"[..]));
/// ```
#[derive(Debug)]
pub struct ReadBufVec<'b, 'a> {
    bufs: &'b mut [ReadBuf<'a>],
}

impl<'b, 'a> ReadBufVec<'b, 'a> {
    /// The buffers in the order in which they are filled.
    pub fn new(bufs: &'b mut [ReadBuf<'a>]) -> Self {
        Self { bufs }
    }

    /// The unfilled parts, for a reader to write to.
    pub fn cursor(&mut self) -> ReadVecCursor<'_, 'a> {
        ReadVecCursor::new(self.bufs)
    }
}

/// The unfilled parts of several buffers, as a reader gets them: by value.
///
/// They are filled in order: no byte of a buffer before the one in front of it is full.
pub struct ReadVecCursor<'c, 'a> {
    bufs: &'c mut [ReadBuf<'a>],
}

impl<'c, 'a> ReadVecCursor<'c, 'a> {
    pub(super) fn new(bufs: &'c mut [ReadBuf<'a>]) -> Self {
        Self { bufs }
    }

    /// The same cursor for a shorter time.
    pub fn reborrow(&mut self) -> ReadVecCursor<'_, 'a> {
        ReadVecCursor::new(self.bufs)
    }

    /// How many bytes are unfilled, over all buffers.
    pub fn remaining(&self) -> usize {
        self.bufs.iter().map(ReadBuf::remaining).sum()
    }

    /// The first buffer with room: for readers without vectored I/O.
    pub fn first(&mut self) -> Option<ReadCursor<'_>> {
        let first = self.bufs.iter_mut().find(|buf| buf.remaining() > 0)?;
        Some(first.unfilled())
    }

    /// Calls `f` with the unfilled bytes of each buffer that has room, in order.
    pub fn for_each_raw(&mut self, mut f: impl FnMut(*mut [MaybeUninit<u8>])) {
        for buf in self.bufs.iter_mut().filter(|buf| buf.remaining() > 0) {
            f(buf.unfilled().as_raw());
        }
    }

    /// Makes the first `n` unfilled bytes, over all buffers in order, filled ones.
    ///
    /// # Safety
    /// They exist, and are initialised.
    pub unsafe fn advance_unchecked(&mut self, mut n: usize) {
        for buf in self.bufs.iter_mut() {
            let now = buf.remaining().min(n);
            // SAFETY: I1, and the caller's promise: they are among the first `n`.
            unsafe { buf.unfilled().advance_unchecked(now) };
            n -= now;
        }
        debug_assert_eq!(n, 0, "more bytes marked filled than the buffers have room for");
    }

    /// Copies what fits of `src`, in order; returns how much.
    ///
    /// ```
    /// use sexton_buffers::{ReadBuf, ReadBufVec};
    ///
    /// let (mut one, mut two) = ([0; 2], [0; 8]);
    /// let mut bufs = [ReadBuf::from(&mut one[..]), ReadBuf::from(&mut two[..])];
    /// assert_eq!(ReadBufVec::new(&mut bufs).cursor().append(b"hello"), 5);
    /// assert_eq!((bufs[0].filled(), bufs[1].filled()), (&b"he"[..], &b"llo"[..]));
    /// ```
    pub fn append(&mut self, src: &[u8]) -> usize {
        let mut rest = src;
        for buf in self.bufs.iter_mut() {
            let n = buf.unfilled().append(rest);
            rest = &rest[n..];
        }
        src.len() - rest.len()
    }
}

impl fmt::Debug for ReadVecCursor<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadVecCursor")
            .field("buffers", &self.bufs.len())
            .field("remaining", &self.remaining())
            .finish()
    }
}
