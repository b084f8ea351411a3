//! `ReadCursor`: the unfilled part of a buffer, as a reader gets it.
//!
//! # Invariants
//!
//! - **C1** the `cap` bytes at `base` are valid for reads and writes for `'a`; those from `filled`
//!   on are reached through this value only.
//! - **C2** `start <= filled <= init`, `filled <= cap`; a cursor made by `at_most` has a smaller
//!   `cap` than its buffer, so `init` may lie beyond it.
//! - **C3** the first `init` bytes of the buffer are initialised.
//! - **C4** base and counters belong together: they are private, and no method separates them. So
//!   a reader that swaps two cursors swaps nothing that their buffers' owners rely on.
#![allow(unsafe_code, reason = "writes to memory that may be uninitialised")]

use core::{fmt, marker::PhantomData, mem::MaybeUninit, ptr, ptr::NonNull, slice};

/// The unfilled part of a buffer, as a reader gets it: by value.
///
/// It borrows the buffer's *counters*, not the buffer, so a reader cannot put another buffer in
/// its place. It is also a [`std::io::Write`].
///
/// ```
/// use sexton_buffers::{ReadBuf, ReadCursor};
///
/// // A reader that knows `&mut [u8]` only. Its bytes are zeroed once, not at every turn.
/// fn fallback(mut into: ReadCursor<'_>) {
///     let room = into.ensure_init();
///     room[..2].copy_from_slice(b"ok");
///     into.advance(2);
/// }
///
/// let mut memory = [0; 4];
/// let mut buf = ReadBuf::from(&mut memory[..]);
/// fallback(buf.unfilled());
/// fallback(buf.unfilled());
/// assert_eq!(buf.filled(), b"okok");
/// ```
pub struct ReadCursor<'a> {
    base: NonNull<u8>,
    cap: usize,
    start: usize,
    filled: &'a mut usize,
    init: &'a mut usize,
    _memory: PhantomData<&'a mut [MaybeUninit<u8>]>,
}

// SAFETY: C1: it is a `&'a mut [MaybeUninit<u8>]` with two counters, which may go to and be shared
// with other threads.
unsafe impl Send for ReadCursor<'_> {}
// SAFETY: as above.
unsafe impl Sync for ReadCursor<'_> {}

impl<'a> ReadCursor<'a> {
    /// # Safety
    /// C1, C2 and C3 hold; the counters belong to that memory and to nothing else.
    pub(super) unsafe fn new(
        base: NonNull<u8>,
        cap: usize,
        filled: &'a mut usize,
        init: &'a mut usize,
    ) -> Self {
        let start = *filled;
        Self { base, cap, start, filled, init, _memory: PhantomData }
    }
}

