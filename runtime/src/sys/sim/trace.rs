//! What happened: every step goes into a hash, and the last ones are kept to be read.
//!
//! Only what the seed decides is recorded: no address, no descriptor's number, no real time.

use std::collections::VecDeque;
use std::fmt;

/// Steps that are kept.
const TAIL: usize = 64;

/// One step.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    /// Nanoseconds since the world began.
    pub(super) at: u64,
    /// The simulated thread.
    pub(super) thread: usize,
    /// What it did.
    pub(super) what: &'static str,
    /// To what: an object, an operation, a thread.
    pub(super) whom: u64,
    /// With which result.
    pub(super) result: i64,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (micros, nanos) = (self.at / 1000, self.at % 1000);
        let Self { thread, what, whom, result, .. } = self;
        write!(f, "{micros:>9}.{nanos:03} us  thread {thread}  {what:<18} {whom:<6} -> {result}")
    }
}

/// The hash of all steps, and the last ones.
#[derive(Debug, Default)]
pub(super) struct Trace {
    hash: u64,
    count: u64,
    tail: VecDeque<Step>,
}

impl Trace {
    pub(super) fn record(&mut self, step: Step) {
        self.mix(step.at);
        self.mix(step.thread as u64);
        step.what.bytes().for_each(|byte| self.mix(u64::from(byte)));
        self.mix(step.whom);
        self.mix(step.result.cast_unsigned());
        self.count += 1;
        if self.tail.len() == TAIL {
            self.tail.pop_front();
        }
        self.tail.push_back(step);
    }

    fn mix(&mut self, word: u64) {
        self.hash = (self.hash.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    }

    pub(super) fn hash(&self) -> u64 {
        self.hash
    }

    /// How many steps there were.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// The last steps, one a line.
    pub(super) fn tail(&self) -> String {
        self.tail.iter().map(|step| format!("{step}\n")).collect()
    }
}
