//! A buffer whose memory faults from its drop on, for ever.
//!
//! Pages come from one large reservation without access, front to back, and are never used twice:
//! who touches a buffer after its drop, the kernel too, finds no memory, and never somebody else's.
//!
//! # Invariants
//!
//! - **I1** a page is handed out once (`next` only grows), inside the reservation, which is never
//!   unmapped as a whole.
//! - **I2** a `GuardedBuf` alone owns its page: zeroed, readable and writable until its drop.
//! - **I3** `filled <= PAGE`, and all bytes of the page are initialised.

#![allow(unsafe_code, reason = "memory of our own, taken away while somebody may still use it")]

use sexton::buf::{IoBuf, IoBufMut, Registration};
use std::cell::Cell;
use std::mem::MaybeUninit;
use std::ptr::{null_mut, slice_from_raw_parts_mut};
use std::rc::Rc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes of one buffer, and its alignment.
pub(crate) const PAGE: usize = 4096;
/// Addresses, not memory: enough for 16 million buffers in one run.
const RESERVED: usize = 1 << 36;
const ANONYMOUS: i32 = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;

/// Buffers made, and buffers dropped.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) made: Cell<usize>,
    pub(crate) dropped: Cell<usize>,
}

impl Counts {
    pub(crate) fn alive(&self) -> usize {
        self.made.get() - self.dropped.get()
    }
}

/// One page for the kernel to write to.
#[derive(Debug)]
pub(crate) struct GuardedBuf {
    page: *mut u8,
    filled: usize,
    counts: Rc<Counts>,
}

struct Arena {
    base: usize,
    next: AtomicUsize,
}

fn arena() -> &'static Arena {
    static ARENA: OnceLock<Arena> = OnceLock::new();
    ARENA.get_or_init(|| {
        // SAFETY: a new mapping, anywhere.
        let base = unsafe { libc::mmap(null_mut(), RESERVED, libc::PROT_NONE, ANONYMOUS, -1, 0) };
        assert_ne!(base, libc::MAP_FAILED, "no addresses left");
        Arena { base: base.expose_provenance(), next: AtomicUsize::new(0) }
    })
}

impl GuardedBuf {
    pub(crate) fn new(counts: &Rc<Counts>) -> Self {
        let arena = arena();
        let at = arena.next.fetch_add(PAGE, Ordering::Relaxed);
        assert!(at < RESERVED, "more buffers than one run may have");
        let page: *mut u8 = std::ptr::with_exposed_provenance_mut(arena.base + at);
        let open = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: I1: this page is nobody's yet.
        let outcome = unsafe { libc::mprotect(page.cast(), PAGE, open) };
        assert_eq!(outcome, 0, "{}", std::io::Error::last_os_error());
        counts.made.set(counts.made.get() + 1);
        Self { page, filled: 0, counts: Rc::clone(counts) }
    }
}

impl Drop for GuardedBuf {
    fn drop(&mut self) {
        let flags = ANONYMOUS | libc::MAP_FIXED;
        // SAFETY: I2: our own page. A fresh mapping without access joins the reservation around it.
        let at = unsafe { libc::mmap(self.page.cast(), PAGE, libc::PROT_NONE, flags, -1, 0) };
        assert_eq!(at, self.page.cast(), "{}", std::io::Error::last_os_error());
        self.counts.dropped.set(self.counts.dropped.get() + 1);
    }
}

// SAFETY: I2 and I3: the page stays where it is, whoever holds the buffer.
unsafe impl IoBuf for GuardedBuf {
    fn filled(&self) -> &[u8] {
        // SAFETY: I3.
        unsafe { std::slice::from_raw_parts(self.page, self.filled) }
    }

    /// It says that it is registered with a ring that no runtime has: reads take the address.
    fn registration(&self) -> Option<Registration> {
        Some(Registration { ring: u64::MAX, index: 7 })
    }
}

// SAFETY: I2 and I3: the unfilled bytes are the rest of the page, in place.
unsafe impl IoBufMut for GuardedBuf {
    fn unfilled(&mut self) -> *mut [MaybeUninit<u8>] {
        let rest = self.page.wrapping_add(self.filled);
        slice_from_raw_parts_mut(rest.cast(), PAGE - self.filled)
    }

    unsafe fn mark_filled(&mut self, n: usize) {
        assert!(n <= PAGE - self.filled, "more than there is room for");
        self.filled += n;
    }

    fn clear(&mut self) {
        self.filled = 0;
    }

    fn filled_mut(&mut self) -> &mut [u8] {
        // SAFETY: I3, and `&mut self`.
        unsafe { std::slice::from_raw_parts_mut(self.page, self.filled) }
    }

    fn init_len(&self) -> usize {
        PAGE - self.filled
    }
}