impl ReadCursor<'_> {
    /// The same cursor for a shorter time, so that a second reader can go on after a first.
    ///
    /// ```
    /// # use sexton_buffers::ReadBuf;
    /// let mut memory = [0; 4];
    /// let mut buf = ReadBuf::from(&mut memory[..]);
    /// let mut cursor = buf.unfilled();
    /// cursor.reborrow().append(b"ab");
    /// cursor.reborrow().append(b"cd");
    /// assert_eq!(cursor.written(), 4);
    /// ```
    pub fn reborrow(&mut self) -> ReadCursor<'_> {
        self.at_most(usize::MAX)
    }

    /// The same cursor for a shorter time, with room for at most `n` bytes.
    ///
    /// ```
    /// # use sexton_buffers::ReadBuf;
    /// let mut memory = [0; 4];
    /// let mut buf = ReadBuf::from(&mut memory[..]);
    /// assert_eq!(buf.unfilled().at_most(3).append(b"hello"), 3);
    /// assert_eq!(buf.filled(), b"hel");
    /// ```
    pub fn at_most(&mut self, n: usize) -> ReadCursor<'_> {
        ReadCursor {
            base: self.base,
            cap: self.cap.min(self.filled.saturating_add(n)),
            start: *self.filled,
            filled: self.filled,
            init: self.init,
            _memory: PhantomData,
        }
    }

    /// How many bytes are unfilled.
    pub fn capacity(&self) -> usize {
        self.cap - *self.filled
    }

    /// How many bytes were filled through this cursor and its reborrows.
    pub fn written(&self) -> usize {
        *self.filled - self.start
    }

    /// The unfilled bytes, for the kernel to write to. Not null.
    ///
    /// Whoever writes through it must not de-initialise what is initialised.
    pub fn as_raw(&mut self) -> *mut [MaybeUninit<u8>] {
        ptr::slice_from_raw_parts_mut(self.first_unfilled().cast(), self.capacity())
    }

    /// How many of the unfilled bytes, from the first on, are initialised.
    pub fn init_len(&self) -> usize {
        (*self.init).min(self.cap) - *self.filled
    }

    /// The unfilled bytes as a slice, zeroing only what is not yet initialised.
    ///
    /// ```
    /// use sexton_buffers::ReadBuf;
    /// use std::mem::MaybeUninit;
    ///
    /// let mut memory = [MaybeUninit::uninit(); 4];
    /// let mut buf = ReadBuf::from(&mut memory[..]);
    /// let mut cursor = buf.unfilled();
    /// cursor.ensure_init()[0] = 7; // zeroed, now
    /// cursor.advance(2);
    /// assert_eq!(buf.filled(), [7, 0]);
    /// ```
    pub fn ensure_init(&mut self) -> &mut [u8] {
        let (len, done) = (self.capacity(), self.init_len());
        let first = self.first_unfilled();
        // SAFETY: C1, C2: from `done` on there are so many writable bytes.
        unsafe { first.wrapping_add(done).write_bytes(0, len - done) };
        *self.init = (*self.init).max(self.cap);
        // SAFETY: C1, and C3 for all of them now.
        unsafe { slice::from_raw_parts_mut(first, len) }
    }

    /// Makes the first `n` unfilled bytes filled ones.
    ///
    /// # Panics
    /// If fewer are initialised.
    #[track_caller]
    pub fn advance(&mut self, n: usize) {
        let known = self.init_len();
        assert!(n <= known, "cannot advance by {n} bytes: {known} unfilled ones are initialised");
        *self.filled += n;
    }

    /// Makes the first `n` unfilled bytes filled ones.
    ///
    /// # Safety
    /// They exist, and are initialised.
    pub unsafe fn advance_unchecked(&mut self, n: usize) {
        debug_assert!(n <= self.capacity(), "C2");
        *self.filled += n;
        *self.init = (*self.init).max(*self.filled);
    }

    /// Copies what fits of `src`; returns how much.
    ///
    /// ```
    /// use sexton_buffers::ReadBuf;
    ///
    /// let mut bytes = [0; 4];
    /// let mut buf = ReadBuf::from(&mut bytes[..]);
    /// let mut cursor = buf.unfilled();
    /// assert_eq!((cursor.append(b"he"), cursor.append(b"llo")), (2, 2));
    /// assert_eq!(buf.filled(), b"hell");
    /// ```
    pub fn append(&mut self, src: &[u8]) -> usize {
        let n = src.len().min(self.capacity());
        let first = self.first_unfilled();
        // SAFETY: C1, C2: so many writable bytes, which `src` cannot overlap.
        unsafe { first.copy_from_nonoverlapping(src.as_ptr(), n) };
        // SAFETY: they were written just now.
        unsafe { self.advance_unchecked(n) };
        n
    }

    /// C2: within the memory, or just behind it.
    fn first_unfilled(&mut self) -> *mut u8 {
        self.base.as_ptr().wrapping_add(*self.filled)
    }
}

impl fmt::Debug for ReadCursor<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadCursor")
            .field("written", &self.written())
            .field("init", &self.init_len())
            .field("capacity", &self.capacity())
            .finish()
    }
}
