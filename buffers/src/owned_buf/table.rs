//! How an erased buffer lies in its words, and the functions that know its type.
//!
//! # Invariants
//!
//! - **O1** the words hold one live value of the type that the table was made for: in place if it
//!   [`fits`], otherwise the pointer of a `Box` of it in the first word.
//! - **O2** the words are a cell: a shared reference to the buffer inside may write through its own
//!   cells, and the raw copy that a move makes keeps every byte and its provenance.
#![allow(unsafe_code, reason = "a table of functions over erased values")]

use alloc::boxed::Box;
use core::{any::TypeId, cell::UnsafeCell, marker::PhantomData, mem::MaybeUninit};

use crate::{IoBufMut, Registration};

/// Room for buffers without a box: a `Vec` and three words of wrappers around it.
const WORDS: usize = 6;

/// Pointers, since integers would lose what a pointer may be used for.
pub(super) type Words = MaybeUninit<[*mut (); WORDS]>;

/// The storage of an erased buffer.
#[repr(align(8))]
pub(super) struct Inline(UnsafeCell<Words>);

impl Inline {
    /// Moves `buf` in.
    pub(super) fn new<B: IoBufMut>(buf: B) -> Self {
        let inline = Self(UnsafeCell::new(MaybeUninit::uninit()));
        if fits::<B>() {
            // SAFETY: size and alignment of `B` fit; the words hold nothing yet.
            unsafe { inline.words().cast::<B>().write(buf) };
        } else {
            let boxed = Box::into_raw(Box::new(buf));
            // SAFETY: the first word, aligned for a pointer; the words hold nothing yet.
            unsafe { inline.words().cast::<*mut B>().write(boxed) };
        }
        inline
    }

    /// The words, for the functions of the table.
    pub(super) fn words(&self) -> *mut Words {
        self.0.get()
    }

    /// Moves the buffer out.
    ///
    /// # Safety
    /// O1 for `B`; the words hold nothing afterwards.
    pub(super) unsafe fn take<B: IoBufMut>(&mut self) -> B {
        if fits::<B>() {
            // SAFETY: the caller's promise.
            unsafe { self.words().cast::<B>().read() }
        } else {
            // SAFETY: O1: a pointer of a box.
            let boxed = unsafe { self.words().cast::<*mut B>().read() };
            // SAFETY: O1: it comes from `Box::into_raw`, and is given up here.
            *unsafe { Box::from_raw(boxed) }
        }
    }
}

/// Whether a `B` lies in the words themselves.
const fn fits<B>() -> bool {
    size_of::<B>() <= size_of::<Inline>() && align_of::<B>() <= align_of::<Inline>()
}

/// Where the value lies.
///
/// # Safety
/// O1 for `B`.
unsafe fn locate<B>(words: *mut Words) -> *mut B {
    if fits::<B>() {
        words.cast()
    } else {
        // SAFETY: O1: a pointer of a box.
        unsafe { words.cast::<*mut B>().read() }
    }
}

/// The functions of one type of buffer. Each wants O1 of the words that it is given, and a borrow
/// of the buffer, shared or unique as its name says, for as long as what it returns is used.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) type_id: fn() -> TypeId,
    pub(super) filled: unsafe fn(*mut Words) -> *const [u8],
    pub(super) registration: unsafe fn(*mut Words) -> Option<Registration>,
    pub(super) unfilled: unsafe fn(*mut Words) -> *mut [MaybeUninit<u8>],
    pub(super) mark_filled: unsafe fn(*mut Words, usize),
    pub(super) mark_init: unsafe fn(*mut Words, usize),
    pub(super) clear: unsafe fn(*mut Words),
    pub(super) filled_mut: unsafe fn(*mut Words) -> *mut [u8],
    pub(super) drop: unsafe fn(*mut Words),
}

/// Names the table of `B`.
pub(super) struct Of<B>(PhantomData<B>);

impl<B: IoBufMut> Of<B> {
    pub(super) const TABLE: Table = Table {
        type_id: TypeId::of::<B>,
        filled: Self::filled,
        registration: Self::registration,
        unfilled: Self::unfilled,
        mark_filled: Self::mark_filled,
        mark_init: Self::mark_init,
        clear: Self::clear,
        filled_mut: Self::filled_mut,
        drop: Self::drop,
    };

    /// # Safety
    /// O1, and a shared borrow of the buffer for `'x`.
    unsafe fn shared<'x>(words: *mut Words) -> &'x B {
        // SAFETY: the caller's promise.
        let buf = unsafe { locate::<B>(words) };
        // SAFETY: O1, O2, and the caller's promise.
        unsafe { &*buf }
    }

    /// # Safety
    /// O1, and a unique borrow of the buffer for `'x`.
    unsafe fn unique<'x>(words: *mut Words) -> &'x mut B {
        // SAFETY: the caller's promise.
        let buf = unsafe { locate::<B>(words) };
        // SAFETY: O1, and the caller's promise.
        unsafe { &mut *buf }
    }

    unsafe fn filled(words: *mut Words) -> *const [u8] {
        // SAFETY: the table's contract.
        unsafe { Self::shared(words) }.filled()
    }

    unsafe fn registration(words: *mut Words) -> Option<Registration> {
        // SAFETY: the table's contract.
        unsafe { Self::shared(words) }.registration()
    }

    unsafe fn unfilled(words: *mut Words) -> *mut [MaybeUninit<u8>] {
        // SAFETY: the table's contract.
        unsafe { Self::unique(words) }.unfilled()
    }

    unsafe fn mark_filled(words: *mut Words, n: usize) {
        // SAFETY: the table's contract.
        let buf = unsafe { Self::unique(words) };
        // SAFETY: the caller's promise, as of `IoBufMut::mark_filled`.
        unsafe { buf.mark_filled(n) }
    }

    unsafe fn mark_init(words: *mut Words, n: usize) {
        // SAFETY: the table's contract.
        let buf = unsafe { Self::unique(words) };
        // SAFETY: the caller's promise, as of `IoBufMut::mark_init`.
        unsafe { buf.mark_init(n) }
    }

    unsafe fn clear(words: *mut Words) {
        // SAFETY: the table's contract.
        unsafe { Self::unique(words) }.clear();
    }

    unsafe fn filled_mut(words: *mut Words) -> *mut [u8] {
        // SAFETY: the table's contract.
        unsafe { Self::unique(words) }.filled_mut()
    }

    unsafe fn drop(words: *mut Words) {
        // SAFETY: the table's contract.
        let buf = unsafe { locate::<B>(words) };
        if fits::<B>() {
            // SAFETY: O1: a live value, which nobody uses afterwards.
            unsafe { buf.drop_in_place() };
        } else {
            // SAFETY: O1: it comes from `Box::into_raw`, and is given up here.
            drop(unsafe { Box::from_raw(buf) });
        }
    }
}
