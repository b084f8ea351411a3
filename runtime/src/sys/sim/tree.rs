//! A file system in memory, and the disk below it that a crash falls back to.
//!
//! A pure data structure: no clock, no system call, nothing global, and no order but that of names
//! and numbers, so the same calls give the same answers. Errors are errno numbers, and those that
//! Linux gives (ext4's, where file systems differ). Read in this order: `node` (a file, a
//! directory, a link), `walk` (paths), `open`, `data` (bytes), `names` (what changes directories),
//! `whole` (what std makes of several calls), `change` (one step of the journal), `disk` (what
//! lasts).
//!
//! The caller is the owner of everything, and not root: a file of mode 0o000 is refused. Modes of
//! what is made lose the bits of the umask 0o022. Reading leaves the time of the last access
//! alone (`noatime`). There are no hard links, devices or pipes. `/` is the working directory.
//!
//! # What lasts
//!
//! A [crash](Tree::crash) keeps what was synced. Of the rest, anything may be lost:
//!
//! - Names and modes go through one ordered journal, as on ext4: what is made, removed, renamed or
//!   given a mode survives as a prefix of its order, and a rename is one step. A sync of any file
//!   or directory commits the journal as it is then. So `fsync` of a new file makes its name last
//!   too, and that of a directory its entries.
//! - Bytes and the size are the file's own: `fsync` and `fdatasync` make them last. Until then each
//!   write may be lost by itself or be torn at a multiple of 512 bytes, and the size is one that
//!   the file had meanwhile. Bytes that the size speaks of and that were lost are zeros, or what
//!   was there before. A lost truncate takes with it what was later written beyond it.
//! - `fdatasync` leaves the journal alone, unless the file is new or has no name, or its size has
//!   changed: then it does as `fsync` does.
//! - Nothing flushes a file because it is renamed over another (ext4 tries to, others do not). What
//!   lies about in too great an amount is written back, oldest first.

mod node;
mod change;
mod walk;
mod open;
mod data;
mod names;
mod whole;
mod disk;
#[cfg(test)]
mod tests;

use crate::sys::calls::file::{RawEntry, Stat, Time};
use change::{Change, Nodes};
use disk::Disk;
use libc::{EBADF, ENOENT, ENOTDIR};
use node::{Body, Node};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

/// The number of `/`.
const ROOT: u64 = 1;
/// What the modes of files and directories that are made lose.
const UMASK: u32 = 0o022;
/// The permission bits, and the three above them.
const MODE_BITS: u32 = 0o7777;

/// Names a file, directory or link until the next crash; later it is refused (`EBADF`).
///
/// Numbers are not used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::sys) struct Inode {
    number: u64,
    /// The crashes before it was given out.
    boot: u64,
}

/// Where the path of an open begins.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::sys) struct Start {
    /// An open directory; otherwise the working directory.
    pub(in crate::sys) dir: Option<Inode>,
    /// The path may not lead out of it (`EXDEV`).
    pub(in crate::sys) beneath: bool,
}

/// A file system, and its disk. A clone is a snapshot of both.
#[derive(Clone, Debug)]
pub(in crate::sys) struct Tree {
    nodes: Nodes,
    disk: Disk,
    /// The number that the next node gets.
    next: u64,
    /// The crashes so far.
    boot: u64,
    /// Bytes that all files together may have.
    room: u64,
}

impl Default for Tree {
    fn default() -> Self {
        Self::new()
    }
}

impl Tree {
    /// `/` and `/tmp`, as of 1970, both on the disk.
    pub(in crate::sys) fn new() -> Self {
        let now = Time::default();
        let mut nodes = Nodes::default();
        nodes.insert(ROOT, Node::new(Body::dir(ROOT), 0o755, now));
        let tmp = Node::new(Body::dir(ROOT), 0o1777, now);
        let (dir, name, number) = (ROOT, b"tmp".to_vec(), ROOT + 1);
        nodes.apply(&Change::Make { dir, name, number, node: tmp, now });
        let disk = Disk::new(nodes.clone());
        Self { nodes, disk, next: ROOT + 2, boot: 0, room: u64::MAX }
    }

    /// One more handle of an open file.
    pub(in crate::sys) fn hold(&mut self, inode: Inode) -> Result<(), i32> {
        self.node_mut(inode)?.handles += 1;
        Ok(())
    }

