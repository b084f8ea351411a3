//! A piece of a stream, in memory that the runtime gave: from a pool, or from the heap.
//!
//! # Invariants
//!
//! - **I1** both kinds obey the rules of `IoBuf` (a pool's buffer does, and so does a `Vec`), and
//!   the bytes before `start` are never shown again.

#![allow(unsafe_code, reason = "`IoBuf` is an unsafe trait")]

use crate::{IoBuf, PoolBuf};
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ops::Deref;

/// Received bytes, in memory of the runtime.
///
/// It can be given on as it is: to a write of another stream, say. A pool's buffer goes back to its
/// pool when it is dropped.
pub struct Chunk(Repr);

/// Three words, since every stream and every write of a chunk has room for one: what lies on the
/// heap, which is rare, keeps its own words there.
enum Repr {
    Pool(PoolBuf),
    Heap(Box<Heap>),
}

const _: () = assert!(size_of::<Option<Chunk>>() == 24);

struct Heap {
    bytes: Vec<u8>,
    start: usize,
}

impl Chunk {
    /// Releases the first `n` bytes.
    ///
    /// # Panics
    /// If there are fewer.
    ///
    /// ```
    /// use sexton_buffers::Chunk;
    ///
    /// let mut chunk = Chunk::from(b"head, body".to_vec());
    /// chunk.consume(6);
    /// assert_eq!(&chunk[..], b"body");
    /// ```
    pub fn consume(&mut self, n: usize) {
        match &mut self.0 {
            Repr::Pool(buf) => buf.consume(n),
            Repr::Heap(heap) => {
                let left = heap.bytes.len() - heap.start;
                assert!(n <= left, "more bytes consumed than there are");
                heap.start += n;
            }
        }
    }

    /// The bytes in a `Vec`, which can grow; without a copy if they lie in one, whole.
    ///
    /// ```
    /// use sexton_buffers::Chunk;
    ///
    /// assert_eq!(Chunk::from(vec![1, 2]).into_vec(), [1, 2]);
    /// ```
    #[must_use]
    pub fn into_vec(self) -> Vec<u8> {
        match self.0 {
            Repr::Heap(heap) if heap.start == 0 => heap.bytes,
            _ => self.to_vec(),
        }
    }

    /// Whether the memory belongs to a pool that others wait for.
    #[must_use]
    pub fn is_pooled(&self) -> bool {
        matches!(self.0, Repr::Pool(_))
    }
}

impl From<PoolBuf> for Chunk {
    fn from(buf: PoolBuf) -> Self {
        Self(Repr::Pool(buf))
    }
}

impl From<Vec<u8>> for Chunk {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Repr::Heap(Box::new(Heap { bytes, start: 0 })))
    }
}

impl Deref for Chunk {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.0 {
            Repr::Pool(buf) => buf,
            Repr::Heap(heap) => &heap.bytes[heap.start..],
        }
    }
}

impl core::fmt::Debug for Chunk {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Chunk").field("len", &self.len()).finish_non_exhaustive()
    }
}

// SAFETY: I1.
unsafe impl IoBuf for Chunk {
    fn filled(&self) -> &[u8] {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::Chunk;

    #[test]
    fn what_is_consumed_is_not_shown_again() {
        let mut chunk = Chunk::from(vec![1, 2, 3]);
        chunk.consume(1);
        assert_eq!(&*chunk, [2, 3]);
        assert_eq!(chunk.into_vec(), [2, 3]);
        assert_eq!(Chunk::from(vec![4]).into_vec(), [4]);
    }

    #[test]
    #[should_panic(expected = "more bytes consumed")]
    fn consuming_too_much_is_refused() {
        Chunk::from(vec![1]).consume(2);
    }
}
