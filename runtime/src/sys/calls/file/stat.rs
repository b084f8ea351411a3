//! What the kernel knows about a file.

use rustix::fs::{AtFlags, CWD, Statx, StatxFlags, StatxTimestamp};
use std::ffi::OsStr;
use std::io;
use std::os::fd::BorrowedFd;
use std::path::Path;

/// Seconds and nanoseconds since 1970; the seconds may be negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time {
    /// Whole seconds, rounded down.
    pub seconds: i64,
    /// What is left, below a thousand million.
    pub nanoseconds: u32,
}

/// What `statx` says about a file.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Stat {
    /// Kind of file and permissions.
    pub mode: u32,
    /// Bytes.
    pub len: u64,
    /// Number in its file system.
    pub ino: u64,
    /// Device of its file system.
    pub dev: u64,
    /// The device that it is, if it is one.
    pub rdev: u64,
    /// Names that it has.
    pub nlink: u64,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Bytes of a good read or write.
    pub blksize: u64,
    /// Units of 512 bytes that it takes up.
    pub blocks: u64,
    /// Last read.
    pub accessed: Time,
    /// Last write.
    pub modified: Time,
    /// Last change of what is said here.
    pub changed: Time,
    /// When it was made, if the file system knows.
    pub created: Option<Time>,
}

/// Asks about an open file. `statx`, since Linux 4.11.
///
/// # Errors
/// The kernel's.
pub fn stat(fd: BorrowedFd<'_>) -> io::Result<Stat> {
    simulated!(here => here.stat(fd));
    Ok(from(rustix::fs::statx(fd, c"", AtFlags::EMPTY_PATH, wanted())?))
}

/// Asks about what a path leads to or, unless `follow`, about a symbolic link itself. `statx`,
/// since Linux 4.11.
///
/// # Errors
/// The kernel's.
pub fn stat_path(path: &Path, follow: bool) -> io::Result<Stat> {
    simulated!(here => here.stat_path(path, follow));
    let at = if follow { AtFlags::empty() } else { AtFlags::SYMLINK_NOFOLLOW };
    Ok(from(rustix::fs::statx(CWD, path, at, wanted())?))
}

/// Asks about an entry of an open directory, and follows no symbolic link. `statx`, since Linux
/// 4.11.
///
/// # Errors
/// The kernel's.
pub fn stat_entry(dir: BorrowedFd<'_>, name: &OsStr) -> io::Result<Stat> {
    simulated!(here => here.stat_entry(dir, name));
    Ok(from(rustix::fs::statx(dir, name, AtFlags::SYMLINK_NOFOLLOW, wanted())?))
}

fn wanted() -> StatxFlags {
    StatxFlags::BASIC_STATS | StatxFlags::BTIME
}

fn from(raw: Statx) -> Stat {
    let created = raw.stx_mask & StatxFlags::BTIME.bits() != 0;
    Stat {
        mode: u32::from(raw.stx_mode),
        len: raw.stx_size,
        ino: raw.stx_ino,
        dev: rustix::fs::makedev(raw.stx_dev_major, raw.stx_dev_minor),
        rdev: rustix::fs::makedev(raw.stx_rdev_major, raw.stx_rdev_minor),
        nlink: u64::from(raw.stx_nlink),
        uid: raw.stx_uid,
        gid: raw.stx_gid,
        blksize: u64::from(raw.stx_blksize),
        blocks: raw.stx_blocks,
        accessed: time(raw.stx_atime),
        modified: time(raw.stx_mtime),
        changed: time(raw.stx_ctime),
        created: created.then(|| time(raw.stx_btime)),
    }
}

fn time(raw: StatxTimestamp) -> Time {
    Time { seconds: raw.tv_sec, nanoseconds: raw.tv_nsec }
}
