//! `FixedPool` and `FixedBuf`: one stretch of memory in buffers of one length, which a ring can
//! register whole.
//!
//! # Invariants
//!
//! - **X1** a buffer's number is in `free`, or with the one `FixedBuf` of that number: its bytes
//!   belong to that value alone as long as it lives.
//! - **X2** the bytes of all buffers are initialised: zeroed at first, overwritten only.
//! - **X3** the memory is freed when the last handle and the last `FixedBuf` are gone; until then
//!   it neither moves nor is unmapped.
//! - **X4** `filled <= buf_len`.
#![allow(unsafe_code, reason = "slices of the pool's memory")]

use alloc::{format, rc::Rc, vec::Vec};
use core::{
    cell::{Cell, RefCell},
    fmt,
    mem::MaybeUninit,
    ops::Deref,
    ptr, slice,
};
use std::io;

use super::memory::Zeroed;
use crate::{IoBuf, IoBufMut, Registration};

/// The kernel's bound of one registered stretch.
const BYTES_MAX: usize = 1 << 30;

/// Buffers for files that are read and written directly: aligned memory, which a ring may register.
///
/// A buffer is taken out, given to reads and writes like any other, and comes back when it is
/// dropped. Where the pool is registered (`sexton::register_buffers`), the kernel finds the
/// memory's pages pinned, and need not look them up for each operation; that pays for `O_DIRECT`.
/// Anywhere else the same buffers go to the kernel by their address.
///
/// The first buffer begins at a page, of the largest that machines have (64 KiB); all do if their
/// length is a multiple of it, and all suit `O_DIRECT` if it is one of 4096. A handle is cheap to
/// clone, and stays on its thread.
///
/// # If dropped
/// The buffers that are out go on as they are. The memory is freed, and unregistered before, when
/// the last handle and the last buffer are gone; a buffer in flight is one of them.
///
/// ```
/// use sexton_buffers::{FixedPool, IoBufMut};
///
/// let pool = FixedPool::new(2, 4096)?;
/// let mut buf = pool.take().unwrap();
/// buf.fill_from(b"hello"); // as a read does
/// assert_eq!((&buf[..], pool.available()), (&b"hello"[..], 1));
/// drop(buf);
/// assert_eq!(pool.available(), 2);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// ```compile_fail
/// fn on_any_thread<T: Send>() {}
/// on_any_thread::<sexton_buffers::FixedPool>();
/// ```
#[doc(alias = "io_uring_register_buffers")]
#[derive(Clone)]
pub struct FixedPool {
    shared: Rc<Shared>,
}

struct Shared {
    count: u16,
    buf_len: u32,
    bytes: Zeroed,
    free: RefCell<Vec<u16>>,
    registration: Cell<Option<Registration>>,
}

impl FixedPool {
    /// `count` buffers of `buf_len` bytes each.
    ///
    /// # Errors
    /// `InvalidInput` if one of them is zero, or the whole is more than 1 GiB; `OutOfMemory`.
    pub fn new(count: u16, buf_len: u32) -> io::Result<Self> {
        let len = usize::from(count).checked_mul(buf_len as usize);
        let Some(len) = len.filter(|&len| 0 < len && len <= BYTES_MAX) else {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("a pool has between one byte and 1 GiB, not {count} times {buf_len}"),
            ));
        };
        let bytes = Zeroed::new(len).ok_or(io::ErrorKind::OutOfMemory)?;
        let free = RefCell::new((0..count).rev().collect());
        let shared = Shared { count, buf_len, bytes, free, registration: Cell::new(None) };
        Ok(Self { shared: Rc::new(shared) })
    }

    /// Takes out a buffer, which is empty; none if all are out.
    pub fn take(&self) -> Option<FixedBuf> {
        let index = self.shared.free.borrow_mut().pop()?;
        Some(FixedBuf { pool: Rc::clone(&self.shared), index, filled: 0 })
    }

    /// How many buffers there are.
    pub fn count(&self) -> u16 {
        self.shared.count
    }

    /// How many bytes each has.
    pub fn buf_len(&self) -> u32 {
        self.shared.buf_len
    }

    /// How many [`take`](FixedPool::take) would find.
    pub fn available(&self) -> u16 {
        self.shared.free.borrow().len() as u16 // X1: at most `count`
    }

    /// All of its memory: what is registered. It stays as long as a handle or a buffer does.
    pub fn region(&self) -> *mut [u8] {
        let len = usize::from(self.shared.count) * self.shared.buf_len as usize;
        ptr::slice_from_raw_parts_mut(self.shared.bytes.start().as_ptr(), len)
    }

    /// Where it is registered.
    pub fn registration(&self) -> Option<Registration> {
        self.shared.registration.get()
    }

    /// Says where the memory is registered from now on, or that it is not any more.
    ///
    /// # Safety
    /// It is so: [`region`](FixedPool::region), all of it, and nothing else lies in that place of
    /// that ring's table.
    pub unsafe fn set_registration(&self, registration: Option<Registration>) {
        self.shared.registration.set(registration);
    }

    /// Whether this is the only handle, and no buffer is out, in flight or leaked.
    pub fn is_last(&self) -> bool {
        Rc::strong_count(&self.shared) == 1
    }
}

