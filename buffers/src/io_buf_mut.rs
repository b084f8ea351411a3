//! `IoBufMut`: a buffer that the kernel may write to while the runtime owns it.
//!
//! # Invariants
//!
//! The numbered rules of [`IoBuf`] (1 to 4) and [`IoBufMut`] (5 to 8).
#![allow(unsafe_code, reason = "an unsafe trait, and the raw writes of its provided methods")]

use core::{mem::MaybeUninit, ops::RangeBounds, slice};

use crate::{AtMost, IoBuf, SliceMut};

/// A buffer the kernel may *write* to while the runtime owns it.
///
/// ```text
/// | filled ............. | unfilled ............................. |
/// | always initialised   | first `init_len` bytes initialised | ? |
/// |<------------------ capacity, never changed by the runtime --->|
/// ```
///
/// Reads *append*: they write into `unfilled`, then `mark_filled`. A buffer without unfilled bytes
/// has no room, which a read answers with an error. [`IoBuf`] lists the types.
///
/// ```
/// use sexton_buffers::{Fill, IoBuf, IoBufMut};
///
/// // What stands in for a read: it appends to whatever buffer it is given.
/// fn read_owned<B: IoBufMut>(mut buf: B) -> (usize, B) {
///     (buf.fill_from(b"data"), buf)
/// }
///
/// let (n, buf) = read_owned(Vec::with_capacity(64));
/// assert_eq!((n, &buf[..]), (4, &b"data"[..]));
/// let (n, buf) = read_owned(buf);                         // appends
/// assert_eq!((n, &buf[..]), (4, &b"datadata"[..]));
/// let (n, window) = read_owned(buf.slice_mut(..2));       // overwrites
/// assert_eq!((n, &window.into_inner()[..]), (2, &b"datadata"[..]));
/// let (_, fixed) = read_owned(Fill::new(vec![0; 16].into_boxed_slice()));
/// assert_eq!(fixed.filled(), b"data");
/// ```
///
/// # Safety
///
/// [`IoBuf`]'s rules, for the unfilled bytes too, and:
///
/// 5. `unfilled` never reallocates; until the next *other* `&mut self` call it
///    returns the same pointer and length, valid for the kernel to read and
///    write, aliased by nobody. `filled_mut` is `filled`, writable: the same
///    bytes at the same address.
/// 6. `mark_filled(n)` makes exactly the first `n` bytes of `unfilled` the last
///    `n` of `filled`, and neither moves nor touches a byte.
/// 7. The first `init_len()` bytes of `unfilled` are initialised, and nobody
///    de-initialises a byte. (Hence a raw slice: with `&mut [MaybeUninit<u8>]`
///    safe code could store `MaybeUninit::uninit()` into live bytes.)
/// 8. `clear` makes exactly the former filled bytes the first unfilled ones,
///    followed by the former unfilled ones; nothing is de-initialised.
#[diagnostic::on_unimplemented(
    message = "the kernel cannot read into `{Self}`",
    label = "not an owned, address-stable buffer with unfilled capacity",
    note = "use `Vec<u8>` (its spare capacity is filled), `vec.slice_mut(..)`, \
            `Fill::new(boxed_slice)`, a pool buffer or `OwnedBuf`",
    note = "or call the borrowing method (`read`) instead"
)]
pub unsafe trait IoBufMut: IoBuf {
    /// Where the next read lands. May be empty; never null.
    fn unfilled(&mut self) -> *mut [MaybeUninit<u8>];

    /// Makes the first `n` unfilled bytes filled ones.
    ///
    /// # Safety
    /// The first `n` unfilled bytes are initialised; `n <= unfilled().len()`.
    unsafe fn mark_filled(&mut self, n: usize);

    /// Forgets the filled bytes; capacity and address stay.
    ///
    /// ```
    /// use sexton_buffers::{IoBuf, IoBufMut, OwnedBuf};
    ///
    /// let mut buf = OwnedBuf::with_capacity(4);
    /// buf.fill_from(b"old");
    /// buf.clear();
    /// assert_eq!((buf.fill_from(b"newer"), buf.filled()), (4, &b"newe"[..]));
    /// ```
    fn clear(&mut self);

