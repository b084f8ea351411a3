//! Calls on paths.
//!
//! The ring would hand each of them to a worker, which takes longer than most of them do. So they
//! are plain system calls, except for the one that may walk through a whole tree.

use crate::blocking::blocking;
use crate::{Metadata, Permissions, fault};
use sexton_runtime::calls::file as calls;
use std::ffi::CString;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// A path in the kernel's form.
pub(crate) fn to_c(path: &Path) -> io::Result<CString> {
    CString::new(path.as_os_str().as_bytes()).map_err(|_| fault::nul_in_path())
}

/// What the kernel knows about what a path leads to; follows symbolic links.
///
/// # Completes
/// At once.
///
/// # If dropped
/// Nothing.
///
/// # Kernel
/// `statx`, a plain system call, since Linux 4.11.
///
/// # Errors
/// The kernel's; `InvalidInput` for a path with a NUL in it.
///
/// ```
/// # sexton_runtime::block_on(async {
/// assert!(sexton_fs::metadata("/").await?.is_dir());
/// # Ok::<(), std::io::Error>(()) }).unwrap();
/// ```
pub async fn metadata(path: impl AsRef<Path>) -> io::Result<Metadata> {
    calls::stat_path(path.as_ref(), true).map(Metadata::new)
}

/// What the kernel knows about what a path names: about a symbolic link itself, not its target.
///
/// # Completes
/// At once.
///
/// # If dropped
/// Nothing.
///
/// # Kernel
/// `statx`, a plain system call, since Linux 4.11.
///
/// # Errors
/// As [`metadata`].
///
/// ```
/// # sexton_runtime::block_on(async {
/// assert!(sexton_fs::symlink_metadata("/proc/self").await?.is_symlink());
/// assert!(sexton_fs::metadata("/proc/self").await?.is_dir());
/// # Ok::<(), std::io::Error>(()) }).unwrap();
/// ```
pub async fn symlink_metadata(path: impl AsRef<Path>) -> io::Result<Metadata> {
    calls::stat_path(path.as_ref(), false).map(Metadata::new)
}

