//! The tasks of one core: those that are to run, and all of them.
//!
//! # Invariants
//!
//! - **I1** the run queue holds one reference for each task in it; a task is in it at most once
//!   (its flag `SCHEDULED`).
//! - **I2** `AllTasks` holds no references: a cell is taken out (`remove`) before it is freed.
//! - **I3** both are touched by their owner's thread only.
//! - **I4** the door of every cell that is in `AllTasks` is kept by it; what `orphan_all` takes out
//!   is orphaned, and what is left when `AllTasks` is dropped, too.
//! - **I5** nobody else's code runs while the ring or the table is borrowed, and no borrow outlives
//!   the method that makes it; so no two meet (I3).
//! - **I6** the ring's length is a power of two, and at least two. Of the places from `went` up to
//!   `came`, modulo that length, each holds a task; they are as many as the queue is long, and no
//!   more than the ring. The others hold null, or what was there once.

#![allow(unsafe_code, reason = "a table of raw cells that are not counted")]

use super::cell::{Fate, Header, NO_PLACE, TaskRef};
use super::handle::JoinHandle;
use crate::door::Door;
use sexton_buffers::registry::{LINE, prefetch};
use std::cell::{Cell, UnsafeCell};
use std::future::Future;
use std::mem::ManuallyDrop;
use std::panic::Location;
use std::ptr::{NonNull, null_mut, without_provenance_mut};
use std::sync::Arc;

/// First in, first out: a ring of pointers.
#[derive(Debug)]
pub(crate) struct RunQueue {
    /// Its length is a power of two, and more than one.
    ring: UnsafeCell<Box<[*mut Header]>>,
    /// Tasks that came, and tasks that went: modulo the ring's length, the two ends.
    came: Cell<usize>,
    went: Cell<usize>,
}

impl Default for RunQueue {
    fn default() -> Self {
        let ring = UnsafeCell::new(Self::ring_of(64));
        Self { ring, came: Cell::default(), went: Cell::default() }
    }
}

impl RunQueue {
    fn ring_of(len: usize) -> Box<[*mut Header]> {
        vec![null_mut(); len].into_boxed_slice()
    }

    /// Twice as much room.
    #[cold]
    fn grow(&self) {
        let mut ring = Self::ring_of(2 * self.len());
        let mut came = 0;
        while let Some(task) = self.pop() {
            ring[came] = task.into_raw().as_ptr();
            came += 1;
        }
        // SAFETY: I5.
        unsafe { *self.ring.get() = ring };
        self.came.set(came);
        self.went.set(0);
    }

    /// The place for the task that is the `nth` since the beginning.
    #[inline(always)]
    fn place(&self, nth: usize) -> *mut *mut Header {
        // SAFETY: I5.
        let ring = unsafe { &mut *self.ring.get() };
        // I6: within it.
        ring.as_mut_ptr().wrapping_add(nth & (ring.len() - 1))
    }

    #[inline]
    pub(crate) fn push(&self, task: TaskRef) {
        // SAFETY: I5.
        if self.len() == unsafe { &*self.ring.get() }.len() {
            self.grow();
        }
        let came = self.came.get();
        self.came.set(came.wrapping_add(1));
        // SAFETY: I5, I6: there is room.
        unsafe { self.place(came).write(task.into_raw().as_ptr()) };
    }

    #[inline]
    pub(crate) fn pop(&self) -> Option<TaskRef> {
        let (went, len) = (self.went.get(), self.len());
        if len == 0 {
            return None;
        }
        self.went.set(went.wrapping_add(1));
        // SAFETY: I5, I6.
        let task = unsafe { self.place(went).read() };
        if len > 1 {
            // SAFETY: as above.
            self.expect(unsafe { self.place(went.wrapping_add(1)).read() });
        }
        // SAFETY: I6: it is a task, since there was one.
        let task = unsafe { NonNull::new_unchecked(task) };
        // SAFETY: I1: the queue's reference goes to the caller.
        Some(unsafe { TaskRef::from_raw(task) })
    }

    /// What runs next is asked for now: this one's poll gives it the time to come. How much that is
    /// stands in its header, which was asked for one task before.
    #[inline(always)]
    fn expect(&self, next: *mut Header) {
        // SAFETY: I5, I6. What lies there may be a task that has gone: it is not looked at.
        let second = unsafe { self.place(self.went.get().wrapping_add(1)).read() };
        prefetch(second, 1);
        // SAFETY: I1: a task in the queue is alive.
        let lines = unsafe { &*next }.lines;
        prefetch(next.cast::<u8>().wrapping_add(LINE), lines.into());
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.came.get().wrapping_sub(self.went.get())
    }
}

impl Drop for RunQueue {
    fn drop(&mut self) {
        while self.pop().is_some() {}
    }
}

