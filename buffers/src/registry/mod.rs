//! Who owns what while the kernel works: operations in their slots, from submission to the last
//! answer.
//!
//! The registry is memory and bookkeeping. It makes no system call and runs no foreign code: each
//! transition returns what is to be done ([`Next`]), and its caller does it with no borrow held.
//!
//! Read in this order: `key` (names), `state` (the life of one operation), `pages` and `stored`
//! (its memory), `list` (pending cancels, the graveyard's order), then this file, which ties them
//! together.
//!
//! # Invariants
//!
//! - **I1** a record that is not `Vacant` means that its slot, which is of the right size, holds an
//!   operation of the type that the record's table was made for; the operation is taken out exactly
//!   when the record becomes vacant (`vacate`). `free` names vacant records only, each once.
//! - **I2** between `launch` and the last answer nobody touches the slot: `complete` is the only
//!   way to `Done` or `Finishing`, and only those two states hand out an [`Ending`].
//! - **I3** an operation has one `Ending`, since the state that gives it is left by giving it.
//! - **I4** a slot's generation grows when its record becomes vacant, so an old key finds nothing.
//!   A slot whose generations are used up is not on `free`: it is never used again.

#![allow(unsafe_code, reason = "operations are stored raw: the kernel writes behind them")]

mod key;
mod list;
mod pages;
mod prefetch;
mod state;
mod stored;
mod broken;
#[cfg(test)]
mod tests;

pub use key::Key;
pub use pages::{SLOT_WORDS, Words};
pub use prefetch::{LINE, prefetch};
pub use state::Answer;
pub use stored::Stored;

use crate::graveyard::{Graveyard, GraveyardLimit, GraveyardStats};
use alloc::vec::Vec;
use core::mem::ManuallyDrop;
use core::num::NonZeroU64;
use core::task::Waker;
use list::{Linked, Links, List, Which};
use pages::{PAGE_SLOTS, Pages, Size};
use state::{Action, Early, State};

/// What the registry needs to know of an operation's type, made by whoever defines operations.
///
/// `C` is the driver's completion: what an answer gives, with the resources that come with it.
pub struct Table<C> {
    /// Takes the operation out of `Words` and lets it have its last completion.
    ///
    /// # Safety
    /// `Words` holds the operation (as `Stored::place` left it), and is dead afterwards.
    pub adopt: unsafe fn(*mut Words, C),
    /// Hands an answer that is not the last one to the operation's handler.
    ///
    /// # Safety
    /// `Words` holds the operation, which the kernel still has: only what lies beside it is
    /// touched.
    pub item: unsafe fn(*mut Words, C),
    /// Drops the operation without an answer.
    ///
    /// # Safety
    /// As for `adopt`.
    pub discard: unsafe fn(*mut Words),
}

impl<C> core::fmt::Debug for Table<C> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Table").finish_non_exhaustive()
    }
}

/// How a buffer in flight learns that it was filled.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    /// Marks the first `n` unfilled bytes filled.
    pub mark: unsafe fn(*mut (), usize),
    /// The buffer.
    pub buf: *mut (),
}

/// Where a submission stands on its way to the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Held back by the driver.
    Held,
    /// At this position of the submission queue, counted from 1; the ring knows whether that was
    /// consumed.
    Queued(NonZeroU64),
}

const _: () = assert!(size_of::<Facts>() == 24, "they lie in every record");

/// What traces, statistics and the driver want to know of an operation that nobody may look at.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// The kernel's number of the operation.
    pub opcode: u8,
    /// What an answer gives, in the driver's own terms; 0 is nothing.
    pub gives: u8,
    /// The group of provided buffers.
    pub group: u16,
    /// The descriptor's number.
    pub fd: i32,
    /// Bytes that the kernel may write or read; no result may exceed it where a buffer is marked.
    pub len: u32,
    /// Where the submission stands.
    pub place: Place,
    /// When it was submitted, in the driver's milliseconds.
    pub since_ms: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cancel {
    No,
    Wanted,
    Sent,
}

