//! The ring and the operations in flight on it.
//!
//! The driver holds the one unsafe promise of the runtime: between an operation's description and
//! its last answer, nobody moves or touches it
//! (`docs/decisions/0001-an-entry-borrows-from-its-operation.md`).
//!
//! # Invariants
//!
//! - **I1** what is pushed to the ring is the request of an operation that lies in its slot; the
//!   registry gives it out again only through an `Ending`, which the ring's last answer makes (or a
//!   take-back that the ring confirms, or the fact that it was never pushed).
//! - **I2** an answer reaches the registry at most once, and the completion made of it is used
//!   once.
//! - **I3** no foreign code (`entry`, marks, `complete`, `adopt`, items, wakers, drops) runs while
//!   `inner` is borrowed.
//! - **I4** a pool of provided buffers stays alive until its group is unregistered or the ring is
//!   gone.
//! - **I5** a pool of registered memory stays alive until it is unregistered, which happens when
//!   nobody else has a handle or a buffer of it, in flight or leaked; or until the ring is gone,
//!   and then as long as leaked operations have buffers of it.

#![allow(unsafe_code, reason = "operations lie in raw slots while the kernel has them")]

use crate::config::Config;
use crate::contain::contained;
use crate::fd::Fd;
use crate::fixed_pools::FixedPools;
use crate::op::abi;
use crate::op::{
    Answered, Completion, Detached, Entry, Gives, Multishot, MultishotTable, Op, OpTable, Shot,
};
use crate::stats::CoreCounters;
use crate::sys::{Cqe, Entered, IGNORE, Position, Request, Ring, Wait, elapsed, now};
use sexton_buffers::registry::{Answer, Ending, Facts, Key, Next, Place, Polled, Registry, Table};
use sexton_buffers::{Consumption, FixedPool, GraveyardLimit, ProvidedPool};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io;
use std::num::NonZeroU64;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

/// Tags the submission of a cancel with its target: its own answers are told apart by it.
const CANCEL: u64 = 1 << 31;
/// A cancel that found nothing is tried again after this time, as long as its target is in flight.
const CANCEL_AGAIN: Duration = Duration::from_millis(20);
/// So many at a time: tens of thousands that the kernel cannot cancel just now must not keep the
/// core from everything else.
const CANCELS_AGAIN: usize = 256;
/// Marks an answer that the driver made because the graveyard stayed full (the kernel uses no such
/// bit together with an error).
const REFUSED_FULL: u32 = 1 << 15;

/// One core's ring and its operations.
pub(crate) struct Driver {
    inner: RefCell<Inner>,
    started: Instant,
    now_ms: Cell<u32>,
    counters: Arc<CoreCounters>,
    /// Batches of answers are copied here; taken out while they are worked off.
    batch: Cell<Vec<Cqe>>,
}

struct Inner {
    ring: Ring,
    counters: Arc<CoreCounters>,
    registry: Registry<Completion>,
    /// Described, but not pushed: the queue was full, or the graveyard is.
    held: VecDeque<Held>,
    /// Others that too many sends hold back which wait only for their notification.
    held_notified: VecDeque<Held>,
    pools: Vec<ProvidedPool>,
    fixed: FixedPools,
    /// What lies beside an operation until its result, by its slot: in pages, since those that have
    /// something are few, and may lie among many.
    beside: Vec<Vec<Beside>>,
    /// Cancels that found nothing, to be sent again.
    missed: Vec<Key>,
    missed_since: Option<Instant>,
    held_wait_ms: u32,
    closed: bool,
    /// Something happened since the counts were published.
    changed: bool,
}

struct Held {
    key: Key,
    request: Request,
    exempt: bool,
}

/// Slots of one page of what lies beside.
const BESIDE_PAGE: usize = 64;

/// What an operation does not need after its result, though the kernel may still have it.
#[derive(Default)]
struct Beside {
    /// Who is told of the result.
    tells: Option<Rc<dyn Answered>>,
    /// Its descriptor, if the operation itself holds none.
    fd: Option<Fd>,
}

impl Beside {
    fn take(&mut self) -> Option<Self> {
        let there = self.tells.is_some() || self.fd.is_some();
        there.then(|| std::mem::take(self))
    }
}

