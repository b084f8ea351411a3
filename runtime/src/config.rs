//! Every limit of the runtime, with its reason.

use sexton_buffers::Consumption;
use std::io;
use std::time::Duration;

use crate::sys::Body;

/// Entries of a core's submission queue. What does not fit waits one more `enter`; 256 is one
/// turn's worth of a busy core, and 16 KiB of locked memory.
pub(crate) const SQ_ENTRIES: u32 = 256;

/// Completion queue entries for each submission queue entry. Multishot operations answer many times
/// for one submission, and an overflow ends them.
pub(crate) const CQ_PER_SQ: u32 = 16;

/// The kernel's own bound of a submission queue (`IORING_MAX_ENTRIES`).
pub(crate) const SQ_ENTRIES_MAX: u32 = 1 << 15;

/// The kernel's own bound of a completion queue (`IORING_MAX_CQ_ENTRIES`).
pub(crate) const CQ_ENTRIES_MAX: u32 = 1 << 16;

/// Where halving the ring for want of memory ends: entries and queues then fill one page each, and
/// pages are what the kernel counts.
pub(crate) const SQ_ENTRIES_FLOOR: u32 = 32;

/// The completion queue at the floor: with the ring's header still one page.
pub(crate) const CQ_ENTRIES_FLOOR: u32 = 128;

/// Tries of one ring size before a smaller one: the memory of rings that were closed a moment ago
/// comes back asynchronously, 8 ms later at worst in measurements.
pub(crate) const START_TRIES: u32 = 3;

/// Tries of the smallest ring before giving up.
pub(crate) const START_TRIES_AT_FLOOR: u32 = 20;

/// Pause between two tries.
pub(crate) const START_PAUSE: Duration = Duration::from_millis(2);

/// Tasks polled before the ring is entered; more if the last turn woke more. A prime, so that it is
/// in step with no pattern of tasks; about 10 µs of short polls.
pub(crate) const POLLS_PER_TURN: u32 = 61;

/// Completions copied out of the queue before wakers run: 4 KiB on the stack of the turn.
pub(crate) const REAP_BATCH: usize = 256;

/// Provided buffers of a core, a power of two. With their length 512 KiB: more does not stay in a
/// common core's L2 beside everything else, less starves busy connections.
pub(crate) const RECV_BUFFERS: u16 = 128;

/// Provided buffers of a core's largest pool: 16 MiB, of which untouched pages cost nothing. Larger
/// pools are made when smaller ones run out.
pub(crate) const RECV_BUFFERS_MAX: u16 = 4096;

/// Bytes of one provided buffer: one page.
pub(crate) const RECV_BUFFER_LEN: u32 = 4096;

/// Operations in a core's graveyard before new submissions wait.
pub(crate) const GRAVEYARD_OPS: usize = 65_536;

/// Bytes that a core's graveyard keeps alive before new submissions wait.
pub(crate) const GRAVEYARD_BYTES: usize = 256 << 20;

/// How long a submission waits for room in the graveyard before it fails.
pub(crate) const HELD_SUBMISSION: Duration = Duration::from_secs(10);

/// How long shutdown waits for operations that were cancelled before it leaks them.
pub(crate) const GRACE: Duration = Duration::from_secs(5);

/// Threads for blocking calls, of all cores together.
pub(crate) const BLOCKING_THREADS: usize = 64;

/// How long an idle blocking thread stays.
pub(crate) const BLOCKING_IDLE: Duration = Duration::from_secs(10);

/// The kernel's workers of one core: bounded ones (files) and unbounded ones (everything else). Its
/// own default for the second is the process limit of the user, for each core.
pub(crate) const IO_WORKERS: [u32; 2] = [4, 8];

/// The longest time for which a core looks for work, waits for more, or polls devices: beyond it,
/// it would be busy, or deaf, for longer than anybody means it to be.
pub(crate) const BUSY_MAX: Duration = Duration::from_secs(1);

const _: () = assert!(SQ_ENTRIES.is_power_of_two() && SQ_ENTRIES <= SQ_ENTRIES_MAX);
const _: () = assert!(CQ_PER_SQ >= 2, "twice the submission queue is the kernel's own default");
const _: () = assert!(SQ_ENTRIES * CQ_PER_SQ <= CQ_ENTRIES_MAX);
const _: () = assert!(SQ_ENTRIES_FLOOR <= SQ_ENTRIES && CQ_ENTRIES_FLOOR >= 2 * SQ_ENTRIES_FLOOR);
const _: () = assert!(REAP_BATCH as u32 <= SQ_ENTRIES * CQ_PER_SQ, "a batch fits the queue");
const _: () = assert!(POLLS_PER_TURN < SQ_ENTRIES, "a turn whose polls submit once each fits");
const _: () = assert!(
    RECV_BUFFERS.is_power_of_two() && RECV_BUFFERS <= 1 << 15,
    "the kernel wants a power of two, and counts in 16 bits"
);
const _: () = assert!(GRAVEYARD_BYTES / GRAVEYARD_OPS >= 4096, "a page for each buried operation");

