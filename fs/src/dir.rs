//! Reading a directory.

use crate::blocking::Call;
use crate::{FileType, Metadata};
use sexton_runtime::CancelHook;
use sexton_runtime::calls::file::{self as calls, Dir, RawEntry, is_cancelled};
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::vec;

/// Opens a directory, to read its entries.
///
/// # Completes
/// When it is open, and its first entries are read.
///
/// # If dropped
/// The directory is closed.
///
/// # Kernel
/// `open` and `getdents64` on a thread of the blocking pool: the ring cannot read directories.
///
/// # Errors
/// The kernel's: `NotFound`, `NotADirectory` and so on; `InvalidInput` for a path with a NUL in it.
///
/// # Panics
/// Outside a runtime.
///
/// ```
/// # sexton_runtime::block_on(async {
/// let dir = std::env::temp_dir().join("sexton-doc-read-dir");
/// sexton_fs::create_dir_all(dir.join("sub")).await?;
/// sexton_fs::write(dir.join("file"), "hello").await?;
///
/// let mut names = Vec::new();
/// let mut entries = sexton_fs::read_dir(&dir).await?;
/// while let Some(entry) = entries.next_entry().await? {
///     names.push((entry.file_name(), entry.file_type().await?.is_dir()));
/// }
/// names.sort();
/// assert_eq!(names, [("file".into(), false), ("sub".into(), true)]);
/// # sexton_fs::remove_dir_all(&dir).await?;
/// # Ok::<(), std::io::Error>(()) }).unwrap();
/// ```
pub async fn read_dir(path: impl AsRef<Path>) -> io::Result<ReadDir> {
    let path = path.as_ref().to_owned();
    let (dir, batch) = crate::blocking::blocking(move || {
        let dir = Dir::open(&path)?;
        let batch = dir.next_batch()?;
        Ok((Arc::new(Opened { dir, path }), batch))
    })
    .await?;
    let ended = batch.is_empty();
    Ok(ReadDir { dir, batch: batch.into_iter(), reading: None, ended })
}

/// The entries of a directory, made by [`read_dir`].
pub struct ReadDir {
    dir: Arc<Opened>,
    batch: vec::IntoIter<RawEntry>,
    /// The next batch, on its way. It belongs to this, not to the future that waits for it.
    reading: Option<Call<Vec<RawEntry>>>,
    ended: bool,
}

/// An open directory and the path by which it was opened.
#[derive(Debug)]
struct Opened {
    dir: Dir,
    path: PathBuf,
}

impl ReadDir {
    /// The next entry, in no order; `None` at the end. `.` and `..` are left out.
    ///
    /// # Completes
    /// At once, mostly; when the next some hundred entries are read, if these were the last.
    ///
    /// # If dropped
    /// Nothing is lost: entries that were on their way come from the next call.
    ///
    /// # Kernel
    /// `getdents64` on a thread of the blocking pool, for many entries at a time.
    ///
    /// # Errors
    /// The kernel's, once; there are no more entries then.
    ///
    /// # Panics
    /// Outside a runtime.
    ///
    /// ```
    /// # sexton_runtime::block_on(async {
    /// let mut entries = sexton_fs::read_dir("/proc/self").await?;
    /// let first = entries.next_entry().await?;
    /// assert!(first.is_some());
    /// # Ok::<(), std::io::Error>(()) }).unwrap();
    /// ```
    pub async fn next_entry(&mut self) -> io::Result<Option<DirEntry>> {
        let mut hook = CancelHook::default();
        loop {
            if let Some(raw) = self.batch.next() {
                return Ok(Some(DirEntry { dir: Arc::clone(&self.dir), raw }));
            }
            if self.ended {
                return Ok(None);
            }
            let dir = Arc::clone(&self.dir);
            let start = || Call::start(move || dir.dir.next_batch());
            let call = self.reading.get_or_insert_with(start);
            let answer = poll_fn(|cx| call.poll(&mut hook, cx)).await;
            self.reading = None;
            match answer {
                Ok(batch) => {
                    self.ended = batch.is_empty();
                    self.batch = batch.into_iter();
                }
                Err(error) => {
                    self.ended = !is_cancelled(&error);
                    return Err(error);
                }
            }
        }
    }
}