impl std::fmt::Debug for Driver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Driver").field("now_ms", &self.now_ms.get()).finish_non_exhaustive()
    }
}

/// Something to be done with no borrow held.
struct Job {
    next: Next<Completion>,
    /// What its result leaves over.
    over: Option<Beside>,
}

impl From<Next<Completion>> for Job {
    #[inline]
    fn from(next: Next<Completion>) -> Self {
        Self { next, over: None }
    }
}

impl Driver {
    pub(crate) fn new(ring: Ring, config: &Config, counters: Arc<CoreCounters>) -> Self {
        let mut registry = Registry::new();
        registry.set_graveyard_limit(GraveyardLimit {
            operations: config.graveyard_ops,
            bytes: config.graveyard_bytes as u64,
        });
        let inner = Inner {
            ring,
            counters: Arc::clone(&counters),
            registry,
            held: VecDeque::new(),
            held_notified: VecDeque::new(),
            pools: Vec::new(),
            fixed: FixedPools::new(),
            beside: Vec::new(),
            missed: Vec::new(),
            missed_since: None,
            held_wait_ms: u32::try_from(config.held_submission.as_millis()).unwrap_or(u32::MAX),
            closed: false,
            changed: true,
        };
        Self {
            inner: RefCell::new(inner),
            started: now(),
            now_ms: Cell::new(0),
            counters,
            batch: Cell::new(Vec::with_capacity(config.reap_batch)),
        }
    }

    /// Submits an operation whose future will poll for the answer.
    pub(crate) fn submit<O: Op>(&self, op: O) -> Result<Key, (O, io::Error)> {
        // SAFETY: the pointer is used here only, before the operation is launched.
        let describe = |at: *mut O| unsafe { &mut *at }.entry();
        // SAFETY: the table is made for `O`.
        unsafe { self.submit_as(op, OpTable::<O>::TABLE, describe, false) }
    }

    /// Submits an operation that has no future: its answer is adopted.
    pub(crate) fn submit_detached<O: Op>(
        self: &Rc<Self>,
        op: O,
    ) -> Result<Detached, (O, io::Error)> {
        // SAFETY: as in `submit`.
        let describe = |at: *mut O| unsafe { &mut *at }.entry();
        // SAFETY: the table is made for `O`.
        let key = unsafe { self.submit_as(op, OpTable::<O>::TABLE, describe, true) }?;
        Ok(Detached::new(Rc::clone(self), key))
    }

    /// Submits an operation with many answers, and its handler.
    pub(crate) fn submit_multishot<M: Multishot>(
        self: &Rc<Self>,
        op: M,
        handler: M::Handler,
    ) -> Result<Detached, (M, M::Handler, io::Error)> {
        let describe = |at: *mut Shot<M>| {
            // SAFETY: the place is a `Shot`'s; this is an address, no reference.
            let op = unsafe { &raw mut (*at).op };
            // SAFETY: as in `submit`; only the operation is borrowed, never the handler beside it.
            let op = unsafe { &mut *op };
            op.entry()
        };
        let shot = Shot { op, handler };
        // SAFETY: the table is made for `Shot<M>`.
        match unsafe { self.submit_as(shot, MultishotTable::<M>::TABLE, describe, true) } {
            Ok(key) => Ok(Detached::new(Rc::clone(self), key)),
            Err((Shot { op, handler }, error)) => Err((op, handler, error)),
        }
    }

