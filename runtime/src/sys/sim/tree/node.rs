//! One file, directory or symbolic link.

use super::Names;
use crate::sys::calls::file::{Stat, Time};

/// Bytes of a block, and what a directory is said to have.
const BLOCK_LEN: u64 = 4096;
/// Bytes of the unit that `st_blocks` counts.
const SECTOR_LEN: u64 = 512;
/// Owner and group of everything.
const OWNER: u32 = 1000;
/// The device of the whole tree.
const DEVICE: u64 = 0x0801;

/// What is in a node.
#[derive(Clone, Debug)]
pub(super) enum Body {
    File(Vec<u8>),
    Dir { parent: u64, names: Names },
    Link(Vec<u8>),
}

/// One file, directory or link.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) body: Body,
    /// Permission bits, without the kind.
    pub(super) mode: u32,
    /// Whether it has a name.
    pub(super) linked: bool,
    /// How often it is open.
    pub(super) handles: u64,
    pub(super) modified: Time,
    pub(super) changed: Time,
    created: Time,
}

impl Body {
    /// An empty directory.
    pub(super) fn dir(parent: u64) -> Self {
        Self::Dir { parent, names: Names::new() }
    }

    /// The bits of a mode that say the kind.
    pub(super) fn kind(&self) -> u32 {
        match self {
            Self::File(_) => libc::S_IFREG,
            Self::Dir { .. } => libc::S_IFDIR,
            Self::Link(_) => libc::S_IFLNK,
        }
    }

    pub(super) fn is_dir(&self) -> bool {
        matches!(self, Self::Dir { .. })
    }

    /// The entries of a directory.
    pub(super) fn names(&self) -> Option<&Names> {
        match self {
            Self::Dir { names, .. } => Some(names),
            Self::File(_) | Self::Link(_) => None,
        }
    }

    /// Bytes, as `stat` has them.
    pub(super) fn len(&self) -> u64 {
        match self {
            Self::File(bytes) | Self::Link(bytes) => bytes.len() as u64,
            Self::Dir { .. } => BLOCK_LEN,
        }
    }
}

impl Node {
    /// A node that will get its name at once.
    pub(super) fn new(body: Body, mode: u32, now: Time) -> Self {
        let (linked, handles) = (true, 0);
        Self { body, mode, linked, handles, modified: now, changed: now, created: now }
    }

    /// The entries or the bytes are others now.
    pub(super) fn touch(&mut self, now: Time) {
        self.modified = now;
        self.changed = now;
    }

    /// What `stat` says; `dirs` is the number of directories in it.
    pub(super) fn stat(&self, number: u64, dirs: u64) -> Stat {
        let nlink = match (&self.body, self.linked) {
            (_, false) => 0,
            (Body::Dir { .. }, true) => 2 + dirs,
            (Body::File(_) | Body::Link(_), true) => 1,
        };
        let blocks = match &self.body {
            Body::Link(_) => 0,
            other => other.len().next_multiple_of(BLOCK_LEN) / SECTOR_LEN,
        };
        Stat {
            mode: self.body.kind() | self.mode,
            len: self.body.len(),
            ino: number,
            dev: DEVICE,
            rdev: 0,
            nlink,
            uid: OWNER,
            gid: OWNER,
            blksize: BLOCK_LEN,
            blocks,
            accessed: self.created,
            modified: self.modified,
            changed: self.changed,
            created: Some(self.created),
        }
    }
}
