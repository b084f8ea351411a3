//! The words in which the driver speaks to a ring, whichever body it has.

use std::time::Duration;

use crate::config::Config;

/// The tag of completions that nobody waits for. The driver gives it to no operation.
pub(crate) const IGNORE: u64 = u64::MAX;

/// Places for registered stretches of memory in a ring's table: a pool takes one, whatever its
/// size, so a core has few, and a place costs 16 bytes.
pub(crate) const FIXED_PLACES: u16 = 64;

/// Which body a ring has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Body {
    /// io_uring.
    #[default]
    Kernel,
    /// The simulated one of the thread.
    #[cfg(feature = "sim")]
    Simulated,
}

/// What a ring is started with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RingConfig {
    /// Which body.
    pub(crate) body: Body,
    /// Entries of the submission queue.
    pub(crate) sq_entries: u32,
    /// Entries of the completion queue.
    pub(crate) cq_entries: u32,
    /// The kernel's workers, bounded and unbounded.
    pub(crate) io_workers: [u32; 2],
    /// How long a wait polls network devices, in microseconds; zero: not at all.
    pub(crate) napi_us: u32,
}

impl From<&Config> for RingConfig {
    fn from(config: &Config) -> Self {
        Self {
            body: config.body,
            sq_entries: config.entries,
            cq_entries: config.completion_entries(),
            io_workers: config.io_workers,
            napi_us: micros(config.napi),
        }
    }
}

/// Microseconds, rounded up: something is not nothing.
pub(crate) fn micros(time: Duration) -> u32 {
    u32::try_from(time.as_nanos().div_ceil(1000)).unwrap_or(u32::MAX)
}

/// Where a submission lies in the order of all submissions of its ring.
///
/// The kernel counts in 32 bits, and an idle connection's receive outlives four billion other
/// submissions: hence 64 here, so that a position never comes back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position(pub(crate) u64);

/// How `enter` waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait<'a> {
    /// Submits, and lets the kernel post what has completed.
    No,
    /// Submits and nothing else: no completion is posted.
    Flush,
    /// Submits, and waits for one completion: at most so long, or without end.
    Until(Option<Duration>),
    /// As `Until`, but for several (Linux 6.12). A reference: what is waited for goes in registers.
    Batch(&'a Several),
}

const _: () = assert!(size_of::<Wait<'_>>() == 16, "two registers");

/// Several completions that are waited for, unless they don't come in the least time. Others wake
/// the owner only after that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Several {
    /// How many.
    pub(crate) count: u32,
    /// Then one is enough.
    pub(crate) least: Duration,
    /// The end, with none.
    pub(crate) longest: Option<Duration>,
}

/// What `enter` came back with. It says nothing of completions: look into the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Entered {
    /// Submitted, or waited, or both, or interrupted.
    Fine,
    /// The kernel can't take more before completions are reaped.
    ReapFirst,
    /// The kernel dropped a completion for good: some operation will never be heard of again.
    Poisoned,
}
