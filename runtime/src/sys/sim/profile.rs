//! Which kernel is simulated: what it grants and refuses.

use crate::caps::{Caps, Opcodes, Tried, feature, setup};
use crate::config::{CQ_ENTRIES_MAX, SQ_ENTRIES_MAX};
use crate::sys::{Release, RingConfig};

use super::operation::opcode;

/// A kernel's version, as far as it matters to a ring.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kernel {
    /// Linux 6.1: no `NO_SQARRAY`; a wait on overflowed completions is refused with `EBUSY`;
    /// descriptors are looked up when an operation is submitted.
    V6_1,
    /// Linux 6.6: `NO_SQARRAY`.
    V6_6,
    /// Linux 6.12: bundles, incremental buffers and minimal waits; an error may name a buffer.
    V6_12,
    /// Linux 6.18: descriptors are looked up late.
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

    fn release(self) -> Release {
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

    /// What a ring of this kernel is granted.
    pub(super) fn caps(self, config: &RingConfig) -> Caps {
        let sq_entries = config.sq_entries.clamp(1, SQ_ENTRIES_MAX).next_power_of_two();
        let cq_entries = config.cq_entries.clamp(sq_entries, CQ_ENTRIES_MAX).next_power_of_two();
        let mut opcodes = Opcodes::default();
        opcode::ALL.into_iter().for_each(|opcode| opcodes.add(opcode));
        let base = setup::SINGLE_ISSUER | setup::DEFER_TASKRUN | setup::TASKRUN_FLAG;
        let base = base | setup::SUBMIT_ALL | setup::CQSIZE | setup::CLAMP;
        let array = setup::NO_SQARRAY;
        let (granted, refused) = if self == Self::V6_1 { (base, array) } else { (base | array, 0) };
        let mut features = feature::REQUIRED;
        if self.bundles(false) {
            features |= feature::RECVSEND_BUNDLE | feature::MIN_TIMEOUT;
        }
        if self == Self::V6_18 {
            features |= feature::NO_IOWAIT;
        }
        Caps {
            release: self.release(),
            flags_granted: granted,
            flags_refused: refused,
            feature_bits: features,
            opcodes,
            sq_entries,
            cq_entries,
            sq_entries_asked: sq_entries,
            ring_fd_registered: false,
            tried: Tried { incremental: self.is_incremental(), bundles: self.bundles(false) },
            io_workers_limited: false,
        }
    }
}
