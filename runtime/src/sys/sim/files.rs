//! Plain calls on files and paths: what [`calls`](crate::sys::calls) does on a real kernel.

use std::ffi::OsStr;
use std::io::{self, IoSlice};
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use super::faults::Fault;
use super::names;
use super::objects::{Id, OpenFile};
use super::operation::How;
use super::refusals::{CHANGES, LOOKS};
use super::sockets::error;
use super::tree::{Inode, Tree};
use super::world::{Here, State};
use crate::sys::calls::file::{RawEntry, ReadNow, Stat, Time};

impl Here {
    /// Asks this host's file system for something.
    fn look<R>(&self, act: impl FnOnce(&mut Tree, Time) -> Result<R, i32>) -> io::Result<R> {
        self.on_tree(&[LOOKS], |_, _, _| {}, act)
    }

    /// Changes this host's file system in one step.
    fn change<R>(&self, act: impl FnOnce(&mut Tree, Time) -> Result<R, i32>) -> io::Result<R> {
        self.on_tree(&[LOOKS, CHANGES], |_, _, _| {}, act)
    }

    /// Does something to this host's file system, or fails with one of these, after `part` of it.
    fn on_tree<R>(
        &self,
        errnos: &[&[i32]],
        part: impl FnOnce(&mut Tree, Time, u64),
        act: impl FnOnce(&mut Tree, Time) -> Result<R, i32>,
    ) -> io::Result<R> {
        self.with(|state| {
            state.sweep();
            if state.hosts.get(self.host).is_down {
                return Err(libc::EIO);
            }
            let time = state.time();
            if state.fault(Fault::PathError) {
                let done = state.rng.below(4);
                part(&mut state.hosts.at(self.host).tree, time, done);
                return Err(state.one_of(&errnos.concat()));
            }
            act(&mut state.hosts.at(self.host).tree, time)
        })
        .map_err(error)
    }

    /// Does something to an open file.
    fn on_file<R>(
        &self,
        fd: BorrowedFd<'_>,
        act: impl FnOnce(&mut State, Id, Inode) -> Result<R, i32>,
    ) -> io::Result<R> {
        self.with(|state| {
            let id = names::find(state, fd.as_raw_fd())?;
            let inode = state.file(id).map(|file| file.inode).ok_or(libc::ESPIPE)?;
            act(state, id, inode)
        })
        .map_err(error)
    }

    pub(in crate::sys) fn read_now(
        &self,
        fd: BorrowedFd<'_>,
        buf: &mut [u8],
        offset: u64,
    ) -> io::Result<ReadNow> {
        self.on_file(fd, |state, id, inode| {
            if state.fault(Fault::Punt) {
                return Ok(ReadNow::Unsupported);
            }
            if state.fault(Fault::WouldBlock) {
                return Ok(ReadNow::WouldBlock);
            }
            if state.file(id).is_some_and(|file| file.is_misaligned(offset, buf.len())) {
                return Err(libc::EINVAL);
            }
            match state.may_read() {
                Err(libc::EAGAIN) => return Ok(ReadNow::WouldBlock),
                may => may?,
            }
            if state.file(id).is_some_and(|file| !file.reads) {
                return Err(libc::EBADF);
            }
            let host = state.host_of(id);
            let there = state.hosts.at(host).tree.read_at(inode, offset, buf.len())?.len();
            let count = state.some_of(there, Fault::ShortRead);
            let bytes = state.hosts.at(host).tree.read_at(inode, offset, count)?;
            buf[..count].copy_from_slice(bytes);
            Ok(ReadNow::Bytes(count))
        })
    }

    /// From the page cache to a socket or a pipe: a few blocks at a time.
    pub(in crate::sys) fn send_file(
        &self,
        to: BorrowedFd<'_>,
        file: BorrowedFd<'_>,
        offset: u64,
        len: usize,
    ) -> io::Result<Option<usize>> {
        let mut bytes = vec![0; len.min(16 << 10)];
        match self.read_now(file, &mut bytes, offset) {
            Ok(ReadNow::Bytes(count)) if count > 0 => {
                self.send(to, &[IoSlice::new(&bytes[..count])]).map(Some)
            }
            _ => Ok(None),
        }
    }

