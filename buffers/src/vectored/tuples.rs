//! Tuples of one to four buffers, each of its own type.
//!
//! # Invariants
//!
//! - **I1** every method visits all parts, in their order, and each part is a buffer that obeys the
//!   rules of `IoBuf` or `IoBufMut`.

#![allow(unsafe_code, reason = "implements the unsafe traits of vectored buffers")]

use core::mem::MaybeUninit;

use super::io_vec_buf::mark_parts;
use crate::{IoBuf, IoBufMut, IoVecBuf, IoVecBufMut};

// SAFETY: I1: the parts are `IoBuf`s, visited in the tuple's order.
unsafe impl<A: IoBuf> IoVecBuf for (A,) {
    fn for_each_filled(&self, f: &mut dyn FnMut(&[u8])) {
        f(self.0.filled());
    }
}

// SAFETY: I1: the parts are `IoBufMut`s, visited and marked in the tuple's order.
unsafe impl<A: IoBufMut> IoVecBufMut for (A,) {
    fn for_each_unfilled(&mut self, f: &mut dyn FnMut(*mut [MaybeUninit<u8>])) {
        f(self.0.unfilled());
    }

    unsafe fn mark_filled_vec(&mut self, n: usize) {
        let parts: [&mut dyn IoBufMut; 1] = [&mut self.0];
        // SAFETY: the caller's promise.
        unsafe { mark_parts(parts, n) }
    }
}

// SAFETY: I1: the parts are `IoBuf`s, visited in the tuple's order.
unsafe impl<A: IoBuf, B: IoBuf> IoVecBuf for (A, B) {
    fn for_each_filled(&self, f: &mut dyn FnMut(&[u8])) {
        f(self.0.filled());
        f(self.1.filled());
    }
}

// SAFETY: I1: the parts are `IoBufMut`s, visited and marked in the tuple's order.
unsafe impl<A: IoBufMut, B: IoBufMut> IoVecBufMut for (A, B) {
    fn for_each_unfilled(&mut self, f: &mut dyn FnMut(*mut [MaybeUninit<u8>])) {
        f(self.0.unfilled());
        f(self.1.unfilled());
    }

    unsafe fn mark_filled_vec(&mut self, n: usize) {
        let parts: [&mut dyn IoBufMut; 2] = [&mut self.0, &mut self.1];
        // SAFETY: the caller's promise.
        unsafe { mark_parts(parts, n) }
    }
}

// SAFETY: I1: the parts are `IoBuf`s, visited in the tuple's order.
unsafe impl<A: IoBuf, B: IoBuf, C: IoBuf> IoVecBuf for (A, B, C) {
    fn for_each_filled(&self, f: &mut dyn FnMut(&[u8])) {
        f(self.0.filled());
        f(self.1.filled());
        f(self.2.filled());
    }
}

// SAFETY: I1: the parts are `IoBufMut`s, visited and marked in the tuple's order.
unsafe impl<A: IoBufMut, B: IoBufMut, C: IoBufMut> IoVecBufMut for (A, B, C) {
    fn for_each_unfilled(&mut self, f: &mut dyn FnMut(*mut [MaybeUninit<u8>])) {
        f(self.0.unfilled());
        f(self.1.unfilled());
        f(self.2.unfilled());
    }

    unsafe fn mark_filled_vec(&mut self, n: usize) {
        let parts: [&mut dyn IoBufMut; 3] = [&mut self.0, &mut self.1, &mut self.2];
        // SAFETY: the caller's promise.
        unsafe { mark_parts(parts, n) }
    }
}

// SAFETY: I1: the parts are `IoBuf`s, visited in the tuple's order.
unsafe impl<A: IoBuf, B: IoBuf, C: IoBuf, D: IoBuf> IoVecBuf for (A, B, C, D) {
    fn for_each_filled(&self, f: &mut dyn FnMut(&[u8])) {
        f(self.0.filled());
        f(self.1.filled());
        f(self.2.filled());
        f(self.3.filled());
    }
}

// SAFETY: I1: the parts are `IoBufMut`s, visited and marked in the tuple's order.
unsafe impl<A: IoBufMut, B: IoBufMut, C: IoBufMut, D: IoBufMut> IoVecBufMut for (A, B, C, D) {
    fn for_each_unfilled(&mut self, f: &mut dyn FnMut(*mut [MaybeUninit<u8>])) {
        f(self.0.unfilled());
        f(self.1.unfilled());
        f(self.2.unfilled());
        f(self.3.unfilled());
    }

    unsafe fn mark_filled_vec(&mut self, n: usize) {
        let parts: [&mut dyn IoBufMut; 4] = [&mut self.0, &mut self.1, &mut self.2, &mut self.3];
        // SAFETY: the caller's promise.
        unsafe { mark_parts(parts, n) }
    }
}
