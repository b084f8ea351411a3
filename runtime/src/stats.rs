//! What each core is doing, readable from any thread.

use sexton_buffers::GraveyardStats;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// Opcodes that are counted apart; the kernel has fewer.
const OPCODES: usize = 72;

/// The counters of one core. Its own thread alone writes them, with plain loads and stores.
#[derive(Debug)]
pub(crate) struct CoreCounters {
    core: usize,
    turns: AtomicU64,
    enters: AtomicU64,
    entries: AtomicU64,
    overflows: AtomicU64,
    starved: AtomicU64,
    copied: AtomicU64,
    panics: AtomicU64,
    strays: AtomicU64,
    faults: AtomicU64,
    long_polls: AtomicU64,
    boxed: AtomicU64,
    buried_total: AtomicU64,
    buried_bytes: AtomicU64,
    buried: AtomicU64,
    notifying: AtomicU64,
    notifying_bytes: AtomicU64,
    oldest_ms: AtomicU32,
    in_flight: AtomicU64,
    held: AtomicU64,
    tasks: AtomicU64,
    timers: AtomicU64,
    by_opcode: [AtomicU32; OPCODES],
}

fn add(counter: &AtomicU64, n: u64) {
    counter.store(counter.load(Ordering::Relaxed).wrapping_add(n), Ordering::Relaxed);
}

impl CoreCounters {
    pub(crate) fn new(core: usize) -> Arc<Self> {
        let zero = || AtomicU64::new(0);
        let this = Arc::new(Self {
            core,
            turns: zero(),
            enters: zero(),
            entries: zero(),
            overflows: zero(),
            starved: zero(),
            copied: zero(),
            panics: zero(),
            strays: zero(),
            faults: zero(),
            long_polls: zero(),
            boxed: zero(),
            buried_total: zero(),
            buried_bytes: zero(),
            buried: zero(),
            notifying: zero(),
            notifying_bytes: zero(),
            oldest_ms: AtomicU32::new(0),
            in_flight: zero(),
            held: zero(),
            tasks: zero(),
            timers: zero(),
            by_opcode: [const { AtomicU32::new(0) }; OPCODES],
        });
        let mut all = lock(&ALL);
        all.retain(|core| core.strong_count() > 0);
        all.push(Arc::downgrade(&this));
        this
    }

