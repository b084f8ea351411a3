//! Provided buffers: rings of entries that their owner publishes and receives consume in order,
//! whole or piece by piece.
//!
//! # Invariants
//!
//! - **I1** A registered ring holds `entries` entries of 16 bytes, its tail in bytes 14 and 15, and
//!   stays until it is unregistered; what it publishes are buffers valid for writes. Between head
//!   and tail the entries are the kernel's.
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
    /// A buffer stays until its last byte is filled.
    incremental: bool,
    /// The buffers in the ring, or what is left of them.
    watched: BTreeMap<u16, Memory>,
}

/// The next buffer of a group.
#[derive(Debug)]
pub(super) struct Picked {
    pub(super) memory: Memory,
    pub(super) bid: u16,
}

/// What came of taking bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Consumed {
    /// Nobody else wrote into the buffers while they lay in the ring.
    pub(super) intact: bool,
    /// The rest of the last buffer stays in the ring.
    pub(super) kept: bool,
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
        incremental: bool,
    ) -> io::Result<()> {
        if ring.is_null() || !entries.is_power_of_two() || entries > 1 << 15 {
            return Err(io::Error::from_raw_os_error(libc::EINVAL));
        }
        if self.0.contains_key(&group) {
            return Err(io::Error::from_raw_os_error(libc::EEXIST));
        }
        let (head, seen, watched) = (0, 0, BTreeMap::new());
        self.0.insert(group, Group { ring, entries, head, seen, incremental, watched });
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

    /// As many of the next buffers as hold `count` bytes, or all.
    pub(super) fn peek_more(&self, group: u16, count: usize) -> Vec<Picked> {
        let (mut more, mut room) = (Vec::new(), 0);
        if let Some(group) = self.0.get(&group) {
            let mut position = group.head;
            while position != group.tail() && room < count {
                let picked = group.entry(position);
                room += picked.memory.len();
                more.push(picked);
                position = position.wrapping_add(1);
            }
        }
        more
    }

    /// Whether no buffer is behind the next `count` ones.
    pub(super) fn reaches_tail(&self, group: u16, count: usize) -> bool {
        let group = self.0.get(&group);
        group.is_some_and(|group| usize::from(group.tail().wrapping_sub(group.head)) <= count)
    }

    pub(super) fn is_incremental(&self, group: u16) -> bool {
        self.0.get(&group).is_some_and(|group| group.incremental)
    }

    /// Takes so many bytes of the buffers that were shown, before anything is written into them.
    pub(super) fn consume(&mut self, group: u16, mut count: usize) -> Consumed {
        let mut consumed = Consumed { intact: true, kept: false };
        let Some(group) = self.0.get_mut(&group) else { return consumed };
        loop {
            let Picked { memory, bid } = group.entry(group.head);
            let used = count.min(memory.len());
            count -= used;
            let watched = group.watched.remove(&bid);
            let is_watched = watched.is_some();
            consumed.intact &= watched.is_none_or(|mut memory| memory.unwatch());
            if group.incremental && used < memory.len() {
                let mut rest = group.rewrite(used);
                if is_watched {
                    rest.watch_unfilled();
                    group.watched.insert(bid, rest);
                }
                consumed.kept = true;
                return consumed;
            }
            group.head = group.head.wrapping_add(1);
            if count == 0 {
                return consumed;
            }
        }
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
        // SAFETY: I1; published before the tail, and written by nobody else since.
        let Entry { addr, len, bid } = unsafe { self.place(position).read() };
        let start = with_exposed_provenance_mut(addr as usize);
        // SAFETY: I1: a published buffer is ours to write until its number is given back.
        let memory = unsafe { Memory::one(start, len as usize) };
        Picked { memory, bid }
    }

    /// Where the entry at a position lies.
    fn place(&self, position: u16) -> *mut Entry {
        let index = usize::from(position & (self.entries - 1));
        // SAFETY: I1: the mask keeps the index below `entries`.
        unsafe { self.ring.cast::<Entry>().add(index) }
    }

    /// Takes bytes off the buffer at the head, in the shared entry itself, as the kernel does. What
    /// is left.
    fn rewrite(&self, used: usize) -> Memory {
        let place = self.place(self.head);
        // SAFETY: I1: the entry is the kernel's.
        let Entry { addr, len, .. } = unsafe { place.read() };
        let (addr, len) = (addr + used as u64, len - used as u32);
        // SAFETY: as above; the end of it may be the tail, which is its owner's, so only the first
        // two fields are written.
        unsafe { place.cast::<u64>().write(addr) };
        // SAFETY: as above.
        unsafe { place.cast::<u32>().wrapping_add(2).write(len) };
        self.entry(self.head).memory
    }

    fn tail(&self) -> u16 {
        // SAFETY: I1: within the first entry.
        let place = unsafe { self.ring.add(TAIL) };
        // SAFETY: I1: aligned as entries are, valid, and stored to atomically by its owner.
        let tail = unsafe { AtomicU16::from_ptr(place.cast()) };
        tail.load(Ordering::Acquire)
    }
}
