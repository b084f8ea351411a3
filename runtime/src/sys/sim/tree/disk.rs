//! What is on the disk, what is still on its way there, and what a crash makes of it.

use super::change::{Change, Nodes};
use super::node::{Body, Node};
use super::{Inode, Tree};
use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;

/// Bytes that a disk writes in one step, so that a write is not torn within them.
const SECTOR_LEN: u64 = 512;
/// Steps of the journal that wait; one more, and the first of them is written back.
pub(super) const JOURNAL_MAX: usize = 1 << 14;
/// Changes of one file's bytes that wait, and the bytes in them.
pub(super) const EDITS_MAX: usize = 1 << 12;
const EDITS_LEN_MAX: usize = 16 << 20;

/// A change of a file's bytes.
#[derive(Clone, Debug)]
pub(super) enum Edit {
    Write { at: u64, bytes: Vec<u8> },
    Truncate { len: u64 },
}

impl Edit {
    pub(super) fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Write { at, bytes: new } => {
                let at = index(*at);
                bytes.resize(bytes.len().max(at + new.len()), 0);
                bytes[at..at + new.len()].copy_from_slice(new);
            }
            Self::Truncate { len } => bytes.resize(index(*len), 0),
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Write { bytes, .. } => bytes.len(),
            Self::Truncate { .. } => 0,
        }
    }
}

/// A place in a file, whose length is bounded far below any `usize`.
fn index(at: u64) -> usize {
    usize::try_from(at).expect("files are shorter than FILE_LEN_MAX")
}

/// What was done to a file's bytes since they were synced.
#[derive(Clone, Debug, Default)]
struct Log {
    edits: VecDeque<Edit>,
    len: usize,
}

/// The nodes that last, and what waits.
#[derive(Clone, Debug)]
pub(super) struct Disk {
    nodes: Nodes,
    journal: VecDeque<Change>,
    logs: BTreeMap<u64, Log>,
}

impl Disk {
    pub(super) fn new(nodes: Nodes) -> Self {
        Self { nodes, journal: VecDeque::new(), logs: BTreeMap::new() }
    }

    /// A step of the journal was made.
    pub(super) fn note(&mut self, change: Change) {
        self.journal.push_back(change);
        if self.journal.len() > JOURNAL_MAX {
            self.commit(1);
        }
    }

    /// The bytes of a file that has a name were changed.
    pub(super) fn note_edit(&mut self, number: u64, edit: Edit) {
        let log = self.logs.entry(number).or_default();
        log.len += edit.len();
        log.edits.push_back(edit);
        if log.edits.len() > EDITS_MAX || log.len > EDITS_LEN_MAX {
            if self.nodes.get(number).is_none() {
                self.commit(self.journal.len());
            }
            self.write_back(number, 1);
        }
    }

    /// The first `count` steps of the journal last.
    fn commit(&mut self, count: usize) {
        for change in self.journal.drain(..count) {
            let lost = match &change {
                Change::Remove { dir, name, .. } => self.nodes.entry(*dir, name),
                Change::Rename { to: (dir, name), .. } => self.nodes.entry(*dir, name),
                Change::Make { .. } | Change::Mode { .. } => None,
            };
            self.nodes.apply(&change);
            if let Some(lost) = lost {
                self.logs.remove(&lost);
            }
        }
    }

    /// The first `count` changes of a file's bytes last.
    fn write_back(&mut self, number: u64, count: usize) {
        let Some(node) = self.nodes.get_mut(number) else { return };
        let (Body::File(bytes), Some(log)) = (&mut node.body, self.logs.get_mut(&number)) else {
            return;
        };
        for edit in log.edits.drain(..count.min(log.edits.len())) {
            edit.apply(bytes);
            log.len -= edit.len();
        }
        if log.edits.is_empty() {
            self.logs.remove(&number);
        }
    }

    /// What `live`, the node of this number, is now lasts.
    fn sync(&mut self, number: u64, live: &Node, data_only: bool) {
        let len = self.nodes.get(number).map(|node| node.body.len());
        let same = live.linked && !live.body.is_dir() && len == Some(live.body.len());
        if !(data_only && same) {
            self.commit(self.journal.len());
        }
        self.write_back(number, usize::MAX);
        if let Some(node) = self.nodes.get_mut(number) {
            (node.modified, node.changed) = (live.modified, live.changed);
        }
    }

