//! One spawned future in one allocation: counts, state, future or output.
//!
//! A cell belongs to the thread that spawned it, its *owner*. The owner's references are counted in
//! a plain cell; other threads only add to an atomic count, and give their references back as
//! messages. So a wake or a clone on the own core costs no atomic operation.
//!
//! ```text
//!              1 scheduled          2 run                3 ready, panicked, aborted
//! (spawned) ───────────▶ scheduled ───────▶ running ─────────────────────────────────▶ finished
//!                            ▲                 │ 4 pending
//!                            └──── 5 wake ── idle
//! ```
//!
//! # Invariants
//!
//! - **I1** `refs + foreign` is the number of references to the cell: wakers, handles, the run
//!   queue's, and the executor's for a task that is not finished. The cell is freed when it is
//!   zero.
//! - **I2** everything but `foreign`, `foreign_woken`, `door` and `vtable` is touched by the
//!   owner's thread only; those are atomics, or never change.
//! - **I3** other threads only increase `foreign`, and send what they drop or wake to the owner,
//!   with the reference. A reference that is in a message is counted, so a cell named by one lives.
//! - **I4** once the owner's executor has ended (`orphan`), all references are in `foreign`, which
//!   is then decremented by whoever drops one; the executor moves its count there *before* it
//!   closes the mailbox, so whoever finds it closed sees that.
//! - **I5** `stage` is borrowed by one call at a time: a run (flag `RUNNING`), or the taking of the
//!   output by its one handle (flag `FINISHED`).
//! - **I6** the door that `door` points to lives as long as the cell: whoever made the cell keeps
//!   it until the cell is freed or `orphan` has counted a reference for it, which goes with the
//!   cell.
//! - **I7** `stage` holds the future while the flag `FINISHED` is down, but for the end of the run
//!   that puts it up; then the output, while `TAKEN` is down; and then nothing.

#![allow(unsafe_code, reason = "wakers are raw pointers with a hand-written reference count")]

use super::error::JoinError;
use crate::contain::contained;
use crate::context;
use crate::door::{Door, Message};
use crate::sync::Cell as Counted;
use crate::sync::atomic::{AtomicBool, AtomicU32, Ordering, fence};
use sexton_buffers::registry::LINE;
use std::cell::{Cell, UnsafeCell};
use std::future::Future;
use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::ptr::NonNull;
use std::sync::Arc;
use std::task::{Context, Poll, RawWaker, RawWakerVTable, Waker};

/// In the run queue, or about to be.
const SCHEDULED: u8 = 1 << 0;
/// Its future is being polled.
const RUNNING: u8 = 1 << 1;
/// Its future is gone, its output is there or was taken.
const FINISHED: u8 = 1 << 2;
/// To be dropped instead of polled.
const ABORTED: u8 = 1 << 3;
/// Nobody will take the output.
const DETACHED: u8 = 1 << 4;
/// The executor has given its reference back.
const RELEASED: u8 = 1 << 5;
/// The output was taken, or dropped.
const TAKEN: u8 = 1 << 6;

/// What a future is asked for ahead of its poll at most: further lines are those of rare states.
const LINES_MAX: usize = 6;

/// More references of one kind than memory could hold: the process ends before a count wraps, which
/// forgotten clones in a loop would bring about.
const REFS_MAX: u32 = u32::MAX / 4;

/// In no table of all tasks. Twice as much fits into the least of addresses.
pub(super) const NO_PLACE: u32 = u32::MAX >> 1;

/// What does not depend on the future's type.
pub(crate) struct Header {
    refs: Counted<u32>,
    flags: Counted<u8>,
    foreign_woken: AtomicBool,
    /// Lines of the cell behind the first one, which are asked for before a poll.
    pub(super) lines: u8,
    foreign: AtomicU32,
    door: NonNull<Door>,
    vtable: &'static Vtable,
    /// Where it is in the table of all tasks.
    pub(super) place: Cell<u32>,
    joiner: Cell<Option<Waker>>,
}

struct Vtable {
    /// Polls the future; true when it is finished.
    poll: unsafe fn(NonNull<Header>) -> bool,
    /// Drops the future and stores why.
    cancel: unsafe fn(NonNull<Header>),
    /// Moves the output into the `Option` behind the pointer.
    take: unsafe fn(NonNull<Header>, *mut ()),
    /// Drops an output that nobody takes.
    drop_output: unsafe fn(NonNull<Header>),
    free: unsafe fn(NonNull<Header>),
}

