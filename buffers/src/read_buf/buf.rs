//! `ReadBuf`: borrowed memory with two counters, how much is filled and how much is initialised.
//!
//! # Invariants
//!
//! - **R1** the `cap` bytes at `base` are valid for reads and writes for `'a`, and reached through
//!   this value only.
//! - **R2** `filled <= init <= cap`.
//! - **R3** the first `init` bytes are initialised.
#![allow(unsafe_code, reason = "slices of memory that may be uninitialised")]

use core::{fmt, marker::PhantomData, mem::MaybeUninit, ptr::NonNull, slice};

use crate::ReadCursor;

/// Borrowed memory that a reader fills, and that may be uninitialised at first.
///
/// `filled <= init <= capacity`: the filled bytes are what was read; the initialised ones need not
/// be zeroed again for a reader that wants `&mut [u8]`.
///
/// Readers get a [`ReadCursor`] of it, never the `ReadBuf` itself.
///
/// ```
/// use core::mem::MaybeUninit;
/// use sexton_buffers::{ReadBuf, ReadCursor};
///
/// fn read(mut into: ReadCursor<'_>) {
///     into.append(b"hello");
/// }
///
/// let mut memory = [MaybeUninit::uninit(); 8];
/// let mut buf = ReadBuf::from(&mut memory[..]);
/// read(buf.unfilled());
/// assert_eq!(buf.filled(), b"hello");
/// assert_eq!(buf.remaining(), 3);
/// ```
pub struct ReadBuf<'a> {
    base: NonNull<u8>,
    cap: usize,
    filled: usize,
    init: usize,
    _memory: PhantomData<&'a mut [MaybeUninit<u8>]>,
}

// SAFETY: R1: it is a `&'a mut [MaybeUninit<u8>]` with two counters, which may go to and be shared
// with other threads.
unsafe impl Send for ReadBuf<'_> {}
// SAFETY: as above.
unsafe impl Sync for ReadBuf<'_> {}

impl<'a> ReadBuf<'a> {
    /// A buffer over `raw`, of which nothing is filled and `init` bytes are initialised.
    ///
    /// # Safety
    /// `raw` is not null, unaliased, readable and writable for `'a`; its first `init` bytes exist
    /// and are initialised, and none of them is de-initialised through `raw` later.
    pub unsafe fn from_raw(raw: *mut [MaybeUninit<u8>], init: usize) -> Self {
        debug_assert!(init <= raw.len(), "R2");
        // SAFETY: the caller's promise.
        let base = unsafe { NonNull::new_unchecked(raw.cast::<u8>()) };
        Self { base, cap: raw.len(), filled: 0, init, _memory: PhantomData }
    }

    /// How many bytes the memory has.
    pub fn capacity(&self) -> usize {
        self.cap
    }

    /// How many bytes are unfilled.
    pub fn remaining(&self) -> usize {
        self.cap - self.filled
    }

    /// What was read.
    pub fn filled(&self) -> &[u8] {
        // SAFETY: R1, R2, R3: the first `filled` bytes exist and are initialised.
        unsafe { slice::from_raw_parts(self.base.as_ptr(), self.filled) }
    }

    /// What was read, to be changed in place.
    pub fn filled_mut(&mut self) -> &mut [u8] {
        // SAFETY: R1, R2, R3: the first `filled` bytes exist and are initialised.
        unsafe { slice::from_raw_parts_mut(self.base.as_ptr(), self.filled) }
    }

    /// How many bytes are initialised, the filled ones included.
    pub fn init_len(&self) -> usize {
        self.init
    }

    /// Forgets what was read; the bytes stay initialised.
    ///
    /// ```
    /// use sexton_buffers::ReadBuf;
    ///
    /// let mut bytes = [0; 4];
    /// let mut buf = ReadBuf::from(&mut bytes[..]);
    /// buf.unfilled().append(b"old");
    /// buf.clear();
    /// buf.unfilled().append(b"n");
    /// assert_eq!((buf.filled(), buf.remaining()), (&b"n"[..], 3));
    /// ```
    pub fn clear(&mut self) {
        self.filled = 0;
    }

    /// Records that the first `n` bytes, the filled ones included, are initialised.
    ///
    /// # Safety
    /// They exist, and are.
    pub unsafe fn assume_init(&mut self, n: usize) {
        debug_assert!(n <= self.cap, "R2");
        self.init = self.init.max(n);
    }

    /// The unfilled part, for a reader to write to.
    ///
    /// ```
    /// use sexton_buffers::ReadBuf;
    ///
    /// let mut bytes = [0; 4];
    /// let mut buf = ReadBuf::from(&mut bytes[..]);
    /// assert_eq!(buf.unfilled().append(b"hello"), 4);
    /// assert_eq!(buf.filled(), b"hell");
    /// ```
    pub fn unfilled(&mut self) -> ReadCursor<'_> {
        // SAFETY: R1, R2, R3; self stays borrowed as long as the cursor lives.
        unsafe { ReadCursor::new(self.base, self.cap, &mut self.filled, &mut self.init) }
    }
}

/// Nothing filled, all initialised.
impl<'a> From<&'a mut [u8]> for ReadBuf<'a> {
    fn from(memory: &'a mut [u8]) -> Self {
        let len = memory.len();
        let base = NonNull::from(memory).cast();
        Self { base, cap: len, filled: 0, init: len, _memory: PhantomData }
    }
}

/// Nothing filled, nothing known to be initialised.
impl<'a> From<&'a mut [MaybeUninit<u8>]> for ReadBuf<'a> {
    fn from(memory: &'a mut [MaybeUninit<u8>]) -> Self {
        let len = memory.len();
        let base = NonNull::from(memory).cast();
        Self { base, cap: len, filled: 0, init: 0, _memory: PhantomData }
    }
}

impl fmt::Debug for ReadBuf<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadBuf")
            .field("filled", &self.filled)
            .field("init", &self.init)
            .field("capacity", &self.cap)
            .finish()
    }
}
