//! Files and paths: calls that the ring would only hand to a thread, or does not know.
//!
//! Those in `path` and `stat` look things up, which the kernel mostly answers from memory. What
//! reads a directory, or walks a tree, can take long: it says so, and belongs on a thread that may
//! block.

mod dir;
mod now;
mod path;
mod send;
mod stat;

pub use dir::{Dir, RawEntry};
pub use now::{ReadNow, read_now, read_owned_now};
pub use path::{
    canonicalize, copy, create_dir, create_dir_all, read_link, remove_dir, remove_dir_all,
    remove_file, rename, set_mode_of, symlink,
};
pub use send::send_now;
pub use stat::{Stat, Time, stat, stat_entry, stat_path};

use rustix::fs::SeekFrom;
use rustix::io::Errno;
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};

/// What `open` is asked for, as [`Entry::open`](crate::op::Entry::open) takes it.
pub mod flags {
    /// `O_RDONLY`.
    pub const READ_ONLY: i32 = libc::O_RDONLY;
    /// `O_WRONLY`.
    pub const WRITE_ONLY: i32 = libc::O_WRONLY;
    /// `O_RDWR`.
    pub const READ_WRITE: i32 = libc::O_RDWR;
    /// The bits of the three above.
    pub const ACCESS: i32 = libc::O_ACCMODE;
    /// `O_APPEND`.
    pub const APPEND: i32 = libc::O_APPEND;
    /// `O_CREAT`.
    pub const CREATE: i32 = libc::O_CREAT;
    /// `O_EXCL`.
    pub const EXCLUSIVE: i32 = libc::O_EXCL;
    /// `O_TRUNC`.
    pub const TRUNCATE: i32 = libc::O_TRUNC;
    /// `O_DIRECT`.
    pub const DIRECT: i32 = libc::O_DIRECT;
}

/// The kernel's own position of an open file. `lseek`.
///
/// # Errors
/// `NotSeekable` (`ESPIPE`) if it has none: pipes, terminals.
pub fn position(fd: BorrowedFd<'_>) -> io::Result<u64> {
    simulated!(here => here.position(fd));
    Ok(rustix::fs::seek(fd, SeekFrom::Current(0))?)
}

/// Moves the kernel's own position of an open file. `lseek`.
///
/// # Errors
/// As [`position`].
pub fn set_position(fd: BorrowedFd<'_>, position: u64) -> io::Result<()> {
    simulated!(here => here.set_position(fd, position));
    rustix::fs::seek(fd, SeekFrom::Start(position))?;
    Ok(())
}

/// Where a file ends, block devices too; moves the kernel's own position there. `lseek`.
///
/// # Errors
/// As [`position`].
pub fn end(fd: BorrowedFd<'_>) -> io::Result<u64> {
    simulated!(here => here.end_of(fd));
    Ok(rustix::fs::seek(fd, SeekFrom::End(0))?)
}

/// How a file was opened, as far as that can be asked: [`flags`]. `fcntl`.
///
/// # Errors
/// The kernel's.
pub fn status_flags(fd: BorrowedFd<'_>) -> io::Result<i32> {
    simulated!(here => here.status_flags(fd));
    Ok(rustix::fs::fcntl_getfl(fd)?.bits().cast_signed())
}

/// Cuts a file off at `len`, or extends it to `len` by a hole. `ftruncate`.
///
/// # Errors
/// The kernel's.
pub fn truncate(fd: BorrowedFd<'_>, len: u64) -> io::Result<()> {
    simulated!(here => here.truncate(fd, len));
    Ok(rustix::io::retry_on_intr(|| rustix::fs::ftruncate(fd, len))?)
}

/// Sets the permission bits of an open file. `fchmod`.
///
/// # Errors
/// The kernel's.
pub fn set_mode(fd: BorrowedFd<'_>, mode: u32) -> io::Result<()> {
    simulated!(here => here.set_mode(fd, mode));
    let mode = rustix::fs::Mode::from_raw_mode(mode);
    Ok(rustix::io::retry_on_intr(|| rustix::fs::fchmod(fd, mode))?)
}

/// A second descriptor of the same open file, closed on `exec`. `fcntl`.
///
/// # Errors
/// The kernel's: no descriptor is left.
pub fn duplicate(fd: BorrowedFd<'_>) -> io::Result<OwnedFd> {
    simulated!(here => here.duplicate(fd));
    fd.try_clone_to_owned()
}

/// The error of an operation that was cancelled, as the kernel gives it.
#[must_use]
pub fn cancelled() -> io::Error {
    Errno::CANCELED.into()
}

/// Whether an error says that the operation was cancelled.
#[must_use]
pub fn is_cancelled(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::ECANCELED)
}