impl fmt::Debug for FixedPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FixedPool")
            .field("count", &self.count())
            .field("buf_len", &self.buf_len())
            .field("available", &self.available())
            .field("registration", &self.registration())
            .finish()
    }
}

/// One buffer of a [`FixedPool`], until it is dropped.
///
/// Its bytes are what was read into it, or put there by [`fill_from`](IoBufMut::fill_from). The
/// rest is initialised too: with zeros, or with what an earlier user left.
///
/// # If dropped
/// It goes back to its pool, whose next [`take`](FixedPool::take) may find it. An operation in
/// flight owns its buffer, so that is never while the kernel has it.
pub struct FixedBuf {
    pool: Rc<Shared>,
    index: u16,
    filled: u32,
}

impl FixedBuf {
    /// The byte at `at` of the buffer, or its end.
    fn at(&self, at: u32) -> *mut u8 {
        let before = usize::from(self.index) * self.pool.buf_len as usize + at as usize;
        self.pool.bytes.start().as_ptr().wrapping_add(before)
    }
}

// SAFETY: X1, X3: the bytes are this value's alone, and stay where they are until it is dropped,
// wherever it moves (1, 2, 3); the destructor puts a number into a list that has room (4).
unsafe impl IoBuf for FixedBuf {
    fn filled(&self) -> &[u8] {
        // SAFETY: X1, X2, X4; borrowed from self.
        unsafe { slice::from_raw_parts(self.at(0), self.filled as usize) }
    }

    fn registration(&self) -> Option<Registration> {
        self.pool.registration.get()
    }
}

// SAFETY: X1, X2: the unfilled bytes are the ones behind, this value's alone and initialised (5,
// 7); `filled` is the border that `mark_filled` and `clear` move (6, 8).
unsafe impl IoBufMut for FixedBuf {
    fn unfilled(&mut self) -> *mut [MaybeUninit<u8>] {
        ptr::slice_from_raw_parts_mut(self.at(self.filled).cast(), self.init_len())
    }

    unsafe fn mark_filled(&mut self, n: usize) {
        debug_assert!(n <= self.init_len(), "X4");
        self.filled += n as u32; // X4: it fits
    }

    fn clear(&mut self) {
        self.filled = 0;
    }

    fn filled_mut(&mut self) -> &mut [u8] {
        // SAFETY: X1, X2, X4; borrowed from self.
        unsafe { slice::from_raw_parts_mut(self.at(0), self.filled as usize) }
    }

    fn init_len(&self) -> usize {
        (self.pool.buf_len - self.filled) as usize
    }
}

impl Deref for FixedBuf {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.filled()
    }
}

impl Drop for FixedBuf {
    fn drop(&mut self) {
        self.pool.free.borrow_mut().push(self.index);
    }
}

impl fmt::Debug for FixedBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FixedBuf")
            .field("index", &self.index)
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}