    /// # Safety
    /// `table` is made for `T`; `describe` borrows from the place it is given, and returns what the
    /// kernel may have until the operation's last answer.
    unsafe fn submit_as<T: 'static>(
        &self,
        op: T,
        table: &'static Table<Completion>,
        describe: impl FnOnce(*mut T) -> Entry<'static>,
        detached: bool,
    ) -> Result<Key, (T, io::Error)> {
        let (key, at) = {
            let inner = &mut *self.inner.borrow_mut();
            if inner.closed {
                return Err((op, shut_down()));
            }
            // SAFETY: the caller vouches for the table.
            unsafe { inner.registry.place(op, table) }
        };
        let undo = Undo { driver: self, key };
        // Foreign code: it may panic, or submit.
        let entry = describe(at);
        std::mem::forget(undo);
        let Entry { mut request, mark, limit, gives, fixed, exempt, notified, tells, fd, .. } =
            entry;
        let inner = &mut *self.inner.borrow_mut();
        let group = request.buf;
        if let Some(registration) = fixed {
            // Before the facts: what ends is counted as what began.
            inner.fixed.name(&mut request, registration);
        }
        let mut facts = Facts {
            opcode: request.opcode,
            gives: gives as u8,
            group,
            fd: request.fd,
            len: limit,
            place: Place::Held,
            since_ms: self.now_ms.get(),
        };
        self.counters.submitted(request.opcode);
        inner.changed = true;
        if tells.is_some() || fd.is_some() {
            inner.put_beside(key, Beside { tells, fd });
        }
        let waits = notified && !exempt && inner.holds_notified();
        let full = !exempt && inner.registry.graveyard().is_full();
        // What waits goes first; what nothing may hold back overtakes what the graveyard holds.
        let may_go = !waits && !full && (inner.held.is_empty() || exempt);
        if let Some(place) = may_go.then(|| inner.try_push(key, &request)).flatten() {
            facts.place = place;
        } else {
            // It may wait long: by the clock, not by the last turn's reading of it.
            facts.since_ms = self.read_clock();
            let held = Held { key, request, exempt };
            match (waits, exempt) {
                (true, _) => inner.held_notified.push_back(held),
                (false, true) => inner.held.push_front(held),
                (false, false) => inner.held.push_back(held),
            }
        }
        // SAFETY: the mark comes from the entry, which was made of this operation at this place;
        // the kernel sees what is queued at the next `enter`, which is not in between.
        unsafe { inner.registry.launch(key, facts, mark, notified, detached) };
        Ok(key)
    }

    /// Asks for the answer of an operation of type `O`.
    pub(crate) fn poll<O: Op>(&self, key: Key, waker: &Waker) -> Poll<Option<O::Output>> {
        let polled = self.inner.borrow_mut().registry.poll(key, waker);
        let Poll::Ready(ending) = self.waits(key, waker, polled) else { return Poll::Pending };
        let Some(ending) = ending else { return Poll::Ready(None) };
        let completion = self.completion(ending.answer, &ending.facts);
        let ending = self.mark(ending);
        // SAFETY: keys are handed out typed (`Submit<O>`), so the operation is an `O`.
        let op = unsafe { self.inner.borrow_mut().registry.unload_as::<O>(ending) };
        Poll::Ready(Some(op.complete(completion)))
    }

    /// Asks for the number in an operation's result, which may be here before the kernel has let go
    /// of the operation. What the number gives is still the operation's.
    pub(crate) fn poll_result(&self, key: Key, waker: &Waker) -> Poll<Option<i32>> {
        let polled = self.inner.borrow_mut().registry.poll_result(key, waker);
        self.waits(key, waker, polled).map(|answer| answer.map(|answer| answer.result))
    }

    /// What is ready, if anything is; its waker is stored if not. None: the operation is gone.
    fn waits<T>(&self, key: Key, waker: &Waker, polled: Polled<T>) -> Poll<Option<T>> {
        match polled {
            Polled::Pending => Poll::Pending,
            Polled::NeedsWaker => {
                // Cloning and dropping wakers is foreign code.
                let waker = waker.clone();
                let old = self.inner.borrow_mut().registry.set_waker(key, waker);
                drop(old);
                Poll::Pending
            }
            Polled::Ready(what) => Poll::Ready(Some(what)),
            Polled::Dead => Poll::Ready(None),
        }
    }

    /// The future of an operation is gone. Called by destructors, so nothing panics here.
    pub(crate) fn bury(&self, key: Key) {
        let job = {
            let inner = &mut *self.inner.borrow_mut();
            inner.changed = true;
            inner.registry.bury(key, self.now_ms.get())
        };
        contained(|| self.run(job.into()));
    }

    /// Wants an operation cancelled; its future, or its handler, gets the answer.
    pub(crate) fn cancel(&self, key: Key) {
        self.inner.borrow_mut().registry.cancel(key);
    }

    /// Makes a pool of provided buffers known to the kernel, under the pool's group.
    pub(crate) fn register_pool(&self, pool: &ProvidedPool) -> io::Result<()> {
        let inner = &mut *self.inner.borrow_mut();
        let incremental = pool.consumption() == Consumption::Incremental;
        let (group, addr, count) = (pool.group(), pool.ring_addr(), pool.count());
        // SAFETY: I4: the pool is kept until the ring is closed, or leaked with it.
        unsafe { inner.ring.register_buf_ring(group, addr, count, incremental) }?;
        inner.pools.push(pool.clone());
        Ok(())
    }

    /// Pins a pool's memory: reads and writes of its buffers on this ring name it from now on.
    pub(crate) fn register_fixed(&self, pool: &FixedPool) -> io::Result<()> {
        let inner = &mut *self.inner.borrow_mut();
        if inner.closed {
            return Err(shut_down());
        }
        inner.fixed.register(&mut inner.ring, pool)
    }

    /// Whether the kernel may hold operations of this driver.
    pub(crate) fn in_flight(&self) -> usize {
        self.inner.borrow().registry.in_flight()
    }

    /// Before the wait: lets go of registered memory that nobody uses, sends cancels, and what was
    /// held back. Handlers may run.
    pub(crate) fn prepare(&self) {
        while let Some(job) = self.next_before_wait() {
            contained(|| self.run(job));
        }
    }

    /// Milliseconds since the driver's start, now; what is submitted and buried until the next call
    /// counts from here.
    pub(crate) fn read_clock(&self) -> u32 {
        let now_ms = elapsed(self.started).as_millis() as u32;
        self.now_ms.set(now_ms);
        now_ms
    }

    fn next_before_wait(&self) -> Option<Job> {
        let inner = &mut *self.inner.borrow_mut();
        inner.fixed.sweep(&mut inner.ring);
        inner.retry_missed();
        if let Some(job) = inner.send_cancels() {
            return Some(job);
        }
        if inner.held.is_empty() && inner.held_notified.is_empty() {
            return None;
        }
        inner.send_held(self.read_clock())
    }

    /// Whether there is anything to submit.
    pub(crate) fn has_entries(&self) -> bool {
        self.inner.borrow().ring.queued() > 0
    }

    /// Whether there is anything to submit or to reap without waiting.
    pub(crate) fn has_work(&self) -> bool {
        let inner = self.inner.borrow();
        inner.ring.queued() > 0 || inner.ring.has_work() || inner.registry.wants_cancels()
    }

    /// When the driver itself wants to be called again, at the latest.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        let inner = self.inner.borrow();
        let held = inner.held.front().or(inner.held_notified.front());
        let held = held.map(|_| Duration::from_millis(100));
        let missed = inner.missed_since.map(|since| CANCEL_AGAIN.saturating_sub(elapsed(since)));
        held.into_iter().chain(missed).min()
    }

    /// Submits all that is queued, and waits if asked to.
    pub(crate) fn enter(&self, wait: Wait<'_>) -> io::Result<Entered> {
        let inner = &mut *self.inner.borrow_mut();
        self.counters.entered(inner.ring.queued());
        inner.ring.enter(wait)
    }

    /// Works off what has completed: at most two rounds, so that tasks get their turn.
    pub(crate) fn reap(&self) {
        for _ in 0..2 {
            let mut batch = self.batch.take();
            batch.clear();
            let more = {
                let inner = &mut *self.inner.borrow_mut();
                let max = batch.capacity().max(1);
                inner.ring.reap(&mut batch, max) == max
            };
            self.work_off(&batch);
            self.batch.set(batch);
            if !more {
                break;
            }
        }
    }

    /// How many answers the last round of the last [`reap`](Self::reap) had.
    pub(crate) fn last_answers(&self) -> usize {
        let batch = self.batch.take();
        let count = batch.len();
        self.batch.set(batch);
        count
    }

    /// Works off one batch. A panic in foreign code is contained: the rest goes on.
    fn work_off(&self, batch: &[Cqe]) {
        let mut done = 0;
        while done < batch.len() {
            contained(|| {
                while let Some(cqe) = batch.get(done) {
                    done += 1;
                    if let Some(later) = batch.get(done + 1) {
                        self.inner.borrow().registry.prefetch(Key::from_u64(later.user_data));
                    }
                    let job = self.answer(cqe);
                    self.run(job);
                }
            });
        }
    }

    fn answer(&self, cqe: &Cqe) -> Job {
        if cqe.user_data == IGNORE {
            return Next::Nothing.into();
        }
        let inner = &mut *self.inner.borrow_mut();
        let key = Key::from_u64(cqe.user_data);
        if cqe.user_data & CANCEL != 0 {
            inner.cancel_missed(key);
            return Next::Nothing.into();
        }
        let answer = Answer { result: cqe.result, flags: cqe.flags };
        if cqe.result == -libc::EFAULT {
            self.counters.fault();
        }
        if cqe.flags & abi::CQE_MORE != 0 {
            let next = inner.registry.more(key, answer);
            let mut over = None;
            if inner.registry.only_notifies(key) {
                inner.changed = true;
                over = inner.take_beside(key);
            }
            return Job { next, over };
        }
        inner.complete(key, answer)
    }

    /// Does what a transition asked for. I3: called with no borrow held.
    fn run(&self, Job { next, over }: Job) {
        if let Some(Beside { tells, fd }) = over {
            contained(|| tells.map_or((), |whom| whom.answered()));
            drop(fd);
        }
        match next {
            Next::Nothing => {}
            Next::Stray => self.counters.stray(),
            Next::Wake(waker) => waker.wake(),
            Next::Forget(waker) => drop(waker),
            Next::Item(item) => {
                let completion = self.completion(item.answer, &item.facts);
                // SAFETY: jobs run in the order of their answers, before the next one is looked at.
                unsafe { item.run(completion) };
            }
            Next::Adopt(ending) => {
                let completion = self.completion(ending.answer, &ending.facts);
                let ending = self.mark(ending);
                let parcel = self.inner.borrow_mut().registry.unload(ending);
                parcel.adopt(completion);
            }
        }
    }

    /// Marks the buffer, if there is one.
    #[inline]
    fn mark(&self, ending: Ending<Completion>) -> Ending<Completion> {
        if ending.is_to_mark() { self.mark_filled(ending) } else { ending }
    }

    /// If the buffer's code panics, the operation is dropped, since the kernel has let go of it,
    /// and the panic goes on.
    fn mark_filled(&self, ending: Ending<Completion>) -> Ending<Completion> {
        // SAFETY: I2: the answer came from the ring for this operation.
        match catch_unwind(AssertUnwindSafe(|| unsafe { ending.mark() })) {
            Ok(()) => ending,
            Err(panic) => {
                let parcel = self.inner.borrow_mut().registry.unload(ending);
                contained(|| drop(parcel));
                resume_unwind(panic);
            }
        }
    }

    fn completion(&self, answer: Answer, facts: &Facts) -> Completion {
        if answer.result < 0 && answer.flags & REFUSED_FULL != 0 {
            return Completion::refused(graveyard_full());
        }
        let gives = Gives::from_u8(facts.gives);
        let pool = (gives == Gives::Provided).then(|| {
            let inner = self.inner.borrow();
            inner.pools.iter().find(|pool| pool.group() == facts.group).cloned()
        });
        // SAFETY: I2, and `gives` and the group are what the entry said.
        unsafe { Completion::new(answer, gives, pool.flatten().as_ref()) }
    }

    /// Publishes what is buried and in flight, for other threads to read.
    pub(crate) fn publish(&self) {
        let inner = &mut *self.inner.borrow_mut();
        let registry = &inner.registry;
        // What is buried ages, even if nothing happens.
        let ages = !registry.graveyard().is_empty();
        if !std::mem::take(&mut inner.changed) && !ages {
            return;
        }
        if ages {
            self.read_clock();
        }
        self.counters.publish_driver(
            registry.in_flight(),
            registry.graveyard_stats(self.now_ms.get()),
            inner.held.len() + inner.held_notified.len(),
            registry.boxed(),
            inner.ring.overflowed(),
        );
    }

    /// Begins the end: no new operations; all that are in flight are buried and cancelled; answers
    /// that nobody took are adopted.
    pub(crate) fn bury_all(&self) {
        let keys = {
            let inner = &mut *self.inner.borrow_mut();
            inner.closed = true;
            inner.registry.keys()
        };
        for key in keys {
            let job = self.inner.borrow_mut().registry.bury(key, self.now_ms.get());
            contained(|| self.run(job.into()));
            self.inner.borrow_mut().registry.cancel_again(key);
        }
    }

    /// What is in flight, by the kernel's number of the operation.
    pub(crate) fn in_flight_by_opcode(&self) -> Vec<(u8, usize)> {
        self.inner.borrow().registry.in_flight_by_opcode()
    }

    /// Bytes that the kernel may still write to or read from.
    pub(crate) fn buried_bytes(&self) -> u64 {
        let stats = self.inner.borrow().registry.graveyard_stats(0);
        stats.bytes + stats.notifying_bytes
    }

    /// Closes the ring. The registry frees its memory if nothing is in flight, and leaks it if not.
    pub(crate) fn close(&self) {
        let inner = &mut *self.inner.borrow_mut();
        inner.closed = true;
        let leaked = inner.registry.in_flight() > 0;
        if leaked {
            // Their descriptors are leaked with the operations.
            std::mem::forget(std::mem::take(&mut inner.beside));
        }
        for pool in inner.pools.drain(..) {
            pool.close();
            // Refused only if the ring is gone already; then nobody picks from the pool any more.
            drop(inner.ring.unregister_buf_ring(pool.group()));
            if leaked {
                std::mem::forget(pool);
            }
        }
        inner.ring.close();
        inner.fixed.clear();
    }
}

