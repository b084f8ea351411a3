//! `IoBuf`: a buffer that the kernel may read from while the runtime owns it.
//!
//! # Invariants
//!
//! The trait's rules 1 to 4, which its implementors promise and whoever hands an address to the
//! kernel relies on. Nothing else here is unsafe.

#![allow(unsafe_code, reason = "an unsafe trait: what its implementors promise about addresses")]

use core::ops::RangeBounds;

use crate::Slice;

/// Where a buffer is registered with a ring (`IORING_REGISTER_BUFFERS`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Registration {
    /// The ring's number, of those that this process made.
    pub ring: u64,
    /// The buffer's index in that ring's table.
    pub index: u16,
}

/// A buffer the kernel may *read* from while the runtime owns it.
///
/// An operation takes such a buffer by value, keeps it until the kernel has let go of it, and gives
/// it back with its answer. The bytes to be written are [`filled`](IoBuf::filled).
///
/// | type | `IoBuf` | [`IoBufMut`] |
/// |---|---|---|
/// | `Vec<u8>`, `bytes::BytesMut` | yes | yes: the spare capacity, which never grows |
/// | `Box<[u8]>`, `Box<[u8; N]>`, `&'static mut [u8]` | all of it | by [`Fill`], [`slice_mut`] |
/// | `Box<[MaybeUninit<u8>]>` | no | by [`Fill`] |
/// | `String`, `Box<str>`, `&'static str`, `Cow<'static, _>` | yes | no: it would owe UTF-8 |
/// | `&'static [u8]`, `&'static [u8; N]`, `bytes::Bytes` | yes | no: shared |
/// | `Rc`, `Arc` of `[u8]`, `str`, `Vec<u8>` | yes | no: shared |
/// | [`OwnedBuf`], [`PoolBuf`], [`FixedBuf`] | yes | yes |
/// | [`SliceMut`], [`AtMost`], [`Fill`] | yes | yes |
/// | [`Slice`] | yes | no |
/// | `[u8; N]`, `SmallVec`, `ArrayVec`, borrowed slices | no: they move, or die | no |
///
/// [`IoBufMut`]: crate::IoBufMut
/// [`Fill`]: crate::Fill
/// [`slice_mut`]: crate::Storage::slice_mut
/// [`OwnedBuf`]: crate::OwnedBuf
/// [`PoolBuf`]: crate::PoolBuf
/// [`FixedBuf`]: crate::FixedBuf
/// [`SliceMut`]: crate::SliceMut
/// [`AtMost`]: crate::AtMost
///
/// ```
/// use sexton_buffers::IoBuf;
///
/// // What stands in for an operation: it owns the buffer, and gives it back.
/// fn write_owned<B: IoBuf>(buf: B) -> (usize, B) {
///     (buf.filled().len(), buf)
/// }
///
/// assert_eq!(write_owned(vec![1, 2, 3]).0, 3);
/// assert_eq!(write_owned("static text").0, 11);
/// let (n, part) = write_owned(vec![1, 2, 3].slice(1..));
/// assert_eq!((n, part.into_inner()), (2, vec![1, 2, 3]));
/// ```
///
/// A buffer whose bytes move with it is refused by the compiler, which names the remedies:
///
/// ```compile_fail,E0277
/// use sexton_buffers::IoBuf;
/// fn write_owned(buf: impl IoBuf) {}
/// let array = [0_u8; 16];
/// write_owned(array); // the kernel would read from where the array was
/// ```
///
/// # Safety
///
/// 1. **Stable address.** Until the next `&mut self` call or the drop of the
///    value, `filled` returns the same pointer and length; *moving* the value
///    must not change them. (Inline bytes, as in `[u8; N]`, cannot do this.)
/// 2. **No other writer** of those bytes for that time, not even through
///    interior mutability or another handle.
/// 3. **Leak means leak.** A value that is never dropped (`mem::forget`, a
///    leaked task) keeps its bytes valid for ever: memory is given up by the
///    destructor only. (Excludes scoped arenas, hence `'static`.)
/// 4. **Drop late and plainly.** The destructor may run long after the
///    operation was cancelled, on the ring's thread, from the event loop; it
///    must not panic and must not assume the submitting task exists.
///
/// The runtime promises for its part: it moves the value to its final place first, takes the
/// address then, and neither moves the value nor calls a method of it until the kernel has let go
/// of the bytes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be owned by the kernel",
    label = "not an owned, address-stable buffer",
    note = "arrays and borrowed slices move or die with the caller: use `Vec<u8>`, `Box<[u8]>`, \
            `&'static [u8]`, `Bytes`, `OwnedBuf`...",
    note = "or call the borrowing method (`read`, `write_all`) instead"
)]
pub unsafe trait IoBuf: 'static {
    /// The filled (readable, initialised) bytes.
    ///
    /// ```
    /// use sexton_buffers::IoBuf;
    /// assert_eq!("text".filled(), b"text");
    /// assert_eq!(Vec::with_capacity(64).filled(), b"");
    /// ```
    fn filled(&self) -> &[u8];

    /// Fixed-buffer registration: lets the driver pick `READ_FIXED` and
    /// `WRITE_FIXED`. All of `filled` and `unfilled` lies in that registration.
    #[doc(hidden)]
    fn registration(&self) -> Option<Registration> {
        None
    }

    /// An owned sub-range of the filled bytes, for writes; [`Slice::into_inner`] gives the whole
    /// back.
    ///
    /// # Panics
    /// As `&filled[range]` does: if the range is reversed, or ends beyond the filled bytes.
    ///
    /// ```
    /// use sexton_buffers::IoBuf;
    /// let tail = vec![1, 2, 3, 4].slice(2..);
    /// assert_eq!(tail.filled(), [3, 4]);
    /// assert_eq!(tail.into_inner(), [1, 2, 3, 4]);
    /// ```
    #[track_caller]
    fn slice(self, range: impl RangeBounds<usize>) -> Slice<Self>
    where
        Self: Sized,
    {
        Slice::new(self, range)
    }
}