/// What a runtime is built with.
///
/// The builder sets these; `Config::default()` has the values that suit a server.
///
/// ```
/// let mut config = sexton_runtime::Config::default();
/// config.entries = 1024;
/// assert_eq!(config.completion_entries(), 16 * 1024);
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// Entries of each core's submission queue, rounded up to a power of two (default 256).
    pub entries: u32,
    /// Entries of each core's completion queue; none means sixteen times the submission queue.
    pub completions: Option<u32>,
    /// Tasks polled before the ring is entered (default 61), or more if the last turn woke more.
    pub polls_per_turn: u32,
    /// Completions taken before wakers run (default 256).
    pub reap_batch: usize,
    /// Provided buffers of each core, rounded up to a power of two (default 128).
    pub recv_buffers: u16,
    /// Provided buffers of a core's largest pool, made when smaller ones run out (default 4096).
    pub recv_buffers_max: u16,
    /// Bytes of one provided buffer (default 4096).
    pub recv_buffer_len: u32,
    /// How receives use up the provided buffers, as far as the kernel is seen to do it right
    /// (default [`Incremental`](Consumption::Incremental)).
    ///
    /// `Incremental` (Linux 6.12) makes sixteen buffers one, as long as eight are left, and each
    /// receive takes the next bytes of it: a long message comes in one piece, short ones lie side
    /// by side, and a reader that keeps a few bytes keeps all of that buffer from the kernel.
    /// `Bundle` (6.10), also where the first is not to be had, lets one completion tell of several
    /// buffers. `Whole` is what every kernel does: a buffer for each receive.
    pub recv_consumption: Consumption,
    /// Buried operations of a core beyond which submissions wait (default 65,536).
    pub graveyard_ops: usize,
    /// Buried bytes of a core beyond which submissions wait (default 256 MiB).
    pub graveyard_bytes: usize,
    /// How long such a submission waits before it fails (default 10 s).
    pub held_submission: Duration,
    /// How long shutdown waits for the kernel before it leaks (default 5 s).
    pub grace: Duration,
    /// Threads for blocking calls (default 64).
    pub blocking_threads: usize,
    /// How long an idle blocking thread stays (default 10 s).
    pub blocking_idle: Duration,
    /// The kernel's workers of each core, bounded and unbounded (default 4 and 8).
    pub io_workers: [u32; 2],
    /// Polls that take longer are counted (default zero: none is measured, which saves two readings
    /// of the clock a poll).
    pub long_poll: Duration,
    /// How long a core that has nothing to do looks for work before it sleeps, a second at most
    /// (default zero: it sleeps at once). See [`Builder::spin`](crate::Builder::spin).
    pub spin: Duration,
    /// How long a busy core that sleeps waits for more than one answer, a second at most (default
    /// zero: for none). See [`Builder::min_wait`](crate::Builder::min_wait).
    pub min_wait: Duration,
    /// How long a core that sleeps polls network devices, a second at most (default zero: not at
    /// all). See [`Builder::napi`](crate::Builder::napi).
    pub napi: Duration,
    /// Which body of `sys` runs.
    pub(crate) body: Body,
}

impl Config {
    /// Entries of the completion queue that will be asked for.
    #[must_use]
    pub fn completion_entries(&self) -> u32 {
        let entries = self.entries.clamp(1, SQ_ENTRIES_MAX);
        self.completions.unwrap_or(entries * CQ_PER_SQ).clamp(entries, CQ_ENTRIES_MAX)
    }

    /// Refuses what can't be meant.
    pub(crate) fn check(&self) -> io::Result<()> {
        let times = [("spin", self.spin), ("min_wait", self.min_wait), ("napi", self.napi)];
        match times.into_iter().find(|(_, time)| *time > BUSY_MAX) {
            None => Ok(()),
            Some((name, time)) => Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("`{name}` is {time:?}, and may be {BUSY_MAX:?} at most"),
            )),
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            entries: SQ_ENTRIES,
            completions: None,
            polls_per_turn: POLLS_PER_TURN,
            reap_batch: REAP_BATCH,
            recv_buffers: RECV_BUFFERS,
            recv_buffers_max: RECV_BUFFERS_MAX,
            recv_buffer_len: RECV_BUFFER_LEN,
            recv_consumption: Consumption::Incremental,
            graveyard_ops: GRAVEYARD_OPS,
            graveyard_bytes: GRAVEYARD_BYTES,
            held_submission: HELD_SUBMISSION,
            grace: GRACE,
            blocking_threads: BLOCKING_THREADS,
            blocking_idle: BLOCKING_IDLE,
            io_workers: IO_WORKERS,
            long_poll: Duration::ZERO,
            spin: Duration::ZERO,
            min_wait: Duration::ZERO,
            napi: Duration::ZERO,
            body: Body::Kernel,
        }
    }
}