    pub(in crate::sys) fn position(&self, fd: BorrowedFd<'_>) -> io::Result<u64> {
        self.on_file(fd, |state, id, _| Ok(state.file(id).map_or(0, |file| file.position)))
    }

    pub(in crate::sys) fn set_position(&self, fd: BorrowedFd<'_>, to: u64) -> io::Result<()> {
        self.on_file(fd, |state, id, _| {
            if let Some(file) = state.file_mut(id) {
                file.position = to;
            }
            Ok(())
        })
    }

    pub(in crate::sys) fn end_of(&self, fd: BorrowedFd<'_>) -> io::Result<u64> {
        let end = self.on_file(fd, |state, id, inode| {
            let host = state.host_of(id);
            state.hosts.at(host).tree.len(inode)
        })?;
        self.set_position(fd, end)?;
        Ok(end)
    }

    pub(in crate::sys) fn status_flags(&self, fd: BorrowedFd<'_>) -> io::Result<i32> {
        self.with(|state| {
            let id = names::find(state, fd.as_raw_fd()).map_err(error)?;
            let has = |has: fn(&OpenFile) -> bool, flag| {
                if state.file(id).is_some_and(has) { flag } else { 0 }
            };
            Ok(has(|file| file.append, libc::O_APPEND) | has(|file| file.direct, libc::O_DIRECT))
        })
    }

    pub(in crate::sys) fn truncate(&self, fd: BorrowedFd<'_>, len: u64) -> io::Result<()> {
        self.on_file(fd, |state, id, inode| {
            if state.file(id).is_some_and(|file| !file.writes) {
                return Err(libc::EINVAL);
            }
            state.may_write()?;
            let (host, time) = (state.host_of(id), state.time());
            state.hosts.at(host).tree.truncate(inode, len, time)
        })
    }

    pub(in crate::sys) fn set_mode(&self, fd: BorrowedFd<'_>, mode: u32) -> io::Result<()> {
        self.on_file(fd, |state, id, inode| {
            state.may_write()?;
            let (host, time) = (state.host_of(id), state.time());
            state.hosts.at(host).tree.set_mode(inode, mode, time)
        })
    }

    /// A second descriptor of anything.
    pub(in crate::sys) fn duplicate(&self, fd: BorrowedFd<'_>) -> io::Result<OwnedFd> {
        self.with(|state| {
            let id = names::find(state, fd.as_raw_fd()).map_err(error)?;
            if state.fault(Fault::NoDescriptors) {
                return Err(error(libc::EMFILE));
            }
            state.objects.place(id)
        })
    }

    pub(in crate::sys) fn stat(&self, fd: BorrowedFd<'_>) -> io::Result<Stat> {
        self.on_file(fd, |state, id, inode| {
            state.may_look()?;
            let host = state.host_of(id);
            state.hosts.at(host).tree.stat(inode)
        })
    }

    pub(in crate::sys) fn stat_path(&self, path: &Path, follow: bool) -> io::Result<Stat> {
        self.look(|tree, _| tree.stat_path(bytes(path), follow))
    }

    pub(in crate::sys) fn stat_entry(&self, dir: BorrowedFd<'_>, name: &OsStr) -> io::Result<Stat> {
        self.on_file(dir, |state, id, inode| {
            state.may_look()?;
            let host = state.host_of(id);
            state.hosts.at(host).tree.stat_entry(inode, name.as_bytes())
        })
    }

    pub(in crate::sys) fn open_dir(&self, path: &Path) -> io::Result<OwnedFd> {
        let flags = libc::O_RDONLY | libc::O_DIRECTORY;
        self.try_with(|state| {
            state.may_open()?;
            state.may_look()?;
            state.open_file(self.host, bytes(path), How::plain(flags, 0), None).map(|(_, fd)| fd)
        })
    }