/// What belongs to a slot, beside the operation itself.
struct Record<C: 'static> {
    state: State,
    generation: u32,
    cancel: Cancel,
    table: &'static Table<C>,
    mark: Option<Mark>,
    facts: Facts,
    links: [Links; 2],
}

impl<C> Record<C> {
    /// What a future is told that has to wait.
    fn waits<T>(&self, waker: &Waker) -> Polled<T> {
        match &self.state {
            State::InFlight { waker: Some(old), .. } if old.will_wake(waker) => Polled::Pending,
            State::InFlight { .. } => Polled::NeedsWaker,
            _ => Polled::Dead,
        }
    }
}

impl<C> Linked for Record<C> {
    fn links(&mut self, which: Which) -> &mut Links {
        &mut self.links[which as usize]
    }
}

/// What is to be done after a transition, once no borrow is held.
#[must_use]
#[derive(Debug)]
pub enum Next<C: 'static> {
    /// Nothing.
    Nothing,
    /// Wake who waits.
    Wake(Waker),
    /// Drop a waker that nobody needs (its drop is foreign code).
    Forget(Waker),
    /// Nobody waits: mark, unload, and let the operation adopt its answer.
    Adopt(Ending<C>),
    /// Nobody waits: let the operation's handler have an item.
    Item(Item<C>),
    /// No operation expects this answer.
    Stray,
}

/// The right to end one operation: its last answer is here, the kernel has let go.
#[must_use = "an operation that is not unloaded keeps its slot for ever"]
#[derive(Debug)]
pub struct Ending<C: 'static> {
    key: Key,
    /// The result: the last answer, or what came before a notification.
    pub answer: Answer,
    /// What was noted at submission.
    pub facts: Facts,
    mark: Option<Mark>,
    _table: core::marker::PhantomData<&'static Table<C>>,
}

impl<C> Ending<C> {
    /// Whether there is a buffer to mark.
    #[must_use]
    #[inline]
    pub fn is_to_mark(&self) -> bool {
        self.mark.is_some() && self.answer.result > 0
    }

    /// Marks the buffer filled by as many bytes as the answer says. Foreign code: it may panic.
    ///
    /// # Panics
    /// If the answer exceeds the length that was submitted.
    ///
    /// # Safety
    /// The answer is the kernel's own for this operation: that many bytes were written.
    pub unsafe fn mark(&self) {
        let Some(Mark { mark, buf }) = self.mark else { return };
        let Ok(filled) = u32::try_from(self.answer.result) else { return };
        assert!(filled <= self.facts.len, "the kernel filled more than it was given");
        if filled > 0 {
            // SAFETY: I2 and I3: the operation and its buffer are where they were when the mark was
            // made, and nobody has touched them; the caller vouches for the bytes.
            unsafe { mark(buf, filled as usize) }
        }
    }
}

/// An answer that is not the last one, for the handler of an operation without a future.
#[must_use]
#[derive(Debug)]
pub struct Item<C: 'static> {
    slot: *mut Words,
    /// The answer.
    pub answer: Answer,
    /// What was noted at submission.
    pub facts: Facts,
    table: &'static Table<C>,
}

impl<C> Item<C> {
    /// Runs the handler. Foreign code.
    ///
    /// # Safety
    /// The operation has not been unloaded since this item was handed out: run items and endings in
    /// the order in which they came.
    pub unsafe fn run(self, completion: C) {
        // SAFETY: I1: the table is the operation's; the caller vouches that it is still there.
        unsafe { (self.table.item)(self.slot, completion) }
    }
}

/// An operation on its way out of its slot. Dropped, it is dropped without an answer.
#[derive(Debug)]
pub struct Parcel<C: 'static> {
    words: Words,
    table: &'static Table<C>,
}

impl<C> Parcel<C> {
    /// Lets the operation have its last completion. Foreign code.
    pub fn adopt(self, completion: C) {
        let mut this = ManuallyDrop::new(self);
        // SAFETY: I1: the words hold the table's operation; `this` is never dropped.
        unsafe { (this.table.adopt)(&raw mut this.words, completion) }
    }
}

