//! `OwnedBytes`, `OwnedVecBuf`, `OwnedVecBytes`: what trait objects take besides `OwnedBuf`.
//!
//! # Invariants
//!
//! - **B1** the value is in its box for as long as the kernel may use its bytes; a move of the box
//!   does not move it. Each method forwards to the method of the same name.
#![allow(unsafe_code, reason = "implements the unsafe buffer traits over a boxed value")]

use alloc::boxed::Box;
use core::{any::Any, fmt, mem::MaybeUninit};

use crate::{IoBuf, IoVecBuf, IoVecBufMut, Registration};

trait AnyBytes: IoBuf + Any {}
impl<B: IoBuf> AnyBytes for B {}

trait AnyVecBuf: IoVecBufMut + Any {}
impl<V: IoVecBufMut> AnyVecBuf for V {}

trait AnyVecBytes: IoVecBuf + Any {}
impl<V: IoVecBuf> AnyVecBytes for V {}

/// The value in a box of which `is` says that it holds a `T`.
fn unbox<T: 'static>(boxed: Box<dyn Any>) -> T {
    *boxed.downcast().expect("its type was asked for just before")
}

/// One concrete type for every buffer that is only read from: `Arc<[u8]>`, `&'static str`, `Bytes`.
///
/// The sibling of [`OwnedBuf`](crate::OwnedBuf) for writes; it boxes the buffer.
///
/// ```
/// use sexton_buffers::{IoBuf, OwnedBytes};
///
/// // Not generic, so a trait with such a method has trait objects.
/// fn write(buf: OwnedBytes) -> (usize, OwnedBytes) {
///     (buf.filled().len(), buf)
/// }
///
/// let (n, buf) = write(OwnedBytes::new("text"));
/// assert_eq!((n, buf.try_into_inner::<&'static str>().unwrap()), (4, "text"));
/// let (n, buf) = write(OwnedBytes::new(vec![1, 2, 3].slice(1..)));
/// assert_eq!(n, 2);
/// assert!(buf.try_into_inner::<Vec<u8>>().is_err(), "it holds a `Slice`");
/// ```
pub struct OwnedBytes(Box<dyn AnyBytes>);

impl OwnedBytes {
    /// Erases the type of `buf`.
    pub fn new<B: IoBuf>(buf: B) -> Self {
        Self(Box::new(buf))
    }

    /// Whether it holds a `B`.
    pub fn is<B: IoBuf>(&self) -> bool {
        let any: &dyn Any = &*self.0;
        any.is::<B>()
    }

    /// The buffer that it was made from, if that was a `B`.
    ///
    /// # Errors
    /// Itself, if it holds another type.
    pub fn try_into_inner<B: IoBuf>(self) -> Result<B, Self> {
        if self.is::<B>() { Ok(unbox(self.0)) } else { Err(self) }
    }
}

// SAFETY: B1, and rules 1 to 4 of the value.
unsafe impl IoBuf for OwnedBytes {
    fn filled(&self) -> &[u8] {
        (*self.0).filled()
    }

    fn registration(&self) -> Option<Registration> {
        (*self.0).registration()
    }
}

impl fmt::Debug for OwnedBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnedBytes").field("filled", &self.filled().len()).finish_non_exhaustive()
    }
}

/// One concrete type for every list of buffers that a vectored read fills; it boxes the list.
///
/// ```
/// use sexton_buffers::{IoVecBufMut, OwnedVecBuf};
///
/// let mut bufs = OwnedVecBuf::new([Vec::with_capacity(2), Vec::with_capacity(8)]);
/// assert!(bufs.fill_vec_from(b"abc") == 3);
/// let [_, second] = bufs.try_into_inner::<[Vec<u8>; 2]>().unwrap();
/// assert!(second.len() <= 1);
/// ```
pub struct OwnedVecBuf(Box<dyn AnyVecBuf>);

impl OwnedVecBuf {
    /// Erases the type of `bufs`.
    pub fn new<V: IoVecBufMut>(bufs: V) -> Self {
        Self(Box::new(bufs))
    }

    /// Whether it holds a `V`.
    pub fn is<V: IoVecBufMut>(&self) -> bool {
        let any: &dyn Any = &*self.0;
        any.is::<V>()
    }

    /// The list that it was made from, if that was a `V`.
    ///
    /// # Errors
    /// Itself, if it holds another type.
    pub fn try_into_inner<V: IoVecBufMut>(self) -> Result<V, Self> {
        if self.is::<V>() { Ok(unbox(self.0)) } else { Err(self) }
    }
}

// SAFETY: B1, and the rules of the value.
unsafe impl IoVecBuf for OwnedVecBuf {
    fn for_each_filled(&self, f: &mut dyn FnMut(&[u8])) {
        (*self.0).for_each_filled(f);
    }

    fn total_filled(&self) -> usize {
        (*self.0).total_filled()
    }
}

// SAFETY: B1, and the rules of the value.
unsafe impl IoVecBufMut for OwnedVecBuf {
    fn for_each_unfilled(&mut self, f: &mut dyn FnMut(*mut [MaybeUninit<u8>])) {
        (*self.0).for_each_unfilled(f);
    }

    unsafe fn mark_filled_vec(&mut self, n: usize) {
        // SAFETY: the caller's promise is that of the value's own method.
        unsafe { (*self.0).mark_filled_vec(n) }
    }

    fn total_unfilled(&mut self) -> usize {
        (*self.0).total_unfilled()
    }
}

impl fmt::Debug for OwnedVecBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let filled = self.total_filled();
        f.debug_struct("OwnedVecBuf").field("filled", &filled).finish_non_exhaustive()
    }
}

/// One concrete type for every list of buffers that a vectored write sends; it boxes the list.
///
/// ```
/// use sexton_buffers::{IoVecBuf, OwnedVecBytes};
///
/// let parts = OwnedVecBytes::new(("head", vec![1, 2, 3]));
/// assert_eq!(parts.total_filled(), 7);
/// let (head, _body) = parts.try_into_inner::<(&'static str, Vec<u8>)>().unwrap();
/// assert_eq!(head, "head");
/// ```
pub struct OwnedVecBytes(Box<dyn AnyVecBytes>);

impl OwnedVecBytes {
    /// Erases the type of `bufs`.
    pub fn new<V: IoVecBuf>(bufs: V) -> Self {
        Self(Box::new(bufs))
    }

    /// Whether it holds a `V`.
    pub fn is<V: IoVecBuf>(&self) -> bool {
        let any: &dyn Any = &*self.0;
        any.is::<V>()
    }

    /// The list that it was made from, if that was a `V`.
    ///
    /// # Errors
    /// Itself, if it holds another type.
    pub fn try_into_inner<V: IoVecBuf>(self) -> Result<V, Self> {
        if self.is::<V>() { Ok(unbox(self.0)) } else { Err(self) }
    }
}

// SAFETY: B1, and the rules of the value.
unsafe impl IoVecBuf for OwnedVecBytes {
    fn for_each_filled(&self, f: &mut dyn FnMut(&[u8])) {
        (*self.0).for_each_filled(f);
    }

    fn total_filled(&self) -> usize {
        (*self.0).total_filled()
    }
}

impl fmt::Debug for OwnedVecBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let filled = self.total_filled();
        f.debug_struct("OwnedVecBytes").field("filled", &filled).finish_non_exhaustive()
    }
}
