//! The submission and completion queues: memory that we share with the kernel.
//!
//! The crate has a mapping of its own for set-up; this is a second one of the same pages.
//!
//! # Invariants
//!
//! - **I1** `rings` and `entries` stay mapped, at the same place, as long as `Queues` lives, and
//!   every pointer below points into them, at an offset and with a size that the kernel gave.
//! - **I2** The slots of submissions from the kernel's head to our tail are read by the kernel, and
//!   only inside `enter`: there is no polling thread. All other slots are ours. Either way nobody
//!   else touches a slot while we are in one of these methods.
//! - **I3** The kernel writes completions from our published head on up to its tail, and never one
//!   before that tail. What lies from our head to its tail was written before the tail was stored.
#![allow(unsafe_code, reason = "this memory is shared with the kernel")]

use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, Ordering};
use std::{io, ptr};

use io_uring::{IoUring, Parameters};
use rustix::mm::{Advice, MapFlags, ProtFlags};

use super::encode::Sqe;
use crate::caps::setup;
use crate::sys::{Cqe, Position, Request};

/// `IORING_OFF_SQ_RING`: the header of both queues, and completions.
const OFF_RINGS: u64 = 0;
/// `IORING_OFF_SQES`: the slots of submissions.
const OFF_ENTRIES: u64 = 0x1000_0000;

/// `IORING_SQ_CQ_OVERFLOW`: completions wait in the kernel for room in the queue.
const CQ_OVERFLOW: u32 = 1 << 1;
/// `IORING_SQ_TASKRUN`: work waits in the kernel for the owner to enter.
const TASKRUN: u32 = 1 << 2;

/// `struct io_uring_params`, which the crate's `Parameters` wraps transparently.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(super) struct Params {
    pub(super) sq_entries: u32,
    pub(super) cq_entries: u32,
    pub(super) flags: u32,
    sq_thread: [u32; 2],
    pub(super) features: u32,
    wq_fd: u32,
    reserved: [u32; 3],
    sq_off: SqOffsets,
    cq_off: CqOffsets,
}

#[derive(Clone, Copy, Debug)]
#[repr(C)]
struct SqOffsets {
    head: u32,
    tail: u32,
    ring_mask: u32,
    ring_entries: u32,
    flags: u32,
    dropped: u32,
    array: u32,
    reserved: u32,
    user_addr: u64,
}

#[derive(Clone, Copy, Debug)]
#[repr(C)]
struct CqOffsets {
    head: u32,
    tail: u32,
    ring_mask: u32,
    ring_entries: u32,
    overflow: u32,
    cqes: u32,
    flags: u32,
    reserved: u32,
    user_addr: u64,
}

const _: () = assert!(size_of::<Params>() == 120, "the kernel's size");
const _: () = assert!(size_of::<Params>() == size_of::<Parameters>());
const _: () = assert!(align_of::<Params>() == align_of::<Parameters>());

impl Params {
    pub(super) fn of(parameters: &Parameters) -> Self {
        // SAFETY: `Parameters` is a transparent wrapper of `io_uring_params` and promises that
        // layout; size and alignment are checked above, and every field is a plain number.
        unsafe { ptr::from_ref(parameters).cast::<Self>().read() }
    }
}

/// `struct io_uring_cqe`.
#[derive(Clone, Copy)]
#[repr(C)]
struct RawCqe {
    user_data: u64,
    result: i32,
    flags: u32,
}

/// Both queues of one ring.
#[derive(Debug)]
pub(super) struct Queues {
    rings: Map,
    #[expect(dead_code, reason = "held for its mapping")]
    entries: Map,
    slots: NonNull<Sqe>,
    sq_entries: u32,
    sq_head: NonNull<AtomicU32>,
    sq_tail: NonNull<AtomicU32>,
    sq_flags: NonNull<AtomicU32>,
    cqes: NonNull<RawCqe>,
    cq_mask: u32,
    cq_head: NonNull<AtomicU32>,
    cq_tail: NonNull<AtomicU32>,
    cq_dropped: NonNull<AtomicU32>,
    /// All submissions ever pushed; its lower half is the tail that the kernel knows.
    pushed: u64,
    /// The head of completions that the kernel knows.
    reaped: u32,
}

