//! `Slice`: a part of a buffer's filled bytes, to be written.
//!
//! # Invariants
//!
//! - **I1** the bytes shown lie between two bounds in the inner buffer's filled bytes, and the
//!   bounds change by `&mut self` calls only.

#![allow(unsafe_code, reason = "implements the unsafe buffer trait by forwarding")]

use core::{
    fmt,
    ops::{Deref, RangeBounds},
};

use crate::{IoBuf, Registration, range};

/// An owned part of a buffer's filled bytes, made by [`IoBuf::slice`].
///
/// It keeps the whole buffer, and gives it back with [`into_inner`](Slice::into_inner).
///
/// ```
/// use sexton_buffers::IoBuf;
///
/// // A writer that took three bytes at a time would go on like this.
/// let mut rest = "seven b".slice(..);
/// while !rest.is_empty() {
///     let n = rest.len().min(3);
///     rest.skip(n);
/// }
/// assert_eq!(rest.start(), 7);
/// assert_eq!(rest.into_inner(), "seven b");
/// ```
pub struct Slice<B> {
    buf: B,
    begin: usize,
    end: usize,
}

impl<B: IoBuf> Slice<B> {
    /// The bytes of `buf` that `range` names.
    ///
    /// # Panics
    /// As `&filled[range]` does: if the range is reversed, or ends beyond the filled bytes.
    #[track_caller]
    pub fn new(buf: B, range: impl RangeBounds<usize>) -> Self {
        let (begin, end) = range::resolve(range, buf.filled().len());
        Self { buf, begin, end }
    }
}

impl<B> Slice<B> {
    /// Where the slice begins, counted from the buffer's first filled byte.
    pub fn start(&self) -> usize {
        self.begin
    }

    /// Where the slice ends, counted from the buffer's first filled byte.
    pub fn end(&self) -> usize {
        self.end
    }

    /// Drops `n` bytes off the front.
    ///
    /// # Panics
    /// If the slice has fewer.
    ///
    /// ```
    /// use sexton_buffers::IoBuf;
    ///
    /// let mut rest = "hello".slice(..);
    /// rest.skip(2); // were written
    /// assert_eq!(rest.filled(), b"llo");
    /// ```
    #[track_caller]
    pub fn skip(&mut self, n: usize) {
        let len = self.end - self.begin;
        assert!(n <= len, "cannot skip {n} bytes of a slice of {len}");
        self.begin += n;
    }

    /// The buffer that the slice is a part of.
    pub fn get_ref(&self) -> &B {
        &self.buf
    }

    /// Gives the whole buffer back.
    pub fn into_inner(self) -> B {
        self.buf
    }
}

// SAFETY: I1: the bytes are a part of what `B` promises to keep still (rules 1 to 4).
unsafe impl<B: IoBuf> IoBuf for Slice<B> {
    fn filled(&self) -> &[u8] {
        &self.buf.filled()[self.begin..self.end]
    }

    fn registration(&self) -> Option<Registration> {
        self.buf.registration()
    }
}

impl<B: IoBuf> Deref for Slice<B> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.filled()
    }
}

impl<B> fmt::Debug for Slice<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slice")
            .field("begin", &self.begin)
            .field("end", &self.end)
            .finish_non_exhaustive()
    }
}
