//! The operations whose future is gone: counted and bounded.
//!
//! Those that have their result, and wait only for the notification that the kernel has let go of
//! their buffer, are counted apart: they are no sign of anything stuck, and hold back only more of
//! their kind.

use crate::registry::Facts;

/// How much may be buried before new operations have to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GraveyardLimit {
    /// Operations.
    pub operations: usize,
    /// Bytes of their buffers.
    pub bytes: u64,
}

impl Default for GraveyardLimit {
    fn default() -> Self {
        Self { operations: usize::MAX, bytes: u64::MAX }
    }
}

/// What is buried, as numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GraveyardStats {
    /// Operations whose last answer has not come.
    pub operations: usize,
    /// Bytes of their buffers.
    pub bytes: u64,
    /// Age of the oldest, in milliseconds.
    pub oldest_ms: u32,
    /// Operations ever buried.
    pub total: u64,
    /// Others that wait only for their notification,
    pub notifying: usize,
    /// and the bytes of their buffers.
    pub notifying_bytes: u64,
}

/// The running counts.
#[derive(Debug, Default)]
pub struct Graveyard {
    operations: usize,
    bytes: u64,
    total: u64,
    notifying: usize,
    notifying_bytes: u64,
    limit: GraveyardLimit,
}

impl Graveyard {
    /// Sets what may be buried before new operations have to wait.
    pub fn set_limit(&mut self, limit: GraveyardLimit) {
        self.limit = limit;
    }

    /// Whether nothing is buried.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.operations == 0
    }

    /// Whether new operations have to wait.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.operations >= self.limit.operations || self.bytes >= self.limit.bytes
    }

    /// Whether new operations that end with a notification have to wait.
    #[must_use]
    pub fn is_full_of_notifying(&self) -> bool {
        self.notifying >= self.limit.operations || self.notifying_bytes >= self.limit.bytes
    }

    pub(crate) fn bury(&mut self, facts: &Facts) {
        self.operations += 1;
        self.total += 1;
        self.bytes += u64::from(facts.len);
    }

    pub(crate) fn exhume(&mut self, facts: &Facts) {
        self.operations -= 1;
        self.bytes -= u64::from(facts.len);
    }

    pub(crate) fn await_notification(&mut self, facts: &Facts) {
        self.notifying += 1;
        self.notifying_bytes += u64::from(facts.len);
    }

    pub(crate) fn notified(&mut self, facts: &Facts) {
        self.notifying -= 1;
        self.notifying_bytes -= u64::from(facts.len);
    }

    pub(crate) fn stats(&self, oldest_since_ms: Option<u32>, now_ms: u32) -> GraveyardStats {
        GraveyardStats {
            operations: self.operations,
            bytes: self.bytes,
            oldest_ms: oldest_since_ms.map_or(0, |since| now_ms.wrapping_sub(since)),
            total: self.total,
            notifying: self.notifying,
            notifying_bytes: self.notifying_bytes,
        }
    }
}