impl Queues {
    /// Maps the queues of `ring`.
    pub(super) fn map(ring: &IoUring) -> io::Result<Self> {
        let params = Params::of(ring.params());
        let (sq, cq) = (params.sq_off, params.cq_off);
        let (slots, entries) = (params.sq_entries as usize, params.cq_entries as usize);
        let has_array = params.flags & setup::NO_SQARRAY == 0;
        let array_end = if has_array { sq.array as usize + slots * size_of::<u32>() } else { 0 };
        let rings_len = array_end.max(cq.cqes as usize + entries * size_of::<RawCqe>());
        // SAFETY: the descriptor is open as long as `ring` is borrowed.
        let fd = unsafe { BorrowedFd::borrow_raw(ring.as_raw_fd()) };
        let rings = Map::new(fd, OFF_RINGS, rings_len)?;
        let slots_map = Map::new(fd, OFF_ENTRIES, slots * size_of::<Sqe>())?;
        let queues = Self {
            slots: slots_map.at(0),
            sq_entries: params.sq_entries,
            sq_head: rings.at(sq.head),
            sq_tail: rings.at(sq.tail),
            sq_flags: rings.at(sq.flags),
            cqes: rings.at(cq.cqes),
            cq_mask: params.cq_entries - 1,
            cq_head: rings.at(cq.head),
            cq_tail: rings.at(cq.tail),
            cq_dropped: rings.at(cq.overflow),
            pushed: 0,
            reaped: 0,
            entries: slots_map,
            rings,
        };
        if has_array {
            // Slot and submission are the same number for ever.
            for slot in 0..params.sq_entries {
                let place = queues.rings.at::<AtomicU32>(sq.array + slot * 4);
                // SAFETY: I1; the array lies before `array_end`.
                unsafe { place.as_ref() }.store(slot, Ordering::Relaxed);
            }
        }
        Ok(queues)
    }

    /// Slots that are free.
    #[inline]
    pub(super) fn room(&self) -> u32 {
        self.sq_entries - self.queued()
    }

    /// Submissions that the kernel has not seen.
    #[inline]
    pub(super) fn queued(&self) -> u32 {
        (self.pushed as u32).wrapping_sub(load(&self.sq_head, Ordering::Acquire))
    }

    /// Encodes `request` into the next free slot and publishes it; none if there is no room.
    #[inline]
    pub(super) fn push(&mut self, request: &Request, user_data: u64) -> Option<Position> {
        if self.room() == 0 {
            return None;
        }
        let position = Position(self.pushed);
        self.slot(position).encode(request, user_data);
        self.pushed += 1;
        store(&self.sq_tail, self.pushed as u32);
        Some(position)
    }

    /// Annuls the submission at `position` if the kernel has not seen it.
    pub(super) fn take_back(&mut self, position: Position) -> bool {
        let seen = self.pushed - u64::from(self.queued());
        let in_time = position.0 >= seen && position.0 < self.pushed;
        if in_time {
            self.slot(position).annul();
        }
        in_time
    }

    /// As if so many more had been pushed and seen; a multiple of 2^32, which the kernel can't
    /// tell.
    #[cfg(test)]
    pub(super) fn pretend_pushed(&mut self, more: u64) {
        assert_eq!(more as u32, 0, "the kernel's counters stay as they are");
        self.pushed += more;
    }

    #[inline]
    fn slot(&mut self, position: Position) -> &mut Sqe {
        let index = (position.0 as u32) & (self.sq_entries - 1);
        // SAFETY: I1; the mask keeps the index below `sq_entries`, a power of two.
        let slot = unsafe { self.slots.add(index as usize) };
        // SAFETY: I1 and I2: valid, ours while `self` is borrowed, and any bits are an `Sqe`.
        unsafe { &mut *slot.as_ptr() }
    }

