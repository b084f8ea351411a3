//! The owned buffers of the standard library.
//!
//! # Invariants
//!
//! - **B1** the bytes lie on the heap or are static: moving the owner moves none of them, and only
//!   its destructor gives them up (rules 1, 3).
//! - **B2** an owner is unique, or a counted reference to memory that a second holder cannot get
//!   mutably while this one lives (rule 2): `Rc::get_mut` and `Rc::make_mut` look at the count.
//! - **B3** the destructors free memory and run no user's code (rule 4).
#![allow(unsafe_code, reason = "implements the unsafe buffer traits")]

use alloc::{borrow::Cow, boxed::Box, rc::Rc, string::String, sync::Arc, vec::Vec};
use core::mem::MaybeUninit;

use crate::{IoBuf, IoBufMut};

// SAFETY: B1, B2, B3.
unsafe impl IoBuf for Vec<u8> {
    fn filled(&self) -> &[u8] {
        self
    }
}

// SAFETY: B1, B2, B3. The spare capacity follows the filled bytes, and no method used here
// reallocates (5); `set_len` touches no byte (6); `clear` of plain bytes sets the length only (8).
unsafe impl IoBufMut for Vec<u8> {
    fn unfilled(&mut self) -> *mut [MaybeUninit<u8>] {
        self.spare_capacity_mut()
    }

    unsafe fn mark_filled(&mut self, n: usize) {
        let len = self.len() + n;
        debug_assert!(len <= self.capacity(), "more bytes marked filled than there is room for");
        // SAFETY: the caller's promise: the first `n` spare bytes exist and are initialised.
        unsafe { self.set_len(len) }
    }

    fn clear(&mut self) {
        Vec::clear(self);
    }

    fn filled_mut(&mut self) -> &mut [u8] {
        self
    }
}

// SAFETY: B1, B2, B3.
unsafe impl IoBuf for Box<[u8]> {
    fn filled(&self) -> &[u8] {
        self
    }
}

// SAFETY: B1, B2, B3.
unsafe impl<const N: usize> IoBuf for Box<[u8; N]> {
    fn filled(&self) -> &[u8] {
        &self[..]
    }
}

// SAFETY: B1, B2 (a unique reference), B3 (no destructor).
unsafe impl IoBuf for &'static mut [u8] {
    fn filled(&self) -> &[u8] {
        self
    }
}

// SAFETY: B1, B2 (shared and immutable for ever), B3 (no destructor).
unsafe impl IoBuf for &'static [u8] {
    fn filled(&self) -> &[u8] {
        self
    }
}

// SAFETY: B1, B2 (shared and immutable for ever), B3 (no destructor).
unsafe impl<const N: usize> IoBuf for &'static [u8; N] {
    fn filled(&self) -> &[u8] {
        &self[..]
    }
}

// SAFETY: B1, B2, B3.
unsafe impl IoBuf for String {
    fn filled(&self) -> &[u8] {
        self.as_bytes()
    }
}

// SAFETY: B1, B2, B3.
unsafe impl IoBuf for Box<str> {
    fn filled(&self) -> &[u8] {
        self.as_bytes()
    }
}

// SAFETY: B1, B2 (shared and immutable for ever), B3 (no destructor).
unsafe impl IoBuf for &'static str {
    fn filled(&self) -> &[u8] {
        self.as_bytes()
    }
}

// SAFETY: B1, B2, B3: a `Vec<u8>` or a static slice.
unsafe impl IoBuf for Cow<'static, [u8]> {
    fn filled(&self) -> &[u8] {
        self
    }
}

// SAFETY: B1, B2, B3: a `String` or a static string.
unsafe impl IoBuf for Cow<'static, str> {
    fn filled(&self) -> &[u8] {
        self.as_bytes()
    }
}

// SAFETY: B1, B2, B3.
unsafe impl IoBuf for Rc<[u8]> {
    fn filled(&self) -> &[u8] {
        self
    }
}

// SAFETY: B1, B2, B3.
unsafe impl IoBuf for Arc<[u8]> {
    fn filled(&self) -> &[u8] {
        self
    }
}

// SAFETY: B1, B2, B3.
unsafe impl IoBuf for Rc<str> {
    fn filled(&self) -> &[u8] {
        self.as_bytes()
    }
}

// SAFETY: B1, B2, B3.
unsafe impl IoBuf for Arc<str> {
    fn filled(&self) -> &[u8] {
        self.as_bytes()
    }
}

// SAFETY: B1, B2, B3.
unsafe impl IoBuf for Rc<Vec<u8>> {
    fn filled(&self) -> &[u8] {
        self
    }
}

// SAFETY: B1, B2, B3.
unsafe impl IoBuf for Arc<Vec<u8>> {
    fn filled(&self) -> &[u8] {
        self
    }
}