impl Drop for Driver {
    /// Nobody else drops a driver that may have operations in flight; if somebody does, what the
    /// kernel may still touch is leaked as at any other end (I4).
    fn drop(&mut self) {
        self.close();
    }
}

impl Inner {
    /// The last answer to an operation, of the kernel or of the driver.
    fn complete(&mut self, key: Key, answer: Answer) -> Job {
        let mut over = None;
        if let Some(facts) = self.registry.in_flight_facts(key) {
            self.counters.completed(facts.opcode, answer.result);
            self.changed = true;
            over = self.take_beside(key);
        }
        Job { next: self.registry.complete(key, answer), over }
    }

    fn put_beside(&mut self, key: Key, beside: Beside) {
        let (page, place) = (key.index() / BESIDE_PAGE, key.index() % BESIDE_PAGE);
        if self.beside.len() <= page {
            self.beside.resize_with(page + 1, Vec::new);
        }
        let page = &mut self.beside[page];
        if page.is_empty() {
            page.resize_with(BESIDE_PAGE, Beside::default);
        }
        page[place] = beside;
    }

    /// What lies beside an operation whose result is here, though the kernel may still have it.
    fn take_beside(&mut self, key: Key) -> Option<Beside> {
        let page = self.beside.get_mut(key.index() / BESIDE_PAGE)?;
        page.get_mut(key.index() % BESIDE_PAGE)?.take()
    }