/// Whether a path leads to something; follows symbolic links.
///
/// # Completes
/// At once.
///
/// # If dropped
/// Nothing.
///
/// # Kernel
/// `statx`, a plain system call, since Linux 4.11.
///
/// # Errors
/// As [`metadata`], but for `NotFound`: it is not known whether something is there.
///
/// ```
/// # sexton_runtime::block_on(async {
/// assert!(sexton_fs::exists("/").await?);
/// assert!(!sexton_fs::exists("/no/such/file").await?);
/// # Ok::<(), std::io::Error>(()) }).unwrap();
/// ```
pub async fn exists(path: impl AsRef<Path>) -> io::Result<bool> {
    match calls::stat_path(path.as_ref(), true) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Sets the permissions of what a path leads to; follows symbolic links.
///
/// # Completes
/// At once.
///
/// # If dropped
/// Nothing happens: it is done in one step.
///
/// # Kernel
/// `chmod`, a plain system call.
///
/// # Errors
/// As [`metadata`].
///
/// ```
/// use sexton_fs::Permissions;
/// use std::os::unix::fs::PermissionsExt;
/// # sexton_runtime::block_on(async {
/// let path = std::env::temp_dir().join("sexton-doc-set-permissions");
/// sexton_fs::write(&path, "hello").await?;
/// sexton_fs::set_permissions(&path, Permissions::from_mode(0o400)).await?;
/// assert!(sexton_fs::metadata(&path).await?.permissions().readonly());
/// # sexton_fs::remove_file(&path).await?;
/// # Ok::<(), std::io::Error>(()) }).unwrap();
/// ```
pub async fn set_permissions(path: impl AsRef<Path>, permissions: Permissions) -> io::Result<()> {
    calls::set_mode_of(path.as_ref(), permissions.mode() & 0o7777)
}

/// Makes a directory.
///
/// # Completes
/// At once.
///
/// # If dropped
/// Nothing happens before the first poll; it is done with it.
///
/// # Kernel
/// `mkdir`, a plain system call.
///
/// # Errors
/// The kernel's: `AlreadyExists`, `NotFound` if the directory above is missing, and so on;
/// `InvalidInput` for a path with a NUL in it.
///
/// ```
/// # sexton_runtime::block_on(async {
/// let path = std::env::temp_dir().join("sexton-doc-create-dir");
/// sexton_fs::create_dir(&path).await?;
/// assert!(sexton_fs::create_dir(&path).await.is_err());
/// # sexton_fs::remove_dir(&path).await?;
/// # Ok::<(), std::io::Error>(()) }).unwrap();
/// ```
pub async fn create_dir(path: impl AsRef<Path>) -> io::Result<()> {
    calls::create_dir(path.as_ref())
}

/// Makes a directory and those above it that are missing. It is no error if it is there.
///
/// # Completes
/// At once.
///
/// # If dropped
/// Nothing happens before the first poll; it is done with it.
///
/// # Kernel
/// `mkdir` for each directory that is missing, a plain system call.
///
/// # Errors
/// As [`create_dir`]. Some of the directories may have been made.
///
/// ```
/// # sexton_runtime::block_on(async {
/// let path = std::env::temp_dir().join("sexton-doc-create-dir-all");
/// sexton_fs::create_dir_all(path.join("a/b/c")).await?;
/// assert!(sexton_fs::metadata(path.join("a/b")).await?.is_dir());
/// # sexton_fs::remove_dir_all(&path).await?;
/// # Ok::<(), std::io::Error>(()) }).unwrap();
/// ```
pub async fn create_dir_all(path: impl AsRef<Path>) -> io::Result<()> {
    calls::create_dir_all(path.as_ref())
}

/// Removes a file's name; the file itself goes with its last name, once nobody has it open.
///
/// # Completes
/// At once. To let go of a very large file takes the kernel a while, which this core waits for.
///
/// # If dropped
/// Nothing happens before the first poll; it is done with it.
///
/// # Kernel
/// `unlink`, a plain system call.
///
/// # Errors
/// The kernel's: `NotFound`, `IsADirectory` and so on; `InvalidInput` for a path with a NUL in it.
///
/// ```
/// # sexton_runtime::block_on(async {
/// let path = std::env::temp_dir().join("sexton-doc-remove-file");
/// sexton_fs::write(&path, "hello").await?;
/// sexton_fs::remove_file(&path).await?;
/// assert!(!sexton_fs::exists(&path).await?);
/// # Ok::<(), std::io::Error>(()) }).unwrap();
/// ```
pub async fn remove_file(path: impl AsRef<Path>) -> io::Result<()> {
    calls::remove_file(path.as_ref())
}

/// Removes an empty directory.
///
/// # Completes
/// At once.
///
/// # If dropped
/// Nothing happens before the first poll; it is done with it.
///
/// # Kernel
/// `rmdir`, a plain system call.
///
/// # Errors
/// The kernel's: `DirectoryNotEmpty`, `NotADirectory` and so on; `InvalidInput` for a path with a
/// NUL in it.
///
/// ```
/// # sexton_runtime::block_on(async {
/// let path = std::env::temp_dir().join("sexton-doc-remove-dir");
/// sexton_fs::create_dir(&path).await?;
/// sexton_fs::remove_dir(&path).await?;
/// # Ok::<(), std::io::Error>(()) }).unwrap();
/// ```
pub async fn remove_dir(path: impl AsRef<Path>) -> io::Result<()> {
    calls::remove_dir(path.as_ref())
}

/// Removes a directory and everything in it. Symbolic links are removed, never followed, even if
/// somebody puts them there meanwhile.
///
/// # Completes
/// When all is gone, or an error is there.
///
/// # If dropped
/// A removal that has begun goes on.
///
/// # Kernel
/// `openat`, `getdents64` and `unlinkat`, again and again, on a thread of the blocking pool.
///
/// # Errors
/// The kernel's. Some of the files may be gone.
///
/// # Panics
/// Outside a runtime.
///
/// ```
/// # sexton_runtime::block_on(async {
/// let path = std::env::temp_dir().join("sexton-doc-remove-dir-all");
/// sexton_fs::create_dir_all(path.join("a/b")).await?;
/// sexton_fs::write(path.join("a/file"), "hello").await?;
/// sexton_fs::remove_dir_all(&path).await?;
/// assert!(!sexton_fs::exists(&path).await?);
/// # Ok::<(), std::io::Error>(()) }).unwrap();
/// ```
pub async fn remove_dir_all(path: impl AsRef<Path>) -> io::Result<()> {
    let path = path.as_ref().to_owned();
    blocking(move || calls::remove_dir_all(&path)).await
}

/// Gives a file or a directory another name. Whoever had that name before loses it, in the same
/// step.
///
/// # Completes
/// At once.
///
/// # If dropped
/// Nothing happens before the first poll; it is done with it.
///
/// # Kernel
/// `rename`, a plain system call.
///
/// # Errors
/// The kernel's: `NotFound`, `CrossesDevices` and so on; `InvalidInput` for a path with a NUL in
/// it.
///
/// ```
/// # sexton_runtime::block_on(async {
/// let dir = std::env::temp_dir();
/// let (new, page) = (dir.join("sexton-doc-rename-new"), dir.join("sexton-doc-rename-page"));
/// sexton_fs::write(&new, "hello").await?;
/// sexton_fs::rename(&new, &page).await?;
/// assert_eq!(sexton_fs::read(&page).await?, b"hello");
/// # sexton_fs::remove_file(&page).await?;
/// # Ok::<(), std::io::Error>(()) }).unwrap();
/// ```
pub async fn rename(from: impl AsRef<Path>, to: impl AsRef<Path>) -> io::Result<()> {
    calls::rename(from.as_ref(), to.as_ref())
}

/// Makes a symbolic link at `link` that says `target`, whether or not anything is there.
///
/// # Completes
/// At once.
///
/// # If dropped
/// Nothing, or the link was made.
///
/// # Kernel
/// `symlink`, a plain system call.
///
/// # Errors
/// The kernel's: `AlreadyExists` if anything is at `link`; `InvalidInput` for a path with a NUL in
/// it.
///
/// ```
/// # sexton_runtime::block_on(async {
/// let link = std::env::temp_dir().join("sexton-doc-symlink");
/// # let _ = std::fs::remove_file(&link);
/// sexton_fs::symlink("some/where", &link).await?;
/// assert_eq!(sexton_fs::read_link(&link).await?, std::path::Path::new("some/where"));
/// # std::fs::remove_file(&link)?;
/// # Ok::<(), std::io::Error>(()) }).unwrap();
/// ```
pub async fn symlink(target: impl AsRef<Path>, link: impl AsRef<Path>) -> io::Result<()> {
    calls::symlink(target.as_ref(), link.as_ref())
}

/// What a symbolic link says.
///
/// # Completes
/// At once.
///
/// # If dropped
/// Nothing.
///
/// # Kernel
/// `readlink`, a plain system call.
///
/// # Errors
/// The kernel's: `InvalidInput` for what is no symbolic link, and for a path with a NUL in it.
///
/// ```
/// # sexton_runtime::block_on(async {
/// let error = sexton_fs::read_link("/").await.unwrap_err();
/// assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
/// # });
/// ```
pub async fn read_link(path: impl AsRef<Path>) -> io::Result<PathBuf> {
    calls::read_link(path.as_ref())
}

/// The absolute path to what a path leads to, without symbolic links, `.` or `..`.
///
/// # Completes
/// At once.
///
/// # If dropped
/// Nothing.
///
/// # Kernel
/// `readlink` for each part of the path, plain system calls.
///
/// # Errors
/// As [`metadata`].
///
/// ```
/// # sexton_runtime::block_on(async {
/// let path = sexton_fs::canonicalize("/proc/../proc/.").await?;
/// assert_eq!(path, std::path::Path::new("/proc"));
/// # Ok::<(), std::io::Error>(()) }).unwrap();
/// ```
pub async fn canonicalize(path: impl AsRef<Path>) -> io::Result<PathBuf> {
    calls::canonicalize(path.as_ref())
}
