//! Memory for operations in flight: slots in pages that never move.
//!
//! # Invariants
//!
//! - **I1** a page is reached by its raw pointer only. No reference to a page, to a slot or to
//!   several slots is ever formed, so what the kernel and a neighbour do in their slots conflicts
//!   with nobody.
//! - **I2** a page lives from its allocation to `free_all`; its slots do not move.
//! - **I3** index `i` is slot `i % PAGE_SLOTS` of page `i / PAGE_SLOTS`; `reserve(i)` has made that
//!   page.

#![allow(unsafe_code, reason = "raw pages are what keeps neighbours in flight apart")]

use alloc::{boxed::Box, vec::Vec};
use core::mem::MaybeUninit;

/// Words of a slot: an operation of up to this size is stored in place, a larger one is boxed.
/// Twelve words hold a socket's receive or send with any usual buffer.
pub const SLOT_WORDS: usize = 12;
/// Slots of a page: 6 KiB a page.
const PAGE_SLOTS: usize = 64;

/// A slot's memory. Pointers, not integers: an operation that is copied as words keeps provenance.
pub type Words = MaybeUninit<[*mut (); SLOT_WORDS]>;

const _: () = assert!(PAGE_SLOTS.is_power_of_two());

/// The pages of one registry.
#[derive(Debug, Default)]
pub(super) struct Pages {
    pages: Vec<*mut Words>,
}

impl Pages {
    /// Makes sure that slot `index` exists. Slots are taken in order, so one page is enough.
    pub(super) fn reserve(&mut self, index: usize) {
        while index / PAGE_SLOTS >= self.pages.len() {
            let page: Box<[Words]> = (0..PAGE_SLOTS).map(|_| Words::uninit()).collect();
            self.pages.push(Box::into_raw(page).cast());
        }
    }

    /// Where slot `index` lies. The pointer is good until `free_all`.
    pub(super) fn slot(&self, index: usize) -> *mut Words {
        let page = self.pages[index / PAGE_SLOTS];
        // SAFETY: I2 and I3: the page has `PAGE_SLOTS` slots, and lives.
        unsafe { page.add(index % PAGE_SLOTS) }
    }

    /// Gives the memory back.
    ///
    /// # Safety
    ///
    /// No slot is in use: neither the kernel nor anybody else touches one again.
    pub(super) unsafe fn free_all(&mut self) {
        for page in self.pages.drain(..) {
            let page = core::ptr::slice_from_raw_parts_mut(page, PAGE_SLOTS);
            // SAFETY: `reserve` made the page as a box of this length; the caller vouches that
            // nobody uses it any more.
            drop(unsafe { Box::from_raw(page) });
        }
    }
}
