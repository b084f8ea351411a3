//! Choices that a seed makes: SplitMix64, so that a program is the same on every machine.

use std::cell::Cell;

/// A source of choices; two of the same seed make the same ones.
#[derive(Debug)]
pub(crate) struct Dice(Cell<u64>);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Cell::new(seed ^ 0x5e87_0017_ca11_ab1e))
    }

    pub(crate) fn next(&self) -> u64 {
        self.0.set(self.0.get().wrapping_add(0x9e37_79b9_7f4a_7c15));
        mixed(self.0.get())
    }

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
