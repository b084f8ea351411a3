//! `Fill`: a region of fixed size that counts how much of it is filled.
//!
//! # Invariants
//!
//! - **F1** `filled <= init <= region.len()`, and the first `init` bytes are initialised.
//! - **F2** the region is reached through the `Fill` that owns it only; nobody gets `&mut S`.
#![allow(unsafe_code, reason = "an unsafe trait, and slices of the region it promises")]

use alloc::boxed::Box;
use core::{fmt, mem::MaybeUninit, ops::RangeBounds, ptr, slice};

use crate::{IoBuf, IoBufMut, SliceMut};

/// A fixed region (`Box<[u8]>`, `Box<[MaybeUninit<u8>]>`, `Box<[u8; N]>`,
/// `&'static mut [u8]`, a mapping) that [`Fill`] turns into an [`IoBufMut`].
///
/// A mapping of a file that somebody truncates is `SIGBUS` when touched, and `EFAULT` for the
/// kernel: map what nobody truncates.
///
/// # Safety
/// [`IoBuf`] rules 1-4 for the whole region, of which both methods give the same bytes; if `INIT`,
/// it is initialised.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no fixed region of bytes at a stable address",
    note = "use `Box<[u8]>`, `Box<[MaybeUninit<u8>]>`, `Box<[u8; N]>` or `&'static mut [u8]`"
)]
pub unsafe trait Storage: 'static {
    /// Whether all of the region is initialised.
    const INIT: bool;

    /// All of the region, to be read.
    fn region(&self) -> *const [u8];

    /// All of the region, to be written.
    fn region_mut(&mut self) -> *mut [MaybeUninit<u8>];

    /// A window of the region that reads overwrite. Of initialised regions only: others do not
    /// compile.
    ///
    /// # Panics
    /// As `&region[range]` does: if the range is reversed, or ends beyond the region.
    ///
    /// ```
    /// use sexton_buffers::{Fill, IoBufMut, SliceMut, Storage};
    /// let mut window = Box::new([0; 4]).slice_mut(1..);
    /// assert_eq!(window.fill_from(b"abcdef"), 3);
    /// assert_eq!(*window.into_inner().into_inner(), [0, b'a', b'b', b'c']);
    /// ```
    #[track_caller]
    fn slice_mut(self, range: impl RangeBounds<usize>) -> SliceMut<Fill<Self>>
    where
        Self: Sized,
    {
        SliceMut::new(Fill::full(self), range)
    }
}

// SAFETY: heap memory of one owner, initialised.
unsafe impl Storage for Box<[u8]> {
    const INIT: bool = true;

    fn region(&self) -> *const [u8] {
        &raw const **self
    }

    fn region_mut(&mut self) -> *mut [MaybeUninit<u8>] {
        ptr::slice_from_raw_parts_mut(self.as_mut_ptr().cast(), self.len())
    }
}

// SAFETY: heap memory of one owner.
unsafe impl Storage for Box<[MaybeUninit<u8>]> {
    const INIT: bool = false;

    fn region(&self) -> *const [u8] {
        ptr::slice_from_raw_parts(self.as_ptr().cast(), self.len())
    }

    fn region_mut(&mut self) -> *mut [MaybeUninit<u8>] {
        &raw mut **self
    }
}

// SAFETY: heap memory of one owner, initialised.
unsafe impl<const N: usize> Storage for Box<[u8; N]> {
    const INIT: bool = true;

    fn region(&self) -> *const [u8] {
        ptr::slice_from_raw_parts(self.as_ptr(), N)
    }

    fn region_mut(&mut self) -> *mut [MaybeUninit<u8>] {
        ptr::slice_from_raw_parts_mut(self.as_mut_ptr().cast(), N)
    }
}

// SAFETY: static memory behind a unique reference, initialised.
unsafe impl Storage for &'static mut [u8] {
    const INIT: bool = true;

    fn region(&self) -> *const [u8] {
        &raw const **self
    }

    fn region_mut(&mut self) -> *mut [MaybeUninit<u8>] {
        ptr::slice_from_raw_parts_mut(self.as_mut_ptr().cast(), self.len())
    }
}

