//! The model of a stream: what was written, what of it may have been taken, and whether what was
//! received is that.

use super::draw::mixed;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What the two ends of a stream know: the writer tells it, the reader is judged by it.
#[derive(Clone, Debug)]
pub(crate) struct Log(Arc<Mutex<State>>);

#[derive(Debug)]
pub(crate) struct State {
    salt: u64,
    writes: Vec<Write>,
    /// From these writes on the writer knows that what was committed before may be lost.
    told: BTreeSet<usize>,
    /// The writer has ended the stream, or left it.
    pub(crate) ended: bool,
    /// A future was forgotten on one side: its descriptor stays.
    pub(crate) forgotten: bool,
    /// Something may have broken the stream.
    pub(crate) broken: bool,
}

/// A write: of its bytes the stream has a prefix, of a length within these bounds.
#[derive(Clone, Copy, Debug)]
struct Write {
    least: usize,
    most: usize,
    /// Committed: a flush sends it.
    waits: bool,
    /// Was committed once. If some of it is lost, nothing is sent until the writer was told.
    committed: bool,
}

impl Log {
    pub(crate) fn new(salt: u64) -> Self {
        Self(Arc::new(Mutex::new(State {
            salt,
            writes: Vec::new(),
            told: BTreeSet::new(),
            ended: false,
            forgotten: false,
            broken: false,
        })))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A write begins: its number and its bytes. From now on a prefix may be sent.
    pub(crate) fn begin(&self, len: usize) -> (usize, Vec<u8>) {
        let mut state = self.lock();
        let number = state.writes.len();
        state.writes.push(Write { least: 0, most: len, waits: false, committed: false });
        (number, content(state.salt, number, len))
    }

    /// The number of the next write.
    pub(crate) fn next(&self) -> usize {
        self.lock().writes.len()
    }

    /// Of this write so many bytes were taken.
    pub(crate) fn took(&self, number: usize, count: usize) {
        let mut state = self.lock();
        let write = &mut state.writes[number];
        assert!(count <= write.most, "a write of {} bytes took {count}", write.most);
        (write.least, write.most) = (count, count);
    }

    /// Of this write at least so many bytes were taken.
    pub(crate) fn took_at_least(&self, number: usize, count: usize) {
        let mut state = self.lock();
        let write = &mut state.writes[number];
        assert!(count <= write.most, "a write of {} bytes took {count}", write.most);
        write.least = count;
    }

    /// These are committed: the next flush that succeeds has sent them.
    pub(crate) fn committed(&self, number: usize) {
        let write = &mut self.lock().writes[number];
        (write.waits, write.committed) = (true, true);
    }

    /// An error: what is committed and not flushed may be lost, and the writer knows.
    pub(crate) fn failed(&self) {
        self.failed_at(self.next());
    }

    /// As `failed`, told to this write or to one behind it, while others wait.
    pub(crate) fn failed_at(&self, number: usize) {
        let mut state = self.lock();
        state.writes.iter_mut().for_each(|write| write.waits = false);
        state.told.insert(number);
    }

    /// What is committed is sent.
    pub(crate) fn flushed(&self) {
        for write in &mut self.lock().writes {
            if std::mem::take(&mut write.waits) {
                write.least = write.most;
            }
        }
    }

    /// Judges what was received: all of what was written if the stream came to its end.
    pub(crate) fn check(&self, received: &[u8], whole: bool) {
        let state = self.lock();
        if let Err(at) = state.matches(received, whole) {
            panic!(
                "{} bytes were received (to the end: {whole}), which are not what was written \
                 from byte {at} on: {:?}",
                received.len(),
                state.writes
            );
        }
    }
}

impl State {
    /// Whether the received bytes are prefixes of the writes, in order; or how far they are.
    fn matches(&self, received: &[u8], whole: bool) -> Result<(), usize> {
        // How many bytes are explained, and whether committed ones before them are lost.
        let mut positions = BTreeSet::from([(0, false)]);
        let mut farthest = 0;
        for (number, write) in self.writes.iter().enumerate() {
            let bytes = content(self.salt, number, write.most);
            let mut next = BTreeSet::new();
            for (at, lost) in positions {
                let silent = lost && !self.told.contains(&number);
                let rest = received[at..].iter();
                let same = rest.zip(&bytes).take_while(|(one, other)| one == other).count();
                let same = if silent { 0 } else { same };
                farthest = farthest.max(at + same);
                if at + same == received.len() && !whole {
                    return Ok(());
                }
                next.extend(
                    (write.least..=same)
                        .map(|count| (at + count, silent || write.committed && count < write.most)),
                );
            }
            positions = next;
        }
        let ends = positions.iter().any(|(at, _)| *at == received.len());
        if ends { Ok(()) } else { Err(farthest) }
    }
}

/// The bytes of a write: text, with a line now and then, and each byte says where it is.
pub(crate) fn content(salt: u64, number: usize, len: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(len + 8);
    let base = mixed(salt ^ mixed(number as u64 + 1));
    for block in 0..len.div_ceil(8) as u64 {
        let word = mixed(base.wrapping_add(block)) & 0x7f7f_7f7f_7f7f_7f7f;
        bytes.extend_from_slice(&word.to_le_bytes());
    }
    bytes.truncate(len);
    bytes
}

#[cfg(test)]
mod tests {
    use super::Log;

    #[test]
    fn what_was_received_is_judged() {
        let log = Log::new(1);
        let (first, one) = log.begin(100);
        let (_, two) = log.begin(50);
        let (third, three) = log.begin(10);
        log.took(first, 60);
        log.took(third, 10);
        let state = log.lock();
        let sent = |middle: usize| [&one[..60], &two[..middle], &three[..]].concat();
        assert!((0..=50).all(|middle| state.matches(&sent(middle), true).is_ok()));
        assert!((0..60).all(|end| state.matches(&one[..end], false).is_ok()));
        assert_eq!(state.matches(&one[..60], true), Err(60));
        assert_eq!(state.matches(&one[..61], false), Err(60));
        let mut wrong = sent(7);
        wrong.remove(30);
        assert!(state.matches(&wrong, false).is_err());
        assert!(state.matches(&[sent(3), three.clone()].concat(), true).is_err());
    }

    #[test]
    fn nothing_follows_lost_bytes_before_the_writer_knows() {
        let log = Log::new(1);
        let (first, one) = log.begin(100);
        log.committed(first);
        let (second, two) = log.begin(50);
        log.took(second, 50);
        let sent = |first: usize| [&one[..first], &two[..]].concat();
        assert!(log.lock().matches(&sent(100), true).is_ok());
        assert!(log.lock().matches(&one[..60], false).is_ok());
        assert!((0..100).all(|first| log.lock().matches(&sent(first), false).is_err()));
        log.failed_at(second);
        assert!((0..=100).all(|first| log.lock().matches(&sent(first), true).is_ok()));
    }
}
