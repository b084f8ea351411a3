//! Calls on paths, as std makes them.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Makes a directory. `mkdir`.
///
/// # Errors
/// The kernel's.
pub fn create_dir(path: &Path) -> io::Result<()> {
    simulated!(here => here.create_dir(path));
    fs::create_dir(path)
}

/// Makes a directory and those above it that are missing. `mkdir`, again and again.
///
/// # Errors
/// The kernel's.
pub fn create_dir_all(path: &Path) -> io::Result<()> {
    simulated!(here => here.create_dir_all(path));
    fs::create_dir_all(path)
}

/// Removes a name of a file. `unlink`.
///
/// # Errors
/// The kernel's.
pub fn remove_file(path: &Path) -> io::Result<()> {
    simulated!(here => here.remove_file(path));
    fs::remove_file(path)
}

/// Removes an empty directory. `rmdir`.
///
/// # Errors
/// The kernel's.
pub fn remove_dir(path: &Path) -> io::Result<()> {
    simulated!(here => here.remove_dir(path));
    fs::remove_dir(path)
}

/// Removes a directory and everything in it; follows no symbolic link. May take long.
///
/// # Errors
/// The kernel's.
pub fn remove_dir_all(path: &Path) -> io::Result<()> {
    simulated!(here => here.remove_dir_all(path));
    fs::remove_dir_all(path)
}

/// Gives a file another name, and takes it from whoever had it. `rename`.
///
/// # Errors
/// The kernel's.
pub fn rename(from: &Path, to: &Path) -> io::Result<()> {
    simulated!(here => here.rename(from, to));
    fs::rename(from, to)
}

/// Makes a symbolic link. `symlink`.
///
/// # Errors
/// The kernel's.
pub fn symlink(target: &Path, link: &Path) -> io::Result<()> {
    simulated!(here => here.symlink(target, link));
    std::os::unix::fs::symlink(target, link)
}

/// What a symbolic link says. `readlink`.
///
/// # Errors
/// The kernel's.
pub fn read_link(path: &Path) -> io::Result<PathBuf> {
    simulated!(here => here.read_link(path));
    fs::read_link(path)
}

/// The absolute path without symbolic links. `readlink`, for each part of the path.
///
/// # Errors
/// The kernel's.
pub fn canonicalize(path: &Path) -> io::Result<PathBuf> {
    simulated!(here => here.canonicalize(path));
    fs::canonicalize(path)
}

/// Copies a file's bytes and permissions, inside the kernel. May take long.
///
/// # Errors
/// The kernel's.
pub fn copy(from: &Path, to: &Path) -> io::Result<u64> {
    simulated!(here => here.copy(from, to));
    fs::copy(from, to)
}

/// Sets the permission bits of what a path leads to. `chmod`.
///
/// # Errors
/// The kernel's.
pub fn set_mode_of(path: &Path, mode: u32) -> io::Result<()> {
    simulated!(here => here.set_mode_of(path, mode));
    fs::set_permissions(path, Permissions::from_mode(mode))
}
