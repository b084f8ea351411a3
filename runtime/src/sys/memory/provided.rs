//! Provided buffers: rings of entries that their owner publishes and receives consume in order.
//!
//! # Invariants
//!
//! - **I1** A registered ring holds `entries` entries of 16 bytes, its tail in bytes 14 and 15, and
//!   stays until it is unregistered; what it publishes are buffers valid for writes.
#![allow(unsafe_code, reason = "it reads the shared ring as the kernel does")]

use std::collections::HashMap;
use std::io;
use std::ptr::with_exposed_provenance_mut;
use std::sync::atomic::{AtomicU16, Ordering};

use super::touch::Memory;

/// `struct io_uring_buf`; what follows the number is padding here.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
struct Entry {
    addr: u64,
    len: u32,
    bid: u16,
}

const _: () = assert!(size_of::<Entry>() == 16, "the kernel's size");

/// Where the first entry has the tail.
const TAIL: usize = 14;

/// The registered rings of one ring.
#[derive(Debug, Default)]
pub(super) struct Groups(HashMap<u16, Group>);

#[derive(Debug)]
struct Group {
    ring: *mut u8,
    entries: u16,
    head: u16,
}

/// The next buffer of a group.
#[derive(Debug)]
pub(super) struct Picked {
    pub(super) memory: Memory,
    pub(super) bid: u16,
}

impl Groups {
    /// # Safety
    ///
    /// I1.
    pub(super) unsafe fn register(
        &mut self,
        group: u16,
        ring: *mut u8,
        entries: u16,
    ) -> io::Result<()> {
        if ring.is_null() || !entries.is_power_of_two() || entries > 1 << 15 {
            return Err(io::Error::from_raw_os_error(libc::EINVAL));
        }
        if self.0.contains_key(&group) {
            return Err(io::Error::from_raw_os_error(libc::EEXIST));
        }
        self.0.insert(group, Group { ring, entries, head: 0 });
        Ok(())
    }

    pub(super) fn unregister(&mut self, group: u16) -> io::Result<()> {
        let left = self.0.remove(&group);
        left.map(drop).ok_or_else(|| io::Error::from_raw_os_error(libc::EINVAL))
    }

    /// The next buffer, which stays in the ring; none if there is none (`ENOBUFS`).
    pub(super) fn peek(&self, group: u16) -> Option<Picked> {
        let group = self.0.get(&group)?;
        if group.tail() == group.head {
            return None;
        }
        let index = usize::from(group.head & (group.entries - 1));
        // SAFETY: I1: the mask keeps the index below `entries`.
        let place = unsafe { group.ring.cast::<Entry>().add(index) };
        // SAFETY: I1; published before the tail, and not written while it lies between head and
        // tail.
        let Entry { addr, len, bid } = unsafe { place.read() };
        let start = with_exposed_provenance_mut(addr as usize);
        // SAFETY: I1: a published buffer is ours to write until its number is given back.
        let memory = unsafe { Memory::one(start, len as usize) };
        Some(Picked { memory, bid })
    }

    /// Takes the buffer that `peek` showed.
    pub(super) fn consume(&mut self, group: u16) {
        if let Some(group) = self.0.get_mut(&group) {
            group.head = group.head.wrapping_add(1);
        }
    }
}

impl Group {
    fn tail(&self) -> u16 {
        // SAFETY: I1: within the first entry.
        let place = unsafe { self.ring.add(TAIL) };
        // SAFETY: I1: aligned as entries are, valid, and stored to atomically by its owner.
        let tail = unsafe { AtomicU16::from_ptr(place.cast()) };
        tail.load(Ordering::Acquire)
    }
}
