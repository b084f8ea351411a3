//! `AtMost`: a buffer that takes no more than so many further bytes.
//!
//! # Invariants
//!
//! - **L1** the unfilled bytes are the first `left` ones of the buffer's, or all if it has fewer.
#![allow(unsafe_code, reason = "implements the unsafe buffer traits by forwarding")]

use core::{fmt, mem::MaybeUninit, ptr};

use crate::{IoBuf, IoBufMut, Registration};

/// A buffer with room for at most so many further bytes, made by [`IoBufMut::at_most`].
///
/// ```
/// use sexton_buffers::{IoBuf, IoBufMut};
///
/// let mut header = Vec::with_capacity(64).at_most(4);
/// assert_eq!(header.fill_from(b"headbody"), 4);
/// assert_eq!(header.left(), 0);
/// assert_eq!(header.into_inner(), b"head");
/// ```
pub struct AtMost<B> {
    buf: B,
    left: usize,
}

impl<B> AtMost<B> {
    /// `buf`, with room for at most `left` further bytes.
    pub fn new(buf: B, left: usize) -> Self {
        Self { buf, left }
    }

    /// How many further bytes are allowed; the buffer may have room for fewer.
    pub fn left(&self) -> usize {
        self.left
    }

    /// The buffer inside.
    pub fn get_ref(&self) -> &B {
        &self.buf
    }

    /// Gives the buffer back.
    pub fn into_inner(self) -> B {
        self.buf
    }
}

// SAFETY: forwards to `B`, which obeys rules 1 to 4.
unsafe impl<B: IoBufMut> IoBuf for AtMost<B> {
    fn filled(&self) -> &[u8] {
        self.buf.filled()
    }

    fn registration(&self) -> Option<Registration> {
        self.buf.registration()
    }
}

// SAFETY: L1: the first bytes of what `B` promises (5, 7); `left` shrinks by exactly what `B`
// moves to its filled bytes (6), and grows in `clear` by exactly what it gives back (8).
unsafe impl<B: IoBufMut> IoBufMut for AtMost<B> {
    fn unfilled(&mut self) -> *mut [MaybeUninit<u8>] {
        let raw = self.buf.unfilled();
        ptr::slice_from_raw_parts_mut(raw.cast(), raw.len().min(self.left))
    }

    unsafe fn mark_filled(&mut self, n: usize) {
        debug_assert!(n <= self.left, "L1");
        self.left -= n;
        // SAFETY: the caller's promise; L1: they are the first bytes of `B`'s too.
        unsafe { self.buf.mark_filled(n) }
    }

    /// The forgotten bytes become room, beyond what was left.
    fn clear(&mut self) {
        self.left = self.filled().len() + self.unfilled().len();
        self.buf.clear();
    }

    fn filled_mut(&mut self) -> &mut [u8] {
        self.buf.filled_mut()
    }

    fn init_len(&self) -> usize {
        self.buf.init_len().min(self.left)
    }

    unsafe fn mark_init(&mut self, n: usize) {
        // SAFETY: the caller's promise; L1: they are the first bytes of `B`'s too.
        unsafe { self.buf.mark_init(n) }
    }
}

impl<B> fmt::Debug for AtMost<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AtMost").field("left", &self.left).finish_non_exhaustive()
    }
}