    /// What waits of a file's bytes was given up on its way: some of it is on the disk.
    fn lose(&mut self, number: u64, choose: &mut dyn FnMut(u64) -> u64) {
        let log = self.logs.remove(&number).unwrap_or_default();
        if let Some(Body::File(bytes)) = self.nodes.get_mut(number).map(|node| &mut node.body) {
            survive(bytes, log.edits, choose);
        }
    }

    /// Power loss: settles what survives, and says what is there when the power is back.
    fn crash(&mut self, choose: &mut dyn FnMut(u64) -> u64) -> Nodes {
        let steps = choose(self.journal.len() as u64 + 1);
        let all = self.journal.len();
        self.commit(usize::try_from(steps).map_or(all, |steps| steps.min(all)));
        self.journal.clear();
        let waiting: Vec<u64> = self.logs.keys().copied().collect();
        waiting.into_iter().for_each(|number| self.lose(number, choose));
        self.nodes.clone()
    }

    #[cfg(test)]
    pub(super) fn assert_valid(&self) {
        self.nodes.assert_valid();
        for (number, log) in &self.logs {
            assert!(!log.edits.is_empty(), "{number} has an empty log");
            assert_eq!(log.len, log.edits.iter().map(Edit::len).sum::<usize>(), "{number}");
        }
    }
}

/// Does to `bytes` what survives of `edits`.
fn survive(
    bytes: &mut Vec<u8>,
    edits: impl IntoIterator<Item = Edit, IntoIter: ExactSizeIterator>,
    choose: &mut dyn FnMut(u64) -> u64,
) {
    let edits = edits.into_iter();
    // The size is the one after so many edits.
    let sized = choose(edits.len() as u64 + 1);
    // What lies beyond has its place on the disk from a truncate that is lost.
    let mut placed = u64::MAX;
    for (edit, number) in edits.zip(0..) {
        let had_size = number < sized;
        match edit {
            Edit::Truncate { len } if had_size => bytes.resize(index(len), 0),
            Edit::Truncate { len } => placed = placed.min(len),
            Edit::Write { at, bytes: new } => {
                let end = at + new.len() as u64;
                if had_size {
                    bytes.resize(bytes.len().max(index(end)), 0);
                }
                let kept = torn(at..end, choose);
                let kept_end = kept.end.min(placed).min(bytes.len() as u64);
                if kept.start < kept_end {
                    let from = index(kept.start - at)..index(kept_end - at);
                    bytes[index(kept.start)..index(kept_end)].copy_from_slice(&new[from]);
                }
            }
        }
    }
}

/// What of a write survives: nothing, all, or what lies before or behind the start of a sector.
fn torn(written: Range<u64>, choose: &mut dyn FnMut(u64) -> u64) -> Range<u64> {
    let what = choose(4);
    let first = written.start / SECTOR_LEN + 1;
    let starts = written.end.div_ceil(SECTOR_LEN).saturating_sub(first);
    match what {
        0 => written.start..written.start,
        2 if starts > 0 => written.start..(first + choose(starts)) * SECTOR_LEN,
        3 if starts > 0 => (first + choose(starts)) * SECTOR_LEN..written.end,
        2 => written.start..written.start,
        _ => written,
    }
}

impl Tree {
    /// `fsync` or, if `data_only`, `fdatasync` of a file or a directory.
    pub(in crate::sys) fn sync(&mut self, inode: Inode, data_only: bool) -> Result<(), i32> {
        self.node(inode)?;
        if let Some(node) = self.nodes.get(inode.number) {
            self.disk.sync(inode.number, node, data_only);
        }
        Ok(())
    }

    /// A sync has failed: what it should have written is lost, all or some of it, and the file
    /// itself knows nothing of it. Later syncs write what is changed later.
    pub(in crate::sys) fn lose_writes(&mut self, inode: Inode, choose: &mut dyn FnMut(u64) -> u64) {
        if self.node(inode).is_ok() {
            self.disk.lose(inode.number, choose);
        }
    }

    /// `sync`: everything lasts.
    pub(in crate::sys) fn sync_all(&mut self) {
        for (number, node) in self.nodes.iter() {
            self.disk.sync(number, node, false);
        }
    }

    /// Power loss, and power again. `choose` gives a number below the bound that it is given, which
    /// is never 0. What survives is on the disk from then on. All handles are gone, and every
    /// [`Inode`] from before is refused.
    pub(in crate::sys) fn crash(&mut self, choose: &mut dyn FnMut(u64) -> u64) {
        self.nodes = self.disk.crash(choose);
        self.boot += 1;
    }
}