    /// Whether an operation that ends with a notification has to wait for others' notifications.
    fn holds_notified(&self) -> bool {
        !self.held_notified.is_empty() || self.registry.graveyard().is_full_of_notifying()
    }

    /// Pushes a request; makes room by submitting if there is none. None: it has to be held.
    #[inline]
    fn try_push(&mut self, key: Key, request: &Request) -> Option<Place> {
        if self.ring.room() == 0 && self.ring.enter(Wait::Flush).is_err() {
            return None;
        }
        // SAFETY: I1: the request is that of an operation in its slot.
        let position = unsafe { self.ring.push(request, key.to_u64()) }?;
        Some(Place::Queued(NonZeroU64::MIN.saturating_add(position.0)))
    }

    /// Sends wanted cancels as far as there is room. What the kernel does not have yet is taken
    /// back instead, which ends it: that answer is the job.
    fn send_cancels(&mut self) -> Option<Job> {
        while let Some(key) = self.registry.next_cancel() {
            let Some(facts) = self.registry.in_flight_facts(key) else { continue };
            let taken_back = match facts.place {
                Place::Held => true,
                Place::Queued(position) => self.ring.take_back(Position(position.get() - 1)),
            };
            if taken_back {
                let answer = Answer { result: -libc::ECANCELED, flags: 0 };
                return Some(self.complete(key, answer));
            }
            let mut request = Request::new(io_uring::opcode::AsyncCancel::CODE);
            request.addr = std::ptr::without_provenance_mut(key.to_u64() as usize);
            request.flags = abi::SQE_SKIP_SUCCESS;
            if self.ring.room() == 0 {
                // An error shows again, and is dealt with, when the turn enters.
                drop(self.ring.enter(Wait::Flush));
            }
            // SAFETY: a cancel names no memory.
            if unsafe { self.ring.push(&request, key.to_u64() | CANCEL) }.is_none() {
                self.registry.cancel_again(key);
                return None;
            }
        }
        None
    }

