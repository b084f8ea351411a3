//! `IoVecBuf` and `IoVecBufMut`: the parts of a vectored write or read, visited in order.
//!
//! # Invariants
//!
//! - **I1** the parts are visited in the same order by every method, and each is a buffer that
//!   obeys the rules of `IoBuf` or `IoBufMut`.
//! - **I2** `n` marked bytes are the first `n` of the unfilled parts, in that order.

#![allow(unsafe_code, reason = "unsafe traits: what their implementors promise about addresses")]

use core::mem::MaybeUninit;

use crate::IoBufMut;

/// Several owned buffers, read from in order (`writev`).
///
/// Implemented by `Vec<B>`, `Box<[B]>`, `[B; N]` and tuples of one to four, of any [`IoBuf`].
///
/// ```
/// use sexton_buffers::IoVecBuf;
///
/// let parts = ("HTTP/1.1 200 OK\r\n\r\n", vec![1, 2, 3]);
/// assert_eq!(parts.total_filled(), 22);
/// assert_eq!([vec![1], vec![2, 3]].total_filled(), 3);
/// ```
///
/// [`IoBuf`]: crate::IoBuf
///
/// # Safety
/// Each part obeys [`IoBuf`]; the same slices are visited in the same order
/// until the next `&mut self` call.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no list of buffers that the kernel can own",
    note = "use a `Vec`, a `Box<[_]>`, an array or a tuple of up to four owned buffers \
            (`Vec<u8>`, `&'static [u8]`...)"
)]
pub unsafe trait IoVecBuf: 'static {
    /// Calls `f` with the filled bytes of each part, empty ones included.
    fn for_each_filled(&self, f: &mut dyn FnMut(&[u8]));

    /// How many bytes are filled, over all parts.
    fn total_filled(&self) -> usize {
        let mut total = 0;
        self.for_each_filled(&mut |part| total += part.len());
        total
    }
}

/// Several owned buffers, filled in order (`readv`).
///
/// ```
/// use sexton_buffers::IoVecBufMut;
///
/// let mut parts = (vec![0; 2], Vec::with_capacity(3));
/// assert_eq!(parts.fill_vec_from(b"abc"), 3); // the first part is full already
/// assert_eq!(parts.1, b"abc");
/// ```
///
/// # Safety
/// Each part obeys [`IoBufMut`]; `for_each_unfilled` visits the same slices in the same order
/// until the next *other* `&mut self` call.
#[diagnostic::on_unimplemented(
    message = "the kernel cannot read into `{Self}`",
    note = "use a `Vec`, a `Box<[_]>`, an array or a tuple of up to four buffers that \
            have unfilled capacity (`Vec<u8>`, `Fill`...)"
)]
pub unsafe trait IoVecBufMut: IoVecBuf {
    /// Calls `f` with the unfilled bytes of each part, empty ones included.
    fn for_each_unfilled(&mut self, f: &mut dyn FnMut(*mut [MaybeUninit<u8>]));

    /// Makes the first `n` unfilled bytes, over all parts in order, filled ones.
    ///
    /// # Safety
    /// The first `n` unfilled bytes over all parts in order are initialised, and exist.
    unsafe fn mark_filled_vec(&mut self, n: usize);

    /// How many bytes are unfilled, over all parts.
    fn total_unfilled(&mut self) -> usize {
        let mut total = 0;
        self.for_each_unfilled(&mut |part| total += part.len());
        total
    }

    /// Copies what fits of `src` to the unfilled bytes, in order; returns how much.
    ///
    /// ```
    /// use sexton_buffers::{IoVecBuf, IoVecBufMut};
    ///
    /// let mut bufs = [Vec::with_capacity(2), Vec::with_capacity(8)];
    /// assert_eq!(bufs.fill_vec_from(b"he"), 2);
    /// assert_eq!((bufs.total_filled(), &bufs[0][..]), (2, &b"he"[..]));
    /// ```
    fn fill_vec_from(&mut self, mut src: &[u8]) -> usize {
        let mut copied = 0;
        self.for_each_unfilled(&mut |part| {
            let (now, later) = src.split_at(part.len().min(src.len()));
            // SAFETY: I1 and rule 5 of the part: writable, and `src` cannot overlap what nobody
            // aliases.
            unsafe { part.cast::<u8>().copy_from_nonoverlapping(now.as_ptr(), now.len()) };
            copied += now.len();
            src = later;
        });
        // SAFETY: exactly these bytes were written just now.
        unsafe { self.mark_filled_vec(copied) };
        copied
    }
}

/// Marks `n` bytes filled over `parts` in order.
///
/// # Safety
/// The first `n` unfilled bytes over `parts` in order are initialised, and exist.
pub(super) unsafe fn mark_parts<'p>(
    parts: impl IntoIterator<Item = &'p mut dyn IoBufMut>,
    mut n: usize,
) {
    for part in parts {
        let now = part.unfilled().len().min(n);
        // SAFETY: I2, and the caller's promise: they are among the first `n`.
        unsafe { part.mark_filled(now) };
        n -= now;
    }
    debug_assert_eq!(n, 0, "more bytes marked filled than the parts have room for");
}