    /// One handle less. A file without a name goes with the last one. After a crash this is
    /// nothing: the handles went with it.
    pub(in crate::sys) fn release(&mut self, inode: Inode) {
        if let Ok(node) = self.node_mut(inode) {
            node.handles = node.handles.saturating_sub(1);
            self.nodes.sweep(inode.number);
        }
    }

    /// What `fstat` says.
    pub(in crate::sys) fn stat(&self, inode: Inode) -> Result<Stat, i32> {
        self.node(inode)?;
        self.stat_number(inode.number)
    }

    /// What `stat` says or, unless `follow`, `lstat`.
    pub(in crate::sys) fn stat_path(&self, path: &[u8], follow: bool) -> Result<Stat, i32> {
        self.stat_number(self.find(ROOT, path, follow)?)
    }

    /// What `fstatat` says about an entry of an open directory, without following a link.
    pub(in crate::sys) fn stat_entry(&self, dir: Inode, name: &[u8]) -> Result<Stat, i32> {
        self.node(dir)?;
        self.stat_number(self.find(dir.number, name, false)?)
    }

    fn stat_number(&self, number: u64) -> Result<Stat, i32> {
        let node = self.nodes.get(number).ok_or(ENOENT)?;
        let entries = node.body.names().into_iter().flatten();
        let dirs = entries.filter(|(_, number)| self.is_dir(**number)).count();
        Ok(node.stat(number, dirs as u64))
    }

    /// The entries of an open directory in the order of their names, without `.` and `..`. One
    /// that was removed answers `ENOENT`, as `getdents64` does.
    pub(in crate::sys) fn read_dir(&self, dir: Inode) -> Result<Vec<RawEntry>, i32> {
        let node = self.node(dir)?;
        let entries = node.body.names().ok_or(ENOTDIR)?;
        if !node.linked {
            return Err(ENOENT);
        }
        Ok(entries.iter().map(|(name, number)| self.entry(name, *number)).collect())
    }

    fn entry(&self, name: &[u8], number: u64) -> RawEntry {
        let kind = self.nodes.get(number).map(|node| node.body.kind());
        RawEntry { name: OsString::from_vec(name.to_vec()), kind, ino: number }
    }

    /// `fchmod`.
    pub(in crate::sys) fn set_mode(
        &mut self,
        inode: Inode,
        mode: u32,
        now: Time,
    ) -> Result<(), i32> {
        self.node(inode)?;
        self.set_mode_of(inode.number, mode, now);
        Ok(())
    }

    /// `chmod`.
    pub(in crate::sys) fn set_mode_path(
        &mut self,
        path: &[u8],
        mode: u32,
        now: Time,
    ) -> Result<(), i32> {
        let number = self.find(ROOT, path, true)?;
        self.set_mode_of(number, mode, now);
        Ok(())
    }

    fn set_mode_of(&mut self, number: u64, mode: u32, now: Time) {
        self.change(Change::Mode { number, mode: mode & MODE_BITS, now });
    }

    /// Every inode has its node, every name leads to one, every directory knows the one above it.
    /// Panics if not.
    #[cfg(test)]
    fn assert_valid(&self) {
        self.nodes.assert_valid();
        self.disk.assert_valid();
    }

    /// What `inode` names, unless it is gone.
    fn node(&self, inode: Inode) -> Result<&Node, i32> {
        let node = self.nodes.get(inode.number).ok_or(EBADF)?;
        if inode.boot == self.boot { Ok(node) } else { Err(EBADF) }
    }

    fn node_mut(&mut self, inode: Inode) -> Result<&mut Node, i32> {
        let node = self.nodes.get_mut(inode.number).ok_or(EBADF)?;
        if inode.boot == self.boot { Ok(node) } else { Err(EBADF) }
    }

    /// Whether the owner may do what `bits` say (4 read, 2 write, 1 search).
    fn may(&self, number: u64, bits: u32) -> Result<(), i32> {
        let node = self.nodes.get(number).ok_or(ENOENT)?;
        if (node.mode >> 6) & bits == bits { Ok(()) } else { Err(libc::EACCES) }
    }

    /// Does one step, and notes it for the disk.
    fn change(&mut self, change: Change) {
        self.nodes.apply(&change);
        self.disk.note(change);
    }

    /// Makes something new, and says its number.
    fn make(&mut self, dir: u64, name: Vec<u8>, node: Node, now: Time) -> u64 {
        let number = self.next;
        self.next += 1;
        self.change(Change::Make { dir, name, number, node, now });
        number
    }
}

/// Entries of a directory: names, and the numbers that they stand for.
type Names = BTreeMap<Vec<u8>, u64>;
