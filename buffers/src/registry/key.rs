//! The name of an operation in flight: its slot, and which of the slot's tenants it is.

/// Names one operation from its submission to its end, and never another one.
///
/// A slot is used again and again; its generation grows each time, so that a late answer, or a late
/// cancel, finds nothing instead of a stranger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    index: u32,
    generation: u32,
}

impl Key {
    /// Slots have at most this index; the two bits above are free for the driver's own tags.
    pub const MAX_INDEX: u32 = (1 << 30) - 1;

    pub(super) const fn new(index: u32, generation: u32) -> Self {
        Self { index, generation }
    }

    /// The slot.
    #[must_use]
    pub const fn index(self) -> usize {
        self.index as usize
    }

    pub(super) const fn generation(self) -> u32 {
        self.generation
    }

    /// As `user_data` of a submission: the generation above, the index below.
    #[must_use]
    pub const fn to_u64(self) -> u64 {
        ((self.generation as u64) << 32) | self.index as u64
    }

    /// Back from `user_data`; tags in the two upper bits of the index are dropped.
    #[must_use]
    pub const fn from_u64(user_data: u64) -> Self {
        Self { index: user_data as u32 & Self::MAX_INDEX, generation: (user_data >> 32) as u32 }
    }
}

#[cfg(test)]
mod tests {
    use super::Key;

    #[test]
    fn a_key_survives_the_trip_through_the_kernel() {
        for (index, generation) in [(0, 0), (1, 2), (Key::MAX_INDEX, u32::MAX)] {
            let key = Key::new(index, generation);
            assert_eq!(Key::from_u64(key.to_u64()), key);
            assert_eq!(Key::from_u64(key.to_u64() | 1 << 31), key, "a tag does not change the key");
        }
    }
}