#[repr(C)]
struct TaskCell<F: Future> {
    header: Header,
    stage: UnsafeCell<Stage<F>>,
}

/// What a task has become, which its flags tell (I7): no word of its own for it.
union Stage<F: Future> {
    future: ManuallyDrop<F>,
    output: ManuallyDrop<Result<F::Output, JoinError>>,
}

/// What became of a task that was run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a task that was woken while it ran has to be put into the run queue"]
pub(crate) enum Ran {
    /// It waits, or had finished before.
    Idle,
    /// It was woken meanwhile: it counts as scheduled, and belongs into the run queue.
    Woken,
    /// It is finished by this run.
    Finished,
}

/// What a new task is for.
#[derive(Clone, Copy, Debug)]
#[repr(u8)]
pub(crate) enum Fate {
    /// To be put into the run queue by who makes it.
    Run = SCHEDULED,
    /// Not yet, or never.
    End = 0,
}

/// A counted reference to a cell.
#[derive(Debug)]
pub(crate) struct TaskRef(NonNull<Header>);

// SAFETY: a reference may travel to another thread: what is done with it there is I3.
unsafe impl Send for TaskRef {}

static WAKER: RawWakerVTable = RawWakerVTable::new(clone, wake, wake_by_ref, drop_waker);

impl TaskRef {
    /// A new cell for `future`, with so many references, of which one is given, owned by the
    /// executor behind the door.
    ///
    /// # Safety
    /// I6: the door lives until the cell was freed, or orphaned.
    #[inline(always)]
    pub(crate) unsafe fn new<F>(future: F, fate: Fate, refs: u32, door: &Arc<Door>) -> Self
    where
        F: Future + 'static,
    {
        // Not by a reference to the door: its count lies beside it.
        let door = NonNull::new(Arc::as_ptr(door).cast_mut()).expect("an `Arc` is never null");
        // Made where it stays: putting it together elsewhere would be the greater part of a spawn.
        let cell = NonNull::from(Box::leak(Box::<TaskCell<F>>::new_uninit()));
        let cell: NonNull<TaskCell<F>> = cell.cast();
        let header = Header {
            refs: Counted::new(refs),
            flags: Counted::new(fate as u8),
            foreign_woken: AtomicBool::new(false),
            lines: (size_of::<TaskCell<F>>() / LINE).saturating_sub(1).min(LINES_MAX) as u8,
            foreign: AtomicU32::new(0),
            door,
            vtable: &Vtable {
                poll: poll::<F>,
                cancel: cancel::<F>,
                take: take::<F>,
                drop_output: drop_output::<F>,
                free: free::<F>,
            },
            place: Cell::new(NO_PLACE),
            joiner: Cell::new(None),
        };
        let stage = UnsafeCell::new(Stage { future: ManuallyDrop::new(future) });
        // SAFETY: the memory is a new box's, for a cell of this type.
        unsafe { cell.write(TaskCell { header, stage }) };
        Self(cell.cast())
    }

    /// # Safety
    /// The pointer carries a reference, which becomes this one.
    pub(super) unsafe fn from_raw(raw: NonNull<Header>) -> Self {
        Self(raw)
    }

    pub(super) fn into_raw(self) -> NonNull<Header> {
        ManuallyDrop::new(self).0
    }

    pub(super) fn header(&self) -> &Header {
        // SAFETY: I1: this reference keeps the cell alive; only shared references to the header are
        // ever made.
        unsafe { self.0.as_ref() }
    }

    pub(super) fn raw(&self) -> NonNull<Header> {
        self.0
    }

    pub(crate) fn is_finished(&self) -> bool {
        self.header().has(FINISHED)
    }

    /// Another reference, on any thread, before and after the executor's end.
    pub(crate) fn share(&self) -> Self {
        self.header().retain();
        Self(self.0)
    }

    /// Edge 5, on the owner's thread: true if the caller has to put it into the run queue. A task
    /// that runs is put there by who runs it, with the reference that is there already.
    #[inline]
    pub(crate) fn schedule(&self) -> bool {
        let header = self.header();
        let flags = header.flags.get();
        if flags & (SCHEDULED | FINISHED) != 0 {
            return false;
        }
        header.flags.set(flags | SCHEDULED);
        flags & RUNNING == 0
    }

