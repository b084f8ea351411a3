//! Choices that a seed makes: SplitMix64, so that a program is the same on every machine.

use super::draw::mixed;
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
}
