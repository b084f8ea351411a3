//! One step of names and modes, done in the same way to what is seen and to what is on the disk.

use super::node::{Body, Node};
use super::{Names, ROOT};
use crate::sys::calls::file::Time;
use std::collections::BTreeMap;

/// One step of the journal. Who makes one has asked whether it is allowed.
#[derive(Clone, Debug)]
pub(super) enum Change {
    /// A new name for a new node.
    Make { dir: u64, name: Vec<u8>, number: u64, node: Node, now: Time },
    /// A name is gone, and with it the node.
    Remove { dir: u64, name: Vec<u8>, now: Time },
    /// A node has another name, and what had that name has none.
    Rename { from: (u64, Vec<u8>), to: (u64, Vec<u8>), now: Time },
    /// A node has other permissions.
    Mode { number: u64, mode: u32, now: Time },
}

/// All nodes by their numbers.
#[derive(Clone, Debug, Default)]
pub(super) struct Nodes(BTreeMap<u64, Node>);

impl Nodes {
    pub(super) fn get(&self, number: u64) -> Option<&Node> {
        self.0.get(&number)
    }

    pub(super) fn get_mut(&mut self, number: u64) -> Option<&mut Node> {
        self.0.get_mut(&number)
    }

    pub(super) fn insert(&mut self, number: u64, node: Node) {
        self.0.insert(number, node);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, &Node)> {
        self.0.iter().map(|(number, node)| (*number, node))
    }

    /// The node of a name in a directory.
    pub(super) fn entry(&self, dir: u64, name: &[u8]) -> Option<u64> {
        self.get(dir)?.body.names()?.get(name).copied()
    }

    /// The directory above a directory.
    pub(super) fn above(&self, dir: u64) -> Option<u64> {
        match self.get(dir)?.body {
            Body::Dir { parent, .. } => Some(parent),
            Body::File(_) | Body::Link(_) => None,
        }
    }

    /// Does one step.
    pub(super) fn apply(&mut self, change: &Change) {
        match change {
            Change::Make { dir, name, number, node, now } => {
                self.insert(*number, node.clone());
                self.put(*dir, name, *number, *now);
            }
            Change::Remove { dir, name, now } => {
                if let Some(number) = self.take(*dir, name, *now) {
                    self.unlink(number, *now);
                }
            }
            Change::Rename { from, to, now } => self.rename(from, to, *now),
            Change::Mode { number, mode, now } => {
                if let Some(node) = self.get_mut(*number) {
                    node.mode = *mode;
                    node.changed = *now;
                }
            }
        }
    }

    /// Forgets a node that has neither name nor handle.
    pub(super) fn sweep(&mut self, number: u64) {
        if self.get(number).is_some_and(|node| !node.linked && node.handles == 0) {
            self.0.remove(&number);
        }
    }

    fn rename(&mut self, from: &(u64, Vec<u8>), to: &(u64, Vec<u8>), now: Time) {
        let Some(number) = self.take(from.0, &from.1, now) else { return };
        if let Some(replaced) = self.put(to.0, &to.1, number, now) {
            self.unlink(replaced, now);
        }
        if let Some(node) = self.get_mut(number) {
            node.changed = now;
            if let Body::Dir { parent, .. } = &mut node.body {
                *parent = to.0;
            }
        }
    }

    fn unlink(&mut self, number: u64, now: Time) {
        if let Some(node) = self.get_mut(number) {
            node.linked = false;
            node.changed = now;
            self.sweep(number);
        }
    }

    fn put(&mut self, dir: u64, name: &[u8], number: u64, now: Time) -> Option<u64> {
        self.names_mut(dir, now)?.insert(name.to_vec(), number)
    }

    fn take(&mut self, dir: u64, name: &[u8], now: Time) -> Option<u64> {
        self.names_mut(dir, now)?.remove(name)
    }

    /// The entries of a directory, which are about to be others.
    fn names_mut(&mut self, dir: u64, now: Time) -> Option<&mut Names> {
        let node = self.get_mut(dir)?;
        node.touch(now);
        match &mut node.body {
            Body::Dir { names, .. } => Some(names),
            Body::File(_) | Body::Link(_) => None,
        }
    }

    /// Every name leads to a node, every node with a name has exactly one, every directory knows
    /// the one above it, and nothing is kept that nobody can reach.
    #[cfg(test)]
    pub(super) fn assert_valid(&self) {
        let mut reached = std::collections::BTreeSet::from([ROOT]);
        let mut left = vec![ROOT];
        while let Some(dir) = left.pop() {
            for (name, number) in self.get(dir).and_then(|node| node.body.names()).unwrap() {
                let node = self.get(*number).expect("a name leads to a node");
                assert!(reached.insert(*number), "{name:?} is a second name");
                assert!(node.linked, "{name:?} is the name of something without a name");
                if node.body.is_dir() {
                    assert_eq!(self.above(*number), Some(dir), "above {name:?}");
                    left.push(*number);
                }
            }
        }
        for (number, node) in &self.0 {
            assert_eq!(reached.contains(number), node.linked, "{number} is linked");
            assert!(node.linked || node.handles > 0, "{number} is kept for nobody");
        }
    }
}