    /// Pushes what was held back, in order; ends what has waited too long for the graveyard.
    fn send_held(&mut self, now_ms: u32) -> Option<Job> {
        let graveyard = self.registry.graveyard();
        let (full, notifying) = (graveyard.is_full(), graveyard.is_full_of_notifying());
        let mut held = std::mem::take(&mut self.held);
        let mut job = self.send_first(&mut held, full, now_ms);
        if job.is_none() && !self.held_notified.is_empty() {
            let mut notified = std::mem::take(&mut self.held_notified);
            // Behind what waits for room.
            job = self.send_first(&mut notified, full || notifying || !held.is_empty(), now_ms);
            self.held_notified = notified;
        }
        self.held = held;
        job
    }

    fn send_first(&mut self, held: &mut VecDeque<Held>, full: bool, now_ms: u32) -> Option<Job> {
        while let Some(Held { key, request, exempt }) = held.pop_front() {
            let Some(facts) = self.registry.in_flight_facts(key) else { continue };
            let full = full && !exempt;
            let since_ms = facts.since_ms;
            if full && now_ms.wrapping_sub(since_ms) > self.held_wait_ms {
                let answer = Answer { result: -libc::ENOBUFS, flags: REFUSED_FULL };
                return Some(self.complete(key, answer));
            }
            let place = if full { None } else { self.try_push(key, &request) };
            let Some(place) = place else {
                held.push_front(Held { key, request, exempt });
                return None;
            };
            self.registry.set_place(key, place);
            self.changed = true;
        }
        None
    }

