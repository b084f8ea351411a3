//! Reading a directory, a batch at a time. There is no opcode for it.

use rustix::fs::{FileType, Mode, OFlags, RawDir};
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Bytes for one batch of entries: some hundred names, which most directories fit in.
const BATCH_LEN: usize = 32 * 1024;

/// A directory that is being read.
///
/// It can go to another thread and be read there, since that may take long.
#[derive(Debug)]
pub struct Dir(OwnedFd);

/// One entry, as the directory has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawEntry {
    /// Its name.
    pub name: OsString,
    /// The bits of a mode that say what kind of file it is, if the file system knows them here.
    pub kind: Option<u32>,
    /// Number in its file system.
    pub ino: u64,
}

impl Dir {
    /// Opens a directory. `open` with `O_DIRECTORY`.
    ///
    /// # Errors
    /// The kernel's.
    pub fn open(path: &Path) -> io::Result<Self> {
        simulated!(here => here.open_dir(path).map(Self));
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let open = || rustix::fs::open(path, flags, Mode::empty());
        Ok(Self(rustix::io::retry_on_intr(open)?))
    }

    /// The next entries, without `.` and `..`; none at the end. `getdents64`. May take long.
    ///
    /// # Errors
    /// The kernel's.
    pub fn next_batch(&self) -> io::Result<Vec<RawEntry>> {
        simulated!(here => here.next_batch(self.0.as_fd()));
        let mut memory = Vec::with_capacity(BATCH_LEN);
        let mut entries = Vec::new();
        // A batch that has nothing but `.` and `..` is not the end.
        while entries.is_empty() {
            let mut raw = RawDir::new(&self.0, memory.spare_capacity_mut());
            loop {
                match raw.next() {
                    None => return Ok(entries),
                    Some(Err(Errno::INTR)) => continue,
                    // The directory was removed meanwhile: it has no entries any more.
                    Some(Err(Errno::NOENT)) => return Ok(entries),
                    Some(Err(errno)) => return Err(errno.into()),
                    Some(Ok(entry)) => {
                        let name = OsStr::from_bytes(entry.file_name().to_bytes());
                        if name != "." && name != ".." {
                            let kind = kind(entry.file_type());
                            entries.push(RawEntry { name: name.into(), kind, ino: entry.ino() });
                        }
                    }
                }
                if raw.is_buffer_empty() {
                    break;
                }
            }
        }
        Ok(entries)
    }
}

impl AsFd for Dir {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

fn kind(of: FileType) -> Option<u32> {
    (of != FileType::Unknown).then(|| of.as_raw_mode())
}