/// A fixed region with a count of the bytes that are filled: a buffer that never grows.
///
/// It remembers which bytes are initialised, so that none is zeroed twice.
///
/// ```
/// use core::mem::MaybeUninit;
/// use sexton_buffers::{Fill, IoBuf, IoBufMut};
///
/// let mut buf = Fill::new(Box::new_uninit_slice(8));
/// assert_eq!(buf.fill_from(b"hello"), 5);
/// assert_eq!(buf.fill_from(b" world"), 3);
/// assert_eq!(buf.filled(), b"hello wo");
/// buf.clear();
/// assert_eq!(buf.init_len(), 8); // what was filled stays initialised
/// let region: Box<[MaybeUninit<u8>]> = buf.into_inner();
/// assert_eq!(region.len(), 8);
/// ```
pub struct Fill<S> {
    region: S,
    filled: usize,
    init: usize,
}

impl<S: Storage> Fill<S> {
    /// A buffer over `region`, with nothing filled.
    pub fn new(region: S) -> Self {
        let init = if S::INIT { region.region().len() } else { 0 };
        Self { region, filled: 0, init }
    }

    /// A buffer over an initialised `region`, with all of it filled.
    ///
    /// ```
    /// use sexton_buffers::{Fill, IoBuf};
    /// assert_eq!(Fill::full(Box::new([7; 3])).filled(), [7, 7, 7]);
    /// ```
    ///
    /// An uninitialised region is refused by the compiler:
    ///
    /// ```compile_fail
    /// let buf = sexton_buffers::Fill::full(Box::<[u8]>::new_uninit_slice(3));
    /// ```
    pub fn full(region: S) -> Self {
        const { assert!(S::INIT, "an uninitialised region cannot be full") };
        let len = region.region().len();
        Self { region, filled: len, init: len }
    }

    /// How many bytes the region has.
    pub fn capacity(&self) -> usize {
        self.region.region().len()
    }

    /// Gives the region back.
    ///
    /// ```
    /// use sexton_buffers::{Fill, IoBufMut};
    ///
    /// let mut fill = Fill::new(vec![0; 4].into_boxed_slice());
    /// fill.fill_from(b"hi");
    /// assert_eq!(&fill.into_inner()[..], b"hi\0\0");
    /// ```
    pub fn into_inner(self) -> S {
        self.region
    }
}

// SAFETY: F1, F2, and what `S` promises of its region.
unsafe impl<S: Storage> IoBuf for Fill<S> {
    fn filled(&self) -> &[u8] {
        // SAFETY: F1: the first `filled` bytes exist and are initialised; F2: borrowed from self.
        unsafe { slice::from_raw_parts(self.region.region().cast(), self.filled) }
    }
}

// SAFETY: F1, F2: the border between the two parts of one region is the counter `filled`, which
// `mark_filled` and `clear` move; `init` never shrinks (5 to 8).
unsafe impl<S: Storage> IoBufMut for Fill<S> {
    fn unfilled(&mut self) -> *mut [MaybeUninit<u8>] {
        let raw = self.region.region_mut();
        let free = raw.cast::<MaybeUninit<u8>>().wrapping_add(self.filled);
        ptr::slice_from_raw_parts_mut(free, raw.len() - self.filled)
    }

    unsafe fn mark_filled(&mut self, n: usize) {
        self.filled += n;
        self.init = self.init.max(self.filled);
        debug_assert!(self.init <= self.capacity(), "F1");
    }

    fn clear(&mut self) {
        self.filled = 0;
    }

    fn filled_mut(&mut self) -> &mut [u8] {
        let raw = self.region.region_mut().cast::<u8>();
        // SAFETY: F1: the first `filled` bytes exist and are initialised; F2: borrowed from self.
        unsafe { slice::from_raw_parts_mut(raw, self.filled) }
    }

    fn init_len(&self) -> usize {
        self.init - self.filled
    }

    unsafe fn mark_init(&mut self, n: usize) {
        self.init = self.init.max(self.filled + n);
        debug_assert!(self.init <= self.capacity(), "F1");
    }
}

impl<S> fmt::Debug for Fill<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fill")
            .field("filled", &self.filled)
            .field("init", &self.init)
            .finish_non_exhaustive()
    }
}
