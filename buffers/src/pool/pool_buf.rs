//! `PoolBuf`: one buffer of a pool, or a piece of one, with a user, until it is dropped.
//!
//! # Invariants
//!
//! - **P1**, **P3**, **P4** as in `provided`: the bytes of buffer `bid` before `limit`, from where
//!   `start` was at first, are initialised, and belong to this value alone as long as it lives; the
//!   pool's memory lives as long, too.
//! - **B1** `start <= end <= limit <= buf_len`; `start` only grows.
#![allow(unsafe_code, reason = "slices of the pool's memory")]

use alloc::rc::Rc;
use core::{
    fmt,
    mem::MaybeUninit,
    ops::{Deref, Range},
    ptr, slice,
};

use super::provided::Shared;
use crate::{IoBuf, IoBufMut};

/// A buffer of a [`ProvidedPool`](crate::ProvidedPool) that the kernel has filled.
///
/// Its bytes are what was received. Dropping it gives the buffer back to the kernel. It keeps the
/// pool's memory alive, and stays on its thread.
///
/// The rest of the buffer is initialised too: with zeros, or with what an earlier user received.
/// A piece of a buffer that the kernel fills step by step has no rest: what comes behind it is not
/// this piece's.
///
/// ```
/// use sexton_buffers::{IoBuf, IoBufMut, ProvidedPool};
///
/// let pool = ProvidedPool::new(0, 1, 16)?;
/// # // SAFETY: no kernel knows this ring; the buffer was just picked.
/// # let mut buf = unsafe {
/// #     let (bid, at, _) = pool.pick(5).unwrap();
/// #     at.copy_from(b"hello".as_ptr(), 5);
/// #     pool.take(bid, 5, false)?.next().unwrap()
/// # };
/// // `buf` came with a completion of the kernel.
/// assert_eq!(&buf[..], b"hello");
/// buf.consume(2);
/// assert_eq!(&buf[..], b"llo");
/// buf.fill_from(b" you"); // there is room behind
/// assert_eq!(buf.filled(), b"llo you");
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct PoolBuf {
    pool: Rc<Shared>,
    bid: u16,
    start: u32,
    end: u32,
    limit: u32,
    _spare: Spare,
}

/// A byte that holds one value of 256. Whatever may be a buffer or something else, as a `Chunk` and
/// an `Option` of one, tells by the others which it is, and is no larger.
#[derive(Clone, Copy)]
#[repr(u8)]
enum Spare {
    Buf,
}

impl PoolBuf {
    /// The pool says that P1 holds for a whole buffer from now on.
    pub(super) fn whole(pool: Rc<Shared>, bid: u16, len: u32) -> Self {
        let limit = pool.buf_len();
        debug_assert!(len <= limit, "B1");
        Self { pool, bid, start: 0, end: len, limit, _spare: Spare::Buf }
    }

    /// The pool says that P1 holds for these bytes of a buffer from now on.
    pub(super) fn piece(pool: Rc<Shared>, bid: u16, bytes: Range<u32>) -> Self {
        let Range { start, end } = bytes;
        debug_assert!(start <= end && end <= pool.buf_len(), "B1");
        Self { pool, bid, start, end, limit: end, _spare: Spare::Buf }
    }

    /// The buffer that a bundle filled after this one, with at most so many bytes.
    pub(super) fn following(&self, len: u32) -> Self {
        let bid = self.pool.after(self.bid);
        Self::whole(Rc::clone(&self.pool), bid, len.min(self.pool.buf_len()))
    }

    /// The buffer's number in its ring.
    pub fn bid(&self) -> u16 {
        self.bid
    }

    /// Drops `n` bytes off the front.
    ///
    /// # Panics
    /// If there are fewer.
    #[track_caller]
    pub fn consume(&mut self, n: usize) {
        let len = self.end - self.start;
        match u32::try_from(n) {
            Ok(n) if n <= len => self.start += n,
            _ => panic!("cannot consume {n} bytes of a buffer that holds {len}"),
        }
    }

    /// The byte at `index` of the whole buffer, or the end of the buffer.
    fn at(&self, index: u32) -> *mut u8 {
        self.pool.first_byte(self.bid).as_ptr().wrapping_add(index as usize)
    }
}

// SAFETY: P1, P4: the bytes are this value's alone, and stay where they are until it is dropped,
// wherever it moves (1, 2, 3); the destructor writes an entry of the ring, no more (4).
unsafe impl IoBuf for PoolBuf {
    fn filled(&self) -> &[u8] {
        let len = (self.end - self.start) as usize;
        // SAFETY: P1, P3, B1; borrowed from self.
        unsafe { slice::from_raw_parts(self.at(self.start), len) }
    }
}

// SAFETY: P1, P3: the unfilled bytes are those before `limit`, this value's alone and initialised
// (5, 7); `end` is the border that `mark_filled` and `clear` move (6, 8).
unsafe impl IoBufMut for PoolBuf {
    fn unfilled(&mut self) -> *mut [MaybeUninit<u8>] {
        ptr::slice_from_raw_parts_mut(self.at(self.end).cast(), self.init_len())
    }

    unsafe fn mark_filled(&mut self, n: usize) {
        debug_assert!(n <= self.init_len(), "B1");
        self.end += n as u32; // B1: it fits
    }

    /// Consumed bytes are not room again.
    fn clear(&mut self) {
        self.end = self.start;
    }

    fn filled_mut(&mut self) -> &mut [u8] {
        let len = (self.end - self.start) as usize;
        // SAFETY: P1, P3, B1; borrowed from self.
        unsafe { slice::from_raw_parts_mut(self.at(self.start), len) }
    }

    fn init_len(&self) -> usize {
        (self.limit - self.end) as usize
    }
}

impl Deref for PoolBuf {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.filled()
    }
}

impl Drop for PoolBuf {
    fn drop(&mut self) {
        self.pool.give_back(self.bid);
    }
}

impl fmt::Debug for PoolBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PoolBuf")
            .field("bid", &self.bid)
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}