impl fmt::Debug for ReadDir {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ReadDir").field(&self.dir.path).finish()
    }
}

/// One entry of a directory. It keeps the directory open.
#[derive(Clone)]
pub struct DirEntry {
    dir: Arc<Opened>,
    raw: RawEntry,
}

impl DirEntry {
    /// The name, without the directory's.
    #[must_use]
    pub fn file_name(&self) -> OsString {
        self.raw.name.clone()
    }

    /// The name, without the directory's, to look at.
    #[must_use]
    pub fn file_name_ref(&self) -> &OsStr {
        &self.raw.name
    }

    /// The directory's path, as it was given to [`read_dir`], and the name.
    ///
    /// ```
    /// use sexton_fs::read_dir;
    /// # sexton_runtime::block_on(async {
    /// # let path = std::env::temp_dir().join("sexton-doc-entry-path");
    /// # let _ = std::fs::remove_dir_all(&path);
    /// # std::fs::create_dir(&path)?;
    /// # std::fs::write(path.join("file"), "")?;
    /// let entry = read_dir(&path).await?.next_entry().await?.expect("there is one");
    /// assert_eq!((entry.path(), entry.file_name()), (path.join("file"), "file".into()));
    /// # std::fs::remove_dir_all(&path)?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.dir.path.join(&self.raw.name)
    }

    /// The number in the file system.
    #[must_use]
    pub fn ino(&self) -> u64 {
        self.raw.ino
    }

    /// What kind of file it is; follows no symbolic link.
    ///
    /// # Completes
    /// At once.
    ///
    /// # If dropped
    /// Nothing.
    ///
    /// # Kernel
    /// None, mostly: the directory says it. Otherwise `statx`, a plain system call, since Linux
    /// 4.11.
    ///
    /// # Errors
    /// The kernel's, for `statx`: it is not there any more.
    ///
    /// ```
    /// # sexton_runtime::block_on(async {
    /// let mut entries = sexton_fs::read_dir("/proc/self").await?;
    /// while let Some(entry) = entries.next_entry().await? {
    ///     assert_eq!(entry.file_name() == "cwd", entry.path().ends_with("cwd"));
    ///     if entry.file_name() == "cwd" {
    ///         assert!(entry.file_type().await?.is_symlink());
    ///     }
    /// }
    /// # Ok::<(), std::io::Error>(()) }).unwrap();
    /// ```
    pub async fn file_type(&self) -> io::Result<FileType> {
        match self.raw.kind {
            Some(kind) => Ok(FileType::new(kind)),
            None => Ok(self.metadata().await?.file_type()),
        }
    }

    /// What the kernel knows about it; follows no symbolic link.
    ///
    /// # Completes
    /// At once.
    ///
    /// # If dropped
    /// Nothing.
    ///
    /// # Kernel
    /// `statx`, a plain system call, since Linux 4.11; in the open directory, even if that has
    /// another name by now.
    ///
    /// # Errors
    /// The kernel's: it is not there any more.
    ///
    /// ```
    /// # sexton_runtime::block_on(async {
    /// let dir = std::env::temp_dir().join("sexton-doc-entry-metadata");
    /// sexton_fs::create_dir_all(&dir).await?;
    /// sexton_fs::write(dir.join("file"), "hello").await?;
    /// let mut entries = sexton_fs::read_dir(&dir).await?;
    /// while let Some(entry) = entries.next_entry().await? {
    ///     assert_eq!(entry.metadata().await?.len(), 5);
    /// }
    /// # sexton_fs::remove_dir_all(&dir).await?;
    /// # Ok::<(), std::io::Error>(()) }).unwrap();
    /// ```
    pub async fn metadata(&self) -> io::Result<Metadata> {
        calls::stat_entry(self.dir.dir.as_fd(), &self.raw.name).map(Metadata::new)
    }
}

impl fmt::Debug for DirEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DirEntry").field(&self.path()).finish()
    }
}