    /// Edge 5, for a wake that came as a message.
    pub(crate) fn schedule_foreign(&self) -> bool {
        // A swap, not a store: it sees what the last thread wrote that found the flag set and went
        // away, trusting in this wake.
        self.header().foreign_woken.swap(false, Ordering::AcqRel);
        self.schedule()
    }

    /// Edges 2 to 4: runs the future once.
    #[inline]
    pub(crate) fn run(&self) -> Ran {
        let header = self.header();
        let flags = header.flags.get() & !SCHEDULED;
        if flags & FINISHED != 0 {
            header.flags.set(flags);
            return Ran::Idle;
        }
        header.flags.set(flags | RUNNING);
        let finished = if flags & ABORTED != 0 {
            // SAFETY: I5: `RUNNING` was not set, or this run would be inside another one.
            unsafe { (header.vtable.cancel)(self.0) };
            true
        } else {
            // SAFETY: as above.
            unsafe { (header.vtable.poll)(self.0) }
        };
        let flags = header.flags.get() & !RUNNING;
        header.flags.set(flags);
        if finished {
            self.finish();
            Ran::Finished
        } else if flags & SCHEDULED != 0 {
            Ran::Woken
        } else {
            Ran::Idle
        }
    }

    /// Gives back the executor's reference, once, when the task is finished.
    pub(crate) fn release_executors(&self) {
        let header = self.header();
        if header.has(RELEASED) {
            return;
        }
        header.set(RELEASED);
        // SAFETY: the executor forgot one counted reference when it spawned the task; on its
        // thread.
        unsafe { release_own(self.0, 1) };
    }

    /// What the executor does with a task that it has run and that waits: as a drop, on its own
    /// thread.
    #[inline]
    pub(crate) fn leave(self) {
        // SAFETY: the owner's thread runs it; this reference ends here.
        unsafe { release_own(self.into_raw(), 1) };
    }

    /// What the executor does with a task that it has run to its end: gives back its reference,
    /// with this one.
    #[inline]
    pub(crate) fn leave_finished(self) {
        let header = self.header();
        debug_assert!(!header.has(RELEASED), "a task ends once");
        header.set(RELEASED);
        // SAFETY: the owner's thread runs it; this reference ends here, and the one that the
        // executor forgot when it spawned the task.
        unsafe { release_own(self.into_raw(), 2) };
    }

    /// Ends a task that will not be run again.
    pub(crate) fn shut_down(&self) {
        let header = self.header();
        if header.has(FINISHED) || header.has(RUNNING) {
            return;
        }
        header.set(RUNNING);
        // SAFETY: I5: it was not running.
        unsafe { (header.vtable.cancel)(self.0) };
        header.unset(RUNNING);
        self.finish();
    }

    fn finish(&self) {
        let header = self.header();
        header.set(FINISHED);
        if header.has(DETACHED) {
            header.set(TAKEN);
            // SAFETY: I7: finished, and its handle is gone.
            unsafe { (header.vtable.drop_output)(self.0) };
        }
        if let Some(joiner) = header.joiner.take() {
            wake_joiner(joiner);
        }
    }

    /// Aborts: it is dropped when its turn comes. For the thread that spawned it, in its runtime or
    /// not: only there are flags touched (I2), and only there is the run queue at hand.
    pub(crate) fn abort(&self) {
        self.header().set(ABORTED);
        self.wake();
    }

    /// Edge 5, from any thread; this reference stays.
    fn wake(&self) {
        if self.is_own() {
            // Most often it runs just now, or is scheduled: then no reference is needed.
            if self.schedule() {
                context::enqueue(self.share());
            }
            return;
        }
        let header = self.header();
        if header.foreign_woken.swap(true, Ordering::AcqRel) {
            return;
        }
        let sent = header.door().send(Message::Wake(self.share()));
        if let Err(Message::Wake(task)) = sent {
            release_orphan(task);
        }
    }

    /// Stores who waits for the output.
    pub(super) fn set_joiner(&self, waker: &Waker) {
        let joiner = &self.header().joiner;
        // Foreign code is called while nothing is borrowed or taken.
        let old = match joiner.take() {
            Some(old) if old.will_wake(waker) => return joiner.set(Some(old)),
            old => old,
        };
        let second = joiner.replace(Some(waker.clone()));
        drop((old, second));
    }

