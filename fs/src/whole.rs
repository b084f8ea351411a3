//! Whole files at once.

use crate::blocking::blocking;
use crate::{File, fault};
use sexton_buffers::IoBuf;
use sexton_runtime::calls::file as calls;
use std::io;
use std::path::Path;

/// Reads all of a file.
///
/// # Completes
/// When the end or an error is there.
///
/// # If dropped
/// What was read is gone.
///
/// # Kernel
/// `IORING_OP_OPENAT`, since Linux 5.6, and what [`File::read_at`](crate::File::read_at) does;
/// `statx` for the length.
///
/// # Errors
/// The kernel's; `OutOfMemory` if there is not enough for the file.
///
/// ```
/// # sexton_runtime::block_on(async {
/// let path = std::env::temp_dir().join("sexton-doc-fs-read");
/// sexton_fs::write(&path, "hello").await?;
/// assert_eq!(sexton_fs::read(&path).await?, b"hello");
/// # sexton_fs::remove_file(&path).await?;
/// # Ok::<(), std::io::Error>(()) }).unwrap();
/// ```
pub async fn read(path: impl AsRef<Path>) -> io::Result<Vec<u8>> {
    let mut file = File::open(path).await?;
    let (_, bytes) = file.read_to_end_owned(Vec::new()).await?;
    Ok(bytes)
}

/// Reads all of a file, which must be UTF-8.
///
/// # Completes
/// When the end or an error is there.
///
/// # If dropped
/// What was read is gone.
///
/// # Kernel
/// As [`read`].
///
/// # Errors
/// As [`read`]; `InvalidData` if it is not UTF-8.
///
/// ```
/// # sexton_runtime::block_on(async {
/// let path = std::env::temp_dir().join("sexton-doc-fs-read-to-string");
/// sexton_fs::write(&path, "hello").await?;
/// assert_eq!(sexton_fs::read_to_string(&path).await?, "hello");
/// # sexton_fs::remove_file(&path).await?;
/// # Ok::<(), std::io::Error>(()) }).unwrap();
/// ```
pub async fn read_to_string(path: impl AsRef<Path>) -> io::Result<String> {
    String::from_utf8(read(path).await?).map_err(|_| fault::not_utf8())
}

/// Makes a file of `bytes`: makes it if it is not there, and replaces what it had if it is.
///
/// # Completes
/// When all bytes were taken, or an error is there. They are in the kernel's memory then, not yet
/// on the disk.
///
/// # If dropped
/// The file may have all of the bytes, some, or none, or not be there.
///
/// # Kernel
/// `IORING_OP_OPENAT` and `IORING_OP_WRITE`, since Linux 5.6.
///
/// # Errors
/// The kernel's.
///
/// ```
/// # sexton_runtime::block_on(async {
/// let path = std::env::temp_dir().join("sexton-doc-fs-write");
/// sexton_fs::write(&path, b"long before").await?;
/// sexton_fs::write(&path, vec![b'!'; 3]).await?;
/// assert_eq!(sexton_fs::read(&path).await?, b"!!!");
/// # sexton_fs::remove_file(&path).await?;
/// # Ok::<(), std::io::Error>(()) }).unwrap();
/// ```
pub async fn write(path: impl AsRef<Path>, bytes: impl IoBuf) -> io::Result<()> {
    let mut file = File::create(path).await?;
    file.write_all_owned(bytes).await?;
    Ok(())
}

/// Copies a file's bytes and permissions to `to`, which is made, or replaced. Says how many bytes.
///
/// # Completes
/// When all is copied, or an error is there.
///
/// # If dropped
/// A copy that has begun goes on.
///
/// # Kernel
/// `copy_file_range`, where the file systems have it, on a thread of the blocking pool: the bytes
/// do not come out of the kernel.
///
/// # Errors
/// The kernel's; `InvalidInput` if `from` is no regular file.
///
/// # Panics
/// Outside a runtime.
///
/// ```
/// # sexton_runtime::block_on(async {
/// let dir = std::env::temp_dir();
/// let (from, to) = (dir.join("sexton-doc-copy-a"), dir.join("sexton-doc-copy-b"));
/// sexton_fs::write(&from, "hello").await?;
/// assert_eq!(sexton_fs::copy(&from, &to).await?, 5);
/// assert_eq!(sexton_fs::read(&to).await?, b"hello");
/// # for path in [from, to] { sexton_fs::remove_file(path).await?; }
/// # Ok::<(), std::io::Error>(()) }).unwrap();
/// ```
pub async fn copy(from: impl AsRef<Path>, to: impl AsRef<Path>) -> io::Result<u64> {
    let (from, to) = (from.as_ref().to_owned(), to.as_ref().to_owned());
    blocking(move || calls::copy(&from, &to)).await
}
