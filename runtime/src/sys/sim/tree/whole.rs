//! What std makes of several calls, with the errors that it gives in the end.

use super::node::Body;
use super::walk::Follow;
use super::{Inode, ROOT, Tree};
use crate::sys::calls::file::Time;
use libc::{
    EEXIST, EINVAL, ENOENT, ENOTDIR, O_CREAT, O_DIRECTORY, O_NOFOLLOW, O_RDONLY, O_TRUNC, O_WRONLY,
};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

impl Tree {
    /// The absolute path without symbolic links, `.` and `..`.
    pub(in crate::sys) fn canonicalize(&self, path: &[u8]) -> Result<Vec<u8>, i32> {
        let place = self.walk_far(ROOT, path, Follow::Always, false)?;
        let number = place.there()?;
        let mut parts = Vec::new();
        let mut dir = number;
        if !self.is_dir(number) {
            if place.slash {
                return Err(ENOTDIR);
            }
            parts.push(place.name);
            dir = place.dir;
        }
        while dir != ROOT {
            let above = self.nodes.above(dir).ok_or(ENOENT)?;
            let names = self.nodes.get(above).and_then(|node| node.body.names()).ok_or(ENOENT)?;
            let (name, _) = names.iter().find(|(_, number)| **number == dir).ok_or(ENOENT)?;
            parts.push(name.clone());
            dir = above;
        }
        let mut whole = Vec::new();
        for part in parts.iter().rev() {
            whole.push(b'/');
            whole.extend_from_slice(part);
        }
        Ok(if whole.is_empty() { b"/".to_vec() } else { whole })
    }

    /// `std::fs::create_dir_all`: makes what is missing on the way. A directory that is there is
    /// no error.
    pub(in crate::sys) fn create_dir_all(&mut self, path: &[u8], now: Time) -> Result<(), i32> {
        let whole = Path::new(OsStr::from_bytes(path));
        let above = |path: &&Path| !path.as_os_str().is_empty() && path.parent().is_some();
        let mut missing = Vec::new();
        for path in whole.ancestors().take_while(above) {
            match self.make_dir_unless_there(path, now) {
                Err(ENOENT) => missing.push(path),
                Err(errno) => return Err(errno),
                Ok(()) => break,
            }
        }
        missing.iter().rev().try_for_each(|path| self.make_dir_unless_there(path, now))
    }

    fn make_dir_unless_there(&mut self, path: &Path, now: Time) -> Result<(), i32> {
        let path = path.as_os_str().as_bytes();
        let there = |tree: &Self| tree.find(ROOT, path, true).is_ok_and(|it| tree.is_dir(it));
        match self.mkdir(path, 0o777, now) {
            Err(EEXIST) if there(self) => Ok(()),
            done => done,
        }
    }

    /// `std::fs::remove_dir_all`: removes a directory and what is in it, in the order of names. A
    /// link is removed itself. After an error, what was removed before it is gone.
    pub(in crate::sys) fn remove_dir_all(&mut self, path: &[u8], now: Time) -> Result<(), i32> {
        let number = self.find(ROOT, path, false)?;
        if self.nodes.get(number).is_some_and(|node| matches!(node.body, Body::Link(_))) {
            return self.unlink(path, now);
        }
        let dir = self.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, now)?;
        let emptied = self.empty(dir.number, now);
        self.release(dir);
        emptied?;
        match self.rmdir(path, now) {
            // `a/..` led through what is gone now.
            Err(ENOENT) => Ok(()),
            done => done,
        }
    }

    /// As much of a removal as was done before it failed: the first entries are gone.
    pub(in crate::sys) fn remove_some(&mut self, path: &[u8], count: u64, now: Time) {
        let Ok(dir) = self.find(ROOT, path, false) else { return };
        let names = self.nodes.get(dir).and_then(|node| node.body.names());
        let names: Vec<_> = names.into_iter().flatten().map(|(name, _)| name.clone()).collect();
        for (name, _) in names.into_iter().zip(0..count) {
            let inner = [path, b"/", &name].concat();
            if self.unlink(&inner, now).is_err() && self.remove_dir_all(&inner, now).is_err() {
                return;
            }
        }
    }

    /// As much of a copy as was done before it failed: the file is there, and empty.
    pub(in crate::sys) fn begin_copy(&mut self, from: &[u8], to: &[u8], now: Time) {
        let Ok(stat) = self.stat_path(from, true) else { return };
        let flags = O_WRONLY | O_CREAT | O_TRUNC;
        if stat.mode & libc::S_IFMT == libc::S_IFREG
            && let Ok(inode) = self.open(to, flags, 0o666, now)
        {
            self.release(inode);
        }
    }

    /// Removes all that is in an open directory.
    fn empty(&mut self, dir: u64, now: Time) -> Result<(), i32> {
        let names = self.nodes.get(dir).and_then(|node| node.body.names()).ok_or(ENOTDIR)?;
        for (name, number) in names.clone() {
            self.may(dir, 1)?;
            if self.is_dir(number) {
                self.may(number, 4)?;
                self.empty(number, now)?;
            }
            self.may(dir, 3)?;
            self.remove(dir, name, now);
        }
        Ok(())
    }

    /// `std::fs::copy`: the bytes and the permissions; says how many bytes. `EINVAL` for what is no
    /// file, where std has an error without a number.
    pub(in crate::sys) fn copy(&mut self, from: &[u8], to: &[u8], now: Time) -> Result<u64, i32> {
        let from = self.open(from, O_RDONLY, 0, now)?;
        let copied = self.copy_to(from, to, now);
        self.release(from);
        copied
    }

    fn copy_to(&mut self, from: Inode, to: &[u8], now: Time) -> Result<u64, i32> {
        let node = self.node(from)?;
        let mode = node.mode;
        if !matches!(node.body, Body::File(_)) {
            return Err(EINVAL);
        }
        let to = self.open(to, O_WRONLY | O_CREAT | O_TRUNC, mode, now)?;
        let copied = self.fill(from, to, mode, now);
        self.release(to);
        copied
    }

    fn fill(&mut self, from: Inode, to: Inode, mode: u32, now: Time) -> Result<u64, i32> {
        self.set_mode(to, mode, now)?;
        let bytes = self.read_at(from, 0, usize::MAX)?.to_vec();
        let mut at = 0;
        while at < bytes.len() {
            at += self.write_at(to, at as u64, &bytes[at..], now)?;
        }
        Ok(at as u64)
    }
}