    /// The entries that were not read yet: some of them.
    pub(in crate::sys) fn next_batch(&self, dir: BorrowedFd<'_>) -> io::Result<Vec<RawEntry>> {
        self.on_file(dir, |state, id, inode| {
            state.may_look()?;
            let host = state.host_of(id);
            let all = match state.hosts.at(host).tree.read_dir(inode) {
                // The directory was removed meanwhile: it has no entries any more.
                Err(libc::ENOENT) => return Ok(Vec::new()),
                all => all?,
            };
            let last = state.file(id).map_or(Vec::new(), |file| file.listed.clone());
            let start = all.partition_point(|entry| entry.name.as_bytes() <= &last[..]);
            let count = state.some_of(all.len() - start, Fault::ShortRead);
            let some: Vec<_> = all.into_iter().skip(start).take(count).collect();
            if let (Some(file), Some(last)) = (state.file_mut(id), some.last()) {
                file.listed = last.name.as_bytes().to_vec();
            }
            Ok(some)
        })
    }

    pub(in crate::sys) fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.change(|tree, now| tree.mkdir(bytes(path), 0o777, now))
    }

    pub(in crate::sys) fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        let part = |tree: &mut Tree, now, _| {
            if let Some(above) = path.parent() {
                // Or none of them, where they can't be had.
                tree.create_dir_all(bytes(above), now).unwrap_or(());
            }
        };
        self.on_tree(&[LOOKS, CHANGES], part, |tree, now| tree.create_dir_all(bytes(path), now))
    }

    pub(in crate::sys) fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.change(|tree, now| tree.unlink(bytes(path), now))
    }

    pub(in crate::sys) fn remove_dir(&self, path: &Path) -> io::Result<()> {
        self.change(|tree, now| tree.rmdir(bytes(path), now))
    }

    pub(in crate::sys) fn remove_dir_all(&self, path: &Path) -> io::Result<()> {
        let part = |tree: &mut Tree, now, count| tree.remove_some(bytes(path), count, now);
        self.on_tree(&[LOOKS, CHANGES], part, |tree, now| tree.remove_dir_all(bytes(path), now))
    }

    pub(in crate::sys) fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let rename = |tree: &mut Tree, now| tree.rename(bytes(from), bytes(to), now);
        self.on_tree(&[LOOKS, CHANGES, &[libc::EXDEV]], |_, _, _| {}, rename)
    }

    pub(in crate::sys) fn symlink(&self, target: &Path, link: &Path) -> io::Result<()> {
        self.change(|tree, now| tree.symlink(bytes(target), bytes(link), now))
    }

    pub(in crate::sys) fn read_link(&self, path: &Path) -> io::Result<PathBuf> {
        let target = self.look(|tree, _| tree.read_link(bytes(path)).map(<[u8]>::to_vec))?;
        Ok(PathBuf::from(std::ffi::OsString::from_vec(target)))
    }

    pub(in crate::sys) fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        let path = self.look(|tree, _| tree.canonicalize(bytes(path)))?;
        Ok(PathBuf::from(std::ffi::OsString::from_vec(path)))
    }

    pub(in crate::sys) fn copy(&self, from: &Path, to: &Path) -> io::Result<u64> {
        let part = |tree: &mut Tree, now, _| tree.begin_copy(bytes(from), bytes(to), now);
        let whole = |tree: &mut Tree, now| tree.copy(bytes(from), bytes(to), now);
        self.on_tree(&[LOOKS, CHANGES], part, whole)
    }

    pub(in crate::sys) fn set_mode_of(&self, path: &Path, mode: u32) -> io::Result<()> {
        self.change(|tree, now| tree.set_mode_path(bytes(path), mode, now))
    }
}

fn bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_bytes()
}
