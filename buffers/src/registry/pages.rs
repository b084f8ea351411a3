//! Memory for operations in flight: slots of two sizes, in pages that never move.
//!
//! # Invariants
//!
//! - **I1** a page is reached by its raw pointer only. No reference to a page, to a slot or to
//!   several slots is ever formed, so what the kernel and a neighbour do in their slots conflicts
//!   with nobody.
//! - **I2** a page lives from its allocation to `free_all`; its slots do not move.
//! - **I3** index `i` is slot `i % PAGE_SLOTS` of page `i / PAGE_SLOTS`, which has `PAGE_SLOTS`
//!   slots of its size, one behind the other.

#![allow(unsafe_code, reason = "raw pages are what keeps neighbours in flight apart")]

use alloc::{boxed::Box, vec::Vec};
use core::mem::MaybeUninit;

/// Words of a large slot: an operation of up to this size is stored in place, a larger one boxed.
/// Twelve words hold a socket's receive or send with any usual buffer.
pub const SLOT_WORDS: usize = 12;
/// Words of a small slot. Four hold what waits longest and in the greatest numbers: a stream's
/// receive into provided buffers, and a poll.
const SMALL_WORDS: usize = 4;
/// Slots of a page: 2 or 6 KiB a page.
pub(super) const PAGE_SLOTS: usize = 64;

/// A large slot's memory. Pointers, not integers: an operation that is copied as words keeps
/// provenance.
pub type Words = MaybeUninit<[*mut (); SLOT_WORDS]>;

type Word = MaybeUninit<*mut ()>;

const _: () = assert!(PAGE_SLOTS.is_power_of_two());

/// How large a slot is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Size {
    Small,
    Large,
}

impl Size {
    /// The size of the slots for values of so many bytes; what fits into none is boxed, and its
    /// pointer fits into a small one.
    pub(super) const fn of(bytes: usize) -> Self {
        let large = bytes > SMALL_WORDS * size_of::<Word>() && bytes <= size_of::<Words>();
        if large { Self::Large } else { Self::Small }
    }

    const fn words(self) -> usize {
        match self {
            Self::Small => SMALL_WORDS,
            Self::Large => SLOT_WORDS,
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Page {
    at: *mut Word,
    size: Size,
}

/// The pages of one registry.
#[derive(Debug, Default)]
pub(super) struct Pages {
    pages: Vec<Page>,
}

impl Pages {
    /// One page more, for the `PAGE_SLOTS` indices after the last.
    pub(super) fn add(&mut self, size: Size) {
        let page: Box<[Word]> = Box::new_uninit_slice(PAGE_SLOTS * size.words());
        self.pages.push(Page { at: Box::into_raw(page).cast(), size });
    }

    /// Where slot `index` lies, of whose words no more than its size are there. The pointer is good
    /// until `free_all`.
    #[inline]
    pub(super) fn slot(&self, index: usize) -> *mut Words {
        let Page { at, size } = self.pages[index / PAGE_SLOTS];
        // SAFETY: I2 and I3: the page has `PAGE_SLOTS` slots of this size, and lives.
        unsafe { at.add(index % PAGE_SLOTS * size.words()) }.cast()
    }

    /// How large slot `index` is.
    #[inline]
    pub(super) fn size(&self, index: usize) -> Size {
        self.pages[index / PAGE_SLOTS].size
    }

    /// A copy of all that is in slot `index`.
    ///
    /// # Safety
    ///
    /// The slot is in use, and the kernel has let go of it.
    pub(super) unsafe fn read(&self, index: usize) -> Words {
        let mut words = Words::uninit();
        let (from, to) = (self.slot(index).cast::<Word>(), words.as_mut_ptr().cast::<Word>());
        // SAFETY: I2 and I3: so many words are there, and `words` has at least as many; the caller
        // vouches that nobody writes there.
        unsafe { to.copy_from_nonoverlapping(from, self.size(index).words()) };
        words
    }

    /// Gives the memory back.
    ///
    /// # Safety
    ///
    /// No slot is in use: neither the kernel nor anybody else touches one again.
    pub(super) unsafe fn free_all(&mut self) {
        for Page { at, size } in self.pages.drain(..) {
            let page = core::ptr::slice_from_raw_parts_mut(at, PAGE_SLOTS * size.words());
            // SAFETY: `add` made the page as a box of this length; the caller vouches that nobody
            // uses it any more.
            drop(unsafe { Box::from_raw(page) });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{PAGE_SLOTS, Pages, Size, Word};
    use core::ptr::without_provenance_mut;

    /// What word `word` of slot `index` is to hold.
    fn mark(index: usize, word: usize) -> *mut () {
        without_provenance_mut(1 + index * 100 + word)
    }

    #[test]
    fn every_slot_of_either_size_keeps_all_its_words() {
        let mut pages = Pages::default();
        let sizes = [Size::Small, Size::Large, Size::Small];
        sizes.iter().for_each(|size| pages.add(*size));
        for index in 0..sizes.len() * PAGE_SLOTS {
            let slot = pages.slot(index).cast::<Word>();
            for word in 0..pages.size(index).words() {
                // SAFETY: I2 and I3: the slot has this word.
                unsafe { slot.wrapping_add(word).write(Word::new(mark(index, word))) };
            }
        }
        for index in 0..sizes.len() * PAGE_SLOTS {
            assert_eq!(pages.size(index), sizes[index / PAGE_SLOTS]);
            // SAFETY: the slot was filled, and no kernel has it.
            let words = unsafe { pages.read(index) };
            let words = words.as_ptr().cast::<*mut ()>();
            for word in 0..pages.size(index).words() {
                // SAFETY: so many words were copied.
                let copied = unsafe { words.wrapping_add(word).read() };
                assert_eq!(copied, mark(index, word), "slot {index}");
            }
        }
        // SAFETY: nobody uses a slot any more.
        unsafe { pages.free_all() };
    }
}