    /// A cancel found nothing, or something that could not be cancelled just then: as long as its
    /// target is in flight it is tried again, since `ENOENT` does not mean that the target has
    /// ended.
    fn cancel_missed(&mut self, key: Key) {
        if self.registry.in_flight_facts(key).is_some() {
            self.missed.push(key);
            self.missed_since.get_or_insert_with(now);
        }
    }

    fn retry_missed(&mut self) {
        if self.missed_since.is_some_and(|since| elapsed(since) >= CANCEL_AGAIN) {
            let some = self.missed.len().min(CANCELS_AGAIN);
            for key in self.missed.drain(..some) {
                self.registry.cancel_again(key);
            }
            self.missed_since = (!self.missed.is_empty()).then(now);
        }
    }
}

/// Takes a placed operation out again if its description panics.
struct Undo<'a> {
    driver: &'a Driver,
    key: Key,
}

impl Drop for Undo<'_> {
    fn drop(&mut self) {
        let parcel = self.driver.inner.borrow_mut().registry.undo(self.key);
        // The operation's destructor is foreign code, and the thread may be unwinding already.
        contained(|| drop(parcel));
    }
}

/// What an operation is told that comes after the runtime's end.
pub(crate) fn shut_down() -> io::Error {
    io::Error::new(io::ErrorKind::BrokenPipe, "the Sexton runtime of this thread is shutting down")
}

fn graveyard_full() -> io::Error {
    io::Error::new(
        io::ErrorKind::QuotaExceeded,
        "too many cancelled operations, or zero-copy sends without their notification, wait for \
         the kernel (the graveyard is full); raise `Builder::graveyard`, or look at \
         `sexton::stats()` for what is stuck",
    )
}
