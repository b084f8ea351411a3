//! Choices that the fuzzer's bytes make, in the place of the example's dice.
//!
//! A choice looks at one byte, which one depends on the state of the dice alone: so two dice of the
//! same seed still make the same choices, on whatever thread, and a byte that changes turns a few
//! choices and leaves the others. Zeros are the dice of the example.

use super::draw::mixed;
use std::cell::Cell;
use std::sync::{PoisonError, RwLock};

static TAPE: RwLock<Vec<u8>> = RwLock::new(Vec::new());

/// The bytes of this run.
pub(crate) fn load(bytes: &[u8]) {
    let mut tape = TAPE.write().unwrap_or_else(PoisonError::into_inner);
    tape.clear();
    tape.extend_from_slice(bytes);
}

/// The byte for a choice.
fn byte(at: u64) -> u64 {
    let tape = TAPE.read().unwrap_or_else(PoisonError::into_inner);
    match tape.len() as u64 {
        0 => 0,
        len => tape[(at % len) as usize].into(),
    }
}

/// A source of choices; two of the same seed make the same ones.
#[derive(Debug)]
pub(crate) struct Dice(Cell<u64>);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Cell::new(seed ^ 0x5e87_0017_ca11_ab1e))
    }

    pub(crate) fn next(&self) -> u64 {
        self.0.set(self.0.get().wrapping_add(0x9e37_79b9_7f4a_7c15));
        let number = mixed(self.0.get());
        match byte(number) {
            0 => number,
            byte => mixed(number ^ byte),
        }
    }
}