    /// The handle is gone: the output is dropped now, or when it comes.
    #[inline]
    pub(super) fn detach(&self) {
        // Most often it has seen the end.
        if !self.header().has(TAKEN) {
            self.detach_early();
        }
    }

    fn detach_early(&self) {
        let header = self.header();
        header.set(DETACHED);
        if header.has(FINISHED) {
            header.set(TAKEN);
            // SAFETY: I7: finished, and not taken.
            unsafe { (header.vtable.drop_output)(self.0) };
        }
        if let Some(joiner) = header.joiner.take() {
            contained(|| drop(joiner));
        }
    }

    /// Takes the output, once.
    ///
    /// # Safety
    /// The task's future has the output `T`, and this is its one handle.
    #[inline]
    pub(super) unsafe fn take_output<T>(&self) -> Option<Result<T, JoinError>> {
        let header = self.header();
        let flags = header.flags.get();
        if flags & (FINISHED | TAKEN) != FINISHED {
            return None;
        }
        header.flags.set(flags | TAKEN);
        let mut output: Option<Result<T, JoinError>> = None;
        // SAFETY: I7: finished, and taken just now; the caller vouches for the type.
        unsafe { (header.vtable.take)(self.0, (&raw mut output).cast()) };
        output
    }

    /// The executor ends: the owner's count moves to where everybody may count (I4).
    pub(crate) fn orphan(&self) {
        let header = self.header();
        // SAFETY: I6: the core has it still, and it came from an `Arc`.
        unsafe { Arc::increment_strong_count(header.door.as_ptr()) };
        let refs = header.refs.replace(0);
        header.foreign.fetch_add(refs, Ordering::Release);
    }

    fn is_own(&self) -> bool {
        self.header().is_own()
    }
}

impl Drop for TaskRef {
    #[inline]
    fn drop(&mut self) {
        if self.is_own() {
            // SAFETY: the owner's thread; this reference ends here.
            unsafe { release_own(self.0, 1) }
        } else {
            // SAFETY: this reference ends here.
            unsafe { release_foreign(self.0) }
        }
    }
}

impl Header {
    /// Whether this is the owner's thread, in its runtime.
    #[inline]
    fn is_own(&self) -> bool {
        context::owner() == self.door.addr().get() as u64 // `Door::number`
    }

    /// The way to the owner, counted: it outlives the cell, whose last reference may be in what is
    /// sent.
    fn door(&self) -> Arc<Door> {
        // SAFETY: I6: the cell lives, so the door does; it came from an `Arc`.
        unsafe { Arc::increment_strong_count(self.door.as_ptr()) };
        // SAFETY: counted just now.
        unsafe { Arc::from_raw(self.door.as_ptr()) }
    }

    /// I1: one more reference. Outside the owner's runtime it is counted where everybody may: on
    /// the owner's thread, too, since its executor may have ended (I4).
    fn retain(&self) {
        let before = if self.is_own() {
            self.refs.replace(self.refs.get() + 1)
        } else {
            self.foreign.fetch_add(1, Ordering::Relaxed)
        };
        if before >= REFS_MAX {
            std::process::abort();
        }
    }

    fn has(&self, flag: u8) -> bool {
        self.flags.get() & flag != 0
    }

    fn set(&self, flag: u8) {
        self.flags.set(self.flags.get() | flag);
    }

    fn unset(&self, flag: u8) {
        self.flags.set(self.flags.get() & !flag);
    }
}

/// # Safety
/// On the owner's thread; so many references end here.
#[inline]
unsafe fn release_own(raw: NonNull<Header>, count: u32) {
    // SAFETY: I1: the references that end here keep the cell alive so far.
    let header = unsafe { raw.as_ref() };
    match header.refs.get().checked_sub(count) {
        Some(refs @ 1..) => header.refs.set(refs),
        // SAFETY: as this function's.
        _ => unsafe { release_last(raw, count) },
    }
}