    pub(crate) fn submitted(&self, opcode: u8) {
        if let Some(counter) = self.by_opcode.get(usize::from(opcode)) {
            counter.store(counter.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
        }
    }

    pub(crate) fn completed(&self, opcode: u8, result: i32) {
        if let Some(counter) = self.by_opcode.get(usize::from(opcode)) {
            counter.store(counter.load(Ordering::Relaxed).wrapping_sub(1), Ordering::Relaxed);
        }
        if result == -libc::ENOBUFS {
            add(&self.starved, 1);
        }
    }

    pub(crate) fn entered(&self, entries: u32) {
        add(&self.enters, 1);
        add(&self.entries, u64::from(entries));
    }

    pub(crate) fn turned(&self, tasks: usize, timers: usize) {
        add(&self.turns, 1);
        self.tasks.store(tasks as u64, Ordering::Relaxed);
        self.timers.store(timers as u64, Ordering::Relaxed);
    }

    pub(crate) fn copied(&self, bytes: usize) {
        add(&self.copied, bytes as u64);
    }

    pub(crate) fn panicked(&self) {
        add(&self.panics, 1);
    }

    pub(crate) fn stray(&self) {
        add(&self.strays, 1);
    }

    pub(crate) fn fault(&self) {
        add(&self.faults, 1);
    }

    pub(crate) fn long_poll(&self) {
        add(&self.long_polls, 1);
    }

    pub(crate) fn publish_driver(
        &self,
        in_flight: usize,
        graveyard: GraveyardStats,
        held: usize,
        boxed: u64,
        overflowed: bool,
    ) {
        self.in_flight.store(in_flight as u64, Ordering::Relaxed);
        self.buried.store(graveyard.operations as u64, Ordering::Relaxed);
        self.buried_bytes.store(graveyard.bytes, Ordering::Relaxed);
        self.notifying.store(graveyard.notifying as u64, Ordering::Relaxed);
        self.notifying_bytes.store(graveyard.notifying_bytes, Ordering::Relaxed);
        self.buried_total.store(graveyard.total, Ordering::Relaxed);
        self.oldest_ms.store(graveyard.oldest_ms, Ordering::Relaxed);
        self.held.store(held as u64, Ordering::Relaxed);
        self.boxed.store(boxed, Ordering::Relaxed);
        if overflowed {
            add(&self.overflows, 1);
        }
    }

    fn read(&self) -> CoreStats {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let by_opcode = self.by_opcode.iter().zip(0_u8..);
        CoreStats {
            core: self.core,
            turns: get(&self.turns),
            enters: get(&self.enters),
            entries: get(&self.entries),
            in_flight: get(&self.in_flight),
            in_flight_by_opcode: by_opcode
                .map(|(count, opcode)| (opcode, count.load(Ordering::Relaxed)))
                .filter(|(_, count)| *count > 0)
                .collect(),
            buried: get(&self.buried),
            buried_bytes: get(&self.buried_bytes),
            buried_oldest_ms: self.oldest_ms.load(Ordering::Relaxed),
            buried_total: get(&self.buried_total),
            notifying: get(&self.notifying),
            notifying_bytes: get(&self.notifying_bytes),
            held: get(&self.held),
            boxed: get(&self.boxed),
            overflows: get(&self.overflows),
            starved: get(&self.starved),
            copied: get(&self.copied),
            panics: get(&self.panics),
            strays: get(&self.strays),
            faults: get(&self.faults),
            tasks: get(&self.tasks),
            timers: get(&self.timers),
            long_polls: get(&self.long_polls),
        }
    }
}

static ALL: Mutex<Vec<Weak<CoreCounters>>> = Mutex::new(Vec::new());

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What one core has done, and has under way. Published once a turn.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CoreStats {
    /// The core's index in its runtime.
    pub core: usize,
    /// Turns of the loop.
    pub turns: u64,
    /// System calls `io_uring_enter`.
    pub enters: u64,
    /// Submissions made by them.
    pub entries: u64,
    /// Operations that the kernel may have, those of the runtime itself included.
    pub in_flight: u64,
    /// The same by the kernel's number of the operation (`IORING_OP_*`).
    pub in_flight_by_opcode: Vec<(u8, u32)>,
    /// Operations whose future is gone and whose last answer has not come.
    pub buried: u64,
    /// Bytes of their buffers.
    pub buried_bytes: u64,
    /// Age of the oldest of them, in milliseconds.
    pub buried_oldest_ms: u32,
    /// Operations ever buried.
    pub buried_total: u64,
    /// Zero-copy sends that have their result, whose `Notified` is gone, and whose notification has
    /// not come. They are not among the buried.
    pub notifying: u64,
    /// Bytes of their buffers.
    pub notifying_bytes: u64,
    /// Submissions that wait for room in the queue or in the graveyard.
    pub held: u64,
    /// Operations that were too large for a slot and had to be boxed.
    pub boxed: u64,
    /// Turns that found the completion queue overflowed.
    pub overflows: u64,
    /// Receives that found no provided buffer.
    pub starved: u64,
    /// Bytes of streams that were copied in user space: reads into borrowed memory from what had
    /// come already, and what a read that was given up left to the next one.
    pub copied: u64,
    /// Panics of wakers, destructors and handlers that were contained.
    pub panics: u64,
    /// Answers that nobody expected.
    pub strays: u64,
    /// Answers, of whatever operation, that said `EFAULT`: the kernel could not reach the memory
    /// that it was given. Anything but zero is a mistake in a buffer's type, or in Sexton.
    pub faults: u64,
    /// Tasks that are not finished, or that somebody still refers to.
    pub tasks: u64,
    /// Timers that are armed.
    pub timers: u64,
    /// Polls that took longer than the limit (`Config::long_poll`).
    pub long_polls: u64,
}

impl CoreStats {
    /// Submissions for each system call, on average.
    #[must_use]
    pub fn entries_per_enter(&self) -> f64 {
        self.entries as f64 / self.enters.max(1) as f64
    }
}

/// What every core of every runtime in this process is doing. Callable from any thread.
///
/// ```
/// sexton_runtime::block_on(async {
///     let stats = sexton_runtime::stats();
///     assert!(!stats.is_empty(), "this runtime's core is in it");
/// });
/// ```
#[must_use]
pub fn stats() -> Vec<CoreStats> {
    let all = lock(&ALL);
    all.iter().filter_map(Weak::upgrade).map(|core| core.read()).collect()
}

/// What this thread's core is doing; none outside a runtime. For tests, beside which others run.
#[must_use]
#[doc(hidden)]
pub fn own_stats() -> Option<CoreStats> {
    crate::context::with(|core| core.counters().read())
}