/// Every cell of one core, for shutdown.
#[derive(Debug)]
pub(crate) struct AllTasks {
    table: UnsafeCell<Table>,
    door: Arc<Door>,
}

#[derive(Debug)]
struct Table {
    places: Vec<Place>,
    /// The first free place; `NO_PLACE` is none.
    free: u32,
    len: usize,
}

/// A cell, or the number of the next free place: told apart by an odd address, which no cell has.
#[derive(Clone, Copy, Debug)]
struct Place(*mut Header);

impl Place {
    fn free(next: u32) -> Self {
        Self(without_provenance_mut((next as usize) << 1 | 1))
    }

    fn cell(self) -> Result<NonNull<Header>, u32> {
        match NonNull::new(self.0) {
            Some(cell) if cell.addr().get() & 1 == 0 => Ok(cell),
            _ => Err((self.0.addr() >> 1) as u32),
        }
    }
}

impl Table {
    /// A place for the cell, whose number is the cell's from now on.
    #[inline]
    fn insert(&mut self, raw: NonNull<Header>) -> u32 {
        self.len += 1;
        let place = Place(raw.as_ptr());
        if self.free == NO_PLACE {
            let number = self.places.len() as u32;
            assert!(number != NO_PLACE, "two billion tasks on one core");
            self.places.push(place);
            return number;
        }
        let number = self.free;
        let vacant = std::mem::replace(&mut self.places[number as usize], place);
        self.free = vacant.cell().expect_err("what `free` names is free");
        number
    }

    #[inline]
    fn remove(&mut self, number: u32) {
        self.len -= 1;
        self.places[number as usize] = Place::free(self.free);
        self.free = number;
    }
}

impl AllTasks {
    /// No tasks of the core behind this door, which is this thread's.
    pub(crate) fn new(door: Arc<Door>) -> Self {
        let table = Table { places: Vec::new(), free: NO_PLACE, len: 0 };
        Self { table: UnsafeCell::new(table), door }
    }

    /// A new task with the executor's reference, a second one, and its handle. Whether it is
    /// scheduled, the caller says and sees to.
    #[inline(always)]
    pub(crate) fn spawn<F: Future + 'static>(
        &self,
        future: F,
        fate: Fate,
        at: &'static Location<'static>,
    ) -> (TaskRef, JoinHandle<F::Output>) {
        // SAFETY: I4: the task goes into this list now.
        let task = unsafe { TaskRef::new(future, fate, 3, &self.door) };
        self.insert(&task);
        // SAFETY: the third reference.
        let third = unsafe { TaskRef::from_raw(task.raw()) };
        // SAFETY: the handle's I1: made here, once, of the same type.
        let handle = unsafe { JoinHandle::local(third, at) };
        (task, handle)
    }

    #[inline]
    pub(crate) fn insert(&self, task: &TaskRef) {
        let number = self.table().insert(task.raw());
        task.header().place.set(number);
    }

    #[inline]
    pub(crate) fn remove(&self, raw: NonNull<Header>) {
        // SAFETY: I2: whoever frees it does so after this call.
        let number = unsafe { raw.as_ref() }.place.replace(NO_PLACE);
        if number != NO_PLACE {
            self.table().remove(number);
        }
    }

    /// All tasks, each with a reference of its own.
    pub(crate) fn all(&self) -> Vec<TaskRef> {
        let cells = self.cells();
        // SAFETY: I2: alive; the reference made here is counted by `share`, the borrowed one not.
        let borrowed = cells.into_iter().map(|raw| unsafe { TaskRef::from_raw(raw) });
        borrowed.map(|task| ManuallyDrop::new(task).share()).collect()
    }

    /// Gives every cell to everybody, with a reference to its door: the executor ends.
    pub(crate) fn orphan_all(&self) {
        for raw in self.cells() {
            self.remove(raw);
            // SAFETY: I2: alive; it is not dropped, so it matters to nobody that it is not counted.
            ManuallyDrop::new(unsafe { TaskRef::from_raw(raw) }).orphan();
        }
    }

    #[expect(clippy::mut_from_ref, reason = "I5")]
    fn table(&self) -> &mut Table {
        // SAFETY: I5.
        unsafe { &mut *self.table.get() }
    }

    fn cells(&self) -> Vec<NonNull<Header>> {
        self.table().places.iter().filter_map(|place| place.cell().ok()).collect()
    }

    /// Cells, finished ones that somebody still refers to included.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.table().len
    }
}

impl Drop for AllTasks {
    fn drop(&mut self) {
        self.orphan_all();
    }
}

/// A task with one reference that is in no list. For tests, which keep the door to their end.
#[cfg(test)]
pub(crate) fn lone<F: Future + 'static>(future: F, door: &Arc<Door>) -> TaskRef {
    // SAFETY: as the sentence above says.
    unsafe { TaskRef::new(future, Fate::End, 1, door) }
}
