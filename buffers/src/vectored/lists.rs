//! Vectors, boxed slices and arrays of buffers, all of one type.
//!
//! # Invariants
//!
//! - **I1** every method visits all parts, in their order, and each part is a buffer that obeys the
//!   rules of `IoBuf` or `IoBufMut`.

#![allow(unsafe_code, reason = "implements the unsafe traits of vectored buffers")]

use alloc::{boxed::Box, vec::Vec};
use core::mem::MaybeUninit;

use super::io_vec_buf::mark_parts;
use crate::{IoBuf, IoBufMut, IoVecBuf, IoVecBufMut};

fn each_filled<B: IoBuf>(parts: &[B], f: &mut dyn FnMut(&[u8])) {
    for part in parts {
        f(part.filled());
    }
}

fn each_unfilled<B: IoBufMut>(parts: &mut [B], f: &mut dyn FnMut(*mut [MaybeUninit<u8>])) {
    for part in parts {
        f(part.unfilled());
    }
}

/// # Safety
/// As `mark_parts`.
unsafe fn mark_list<B: IoBufMut>(parts: &mut [B], n: usize) {
    let parts = parts.iter_mut().map(|part| part as &mut dyn IoBufMut);
    // SAFETY: the caller's promise.
    unsafe { mark_parts(parts, n) }
}

// SAFETY: I1: the parts are `IoBuf`s, visited in the list's order.
unsafe impl<B: IoBuf> IoVecBuf for Vec<B> {
    fn for_each_filled(&self, f: &mut dyn FnMut(&[u8])) {
        each_filled(self, f);
    }
}

// SAFETY: I1: the parts are `IoBufMut`s, visited and marked in the list's order.
unsafe impl<B: IoBufMut> IoVecBufMut for Vec<B> {
    fn for_each_unfilled(&mut self, f: &mut dyn FnMut(*mut [MaybeUninit<u8>])) {
        each_unfilled(self, f);
    }

    unsafe fn mark_filled_vec(&mut self, n: usize) {
        // SAFETY: the caller's promise.
        unsafe { mark_list(self, n) }
    }
}

// SAFETY: I1: the parts are `IoBuf`s, visited in the list's order.
unsafe impl<B: IoBuf> IoVecBuf for Box<[B]> {
    fn for_each_filled(&self, f: &mut dyn FnMut(&[u8])) {
        each_filled(self, f);
    }
}

// SAFETY: I1: the parts are `IoBufMut`s, visited and marked in the list's order.
unsafe impl<B: IoBufMut> IoVecBufMut for Box<[B]> {
    fn for_each_unfilled(&mut self, f: &mut dyn FnMut(*mut [MaybeUninit<u8>])) {
        each_unfilled(self, f);
    }

    unsafe fn mark_filled_vec(&mut self, n: usize) {
        // SAFETY: the caller's promise.
        unsafe { mark_list(self, n) }
    }
}

// SAFETY: I1: the parts are `IoBuf`s, visited in the list's order; moving the array moves their
// owners only (rule 1).
unsafe impl<B: IoBuf, const N: usize> IoVecBuf for [B; N] {
    fn for_each_filled(&self, f: &mut dyn FnMut(&[u8])) {
        each_filled(self, f);
    }
}

// SAFETY: I1: the parts are `IoBufMut`s, visited and marked in the list's order.
unsafe impl<B: IoBufMut, const N: usize> IoVecBufMut for [B; N] {
    fn for_each_unfilled(&mut self, f: &mut dyn FnMut(*mut [MaybeUninit<u8>])) {
        each_unfilled(self, f);
    }

    unsafe fn mark_filled_vec(&mut self, n: usize) {
        // SAFETY: the caller's promise.
        unsafe { mark_list(self, n) }
    }
}