impl<C> Drop for Parcel<C> {
    fn drop(&mut self) {
        // SAFETY: I1, and `adopt` did not take it (it never drops its parcel).
        unsafe { (self.table.discard)(&raw mut self.words) }
    }
}

/// What a poll of an operation's future found.
#[derive(Debug)]
pub enum Polled<T> {
    /// Not yet; the stored waker is the right one.
    Pending,
    /// Not yet, and the waker has to be replaced ([`Registry::set_waker`]).
    NeedsWaker,
    /// What was asked for is here: the right to end the operation, or its result.
    Ready(T),
    /// No such operation: it was ended by somebody else, or its runtime is gone.
    Dead,
}

/// All operations in flight of one core.
pub struct Registry<C: 'static> {
    records: Vec<Record<C>>,
    /// Vacant records with slots of each size, the last one to be used next: its memory is still
    /// near.
    free: [Vec<u32>; 2],
    pages: Pages,
    cancels: List,
    graveyard: Graveyard,
    buried: List,
    in_flight: usize,
    boxed: u64,
    /// Records that are not vacant.
    used: usize,
}

impl<C> core::fmt::Debug for Registry<C> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Registry")
            .field("in_flight", &self.in_flight)
            .field("graveyard", &self.graveyard)
            .finish_non_exhaustive()
    }
}

impl<C> Default for Registry<C> {
    fn default() -> Self {
        Self::new()
    }
}

impl<C> Registry<C> {
    /// An empty registry.
    #[must_use]
    pub fn new() -> Self {
        Self {
            records: Vec::new(),
            free: [const { Vec::new() }; 2],
            pages: Pages::default(),
            cancels: List::new(Which::Cancel),
            graveyard: Graveyard::default(),
            buried: List::new(Which::Graveyard),
            in_flight: 0,
            boxed: 0,
            used: 0,
        }
    }

