//! The model of a file: its bytes, and which of them may be others.

use std::collections::BTreeMap;

/// What a file holds.
#[derive(Debug, Default)]
pub(crate) struct Bytes {
    bytes: Vec<u8>,
    /// What may be there instead: a write may have happened.
    others: BTreeMap<usize, Vec<u8>>,
    /// Writes that may have happened, beyond the end.
    beyond: Vec<(usize, Vec<u8>)>,
}

impl Bytes {
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// A write that happened.
    pub(crate) fn write(&mut self, at: usize, bytes: &[u8]) {
        assert!(self.beyond.is_empty(), "a model that is to be settled first");
        let end = at + bytes.len();
        if end > self.bytes.len() && !bytes.is_empty() {
            self.bytes.resize(end, 0);
        }
        if !bytes.is_empty() {
            self.bytes[at..end].copy_from_slice(bytes);
        }
        self.others.retain(|place, _| !(at..end).contains(place));
    }

    /// A write that may have happened, or a part of it: settle the length before the next one.
    pub(crate) fn may_write(&mut self, at: usize, bytes: &[u8]) {
        for (place, byte) in (at..self.bytes.len()).zip(bytes) {
            self.others.entry(place).or_default().push(*byte);
        }
        self.beyond.push((at, bytes.to_vec()));
    }

    /// The length is this now.
    pub(crate) fn settle(&mut self, len: usize) {
        let ends = self.beyond.iter().map(|(at, bytes)| at + bytes.len());
        let most = ends.max().unwrap_or(0).max(self.bytes.len());
        assert!((self.bytes.len()..=most).contains(&len), "a length of {len}: {self:?}");
        let old = self.bytes.len();
        self.bytes.resize(len, 0);
        for (at, bytes) in std::mem::take(&mut self.beyond) {
            for (place, byte) in (at..len).zip(bytes) {
                if place >= old {
                    self.others.entry(place).or_default().push(byte);
                }
            }
        }
    }

    pub(crate) fn set_len(&mut self, len: usize) {
        self.bytes.resize(len, 0);
        self.others.retain(|place, _| *place < len);
    }

    /// These were read there: they have to be right, and are certain now.
    pub(crate) fn saw(&mut self, at: usize, got: &[u8]) {
        assert!(got.is_empty() || at + got.len() <= self.bytes.len(), "more bytes than there are");
        for (place, byte) in (at..).zip(got) {
            let others = self.others.remove(&place).unwrap_or_default();
            let right = self.bytes[place] == *byte || others.contains(byte);
            assert!(right, "byte {place} is {byte}, not {} or {others:?}", self.bytes[place]);
            self.bytes[place] = *byte;
        }
    }
}
