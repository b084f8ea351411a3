//! What changes directories: names that come, go and move.

use super::change::Change;
use super::node::{Body, Node};
use super::walk::{Follow, Last, PATH_LEN_MAX, Place};
use super::{ROOT, Tree, UMASK};
use crate::sys::calls::file::Time;
use libc::{EBUSY, EEXIST, EINVAL, EISDIR, ENAMETOOLONG, ENOENT, ENOTDIR, ENOTEMPTY};

/// The permission to change a directory: to write and to search it.
const CHANGE: u32 = 3;

impl Tree {
    /// `mkdir`.
    pub(in crate::sys) fn mkdir(&mut self, path: &[u8], mode: u32, now: Time) -> Result<(), i32> {
        let place = self.walk(ROOT, path, Follow::Never)?;
        if place.last != Last::Name || place.found()?.is_some() {
            return Err(EEXIST);
        }
        self.may(place.dir, CHANGE)?;
        let node = Node::new(Body::dir(place.dir), mode & 0o1777 & !UMASK, now);
        self.make(place.dir, place.name, node, now);
        Ok(())
    }

    /// `rmdir`.
    pub(in crate::sys) fn rmdir(&mut self, path: &[u8], now: Time) -> Result<(), i32> {
        let place = self.walk(ROOT, path, Follow::Never)?;
        match place.last {
            Last::Root => return Err(EBUSY),
            Last::Dot => return Err(EINVAL),
            Last::DotDot => return Err(ENOTEMPTY),
            Last::Name => {}
        }
        let number = place.there()?;
        self.may(place.dir, CHANGE)?;
        if !self.is_dir(number) {
            return Err(ENOTDIR);
        }
        if !self.is_empty(number) {
            return Err(ENOTEMPTY);
        }
        self.remove(place.dir, place.name, now);
        Ok(())
    }

    /// `unlink`. A file that is open goes with its last handle.
    pub(in crate::sys) fn unlink(&mut self, path: &[u8], now: Time) -> Result<(), i32> {
        let place = self.walk(ROOT, path, Follow::Never)?;
        if place.last != Last::Name {
            return Err(EISDIR);
        }
        let number = place.there()?;
        if place.slash {
            return Err(if self.is_dir(number) { EISDIR } else { ENOTDIR });
        }
        self.may(place.dir, CHANGE)?;
        if self.is_dir(number) {
            return Err(EISDIR);
        }
        self.remove(place.dir, place.name, now);
        Ok(())
    }

    /// `rename`: what had the name `to` loses it in the same step.
    pub(in crate::sys) fn rename(&mut self, from: &[u8], to: &[u8], now: Time) -> Result<(), i32> {
        let from = self.walk(ROOT, from, Follow::Never)?;
        let to = self.walk(ROOT, to, Follow::Never)?;
        if from.last != Last::Name || to.last != Last::Name {
            return Err(EBUSY);
        }
        let moved = from.there()?;
        let over = to.found()?;
        if !self.is_dir(moved) && (from.slash || to.slash) {
            return Err(ENOTDIR);
        }
        if from.dir != to.dir && self.is_within(to.dir, moved) {
            return Err(EINVAL);
        }
        if over.is_some_and(|over| from.dir != to.dir && self.is_within(from.dir, over)) {
            return Err(ENOTEMPTY);
        }
        if over == Some(moved) {
            return Ok(());
        }
        self.may_rename(&from, &to, moved, over)?;
        let (from, to) = ((from.dir, from.name), (to.dir, to.name));
        self.change(Change::Rename { from, to, now });
        Ok(())
    }

    /// `symlink`.
    pub(in crate::sys) fn symlink(
        &mut self,
        target: &[u8],
        path: &[u8],
        now: Time,
    ) -> Result<(), i32> {
        match target.len() {
            0 => return Err(ENOENT),
            1..=PATH_LEN_MAX => {}
            _ => return Err(ENAMETOOLONG),
        }
        let place = self.walk(ROOT, path, Follow::Never)?;
        if place.last != Last::Name || place.found()?.is_some() {
            return Err(EEXIST);
        }
        if place.slash {
            return Err(ENOENT);
        }
        self.may(place.dir, CHANGE)?;
        let node = Node::new(Body::Link(target.to_vec()), 0o777, now);
        self.make(place.dir, place.name, node, now);
        Ok(())
    }

    /// `readlink`. `EINVAL` for what is no link.
    pub(in crate::sys) fn read_link(&self, path: &[u8]) -> Result<&[u8], i32> {
        let number = self.find(ROOT, path, false)?;
        match &self.nodes.get(number).ok_or(ENOENT)?.body {
            Body::Link(target) => Ok(target),
            Body::File(_) | Body::Dir { .. } => Err(EINVAL),
        }
    }

    /// Takes a name out of a directory.
    pub(super) fn remove(&mut self, dir: u64, name: Vec<u8>, now: Time) {
        self.change(Change::Remove { dir, name, now });
    }

    fn may_rename(
        &self,
        from: &Place,
        to: &Place,
        moved: u64,
        over: Option<u64>,
    ) -> Result<(), i32> {
        let is_dir = self.is_dir(moved);
        self.may(from.dir, CHANGE)?;
        self.may(to.dir, CHANGE)?;
        match over.map(|over| (over, self.is_dir(over))) {
            Some((_, false)) if is_dir => return Err(ENOTDIR),
            Some((_, true)) if !is_dir => return Err(EISDIR),
            Some((over, true)) if !self.is_empty(over) => return Err(ENOTEMPTY),
            Some(_) | None => {}
        }
        // Its `..` is written.
        if is_dir && from.dir != to.dir { self.may(moved, 2) } else { Ok(()) }
    }

    fn is_empty(&self, dir: u64) -> bool {
        let names = self.nodes.get(dir).and_then(|node| node.body.names());
        names.is_some_and(|names| names.is_empty())
    }

    /// Whether `dir` is `outer`, or below it.
    fn is_within(&self, dir: u64, outer: u64) -> bool {
        let mut at = dir;
        loop {
            match self.nodes.above(at) {
                _ if at == outer => return true,
                Some(above) if above != at => at = above,
                Some(_) | None => return false,
            }
        }
    }
}
