//! `Bytes` and `BytesMut` of the `bytes` crate as buffers (feature `bytes`).
//!
//! # Invariants
//!
//! - **B1** the bytes lie on the heap or are static, and the handle counts itself as their holder:
//!   moving it moves none of them, and no other handle frees or reuses its range while it lives.
//! - **B2** `BytesMut` is the only handle to its range, spare capacity included; `Bytes` may share
//!   its range with other readers, and nobody becomes its writer while there are two.
#![allow(unsafe_code, reason = "implements the unsafe buffer traits")]

use core::mem::MaybeUninit;

use bytes::{Bytes, BytesMut};

use crate::{IoBuf, IoBufMut};

// SAFETY: B1, B2; an owner given to `Bytes::from_owner` is asked for its bytes once only.
unsafe impl IoBuf for Bytes {
    fn filled(&self) -> &[u8] {
        self
    }
}

// SAFETY: B1, B2.
unsafe impl IoBuf for BytesMut {
    fn filled(&self) -> &[u8] {
        self
    }
}

// SAFETY: B1, B2. The spare capacity follows the filled bytes, and no method used here
// reallocates (5); `set_len` touches no byte (6); `clear` sets the length only (8).
unsafe impl IoBufMut for BytesMut {
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
        BytesMut::clear(self);
    }

    fn filled_mut(&mut self) -> &mut [u8] {
        self
    }
}