/// # Safety
/// As of `release_own`.
unsafe fn release_last(raw: NonNull<Header>, count: u32) {
    // SAFETY: I1, as in `release_own`.
    let header = unsafe { raw.as_ref() };
    if header.refs.get() < count {
        // Some of these references are counted by other threads.
        header.refs.set(header.refs.get() + header.foreign.swap(0, Ordering::Acquire));
    }
    let refs = header.refs.get() - count;
    header.refs.set(refs);
    if refs == 0 {
        // Whoever would count one has one, so a count of none stays none: a load is enough.
        if header.foreign.load(Ordering::Acquire) != 0 {
            header.refs.set(header.foreign.swap(0, Ordering::Acquire));
            return;
        }
        context::forget_task(raw);
        // SAFETY: I1: no reference is left. A message or a waker elsewhere would be counted.
        unsafe { (header.vtable.free)(raw) };
    }
}

/// Wakes who waits for a task's output.
fn wake_joiner(joiner: Waker) {
    if std::ptr::eq(joiner.vtable(), &raw const WAKER) {
        // A task of ours, where nobody else's code runs.
        joiner.wake();
    } else {
        contained(|| joiner.wake());
    }
}

/// # Safety
/// The reference ends here.
unsafe fn release_foreign(raw: NonNull<Header>) {
    // SAFETY: I1.
    let door = unsafe { raw.as_ref() }.door();
    // I3: the reference travels with the message.
    if let Err(Message::Drop(task)) = door.send(Message::Drop(TaskRef(raw))) {
        release_orphan(task);
    }
}

/// Drops a reference of a cell whose executor has ended, and closed the mailbox.
pub(crate) fn release_orphan(task: TaskRef) {
    let raw = task.into_raw();
    // SAFETY: I1.
    let header = unsafe { raw.as_ref() };
    // I4: all references are in `foreign`.
    if header.foreign.fetch_sub(1, Ordering::Release) == 1 {
        fence(Ordering::Acquire);
        let door = header.door;
        // SAFETY: I1: it was the last one. The future is gone: the executor dropped it when it
        // ended.
        unsafe { (header.vtable.free)(raw) };
        // SAFETY: I6: the cell's own reference: by I4 it was orphaned.
        unsafe { Arc::decrement_strong_count(door.as_ptr()) };
    }
}

/// # Safety
/// A waker's: `data` is a counted reference.
unsafe fn clone(data: *const ()) -> RawWaker {
    // SAFETY: wakers are made of cells only.
    unsafe { &*data.cast::<Header>() }.retain();
    RawWaker::new(data, &WAKER)
}

/// # Safety
/// A waker's, whose reference ends here.
unsafe fn wake(data: *const ()) {
    // SAFETY: wakers are made of cells only, never of null.
    let task = TaskRef(unsafe { NonNull::new_unchecked(data.cast_mut().cast()) });
    if task.is_own() {
        if task.schedule() {
            context::enqueue(task);
        }
        return;
    }
    let door = task.header().door();
    if task.header().foreign_woken.swap(true, Ordering::AcqRel) {
        // A wake is on its way; the drop of `task` sends the reference after it.
        return;
    }
    if let Err(Message::Wake(task)) = door.send(Message::Wake(task)) {
        release_orphan(task);
    }
}

/// # Safety
/// A waker's.
unsafe fn wake_by_ref(data: *const ()) {
    // SAFETY: wakers are made of cells only, never of null.
    let task = unsafe { NonNull::new_unchecked(data.cast_mut().cast::<Header>()) };
    // The reference is the waker's, and stays with it.
    ManuallyDrop::new(TaskRef(task)).wake();
}

/// # Safety
/// A waker's, whose reference ends here.
unsafe fn drop_waker(data: *const ()) {
    // SAFETY: wakers are made of cells only, never of null.
    drop(TaskRef(unsafe { NonNull::new_unchecked(data.cast_mut().cast()) }));
}

/// # Safety
/// The cell lives, and is an `F`'s.
#[inline(always)]
unsafe fn stage<F: Future>(raw: NonNull<Header>) -> *mut Stage<F> {
    let cell = raw.cast::<TaskCell<F>>().as_ptr();
    // SAFETY: the cell lives (I1); this is an address, no reference.
    UnsafeCell::raw_get(unsafe { &raw const (*cell).stage })
}

