//! The bytes of a file: reading, writing, cutting off.

use super::disk::Edit;
use super::node::Body;
use super::{Inode, Tree};
use crate::sys::calls::file::Time;
use libc::{EBADF, EFBIG, EINVAL, EISDIR, ENOSPC};

/// Bytes of the longest file.
pub(in crate::sys) const FILE_LEN_MAX: u64 = 1 << 30;

impl Tree {
    /// The bytes from `at` on, at most `len`; none at or beyond the end. `EISDIR` for a directory.
    pub(in crate::sys) fn read_at(&self, inode: Inode, at: u64, len: usize) -> Result<&[u8], i32> {
        let bytes = match &self.node(inode)?.body {
            Body::File(bytes) => bytes,
            Body::Dir { .. } => return Err(EISDIR),
            Body::Link(_) => return Err(EBADF),
        };
        let start = usize::try_from(at).map_or(bytes.len(), |at| at.min(bytes.len()));
        Ok(&bytes[start..start.saturating_add(len).min(bytes.len())])
    }

    /// Writes, and says how many bytes were taken: less than all if the file or the disk is full
    /// then. `EFBIG` or `ENOSPC` if none fits. What lies between the end and `at` becomes zeros.
    pub(in crate::sys) fn write_at(
        &mut self,
        inode: Inode,
        at: u64,
        bytes: &[u8],
        now: Time,
    ) -> Result<usize, i32> {
        let old = self.file_len(inode, EISDIR)?;
        if bytes.is_empty() {
            return Ok(0);
        }
        if at >= FILE_LEN_MAX {
            return Err(EFBIG);
        }
        let end = FILE_LEN_MAX.min(old.saturating_add(self.room_left()));
        let fits = end.max(old).saturating_sub(at).min(bytes.len() as u64);
        if fits == 0 {
            return Err(ENOSPC);
        }
        let taken = &bytes[..usize::try_from(fits).map_err(|_| EFBIG)?];
        self.edit(inode.number, Edit::Write { at, bytes: taken.to_vec() }, now);
        Ok(taken.len())
    }

    /// Bytes of the file; what `stat` says of other things.
    pub(in crate::sys) fn len(&self, inode: Inode) -> Result<u64, i32> {
        Ok(self.node(inode)?.body.len())
    }

    /// `ftruncate`. `EFBIG`, and `ENOSPC`, since here a hole takes room as well.
    pub(in crate::sys) fn truncate(
        &mut self,
        inode: Inode,
        len: u64,
        now: Time,
    ) -> Result<(), i32> {
        self.file_len(inode, EINVAL)?;
        self.truncate_number(inode.number, len, now)
    }

    /// Sets how many bytes all files together may have; those that are there stay.
    pub(in crate::sys) fn set_disk_full(&mut self, bytes: u64) {
        self.room = bytes;
    }

    /// Cuts off or extends a file that is there.
    pub(super) fn truncate_number(&mut self, number: u64, len: u64, now: Time) -> Result<(), i32> {
        let old = self.nodes.get(number).map_or(0, |node| node.body.len());
        if len > FILE_LEN_MAX {
            return Err(EFBIG);
        }
        if len > old && len - old > self.room_left() {
            return Err(ENOSPC);
        }
        self.edit(number, Edit::Truncate { len }, now);
        Ok(())
    }

    /// Bytes that still fit on the disk.
    fn room_left(&self) -> u64 {
        if self.room == u64::MAX {
            return u64::MAX;
        }
        let files = self.nodes.iter().filter(|(_, node)| matches!(node.body, Body::File(_)));
        self.room.saturating_sub(files.map(|(_, node)| node.body.len()).sum())
    }

    /// Bytes of a file; of something else, the error.
    fn file_len(&self, inode: Inode, otherwise: i32) -> Result<u64, i32> {
        match &self.node(inode)?.body {
            Body::File(bytes) => Ok(bytes.len() as u64),
            Body::Dir { .. } | Body::Link(_) => Err(otherwise),
        }
    }

    /// Changes the bytes, and notes it for the disk as long as the file has a name.
    fn edit(&mut self, number: u64, edit: Edit, now: Time) {
        let Some(node) = self.nodes.get_mut(number) else { return };
        node.touch(now);
        let linked = node.linked;
        if let Body::File(bytes) = &mut node.body {
            edit.apply(bytes);
            if linked {
                self.disk.note_edit(number, edit);
            }
        }
    }
}
