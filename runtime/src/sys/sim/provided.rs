//! Provided buffers: rings of entries that their owner publishes and receives consume in order.
//!
//! # Invariants
//!
//! - **I1** A registered ring holds `entries` entries of 16 bytes, its tail in bytes 14 and 15, and
//!   stays until it is unregistered; what it publishes are buffers valid for writes.
#![allow(unsafe_code, reason = "it reads the shared ring as the kernel does")]

use std::collections::BTreeMap;
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
pub(super) struct Groups(BTreeMap<u16, Group>);

#[derive(Debug)]
struct Group {
    ring: *mut u8,
    entries: u16,
    head: u16,
    /// Entries up to here were looked at; their buffers are watched.
    seen: u16,
    /// The buffers in the ring.
    watched: BTreeMap<u16, Memory>,
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
        self.0.insert(group, Group { ring, entries, head: 0, seen: 0, watched: BTreeMap::new() });
        Ok(())
    }

    pub(super) fn unregister(&mut self, group: u16) -> io::Result<()> {
        let left = self.0.remove(&group);
        left.map(drop).ok_or_else(|| io::Error::from_raw_os_error(libc::EINVAL))
    }

    /// The next buffer, which stays in the ring; none if there is none (`ENOBUFS`).
    pub(super) fn peek(&self, group: u16) -> Option<Picked> {
        let group = self.0.get(&group)?;
        (group.tail() != group.head).then(|| group.entry(group.head))
    }

    /// Takes the buffer that `peek` showed, before anything is written into it; false if somebody
    /// wrote into it while it lay in the ring.
    pub(super) fn consume(&mut self, group: u16) -> bool {
        let Some(group) = self.0.get_mut(&group) else { return true };
        let bid = group.entry(group.head).bid;
        group.head = group.head.wrapping_add(1);
        group.watched.remove(&bid).is_none_or(|mut memory| memory.unwatch())
    }

    /// Watches the buffers that were published since the last time. A buffer that was in the ring
    /// already is told.
    pub(super) fn look(&mut self) -> Option<u16> {
        let mut twice = None;
        for group in self.0.values_mut() {
            let tail = group.tail();
            while group.seen != tail {
                let Picked { mut memory, bid } = group.entry(group.seen);
                group.seen = group.seen.wrapping_add(1);
                if group.watched.contains_key(&bid) {
                    twice = Some(bid);
                    continue;
                }
                memory.watch_unfilled();
                group.watched.insert(bid, memory);
            }
        }
        twice
    }

    /// Ends the watching of all buffers, which go back to their owner; false if one was written to.
    pub(super) fn unwatch(&mut self, group: u16) -> bool {
        let watched = self.0.get_mut(&group).map(|group| std::mem::take(&mut group.watched));
        watched.into_iter().flatten().all(|(_, mut memory)| memory.unwatch())
    }

    /// Ends all registrations.
    pub(super) fn clear(&mut self) {
        let groups: Vec<u16> = self.0.keys().copied().collect();
        for group in groups {
            self.unwatch(group);
        }
        self.0.clear();
    }
}

impl Group {
    /// The buffer that was published at this position, between head and tail.
    fn entry(&self, position: u16) -> Picked {
        let index = usize::from(position & (self.entries - 1));
        // SAFETY: I1: the mask keeps the index below `entries`.
        let place = unsafe { self.ring.cast::<Entry>().add(index) };
        // SAFETY: I1; published before the tail, and not written while it lies between head and
        // tail.
        let Entry { addr, len, bid } = unsafe { place.read() };
        let start = with_exposed_provenance_mut(addr as usize);
        // SAFETY: I1: a published buffer is ours to write until its number is given back.
        let memory = unsafe { Memory::one(start, len as usize) };
        Picked { memory, bid }
    }

    fn tail(&self) -> u16 {
        // SAFETY: I1: within the first entry.
        let place = unsafe { self.ring.add(TAIL) };
        // SAFETY: I1: aligned as entries are, valid, and stored to atomically by its owner.
        let tail = unsafe { AtomicU16::from_ptr(place.cast()) };
        tail.load(Ordering::Acquire)
    }
}
