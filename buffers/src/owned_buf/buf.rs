//! `OwnedBuf`: any owned buffer, its type erased, and the way back.
//!
//! # Invariants
//!
//! - **O1**, **O2** as in `table`: the words hold a live value of the table's type.
//! - **O3** the first `init` unfilled bytes of the value are initialised.
#![allow(unsafe_code, reason = "implements the unsafe buffer traits over an erased value")]

use alloc::vec::Vec;
use core::{any::TypeId, fmt, marker::PhantomData, mem::ManuallyDrop, mem::MaybeUninit};

use super::table::{Inline, Of, Table};
use crate::{IoBuf, IoBufMut, Registration};

/// One concrete type for every owned buffer: what trait objects take.
///
/// A buffer of up to six words is stored inside, without an allocation; a larger one is boxed. It
/// remembers how many bytes are initialised for buffers too that cannot (`Vec`). The way back is
/// checked: [`try_into_inner`](OwnedBuf::try_into_inner).
///
/// ```
/// use sexton_buffers::{Fill, IoBuf, IoBufMut, OwnedBuf};
///
/// // Not generic, so a trait with such a method has trait objects.
/// fn read(mut buf: OwnedBuf) -> OwnedBuf {
///     buf.fill_from(b"hello");
///     buf
/// }
///
/// let buf = read(OwnedBuf::new(Vec::with_capacity(16)));
/// assert_eq!(buf.filled(), b"hello");
/// let vec = Vec::try_from(buf).unwrap();
/// assert_eq!(vec, b"hello");
///
/// let buf = read(OwnedBuf::new(Fill::new(Box::new([0; 3]))));
/// assert_eq!(buf.filled(), b"hel");
/// let buf = Vec::try_from(buf).unwrap_err(); // not a `Vec`: it is given back
/// assert!(buf.is::<Fill<Box<[u8; 3]>>>());
/// ```
///
/// It stays on its thread, since the buffer inside may have to:
///
/// ```compile_fail
/// fn on_any_thread<T: Send>() {}
/// on_any_thread::<sexton_buffers::OwnedBuf>();
/// ```
pub struct OwnedBuf {
    table: &'static Table,
    init: usize,
    data: Inline,
    _local: PhantomData<*mut ()>,
}

const _: () = assert!(size_of::<OwnedBuf>() <= size_of::<[usize; 8]>(), "one cache line");

impl OwnedBuf {
    /// Erases the type of `buf`.
    pub fn new<B: IoBufMut>(buf: B) -> Self {
        let init = buf.init_len();
        Self { table: &Of::<B>::TABLE, init, data: Inline::new(buf), _local: PhantomData }
    }

    /// An empty `Vec` with room for `n` bytes.
    pub fn with_capacity(n: usize) -> Self {
        Self::new(Vec::with_capacity(n))
    }

    /// Whether it holds a `B`.
    pub fn is<B: IoBufMut>(&self) -> bool {
        (self.table.type_id)() == TypeId::of::<B>()
    }

    /// The buffer that it was made from, if that was a `B`.
    ///
    /// # Errors
    /// Itself, if it holds another type.
    ///
    /// ```
    /// use sexton_buffers::{Fill, OwnedBuf};
    ///
    /// let buf = OwnedBuf::new(vec![1, 2]);
    /// let Err(buf) = buf.try_into_inner::<Fill<Box<[u8]>>>() else { panic!("it is none") };
    /// assert_eq!(buf.try_into_inner::<Vec<u8>>().unwrap(), [1, 2]);
    /// ```
    pub fn try_into_inner<B: IoBufMut>(self) -> Result<B, Self> {
        if self.is::<B>() {
            // SAFETY: it was just asked.
            Ok(unsafe { self.into_inner_unchecked() })
        } else {
            Err(self)
        }
    }

    /// The buffer that it was made from, without asking for its type.
    ///
    /// # Safety
    /// It holds a `B`.
    pub unsafe fn into_inner_unchecked<B: IoBufMut>(self) -> B {
        debug_assert!(self.is::<B>(), "O1: it holds another type");
        let mut this = ManuallyDrop::new(self);
        // SAFETY: O1; the destructor that would need the value does not run.
        unsafe { this.data.take() }
    }
}

impl Drop for OwnedBuf {
    fn drop(&mut self) {
        // SAFETY: O1, the last use of it.
        unsafe { (self.table.drop)(self.data.words()) }
    }
}

// SAFETY: forwards to a value that obeys rules 1 to 4; a move copies its bytes, as a move of the
// value itself would (O2).
unsafe impl IoBuf for OwnedBuf {
    fn filled(&self) -> &[u8] {
        // SAFETY: O1, borrowed from self.
        let filled = unsafe { (self.table.filled)(self.data.words()) };
        // SAFETY: a slice of the value, borrowed from self.
        unsafe { &*filled }
    }

    fn registration(&self) -> Option<Registration> {
        // SAFETY: O1, borrowed from self.
        unsafe { (self.table.registration)(self.data.words()) }
    }
}

// SAFETY: forwards to a value that obeys rules 5 to 8; O3 is what `init_len` says (7).
unsafe impl IoBufMut for OwnedBuf {
    fn unfilled(&mut self) -> *mut [MaybeUninit<u8>] {
        // SAFETY: O1, borrowed from self.
        unsafe { (self.table.unfilled)(self.data.words()) }
    }

    unsafe fn mark_filled(&mut self, n: usize) {
        self.init = self.init.saturating_sub(n);
        // SAFETY: O1, borrowed from self, and the caller's promise.
        unsafe { (self.table.mark_filled)(self.data.words(), n) }
    }

    fn clear(&mut self) {
        let was = self.filled().len();
        // SAFETY: O1, borrowed from self.
        unsafe { (self.table.clear)(self.data.words()) }
        // Rule 8: what was filled is in front of what was unfilled, and stays initialised.
        self.init += was;
    }

    fn filled_mut(&mut self) -> &mut [u8] {
        // SAFETY: O1, borrowed from self.
        let filled = unsafe { (self.table.filled_mut)(self.data.words()) };
        // SAFETY: a slice of the value, borrowed from self.
        unsafe { &mut *filled }
    }

    fn init_len(&self) -> usize {
        self.init
    }

    unsafe fn mark_init(&mut self, n: usize) {
        self.init = self.init.max(n);
        // SAFETY: O1, borrowed from self, and the caller's promise.
        unsafe { (self.table.mark_init)(self.data.words(), n) }
    }
}

impl From<Vec<u8>> for OwnedBuf {
    fn from(buf: Vec<u8>) -> Self {
        Self::new(buf)
    }
}

/// The `Vec` that it was made from; itself as the error, if it was made from something else.
impl TryFrom<OwnedBuf> for Vec<u8> {
    type Error = OwnedBuf;

    fn try_from(buf: OwnedBuf) -> Result<Self, OwnedBuf> {
        buf.try_into_inner()
    }
}

impl fmt::Debug for OwnedBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnedBuf")
            .field("filled", &self.filled().len())
            .field("init", &self.init)
            .finish_non_exhaustive()
    }
}
