//! `Entries`: the ring through which buffers are given to the kernel.
//!
//! # Invariants
//!
//! - **E1** the memory holds `count` entries, aligned to 16, all initialised since it was zeroed.
//! - **E2** there are no more entries before the tail that the kernel has not used up than buffers,
//!   so there is always room for one more, and what lies before the tail is the kernel's: it
//!   rewrites an entry whose buffer it uses piece by piece, and nobody else writes there.
#![allow(unsafe_code, reason = "writes the ring that the kernel reads")]

use core::{
    cell::Cell,
    sync::atomic::{AtomicU16, Ordering},
};

use super::memory::Zeroed;

/// `struct io_uring_buf`: { addr: u64, len: u32, bid: u16, resv: u16 }.
const ENTRY_LEN: usize = 16;
const LEN_AT: usize = 8;
const BID_AT: usize = 12;
/// `resv` of the first entry is the ring's tail.
const TAIL_AT: usize = 14;

/// A buffer, or what is left of it, as an entry says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) addr: u64,
    pub(super) len: u32,
    pub(super) bid: u16,
}

/// A ring of entries, of which the kernel uses up the oldest.
#[derive(Debug)]
pub(super) struct Entries {
    memory: Zeroed,
    mask: u16,
    tail: Cell<u16>,
    /// How far a kernel in memory has come; the real one keeps its own.
    head: Cell<u16>,
}

impl Entries {
    /// A ring for `count` entries, a power of two; or nothing if there is no memory.
    pub(super) fn new(count: u16) -> Option<Self> {
        let memory = Zeroed::new(usize::from(count) * ENTRY_LEN)?;
        Some(Self { memory, mask: count - 1, tail: Cell::new(0), head: Cell::new(0) })
    }

    /// The first entry.
    pub(super) fn start(&self) -> *mut u8 {
        self.memory.start().as_ptr()
    }

    /// Writes an entry at the tail, field by field: `resv` of the first one is the tail.
    pub(super) fn push(&self, entry: Entry) {
        self.write(self.tail.get(), entry);
        self.tail.set(self.tail.get().wrapping_add(1));
    }

    /// Lets the kernel see what was written up to the tail.
    pub(super) fn publish(&self) {
        let tail = self.start().wrapping_add(TAIL_AT).cast::<u16>();
        // SAFETY: E1: the field is aligned to 2, lives as long as the ring, and is written here
        // only.
        let tail = unsafe { AtomicU16::from_ptr(tail) };
        tail.store(self.tail.get(), Ordering::Release);
    }

    /// Entries that a kernel in memory has not used up.
    pub(super) fn available(&self) -> u16 {
        self.tail.get().wrapping_sub(self.head.get())
    }

    /// Whether a kernel in memory has ever picked.
    pub(super) fn is_picked_from(&self) -> bool {
        self.head.get() != 0
    }

    /// What a kernel in memory does: uses up the oldest entry, or `piece` bytes of it, and says
    /// what of it.
    pub(super) fn pick(&self, piece: Option<u32>) -> Option<Entry> {
        if self.available() == 0 {
            return None;
        }
        let head = self.head.get();
        let entry = self.read(head);
        let len = piece.map_or(entry.len, |piece| piece.min(entry.len));
        let (addr, left) = (entry.addr + u64::from(len), entry.len - len);
        if left == 0 {
            self.head.set(head.wrapping_add(1));
        } else {
            self.write(head, Entry { addr, len: left, bid: entry.bid });
        }
        Some(Entry { len, ..entry })
    }

    /// Writes an entry; `index` counts on beyond the ring's length.
    fn write(&self, index: u16, entry: Entry) {
        let at = self.at(index);
        // SAFETY: E1, E2: an entry that the kernel does not read yet, or a kernel in memory's own.
        unsafe { at.cast::<u64>().write(entry.addr) };
        // SAFETY: as above; the field is aligned to 4.
        unsafe { at.wrapping_add(LEN_AT).cast::<u32>().write(entry.len) };
        // SAFETY: as above; the field is aligned to 2.
        unsafe { at.wrapping_add(BID_AT).cast::<u16>().write(entry.bid) };
    }

    fn read(&self, index: u16) -> Entry {
        let at = self.at(index);
        // SAFETY: E1.
        let addr = unsafe { at.cast::<u64>().read() };
        // SAFETY: E1; the field is aligned to 4.
        let len = unsafe { at.wrapping_add(LEN_AT).cast::<u32>().read() };
        // SAFETY: E1; the field is aligned to 2.
        let bid = unsafe { at.wrapping_add(BID_AT).cast::<u16>().read() };
        Entry { addr, len, bid }
    }

    /// The entry at an index that counts on beyond the ring's length.
    fn at(&self, index: u16) -> *mut u8 {
        self.start().wrapping_add(usize::from(index & self.mask) * ENTRY_LEN)
    }
}
