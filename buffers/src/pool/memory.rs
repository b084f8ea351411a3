//! `Zeroed`: page-aligned zeroed memory, of which untouched pages cost nothing.
//!
//! # Invariants
//!
//! - **Z1** `base` was allocated with `layout`, and is freed by the destructor only.
//! - **Z2** `start` is aligned to [`PAGE`], and so many bytes as were asked for lie from it on
//!   within the allocation; all were initialised when it was made.
#![allow(unsafe_code, reason = "allocates and frees raw memory")]

use alloc::alloc::{Layout, alloc_zeroed, dealloc};
use core::ptr::NonNull;

/// The largest page of the machines that we run on (aarch64 has 4, 16 or 64 KiB).
const PAGE: usize = 64 << 10;

/// What allocators give without further ado. With a larger one they would zero by hand what
/// `calloc` gets as fresh pages, so the rest of the alignment is made here.
const ALIGN: usize = 16;

/// Zeroed memory that begins at a page.
#[derive(Debug)]
pub(super) struct Zeroed {
    base: NonNull<u8>,
    start: NonNull<u8>,
    layout: Layout,
}

impl Zeroed {
    /// `len` bytes, or nothing if there is no such memory.
    pub(super) fn new(len: usize) -> Option<Self> {
        let layout = Layout::from_size_align(len.checked_add(PAGE)?, ALIGN).ok()?;
        // SAFETY: the size is not zero.
        let base = NonNull::new(unsafe { alloc_zeroed(layout) })?;
        let skipped = base.addr().get().next_multiple_of(PAGE) - base.addr().get();
        // SAFETY: less than a page, which the allocation is larger than `len`.
        let start = unsafe { base.add(skipped) };
        Some(Self { base, start, layout })
    }

    /// Z2: the first byte, with the right to all.
    pub(super) fn start(&self) -> NonNull<u8> {
        self.start
    }
}

impl Drop for Zeroed {
    fn drop(&mut self) {
        // SAFETY: Z1.
        unsafe { dealloc(self.base.as_ptr(), self.layout) };
    }
}
