//! The model of one direction without gaps: what was committed to it, in order, and how much of
//! that is certain to arrive.

use super::log::content;
use super::reads::is_harmless;
use super::risk::Risk;
use super::rules::Rules;
use super::streams::IDLE;
use std::io::Error;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What the writer tells, and what the reader is judged by.
#[derive(Clone, Debug)]
pub(crate) struct Tape {
    rules: Rules,
    direction: Arc<Mutex<Direction>>,
    /// What befell the connection, which has another direction.
    fate: Arc<Mutex<Fate>>,
}

#[derive(Debug, Default)]
struct Direction {
    salt: u64,
    writes: usize,
    bytes: Vec<u8>,
    certain: usize,
    over: bool,
}

#[derive(Debug, Default)]
struct Fate {
    /// Something may have broken it.
    broken: bool,
    /// A future was forgotten: what it holds is held for ever.
    forgotten: bool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Tape {
    /// The two directions of a connection.
    pub(crate) fn pair(rules: Rules, salts: [u64; 2]) -> [Self; 2] {
        let fate = Arc::new(Mutex::new(Fate::default()));
        salts.map(|salt| {
            let direction = Direction { salt, ..Direction::default() };
            Self { rules, direction: Arc::new(Mutex::new(direction)), fate: Arc::clone(&fate) }
        })
    }

    /// Bytes that are to be committed next.
    pub(crate) fn next(&self, len: usize) -> Vec<u8> {
        let mut direction = lock(&self.direction);
        direction.writes += 1;
        content(direction.salt, direction.writes, len)
    }

    /// These are committed, behind all others. Tell it before they can be sent.
    pub(crate) fn commit(&self, bytes: &[u8]) {
        lock(&self.direction).bytes.extend_from_slice(bytes);
    }

    /// All that is committed will arrive.
    pub(crate) fn flushed(&self) {
        let mut direction = lock(&self.direction);
        direction.certain = direction.bytes.len();
    }

    /// The last bytes that were committed: these should not have been sent.
    pub(crate) fn ends_with(&self, unsent: &[u8]) -> bool {
        let direction = lock(&self.direction);
        let is_certain = direction.certain + unsent.len() > direction.bytes.len();
        direction.bytes.ends_with(unsent) && (unsent.is_empty() || !is_certain)
    }

    /// The writer is about to end the stream.
    pub(crate) fn is_over(&self) {
        lock(&self.direction).over = true;
    }

    pub(crate) fn breaks(&self) {
        lock(&self.fate).broken = true;
    }

    pub(crate) fn forgets(&self, risk: &Risk) {
        lock(&self.fate).forgotten |= risk.has_forgotten();
    }

    /// Whether an error is one that passes; another is a fault's, or the connection is broken.
    pub(crate) fn passes(&self, error: &Error) -> bool {
        if is_harmless(error) {
            return true;
        }
        let broken = lock(&self.fate).broken;
        assert!(broken || self.rules.errors, "a stream that nobody broke has failed: {error}");
        self.breaks();
        false
    }

    /// Nothing happens any more.
    pub(crate) fn stuck(&self, what: &str) {
        let mut fate = lock(&self.fate);
        let known = fate.broken || fate.forgotten || self.rules.abandoned;
        assert!(known, "nothing to {what} for {IDLE:?}");
        fate.broken = true;
    }
}

/// How far a reader is.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) tape: Tape,
    at: usize,
    /// How often the end was told: it is a level.
    pub(crate) ends: usize,
}

impl Seen {
    pub(crate) fn new(tape: Tape) -> Self {
        Self { tape, at: 0, ends: 0 }
    }

    /// These were shown, and stay.
    pub(crate) fn shows(&self, bytes: &[u8]) {
        let (direction, end) = (lock(&self.tape.direction), self.at + bytes.len());
        assert!(bytes.is_empty() || self.ends == 0, "bytes after the end");
        let expected = direction.bytes.get(self.at..end);
        assert!(expected == Some(bytes), "what is at {} is not these {}", self.at, bytes.len());
    }

    /// These were read.
    pub(crate) fn got(&mut self, bytes: &[u8]) {
        self.shows(bytes);
        self.at += bytes.len();
    }

    /// These were read, or it is the end.
    pub(crate) fn got_or_end(&mut self, bytes: &[u8]) {
        self.got(bytes);
        if bytes.is_empty() {
            self.end();
        }
    }

    /// So many bytes were read by somebody who did not show them.
    pub(crate) fn skip(&mut self, count: usize) -> Vec<u8> {
        let bytes = {
            let direction = lock(&self.tape.direction);
            direction.bytes.get(self.at..self.at + count).map(<[u8]>::to_vec)
        };
        assert!(bytes.is_some(), "{count} bytes at {}, which nobody has sent", self.at);
        self.at += count;
        bytes.unwrap_or_default()
    }

    /// This part was read and shown without what ends it: the byte, a carriage return before it if
    /// that ends lines, or the end of the stream.
    pub(crate) fn part(&mut self, part: &[u8], byte: u8) {
        assert!(!part.contains(&byte), "a part ends at its end");
        self.got(part);
        let direction = lock(&self.tape.direction);
        let left = &direction.bytes[self.at..];
        let ends = if left.first() == Some(&byte) {
            1
        } else if byte == b'\n' && left.starts_with(b"\r\n") {
            2
        } else {
            let known = self.tape.rules.resets || lock(&self.tape.fate).broken;
            assert!(direction.over || known, "a part that has not ended");
            0
        };
        drop(direction);
        self.at += ends;
    }

    /// The end was told.
    pub(crate) fn end(&mut self) {
        self.ends += 1;
        let direction = lock(&self.tape.direction);
        let known = self.tape.rules.resets || lock(&self.tape.fate).broken;
        let whole = direction.over && self.at >= direction.certain;
        let (at, certain) = (self.at, direction.certain);
        assert!(known || whole, "an end at {at} of {certain} (over: {})", direction.over);
    }
}
