//! What happened: every step goes into a hash, and the last ones are kept to be read.
//!
//! Only what the seed decides is recorded: no address, no descriptor's number, no real time.

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
    /// Each step lies at its number, modulo the length.
    tail: Vec<Step>,
}

impl Trace {
    pub(super) fn record(&mut self, step: Step) {
        self.mix(step.at);
        self.mix(step.thread as u64);
        self.mix(word(step.what));
        self.mix(step.whom);
        self.mix(step.result.cast_unsigned());
        if self.tail.len() == TAIL {
            self.tail[self.count as usize % TAIL] = step;
        } else {
            self.tail.push(step);
        }
        self.count += 1;
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
        let (newer, older) =
            self.tail.split_at(self.count as usize % TAIL % self.tail.len().max(1));
        older.iter().chain(newer).map(|step| format!("{step}\n")).collect()
    }
}

/// What stands for a name: how long it is, and how it begins.
fn word(name: &str) -> u64 {
    let mut bytes = [0; 8];
    let len = name.len().min(8);
    bytes[..len].copy_from_slice(&name.as_bytes()[..len]);
    u64::from_le_bytes(bytes) ^ (name.len() as u64) << 56
}

#[cfg(test)]
mod tests {
    use super::{Step, TAIL, Trace};

    #[test]
    #[cfg_attr(miri, ignore = "writes thousands of lines")]
    fn the_last_steps_are_kept_in_order_and_all_are_in_the_hash() {
        let (mut trace, mut other) = (Trace::default(), Trace::default());
        for count in 0..3 * TAIL as u64 {
            let whoms = trace.tail();
            let kept: Vec<&str> = whoms.lines().collect();
            assert_eq!(kept.len() as u64, count.min(TAIL as u64));
            for (line, at) in kept.iter().zip(count - kept.len() as u64..) {
                assert!(line.contains(&format!("receive            {at:<6}")), "{line}");
            }
            let step = Step { at: 7, thread: 0, what: "receive", whom: count, result: -1 };
            trace.record(step);
            other.record(Step { what: if count == 5 { "read" } else { "receive" }, ..step });
            assert_eq!(trace.hash() == other.hash(), count < 5);
        }
        assert_eq!(trace.count(), 3 * TAIL as u64);
    }
}
