//! Opening a file, in the order in which the kernel asks its questions.

use super::node::{Body, Node};
use super::walk::{Follow, Last};
use super::{Inode, ROOT, Start, Tree, UMASK};
use crate::sys::calls::file::Time;
use libc::{
    EEXIST, EINVAL, EISDIR, ELOOP, ENOENT, ENOTDIR, EOPNOTSUPP, O_ACCMODE, O_CREAT, O_DIRECTORY,
    O_EXCL, O_NOFOLLOW, O_RDONLY, O_TMPFILE, O_TRUNC, O_WRONLY,
};

impl Tree {
    /// `open`. The result is one handle, to be [released](Self::release).
    ///
    /// Knows the access modes, `O_CREAT`, `O_EXCL`, `O_TRUNC`, `O_DIRECTORY` and `O_NOFOLLOW`;
    /// refuses `O_TMPFILE` (`EOPNOTSUPP`). What can be done with a handle is not remembered here.
    pub(in crate::sys) fn open(
        &mut self,
        path: &[u8],
        flags: i32,
        mode: u32,
        now: Time,
    ) -> Result<Inode, i32> {
        self.open_from(Start::default(), path, flags, mode, now)
    }

    /// `openat2`, as [`open`](Self::open).
    pub(in crate::sys) fn open_from(
        &mut self,
        start: Start,
        path: &[u8],
        flags: i32,
        mode: u32,
        now: Time,
    ) -> Result<Inode, i32> {
        if flags & O_TMPFILE == O_TMPFILE {
            return Err(EOPNOTSUPP);
        }
        let create = flags & O_CREAT != 0;
        if create && flags & O_DIRECTORY != 0 {
            return Err(EINVAL);
        }
        let exclusive = create && flags & O_EXCL != 0;
        let follow = match (create, exclusive || flags & O_NOFOLLOW != 0) {
            (true, true) => Follow::Never,
            (true, false) => Follow::NotBeforeSlash,
            (false, true) => Follow::BeforeSlash,
            (false, false) => Follow::Always,
        };
        let dir = match start.dir {
            Some(dir) => self.node(dir).map(|_| dir.number)?,
            None => ROOT,
        };
        let place = self.walk_within(dir, path, follow, start.beneath)?;
        if create && place.slash && place.last == Last::Name {
            return Err(EISDIR);
        }
        let number = match place.found()? {
            Some(_) if exclusive => return Err(EEXIST),
            Some(number) => {
                self.may_open(number, flags, place.slash)?;
                if flags & O_TRUNC != 0 {
                    self.truncate_number(number, 0, now)?;
                }
                number
            }
            None if create => {
                self.may(place.dir, 3)?;
                let node = Node::new(Body::File(Vec::new()), mode & 0o7777 & !UMASK, now);
                self.make(place.dir, place.name, node, now)
            }
            None => return Err(ENOENT),
        };
        let inode = self.inode(number);
        self.hold(inode)?;
        Ok(inode)
    }

    /// The name of a node for callers.
    pub(super) fn inode(&self, number: u64) -> Inode {
        Inode { number, boot: self.boot }
    }

    /// Whether what is there may be opened so.
    fn may_open(&self, number: u64, flags: i32, slash: bool) -> Result<(), i32> {
        let body = &self.nodes.get(number).ok_or(ENOENT)?.body;
        let write = flags & O_ACCMODE != O_RDONLY || flags & O_TRUNC != 0;
        let read = flags & O_ACCMODE != O_WRONLY;
        match body {
            Body::Dir { .. } if flags & O_CREAT != 0 || write => return Err(EISDIR),
            Body::File(_) | Body::Link(_) if slash || flags & O_DIRECTORY != 0 => {
                return Err(ENOTDIR);
            }
            Body::Link(_) => return Err(ELOOP),
            Body::Dir { .. } | Body::File(_) => {}
        }
        self.may(number, if read { 4 } else { 0 } | if write { 2 } else { 0 })
    }
}