    /// The filled bytes, to be changed in place.
    fn filled_mut(&mut self) -> &mut [u8];

    /// Initialised bytes at the start of `unfilled`, as far as is known.
    fn init_len(&self) -> usize {
        0
    }

    /// Records that the first `n` unfilled bytes are initialised; a buffer that cannot remember
    /// ignores it, and one that knows of more keeps that.
    ///
    /// # Safety
    /// The first `n` unfilled bytes are initialised; `n <= unfilled().len()`.
    unsafe fn mark_init(&mut self, n: usize) {
        let _ = n;
    }

    /// The unfilled bytes as a slice, zeroing only what is not yet initialised.
    ///
    /// For fallbacks onto readers that want `&mut [u8]`.
    ///
    /// ```
    /// use sexton_buffers::IoBufMut;
    /// let mut buf = Vec::with_capacity(4);
    /// assert_eq!(buf.init_unfilled()[..4], [0; 4]);
    /// ```
    fn init_unfilled(&mut self) -> &mut [u8] {
        let known = self.init_len();
        let raw = self.unfilled();
        let (len, done) = (raw.len(), known.min(raw.len()));
        let rest = raw.cast::<u8>().wrapping_add(done);
        // SAFETY: rule 5: all of `raw` is writable, and aliased by nobody.
        unsafe { rest.write_bytes(0, len - done) };
        // SAFETY: rule 7 for the first `done` bytes; the others were written just now.
        unsafe { self.mark_init(len) };
        let raw = self.unfilled(); // `mark_init` was a `&mut self` call
        assert_eq!(raw.len(), len, "mark_init changed the unfilled bytes");
        // SAFETY: rule 5, and initialised as above: `mark_init` touches no byte.
        unsafe { slice::from_raw_parts_mut(raw.cast::<u8>(), len) }
    }

    /// Copies what fits of `src` to the unfilled bytes, and makes them filled; returns how much.
    ///
    /// ```
    /// use sexton_buffers::IoBufMut;
    /// let mut buf = Vec::with_capacity(3).at_most(3);
    /// assert_eq!(buf.fill_from(b"hello"), 3);
    /// assert_eq!(buf.into_inner(), b"hel");
    /// ```
    fn fill_from(&mut self, src: &[u8]) -> usize {
        let raw = self.unfilled();
        let n = raw.len().min(src.len());
        // SAFETY: rule 5: writable, and `src` cannot overlap what nobody aliases.
        unsafe { raw.cast::<u8>().copy_from_nonoverlapping(src.as_ptr(), n) };
        // SAFETY: they were written just now, and `n` is at most their count.
        unsafe { self.mark_filled(n) };
        n
    }

    /// A window of filled bytes that reads *overwrite*: `vec![0; 1024].slice_mut(..)`.
    ///
    /// # Panics
    /// As `&filled[range]` does: if the range is reversed, or ends beyond the filled bytes.
    ///
    /// ```
    /// use sexton_buffers::{IoBuf, IoBufMut};
    /// let mut window = vec![0; 8].slice_mut(2..5);
    /// assert_eq!(window.fill_from(b"hello"), 3);
    /// assert_eq!(window.into_inner(), [0, 0, b'h', b'e', b'l', 0, 0, 0]);
    /// ```
    #[track_caller]
    fn slice_mut(self, range: impl RangeBounds<usize>) -> SliceMut<Self>
    where
        Self: Sized,
    {
        SliceMut::new(self, range)
    }

    /// The same buffer with room for at most `n` more bytes: `read_exact_owned(buf.at_most(4))`.
    ///
    /// A `Vec` may have more capacity than was asked for, so exact reads need it.
    ///
    /// ```
    /// use sexton_buffers::IoBufMut;
    ///
    /// let mut buf = Vec::with_capacity(64).at_most(4);
    /// assert_eq!(buf.fill_from(b"hello"), 4);
    /// assert_eq!(buf.into_inner(), b"hell");
    /// ```
    fn at_most(self, n: usize) -> AtMost<Self>
    where
        Self: Sized,
    {
        AtMost::new(self, n)
    }
}
