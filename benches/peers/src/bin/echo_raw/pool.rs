//! Provided buffers: the kernel picks one when data is there, and gets it back when it was sent.
//!
//! # Invariants
//!
//! - **I1** `entries` and `bytes` stay allocated as long as the process, in the sizes of `new`.
//! - **I2** A buffer is the kernel's from `publish` on until an answer names it, then ours until
//!   `give`. So the entries from the tail on are ours: never more are given than there are buffers.
#![allow(unsafe_code, reason = "the memory is shared with the kernel")]

use std::alloc::{Layout, alloc_zeroed, handle_alloc_error};
use std::io;
use std::sync::atomic::{AtomicU16, Ordering};

use io_uring::Submitter;
use io_uring::types::BufRingEntry;

const PAGE: usize = 4096;

/// The pool's group: there is one.
pub(crate) const GROUP: u16 = 0;

/// A ring of provided buffers of one length.
#[derive(Debug)]
pub(crate) struct Pool {
    entries: *mut BufRingEntry,
    bytes: *mut u8,
    buf_len: u32,
    mask: u16,
    tail: u16,
}

impl Pool {
    /// Registers `count` buffers, a power of two, and gives them all to the kernel.
    pub(crate) fn new(submitter: &Submitter<'_>, count: u16, buf_len: u32) -> io::Result<Self> {
        assert!(count.is_power_of_two(), "the kernel masks indices");
        let entries = pages(usize::from(count) * size_of::<BufRingEntry>()).cast::<BufRingEntry>();
        let bytes = pages(usize::from(count) * buf_len as usize);
        // SAFETY: I1.
        unsafe { submitter.register_buf_ring_with_flags(entries as u64, count, GROUP, 0)? };
        let mut pool = Self { entries, bytes, buf_len, mask: count - 1, tail: 0 };
        for id in 0..count {
            pool.give(id);
        }
        pool.publish();
        Ok(pool)
    }

    pub(crate) fn len(&self) -> usize {
        usize::from(self.mask) + 1
    }

    /// The bytes of a buffer from `offset` on.
    #[inline]
    pub(crate) fn at(&self, id: u16, offset: u32) -> *mut u8 {
        let at = usize::from(id) * self.buf_len as usize + offset as usize;
        assert!(id <= self.mask && offset <= self.buf_len, "the kernel names buffers of ours");
        // SAFETY: I1, and what the line above checks.
        unsafe { self.bytes.add(at) }
    }

    /// Puts a buffer back; the kernel sees it after the next `publish`.
    #[inline]
    pub(crate) fn give(&mut self, id: u16) {
        let addr = self.at(id, 0) as u64;
        // SAFETY: I1, and the mask.
        let entry = unsafe { self.entries.add(usize::from(self.tail & self.mask)) };
        // SAFETY: I2: this entry is ours, and it is never uninitialised. The tail, which lies in
        // the first entry, is no field that is written here.
        let entry = unsafe { &mut *entry };
        entry.set_addr(addr);
        entry.set_len(self.buf_len);
        entry.set_bid(id);
        self.tail = self.tail.wrapping_add(1);
    }

    /// Shows the kernel all that was given.
    #[inline]
    pub(crate) fn publish(&mut self) {
        // SAFETY: I1: the tail is a field of the first entry.
        let tail = unsafe { BufRingEntry::tail(self.entries) };
        // SAFETY: I1, and aligned; the kernel reads it, only we write it.
        let tail = unsafe { AtomicU16::from_ptr(tail.cast_mut()) };
        tail.store(self.tail, Ordering::Release);
    }
}

fn pages(len: usize) -> *mut u8 {
    let layout = Layout::from_size_align(len, PAGE).expect("a few MiB are a valid size");
    // SAFETY: no caller asks for nothing.
    let pages = unsafe { alloc_zeroed(layout) };
    if pages.is_null() {
        handle_alloc_error(layout)
    }
    pages
}
