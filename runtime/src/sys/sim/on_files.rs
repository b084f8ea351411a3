//! Opens, reads, writes and syncs of files.

use std::os::fd::IntoRawFd;

use super::faults::Fault;
use super::interpret::{F_BUF_MORE, F_BUFFER, Step};
use super::objects::{Id, Kind, Object, OpenFile};
use super::operation::{How, Operation};
use super::provided::Groups;
use super::ring::WRITTEN;
use super::tree::Start;
use super::world::State;
use crate::sys::calls::file::Time;

/// `IORING_FSYNC_DATASYNC`.
const DATASYNC: u32 = 1;
/// 2020-01-01: when simulated files are made, at the earliest.
const EPOCH: i64 = 1_577_836_800;

impl State {
    /// What the file system takes for the time of day.
    pub(super) fn time(&self) -> Time {
        let now = self.now();
        Time {
            seconds: EPOCH + (now / 1_000_000_000).cast_signed(),
            nanoseconds: (now % 1_000_000_000) as u32,
        }
    }

    /// An open file by its object.
    pub(super) fn file(&self, object: Id) -> Option<&OpenFile> {
        match &self.objects.get(object)?.kind {
            Kind::File(file) => Some(file),
            _ => None,
        }
    }

    pub(super) fn file_mut(&mut self, object: Id) -> Option<&mut OpenFile> {
        match &mut self.objects.get_mut(object)?.kind {
            Kind::File(file) => Some(file),
            _ => None,
        }
    }

    /// The host of an object.
    pub(super) fn host_of(&self, object: Id) -> usize {
        self.objects.get(object).map_or(0, |object| object.host)
    }

    /// Opens a path on a host, from an open directory on, or from the working directory.
    pub(super) fn open_file(
        &mut self,
        host: usize,
        path: &[u8],
        How { flags, mode, beneath }: How,
        dir: Option<Id>,
    ) -> Result<(Id, std::os::fd::OwnedFd), i32> {
        let time = self.time();
        let dir = match dir {
            Some(dir) => Some(self.file(dir).ok_or(libc::ENOTDIR)?.inode),
            None => None,
        };
        let start = Start { dir, beneath };
        let inode = self.hosts.at(host).tree.open_from(start, path, flags, mode, time)?;
        let access = flags & libc::O_ACCMODE;
        let file = OpenFile {
            inode,
            position: 0,
            listed: Vec::new(),
            append: flags & libc::O_APPEND != 0,
            reads: access != libc::O_WRONLY,
            writes: access != libc::O_RDONLY,
            direct: flags & libc::O_DIRECT != 0,
        };
        self.objects.open(Kind::File(file), host).map_err(|error| {
            self.hosts.at(host).tree.release(inode);
            error.raw_os_error().unwrap_or(libc::EMFILE)
        })
    }
}

pub(super) fn open(state: &mut State, operation: &Operation) -> Step {
    if let Err(errno) = state.may_open_file().and_then(|()| state.may_open()) {
        return Step::end(-errno);
    }
    let opened = state.open_file(operation.host, &operation.name, operation.how, operation.object);
    Step::of(opened.map(|(_, fd)| fd.into_raw_fd()))
}

/// Where a read or write of a file begins; without an offset of its own, at the kernel's position.
fn position(operation: &Operation, file: &OpenFile) -> u64 {
    if operation.request.off == u64::MAX { file.position } else { operation.request.off }
}

fn advance(state: &mut State, operation: &Operation, object: Id, to: u64) {
    if operation.request.off == u64::MAX
        && let Some(file) = state.file_mut(object)
    {
        file.position = to;
    }
}

