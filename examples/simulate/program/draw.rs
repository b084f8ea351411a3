//! What is made of a source of choices, whoever makes them: the seed, or a fuzzer's bytes too.

use super::dice::Dice;

impl Dice {
    /// Others for a part of the program: what one part draws does not change the others.
    pub(crate) fn fork(&self) -> Self {
        Self::new(self.next())
    }

    /// A number below `bound`, which is not 0.
    pub(crate) fn below(&self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    /// True so often, of a hundred.
    pub(crate) fn percent(&self, rate: usize) -> bool {
        self.below(100) < rate
    }

    /// Something from 1 to `most`, often little: any power of two is as likely as the next.
    pub(crate) fn size(&self, most: usize) -> usize {
        let bits = (usize::BITS - most.leading_zeros()) as usize;
        1 + self.below(1 << self.below(bits)).min(most - 1)
    }
}

/// A number that looks like any other.
pub(crate) fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}