    /// Whether completions are in the queue, or wait in the kernel for us to enter.
    #[inline]
    pub(super) fn has_work(&self) -> bool {
        load(&self.cq_tail, Ordering::Relaxed) != self.reaped
            || load(&self.sq_flags, Ordering::Relaxed) & (TASKRUN | CQ_OVERFLOW) != 0
    }

    /// Whether completions wait in the kernel for room in the queue.
    #[inline]
    pub(super) fn overflowed(&self) -> bool {
        load(&self.sq_flags, Ordering::Relaxed) & CQ_OVERFLOW != 0
    }

    /// How many completions the kernel has dropped for good.
    #[inline]
    pub(super) fn dropped(&self) -> u32 {
        load(&self.cq_dropped, Ordering::Relaxed)
    }

    /// Copies at most `max` completions, then gives their places back to the kernel.
    #[inline]
    pub(super) fn reap(&mut self, out: &mut Vec<Cqe>, max: usize) -> usize {
        let ready = load(&self.cq_tail, Ordering::Acquire).wrapping_sub(self.reaped);
        let count = (ready as usize).min(max);
        out.reserve(count);
        for _ in 0..count {
            let index = self.reaped & self.cq_mask;
            // SAFETY: I1; the mask keeps the index below the queue's entries, a power of two.
            let place = unsafe { self.cqes.add(index as usize) };
            // SAFETY: I3: written before the tail that was loaded, with acquire.
            let raw = unsafe { place.read() };
            out.push(Cqe { user_data: raw.user_data, result: raw.result, flags: raw.flags });
            self.reaped = self.reaped.wrapping_add(1);
        }
        if count > 0 {
            store(&self.cq_head, self.reaped);
        }
        count
    }
}

#[inline]
fn load(word: &NonNull<AtomicU32>, order: Ordering) -> u32 {
    // SAFETY: I1: only `Queues` has such pointers, and it lends them while it lives.
    unsafe { word.as_ref() }.load(order)
}

#[inline]
fn store(word: &NonNull<AtomicU32>, value: u32) {
    // SAFETY: I1, as in `load`.
    unsafe { word.as_ref() }.store(value, Ordering::Release);
}

/// A shared mapping of a part of the ring, not inherited by forked children.
#[derive(Debug)]
struct Map {
    start: NonNull<u8>,
    len: usize,
}

impl Map {
    fn new(fd: BorrowedFd<'_>, offset: u64, len: usize) -> io::Result<Self> {
        let protection = ProtFlags::READ | ProtFlags::WRITE;
        let flags = MapFlags::SHARED | MapFlags::POPULATE;
        // SAFETY: a new mapping at a place that the kernel chooses disturbs nothing.
        let start =
            unsafe { rustix::mm::mmap(ptr::null_mut(), len, protection, flags, fd, offset) }?;
        let start = NonNull::new(start.cast()).ok_or(io::ErrorKind::InvalidData)?;
        let map = Self { start, len };
        // SAFETY: the whole mapping just made, and the advice changes nothing in this process.
        unsafe { rustix::mm::madvise(start.as_ptr().cast(), len, Advice::LinuxDontFork) }?;
        Ok(map)
    }

    /// What lies at `offset`.
    fn at<T>(&self, offset: u32) -> NonNull<T> {
        let end = (offset as usize).checked_add(size_of::<T>());
        assert!(end.is_some_and(|end| end <= self.len), "the kernel's offsets lie in its mapping");
        // SAFETY: `offset` is within the mapping, as just asserted.
        unsafe { self.start.add(offset as usize) }.cast()
    }
}

impl Drop for Map {
    fn drop(&mut self) {
        // SAFETY: mapped in `new` and unmapped nowhere else; by I1 no pointer into it is used any
        // more.
        let unmapped = unsafe { rustix::mm::munmap(self.start.as_ptr().cast(), self.len) };
        debug_assert!(unmapped.is_ok(), "a mapping of our own can be unmapped");
    }
}