/// # Safety
/// `Vtable::poll`'s: the cell is an `F`'s, and runs.
unsafe fn poll<F: Future>(raw: NonNull<Header>) -> bool {
    // SAFETY: as this function's.
    let stage = unsafe { stage::<F>(raw) };
    // SAFETY: I5: the caller set `RUNNING`; I7: it is the future.
    let future = unsafe { &mut *stage.cast::<F>() };
    // SAFETY: the waker's reference is the caller's, which outlives the poll; it is not dropped.
    let waker = unsafe { Waker::new(raw.as_ptr().cast(), &WAKER) };
    let waker = ManuallyDrop::new(waker);
    let mut cx = Context::from_waker(&waker);
    // SAFETY: the future lies in its cell until it is dropped there.
    let future = unsafe { Pin::new_unchecked(future) };
    let output = match catch_unwind(AssertUnwindSafe(|| future.poll(&mut cx))) {
        Ok(Poll::Pending) => return false,
        Ok(Poll::Ready(output)) => Ok(output),
        Err(panic) => Err(JoinError::panicked(panic)),
    };
    // SAFETY: as this function's: the future is there still, and the caller puts up `FINISHED`.
    unsafe { replace::<F>(stage, output) };
    true
}

/// # Safety
/// `Vtable::cancel`'s: the cell is an `F`'s, which is not finished, and nobody else has the stage.
unsafe fn cancel<F: Future>(raw: NonNull<Header>) {
    // SAFETY: as this function's.
    let stage = unsafe { stage::<F>(raw) };
    // SAFETY: I7: the future is there, and the caller puts up `FINISHED`.
    unsafe { replace::<F>(stage, Err(JoinError::cancelled())) };
}

/// Drops the future in place and stores the output. A destructor that panics becomes the result;
/// the output's own may then panic as well, and the task is finished all the same.
///
/// # Safety
/// I5: nobody else has the stage, and it holds the future.
#[inline(always)]
unsafe fn replace<F: Future>(stage: *mut Stage<F>, mut output: Result<F::Output, JoinError>) {
    if std::mem::needs_drop::<F>() {
        // SAFETY: the future is there; nobody looks at it afterwards, whether this panics or not.
        let dropped = || unsafe { stage.cast::<F>().drop_in_place() };
        if let Err(panic) = catch_unwind(AssertUnwindSafe(dropped)) {
            contained(|| drop(output));
            output = Err(JoinError::panicked(panic));
        }
    }
    // SAFETY: the union has room for it, and nothing that has to be dropped.
    unsafe { stage.cast::<Result<F::Output, JoinError>>().write(output) };
}

/// The output, which the stage does not have any more.
///
/// # Safety
/// The cell is an `F`'s, finished, and its output was not taken (I7); the caller puts up `TAKEN`.
unsafe fn move_out<F: Future>(raw: NonNull<Header>) -> Result<F::Output, JoinError> {
    // SAFETY: the cell lives: the caller has a reference.
    let stage = unsafe { stage::<F>(raw) };
    // SAFETY: I7: it is there, once.
    unsafe { stage.cast::<Result<F::Output, JoinError>>().read() }
}

/// # Safety
/// `Vtable::take`'s: as `move_out`'s, and `into` is an `Option` of the output.
unsafe fn take<F: Future>(raw: NonNull<Header>, into: *mut ()) {
    // SAFETY: as this function's.
    let output = unsafe { move_out::<F>(raw) };
    // SAFETY: the caller's `Option`, which is `None`.
    unsafe { into.cast::<Option<Result<F::Output, JoinError>>>().write(Some(output)) };
}

/// # Safety
/// `Vtable::drop_output`'s: as `move_out`'s.
unsafe fn drop_output<F: Future>(raw: NonNull<Header>) {
    // SAFETY: as this function's.
    let output = unsafe { move_out::<F>(raw) };
    // Foreign code; what panics here has nobody to be told.
    contained(|| drop(output));
}

/// # Safety
/// `Vtable::free`'s: no reference is left.
unsafe fn free<F: Future>(raw: NonNull<Header>) {
    // SAFETY: I1: whoever calls this had the last reference.
    let flags = unsafe { raw.as_ref() }.flags.get();
    // SAFETY: made by `Box` as a cell of this type; I1: nobody has it any more.
    let mut cell = unsafe { Box::from_raw(raw.cast::<TaskCell<F>>().as_ptr()) };
    // In place: a future that was polled may not move.
    let stage = cell.stage.get_mut();
    if flags & FINISHED == 0 {
        // SAFETY: I7.
        unsafe { ManuallyDrop::drop(&mut stage.future) };
    } else if flags & TAKEN == 0 {
        // SAFETY: I7.
        unsafe { ManuallyDrop::drop(&mut stage.output) };
    }
}