pub(super) fn read(
    state: &mut State,
    operation: &mut Operation,
    object: Id,
    groups: &mut Groups,
) -> Step {
    if let Err(errno) = state.may_read() {
        operation.scribble(state);
        return Step::end(-errno);
    }
    let picked = match operation.group() {
        Some(group) => match groups.peek(group) {
            Some(picked) => Some((group, picked)),
            None => return Step::end(-libc::ENOBUFS),
        },
        None => None,
    };
    let room = match &picked {
        Some((_, picked)) => picked.memory.len().min(operation.request.len as usize),
        None => operation.memory.len(),
    };
    let Some(file) = state.file(object) else { return Step::end(-libc::EBADF) };
    if !file.reads {
        return Step::end(-libc::EBADF);
    }
    if file.is_misaligned(position(operation, file), room) {
        return Step::end(-libc::EINVAL);
    }
    let (at, inode, host) = (position(operation, file), file.inode, state.host_of(object));
    let there = match state.hosts.at(host).tree.read_at(inode, at, room) {
        Ok(bytes) => bytes.len(),
        Err(errno) => return Step::end(-errno),
    };
    let count = state.some_of(there, Fault::ShortRead);
    let bytes = match state.hosts.at(host).tree.read_at(inode, at, count) {
        Ok(bytes) => bytes.to_vec(),
        Err(errno) => return Step::end(-errno),
    };
    advance(state, operation, object, at + count as u64);
    let Some((group, picked)) = picked.filter(|_| count > 0) else {
        if !operation.memory.unwatch() {
            state.complain("memory was changed while a read owned it".into());
        }
        operation.memory.write(0, &bytes);
        return Step::count(count, 0);
    };
    let consumed = groups.consume(group, count);
    if !consumed.intact {
        state.complain(WRITTEN.into());
    }
    picked.memory.write(0, &bytes);
    let kept = if consumed.kept { F_BUF_MORE } else { 0 };
    Step::count(count, F_BUFFER | u32::from(picked.bid) << 16 | kept)
}

pub(super) fn write(state: &mut State, operation: &mut Operation, object: Id) -> Step {
    if let Err(errno) = state.may_write() {
        return Step::end(-errno);
    }
    let Some(file) = state.file(object) else { return Step::end(-libc::EBADF) };
    if !file.writes {
        return Step::end(-libc::EBADF);
    }
    let (append, inode, host) = (file.append, file.inode, state.host_of(object));
    let own = position(operation, file);
    if file.is_misaligned(own, operation.memory.len()) {
        return Step::end(-libc::EINVAL);
    }
    let at = if append { state.hosts.at(host).tree.len(inode).unwrap_or(own) } else { own };
    let left = operation.memory.len();
    let count = state.some_of(left, Fault::ShortWrite);
    if !operation.memory.unwatch() {
        state.complain("memory was changed while a write owned it".into());
    }
    let bytes = operation.memory.read(0, count);
    let time = state.time();
    let count = match state.hosts.at(host).tree.write_at(inode, at, &bytes, time) {
        Ok(count) => count,
        Err(errno) => return Step::end(-errno),
    };
    advance(state, operation, object, at + count as u64);
    Step::count(count, 0)
}

pub(super) fn sync(state: &mut State, operation: &Operation, object: Id) -> Step {
    let host = state.objects.get(object).map_or(0, |object: &Object| object.host);
    let Some(file) = state.file(object) else { return Step::end(-libc::EINVAL) };
    let inode = file.inode;
    if state.fault(Fault::SyncError) {
        // What could not be written counts as written from now on: the next sync is fine.
        if state.rng.chance(0.5) {
            let mut rng = state.rng.clone();
            state.hosts.at(host).tree.lose_writes(inode, &mut |bound| rng.below(bound));
            state.rng = rng;
        }
        let errnos = [libc::EIO, libc::ENOSPC, libc::EDQUOT, libc::EROFS];
        return Step::end(-state.one_of(&errnos));
    }
    let data_only = operation.request.op_flags & DATASYNC != 0;
    Step::of(state.hosts.at(host).tree.sync(inode, data_only).map(|()| 0))
}
