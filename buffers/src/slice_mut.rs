//! `SliceMut`: a window of a buffer's filled bytes that reads overwrite.
//!
//! # Invariants
//!
//! - **W1** `begin + filled <= end`, and `end` is at most the number of the buffer's filled bytes,
//!   which nobody changes while the window holds the buffer.
#![allow(unsafe_code, reason = "implements the unsafe buffer traits over a window")]

use core::{
    fmt,
    mem::MaybeUninit,
    ops::{Deref, RangeBounds},
    ptr,
};

use crate::{IoBuf, IoBufMut, Registration, range};

/// A window of a buffer's filled bytes that reads overwrite, made by [`IoBufMut::slice_mut`].
///
/// The window starts out unfilled; its own filled bytes are those that were read into it. The
/// buffer around it keeps its length. [`into_inner`](SliceMut::into_inner) gives it back.
///
/// ```
/// use sexton_buffers::{IoBuf, IoBufMut};
///
/// let mut window = vec![0; 6].slice_mut(1..4);
/// assert_eq!(window.fill_from(b"ab"), 2);
/// assert_eq!(window.filled(), b"ab");
/// assert_eq!(window.fill_from(b"cd"), 1); // no more room
/// assert_eq!(window.into_inner(), [0, b'a', b'b', b'c', 0, 0]);
/// ```
pub struct SliceMut<B> {
    buf: B,
    begin: usize,
    end: usize,
    filled: usize,
}

impl<B: IoBufMut> SliceMut<B> {
    /// A window over the filled bytes of `buf` that `range` names.
    ///
    /// # Panics
    /// As `&filled[range]` does: if the range is reversed, or ends beyond the filled bytes.
    #[track_caller]
    pub fn new(buf: B, range: impl RangeBounds<usize>) -> Self {
        let (begin, end) = range::resolve(range, buf.filled().len());
        Self { buf, begin, end, filled: 0 }
    }
}

impl<B> SliceMut<B> {
    /// Where the window begins, counted from the buffer's first filled byte.
    pub fn start(&self) -> usize {
        self.begin
    }

    /// Where the window ends, counted from the buffer's first filled byte.
    pub fn end(&self) -> usize {
        self.end
    }

    /// The buffer that the window lies in.
    pub fn get_ref(&self) -> &B {
        &self.buf
    }

    /// Gives the whole buffer back; what was read is in it, at the window's place.
    pub fn into_inner(self) -> B {
        self.buf
    }
}

// SAFETY: W1: the bytes are a part of what `B` promises to keep still (rules 1 to 4), and the
// counter changes by `&mut self` calls only.
unsafe impl<B: IoBufMut> IoBuf for SliceMut<B> {
    fn filled(&self) -> &[u8] {
        &self.buf.filled()[self.begin..self.begin + self.filled]
    }

    fn registration(&self) -> Option<Registration> {
        self.buf.registration()
    }
}

// SAFETY: W1: the window's unfilled bytes are filled ones of `B`, hence initialised, unaliased and
// at a stable address (5, 7); the counter moves the border between the two parts only (6, 8).
unsafe impl<B: IoBufMut> IoBufMut for SliceMut<B> {
    fn unfilled(&mut self) -> *mut [MaybeUninit<u8>] {
        let free = &mut self.buf.filled_mut()[self.begin + self.filled..self.end];
        ptr::slice_from_raw_parts_mut(free.as_mut_ptr().cast(), free.len())
    }

    unsafe fn mark_filled(&mut self, n: usize) {
        debug_assert!(n <= self.end - self.begin - self.filled, "W1");
        self.filled += n;
    }

    fn clear(&mut self) {
        self.filled = 0;
    }

    fn filled_mut(&mut self) -> &mut [u8] {
        &mut self.buf.filled_mut()[self.begin..self.begin + self.filled]
    }

    fn init_len(&self) -> usize {
        self.end - self.begin - self.filled
    }
}

impl<B: IoBufMut> Deref for SliceMut<B> {
    type Target = [u8];

    /// The bytes that were read into the window.
    fn deref(&self) -> &[u8] {
        self.filled()
    }
}

impl<B> fmt::Debug for SliceMut<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SliceMut")
            .field("begin", &self.begin)
            .field("end", &self.end)
            .field("filled", &self.filled)
            .finish_non_exhaustive()
    }
}