    /// Moves an operation to its final address, and says where that is.
    ///
    /// The caller describes it there, then calls [`launch`](Self::launch), or
    /// [`undo`](Self::undo) if the description panicked.
    ///
    /// # Safety
    /// `table` was made for the type `O`.
    ///
    /// # Panics
    /// If 2^30 operations are in flight on one core (memory ends before).
    pub unsafe fn place<O: 'static>(&mut self, op: O, table: &'static Table<C>) -> (Key, *mut O) {
        let index = match self.free[Stored::<O>::SIZE as usize].pop() {
            Some(index) => index as usize,
            None => self.grow(Stored::<O>::SIZE, table),
        };
        let slot = self.pages.slot(index);
        // SAFETY: the index is vacant, so I1 says that the slot holds nothing; and its slot is of
        // this size.
        unsafe { Stored::place(slot, op) };
        // SAFETY: placed just now.
        let at = unsafe { Stored::<O>::at(slot) };
        self.boxed += u64::from(!Stored::<O>::IN_PLACE);
        self.used += 1;
        let record = &mut self.records[index];
        record.state = State::Placed;
        record.cancel = Cancel::No;
        record.table = table;
        (Key::new(index as u32, record.generation), at)
    }

    /// One page more, of which all but the slot that is given are free.
    #[cold]
    fn grow(&mut self, size: Size, table: &'static Table<C>) -> usize {
        let first = self.records.len();
        let end = first + PAGE_SLOTS;
        assert!(end <= Key::MAX_INDEX as usize, "more operations in flight than there are keys");
        self.pages.add(size);
        let facts = Facts {
            opcode: 0,
            gives: 0,
            group: 0,
            fd: -1,
            len: 0,
            place: Place::Held,
            since_ms: 0,
        };
        if self.records.capacity() < end {
            // A quarter more, not twice as many: idle connections are not to pay for others.
            self.records.reserve_exact(PAGE_SLOTS.max(first / 4));
        }
        self.records.extend((first..end).map(|_| Record {
            state: State::Vacant,
            generation: 0,
            cancel: Cancel::No,
            table,
            mark: None,
            facts,
            links: [Links::FREE; 2],
        }));
        self.free[size as usize].extend((first as u32 + 1..end as u32).rev());
        first
    }

    /// Takes back an operation that was placed and not launched.
    pub fn undo(&mut self, key: Key) -> Option<Parcel<C>> {
        matches!(self.record(key)?.state, State::Placed).then(|| self.remove(key))
    }

    /// The operation is described: from here to its last answer it belongs to the kernel. If it is
    /// `notified`, its result comes before that.
    ///
    /// # Safety
    /// `mark` is good for the operation's own buffer until its last answer.
    pub unsafe fn launch(
        &mut self,
        key: Key,
        facts: Facts,
        mark: Option<Mark>,
        notified: bool,
        detached: bool,
    ) {
        let Some(record) = self.record(key) else { return };
        debug_assert!(matches!(record.state, State::Placed));
        record.facts = facts;
        record.mark = mark;
        let early = if notified { Early::Expected } else { Early::Never };
        record.state = if detached {
            State::Detached { early }
        } else {
            State::InFlight { waker: None, early }
        };
        self.in_flight += 1;
    }

    /// Changes where a submission stands.
    pub fn set_place(&mut self, key: Key, place: Place) {
        if let Some(record) = self.record(key) {
            record.facts.place = place;
        }
    }

    /// What was noted of an operation that the kernel may have.
    #[inline]
    pub fn in_flight_facts(&self, key: Key) -> Option<&Facts> {
        let record = self.records.get(key.index())?;
        (record.generation == key.generation() && record.state.is_in_flight())
            .then_some(&record.facts)
    }

    /// Asks for the operation on behalf of its future: the kernel's last answer has to be here.
    pub fn poll(&mut self, key: Key, waker: &Waker) -> Polled<Ending<C>> {
        let Some(record) = self.record(key) else { return Polled::Dead };
        match record.state.take() {
            Some(answer) => Polled::Ready(Self::ending(record, key, answer)),
            None => record.waits(waker),
        }
    }

    /// Asks for the result on behalf of the operation's future, which keeps the operation: the
    /// kernel may still have it.
    pub fn poll_result(&mut self, key: Key, waker: &Waker) -> Polled<Answer> {
        let Some(record) = self.record(key) else { return Polled::Dead };
        match record.state.result() {
            Some(answer) => Polled::Ready(answer),
            None => record.waits(waker),
        }
    }

    /// Replaces the waker of an operation in flight; the old one, or `waker` itself if the
    /// operation is not in flight any more, comes back to be dropped with no borrow held.
    pub fn set_waker(&mut self, key: Key, waker: Waker) -> Option<Waker> {
        match self.record(key).map(|record| &mut record.state) {
            Some(State::InFlight { waker: slot, .. }) => slot.replace(waker),
            _ => Some(waker),
        }
    }

    /// Whether the kernel may still have an operation whose result is here.
    pub fn only_notifies(&mut self, key: Key) -> bool {
        self.record(key).is_some_and(|record| record.state.only_notifies())
    }

    /// The kernel's last answer to an operation.
    pub fn complete(&mut self, key: Key, answer: Answer) -> Next<C> {
        let mut waker = None;
        let Some(record) = self.record(key) else { return Next::Stray };
        let was_buried = matches!(record.state, State::Buried { .. });
        let notifies = record.state.only_notifies();
        let action = record.state.complete(answer, &mut waker);
        if action == Action::Stray {
            return Next::Stray;
        }
        let next = Self::next(record, key, action, waker, core::ptr::null_mut());
        self.in_flight -= 1;
        self.cancels.remove(&mut self.records, key.index());
        if was_buried {
            self.exhume(key, notifies);
        }
        next
    }

    /// An answer that is not the last one. After a result there is nothing left to cancel, and what
    /// is buried counts apart.
    pub fn more(&mut self, key: Key, answer: Answer) -> Next<C> {
        let mut waker = None;
        if self.record(key).is_none() {
            return Next::Stray;
        }
        let slot = self.pages.slot(key.index());
        let Some(record) = self.record(key) else { return Next::Stray };
        let notified = record.state.only_notifies();
        let action = record.state.more(answer, &mut waker);
        let came = record.state.only_notifies() && !notified;
        let buried = matches!(record.state, State::Buried { .. });
        let next = Self::next(record, key, action, waker, slot);
        if came {
            self.cancels.remove(&mut self.records, key.index());
            if buried {
                self.exhume(key, false);
                self.graveyard.await_notification(&self.records[key.index()].facts);
            }
        }
        next
    }

    /// The future of an operation is gone, or the owner of a detached one: from now on the
    /// operation is in the graveyard, and a cancel is wanted. If the last answer is here already,
    /// it is to be adopted at once; if only the result is, there is nothing to cancel.
    pub fn bury(&mut self, key: Key, now_ms: u32) -> Next<C> {
        let mut waker = None;
        let Some(record) = self.record(key) else { return Next::Nothing };
        let was_in_flight =
            record.state.is_in_flight() && !matches!(record.state, State::Buried { .. });
        let notifies = record.state.only_notifies();
        let action = record.state.bury(&mut waker);
        let facts = record.facts;
        let next = Self::next(record, key, action, waker, core::ptr::null_mut());
        if was_in_flight {
            if notifies {
                self.graveyard.await_notification(&facts);
            } else {
                self.graveyard.bury(&facts);
                self.buried.push_back(&mut self.records, key.index());
                if let Some(record) = self.record(key) {
                    record.facts.since_ms = now_ms;
                }
                self.cancel(key);
            }
            let record = &mut self.records[key.index()];
            broken::at_burial(&self.pages, key, &mut record.table, &mut record.mark);
        }
        next
    }

    /// Wants the operation cancelled; it stays whose it is. One that has its result has ended as
    /// far as a cancel could end it.
    pub fn cancel(&mut self, key: Key) {
        let Some(record) = self.record(key) else { return };
        let cancellable = record.state.is_in_flight() && !record.state.only_notifies();
        if cancellable && record.cancel == Cancel::No {
            record.cancel = Cancel::Wanted;
            self.cancels.push_back(&mut self.records, key.index());
        }
    }

    /// A cancel that was sent found nothing: it may be wanted again.
    pub fn cancel_again(&mut self, key: Key) {
        if let Some(record) = self.record(key).filter(|record| record.cancel == Cancel::Sent) {
            record.cancel = Cancel::No;
        }
        self.cancel(key);
    }

    /// The next operation whose cancel has to be sent, if any; it counts as sent.
    pub fn next_cancel(&mut self) -> Option<Key> {
        let index = self.cancels.front()?;
        self.cancels.remove(&mut self.records, index);
        self.records[index].cancel = Cancel::Sent;
        Some(Key::new(index as u32, self.records[index].generation))
    }

    /// Whether cancels wait to be sent.
    #[must_use]
    pub fn wants_cancels(&self) -> bool {
        self.cancels.front().is_some()
    }

    /// Ends an operation: its memory leaves the slot, which is vacant from here on.
    pub fn unload(&mut self, ending: Ending<C>) -> Parcel<C> {
        self.remove(ending.key)
    }

    /// As [`unload`](Self::unload), typed.
    ///
    /// # Safety
    /// The operation is an `O`.
    pub unsafe fn unload_as<O>(&mut self, ending: Ending<C>) -> O {
        let slot = self.pages.slot(ending.key.index());
        // SAFETY: I1 and I3: the operation is there, and this ending is the only right to it; the
        // caller vouches for the type.
        let op = unsafe { Stored::<O>::take(slot) };
        self.vacate(ending.key);
        op
    }

    /// Every operation that is not vacant, for shutdown.
    #[must_use]
    pub fn keys(&self) -> Vec<Key> {
        let in_use = |(_, record): &(u32, &Record<C>)| !matches!(record.state, State::Vacant);
        let key = |(index, record): (u32, &Record<C>)| Key::new(index, record.generation);
        (0..).zip(&self.records).filter(in_use).map(key).collect()
    }

    /// Asks for the memory of an operation whose answer is looked at soon.
    #[inline]
    pub fn prefetch(&self, key: Key) {
        if let Some(record) = self.records.get(key.index()) {
            prefetch(record, 2);
            let lines = if self.pages.size(key.index()) == Size::Small { 1 } else { 2 };
            prefetch(self.pages.slot(key.index()), lines);
        }
    }

    /// Operations that the kernel may still have.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Operations in flight by the kernel's number of the operation.
    #[must_use]
    pub fn in_flight_by_opcode(&self) -> Vec<(u8, usize)> {
        let mut counts = [0_usize; 256];
        for record in self.records.iter().filter(|record| record.state.is_in_flight()) {
            counts[usize::from(record.facts.opcode)] += 1;
        }
        (0..=255).zip(counts).filter(|(_, count)| *count > 0).collect()
    }

    /// Operations that did not fit into a slot, ever.
    #[must_use]
    pub fn boxed(&self) -> u64 {
        self.boxed
    }

    /// Counts of what is buried.
    #[must_use]
    pub fn graveyard(&self) -> &Graveyard {
        &self.graveyard
    }

    /// Sets what may be buried before new operations have to wait.
    pub fn set_graveyard_limit(&mut self, limit: GraveyardLimit) {
        self.graveyard.set_limit(limit);
    }

    /// Counts of what is buried, with the age of the oldest.
    #[must_use]
    pub fn graveyard_stats(&self, now_ms: u32) -> GraveyardStats {
        let oldest = self.buried.front().map(|index| self.records[index].facts.since_ms);
        self.graveyard.stats(oldest, now_ms)
    }

    fn exhume(&mut self, key: Key, notifies: bool) {
        let facts = &self.records[key.index()].facts;
        if notifies {
            self.graveyard.notified(facts);
        } else {
            self.graveyard.exhume(facts);
            self.buried.remove(&mut self.records, key.index());
        }
    }

    #[inline]
    fn record(&mut self, key: Key) -> Option<&mut Record<C>> {
        let record = self.records.get_mut(key.index())?;
        (record.generation == key.generation()).then_some(record)
    }

    fn ending(record: &Record<C>, key: Key, answer: Answer) -> Ending<C> {
        let (facts, mark) = (record.facts, record.mark);
        Ending { key, answer, facts, mark, _table: core::marker::PhantomData }
    }

    fn next(
        record: &Record<C>,
        key: Key,
        action: Action,
        waker: Option<Waker>,
        slot: *mut Words,
    ) -> Next<C> {
        match action {
            Action::Nothing => waker.map_or(Next::Nothing, Next::Forget),
            Action::Wake => waker.map_or(Next::Nothing, Next::Wake),
            Action::Adopt(answer) => Next::Adopt(Self::ending(record, key, answer)),
            Action::Item(answer) => {
                Next::Item(Item { slot, answer, facts: record.facts, table: record.table })
            }
            Action::Stray => Next::Stray,
        }
    }

    fn remove(&mut self, key: Key) -> Parcel<C> {
        // SAFETY: I1: the slot holds an operation, which leaves it here; the copy keeps provenance,
        // since the words are pointers.
        let words = unsafe { self.pages.read(key.index()) };
        let table = self.records[key.index()].table;
        self.vacate(key);
        Parcel { words, table }
    }

    fn vacate(&mut self, key: Key) {
        let index = key.index();
        self.cancels.remove(&mut self.records, index);
        let record = &mut self.records[index];
        record.state = State::Vacant;
        self.used -= 1;
        // I4: a slot whose generations are used up stays vacant, and nobody gets it.
        if record.generation < u32::MAX {
            record.generation += 1;
            self.free[self.pages.size(index) as usize].push(index as u32);
        }
    }
}

impl<C> Drop for Registry<C> {
    /// Frees the memory if nothing is in it. Otherwise all of it is leaked: the kernel may still
    /// write there, and nobody can tell when it will have ended.
    fn drop(&mut self) {
        if self.used == 0 {
            // SAFETY: I1: no record of an operation, so no slot is in use.
            unsafe { self.pages.free_all() }
        }
    }
}
