//! `VectoredTail`: the unfilled parts of several owned buffers, lent to readers by safe code.
//!
//! # Invariants
//!
//! - **V1** the parts lie over the unfilled bytes of the buffers, one each and in their order; no
//!   method of the buffers is called from the time when they were made until they are given up.
//! - **V2** the parts are filled in order: a `ReadVecCursor` does nothing else.
#![allow(unsafe_code, reason = "marks bytes filled that a cursor counted")]

use alloc::vec::Vec;
use core::fmt;

use crate::{IoVecBufMut, ReadBuf, ReadVecCursor};

/// The unfilled parts of several owned buffers, lent to readers: the vectored form of
/// [`Tail`](crate::Tail).
///
/// What the readers wrote becomes filled bytes of the buffers at [`commit`](VectoredTail::commit),
/// or when the tail is dropped; if it is forgotten, nothing does. So it works across an `await`.
///
/// ```
/// use sexton_buffers::VectoredTail;
///
/// let mut bufs = [Vec::new(), Vec::with_capacity(64)];
/// let mut tail = VectoredTail::new(&mut bufs);
/// tail.unfilled().append(b"he");
/// tail.unfilled().append(b"llo");
/// assert_eq!(tail.commit(), 5);
/// assert_eq!(bufs[1], b"hello");
/// ```
pub struct VectoredTail<'v, V: IoVecBufMut> {
    bufs: &'v mut V,
    parts: Vec<ReadBuf<'v>>,
}

impl<'v, V: IoVecBufMut> VectoredTail<'v, V> {
    /// The unfilled parts of `bufs`.
    pub fn new(bufs: &'v mut V) -> Self {
        let mut parts = Vec::new();
        bufs.for_each_unfilled(&mut |raw| {
            // SAFETY: rule 5 of the part: unaliased and writable until the next call of `bufs`,
            // which V1 holds off.
            parts.push(unsafe { ReadBuf::from_raw(raw, 0) });
        });
        Self { bufs, parts }
    }

    /// The cursor of a turn: it goes on where the one before stopped.
    pub fn unfilled(&mut self) -> ReadVecCursor<'_, 'v> {
        ReadVecCursor::new(&mut self.parts)
    }

    /// Makes what was written filled bytes of the buffers; returns how many they are.
    pub fn commit(mut self) -> usize {
        self.settle()
    }

    fn settle(&mut self) -> usize {
        let n = self.parts.drain(..).map(|part| part.filled().len()).sum();
        if n > 0 {
            // SAFETY: V1, V2: the first `n` bytes over all parts in order, written by a cursor.
            unsafe { self.bufs.mark_filled_vec(n) };
        }
        n
    }
}

impl<V: IoVecBufMut> Drop for VectoredTail<'_, V> {
    fn drop(&mut self) {
        self.settle();
    }
}

impl<V: IoVecBufMut> fmt::Debug for VectoredTail<'_, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VectoredTail").field("parts", &self.parts).finish_non_exhaustive()
    }
}
