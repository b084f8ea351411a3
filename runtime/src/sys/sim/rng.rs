//! Numbers that a seed decides (SplitMix64: small, fast, and good enough for choices).

/// A source of numbers; two of the same seed give the same ones.
#[derive(Clone, Debug)]
pub(super) struct Rng(u64);

impl Rng {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`; 0 if that is 0.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(bound)) >> 64) as u64
    }

    /// True so often, of one; certain answers take no number.
    pub(super) fn chance(&mut self, rate: f64) -> bool {
        if rate <= 0.0 {
            return false;
        }
        // 53 bits: what a double holds.
        (self.next() >> 11) as f64 * (1.0 / (1_u64 << 53) as f64) < rate
    }

    /// Something from 1 to `most`, often little: any power of two is as likely as the next.
    pub(super) fn little(&mut self, most: usize) -> usize {
        let bits = u64::from(usize::BITS - most.leading_zeros());
        let bound = 1_u64 << self.below(bits.max(1));
        let drawn = 1 + self.below(bound.min(most as u64).max(1)) as usize;
        drawn.min(most.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::Rng;

    #[test]
    #[cfg_attr(miri, ignore = "draws thousands of numbers")]
    fn numbers_are_of_the_seed_and_within_their_bounds() {
        let (mut one, mut same, mut other) = (Rng::new(7), Rng::new(7), Rng::new(8));
        let first: Vec<_> = (0..100).map(|_| one.next()).collect();
        assert!((0..100).map(|_| same.next()).eq(first.iter().copied()));
        assert!(!(0..100).map(|_| other.next()).eq(first));
        let mut seen = [0; 10];
        (0..10_000).for_each(|_| seen[one.below(10) as usize] += 1);
        assert!(seen.iter().all(|count| (850..1150).contains(count)), "{seen:?}");
        let hits = (0..10_000).filter(|_| one.chance(0.2)).count();
        assert!((1_800..2_200).contains(&hits), "{hits}");
        assert!(!one.chance(0.0) && one.chance(1.0));
        assert!((0..1000).all(|_| (1..=17).contains(&one.little(17))));
        assert_eq!((one.below(0), one.little(0)), (0, 1));
    }
}
