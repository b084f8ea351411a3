//! Which kernel is simulated: what it grants and refuses.

use crate::caps::{Caps, Opcodes, Tried, feature, setup};
use crate::config::SQ_ENTRIES_MAX;
use crate::sys::ladder::{self, Ask};
use crate::sys::{Release, RingConfig};

use super::operation::opcode;

/// A kernel's version, as far as it matters to a ring.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Kernel {
    /// Linux 6.1: no `NO_SQARRAY`; a wait on overflowed completions is refused with `EBUSY`;
    /// descriptors are looked up when an operation is submitted.
    V6_1,
    /// Linux 6.6: `NO_SQARRAY`.
    V6_6,
    /// Linux 6.12: bundles, incremental buffers and minimal waits; an error may name a buffer.
    V6_12,
    /// Linux 6.18: the descriptor of what only a worker does is looked up when that begins.
    #[default]
    V6_18,
}

impl Kernel {
    /// All of them, the oldest first.
    pub const ALL: &[Self] = &[Self::V6_1, Self::V6_6, Self::V6_12, Self::V6_18];

    /// `6.1`, `6.6`, `6.12`, `6.18`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::V6_1 => "6.1",
            Self::V6_6 => "6.6",
            Self::V6_12 => "6.12",
            Self::V6_18 => "6.18",
        }
    }

    /// The kernel of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kernel| kernel.name() == name)
    }

    pub(super) fn release(self) -> Release {
        let version = match self {
            Self::V6_1 => (6, 1, 0),
            Self::V6_6 => (6, 6, 0),
            Self::V6_12 => (6, 12, 0),
            Self::V6_18 => (6, 18, 0),
        };
        Release { name: format!("{}.0-simulated", self.name()), version }
    }

    /// Whether a wait is refused while completions overflow (`EBUSY`).
    pub(super) fn refuses_overflowed_waits(self) -> bool {
        self == Self::V6_1
    }

    /// Whether provided buffers may be used up piece by piece.
    pub(super) fn is_incremental(self) -> bool {
        matches!(self, Self::V6_12 | Self::V6_18)
    }

    /// Whether one completion may tell of several provided buffers, also of such as are used up
    /// piece by piece.
    pub(super) fn bundles(self, incremental: bool) -> bool {
        match self {
            Self::V6_1 | Self::V6_6 => false,
            Self::V6_12 => !incremental,
            Self::V6_18 => true,
        }
    }

    /// Whether a wait may be for several completions, or for fewer after a least time; before, the
    /// field had to be zero (`EINVAL`).
    pub(super) fn waits_for_several(self) -> bool {
        self >= Self::V6_12
    }

    /// Whether waits poll network devices: since Linux 6.9. There are none here to be polled.
    pub(super) fn has_napi(self) -> bool {
        self >= Self::V6_12
    }

    /// Whether an accept says that more connections wait, and may wait for one before it tries:
    /// since Linux 6.10.
    pub(super) fn tells_of_more(self) -> bool {
        self >= Self::V6_12
    }

    /// The set-up flags that it does not know: with any of them a ring is refused (`EINVAL`).
    pub(super) fn unknown_flags(self) -> u32 {
        if self == Self::V6_1 { setup::NO_SQARRAY } else { 0 }
    }

    /// Whether the descriptor of what only a worker does is looked up when it begins, not when it
    /// is submitted.
    pub(super) fn looks_up_late(self, operation: u8) -> bool {
        self == Self::V6_18 && operation == opcode::FSYNC
    }

    /// Whether what waits in a chain has its descriptor looked up when it begins.
    pub(super) fn chains_look_up_late(self) -> bool {
        self == Self::V6_18
    }

    /// What a ring of this kernel is granted that was asked for so, in the end.
    pub(super) fn caps(self, ask: &Ask, config: &RingConfig) -> Caps {
        let mut opcodes = Opcodes::default();
        opcode::ALL.into_iter().for_each(|opcode| opcodes.add(opcode));
        let mut features = feature::REQUIRED;
        if self.bundles(false) {
            features |= feature::RECVSEND_BUNDLE;
        }
        if self.waits_for_several() {
            features |= feature::MIN_TIMEOUT;
        }
        if self == Self::V6_18 {
            features |= feature::NO_IOWAIT;
        }
        Caps {
            release: self.release(),
            flags_granted: ask.flags,
            flags_refused: ladder::refused(ask.flags),
            feature_bits: features,
            opcodes,
            sq_entries: ask.sq_entries,
            cq_entries: ask.cq_entries,
            sq_entries_asked: config.sq_entries.min(SQ_ENTRIES_MAX),
            ring_fd_registered: false,
            tried: Tried {
                // As the kernel's body: pieces are told apart by their order only.
                incremental: self.is_incremental() && ask.flags & setup::DEFER_TASKRUN != 0,
                bundles: self.bundles(false),
            },
            io_workers_limited: false,
        }
    }
}
