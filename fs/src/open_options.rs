//! How a file is opened.

use crate::File;
use crate::fault;
use crate::op::{OpenAt, OpenBeneath};
use crate::path::to_c;
use sexton_runtime::calls::file::flags;
use sexton_runtime::op::{OpenHow, submit};
use std::io;
use std::path::Path;

/// How often in a row something may be moved while the kernel walks past a `..` beneath a
/// directory, before that is an error (`EAGAIN`).
const MOVES_MAX: u32 = 100;

/// How a file is opened: `std::fs::OpenOptions`, for a ring.
///
/// ```
/// use sexton_fs::OpenOptions;
/// # sexton_runtime::block_on(async {
/// let path = std::env::temp_dir().join("sexton-doc-open-options");
/// # let _ = std::fs::remove_file(&path);
/// let mut options = OpenOptions::new();
/// let file = options.write(true).create(true).mode(0o600).open(&path).await?;
/// file.write_all_at(b"hello", 0).await?;
///
/// let again = OpenOptions::new().write(true).create_new(true).open(&path).await;
/// assert_eq!(again.unwrap_err().kind(), std::io::ErrorKind::AlreadyExists);
/// # std::fs::remove_file(&path)?;
/// # Ok::<(), std::io::Error>(()) }).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct OpenOptions {
    read: bool,
    write: bool,
    append: bool,
    truncate: bool,
    create: bool,
    create_new: bool,
    custom_flags: i32,
    mode: u32,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl OpenOptions {
    /// Nothing is allowed yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            read: false,
            write: false,
            append: false,
            truncate: false,
            create: false,
            create_new: false,
            custom_flags: 0,
            mode: 0o666,
        }
    }

    /// The file can be read.
    pub fn read(&mut self, read: bool) -> &mut Self {
        self.read = read;
        self
    }

    /// The file can be written. What it had before stays, until it is overwritten.
    pub fn write(&mut self, write: bool) -> &mut Self {
        self.write = write;
        self
    }

    /// Every write goes to the end of the file, wherever that is then. Implies
    /// [`write`](Self::write).
    ///
    /// Such a file is not written at an offset: Linux lets `write_at` append, too.
    ///
    /// ```
    /// use sexton_fs::OpenOptions;
    /// # sexton_runtime::block_on(async {
    /// # let path = std::env::temp_dir().join("sexton-doc-options-append");
    /// # std::fs::write(&path, "hello")?;
    /// let mut file = OpenOptions::new().append(true).open(&path).await?;
    /// file.write_all_owned(", world").await?;
    /// assert_eq!(sexton_fs::read(&path).await?, b"hello, world");
    /// # std::fs::remove_file(&path)?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn append(&mut self, append: bool) -> &mut Self {
        self.append = append;
        self
    }

    /// The file is emptied when it is opened.
    pub fn truncate(&mut self, truncate: bool) -> &mut Self {
        self.truncate = truncate;
        self
    }

    /// The file is made if it is not there.
    pub fn create(&mut self, create: bool) -> &mut Self {
        self.create = create;
        self
    }

    /// The file is made; it is an error (`AlreadyExists`) if it, or a symbolic link, is there. Goes
    /// before [`create`](Self::create) and [`truncate`](Self::truncate).
    ///
    /// ```
    /// use sexton_fs::OpenOptions;
    /// # sexton_runtime::block_on(async {
    /// # let path = std::env::temp_dir().join("sexton-doc-options-new");
    /// # let _ = std::fs::remove_file(&path);
    /// OpenOptions::new().write(true).create_new(true).open(&path).await?;
    /// assert!(OpenOptions::new().write(true).create_new(true).open(&path).await.is_err());
    /// # std::fs::remove_file(&path)?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn create_new(&mut self, create_new: bool) -> &mut Self {
        self.create_new = create_new;
        self
    }

    /// The permissions of a file that is made, less what the process's umask takes; 0o666 by
    /// default.
    pub fn mode(&mut self, mode: u32) -> &mut Self {
        self.mode = mode;
        self
    }

    /// More flags for `open`, such as `O_DIRECT` or `O_NOFOLLOW`. Those that say whether the file
    /// is read or written are ignored.
    ///
    /// ```
    /// use sexton_fs::OpenOptions;
    /// # sexton_runtime::block_on(async {
    /// # let path = std::env::temp_dir().join("sexton-doc-options-flags");
    /// # let _ = std::fs::remove_file(&path);
    /// const O_NOFOLLOW: i32 = 0o400000;
    /// std::os::unix::fs::symlink("elsewhere", &path)?;
    /// let mut options = OpenOptions::new();
    /// assert!(options.write(true).custom_flags(O_NOFOLLOW).open(&path).await.is_err());
    /// # std::fs::remove_file(&path)?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn custom_flags(&mut self, flags: i32) -> &mut Self {
        self.custom_flags = flags;
        self
    }

    /// Opens the file at `path`.
    ///
    /// # Completes
    /// When it is open, or cannot be. A named pipe is opened at once, whether or not anybody has
    /// its other end.
    ///
    /// # If dropped
    /// A late success is closed. A file may have been made, or emptied, all the same.
    ///
    /// # Kernel
    /// `IORING_OP_OPENAT`, since Linux 5.6. With `create` or `truncate` the ring hands it to a
    /// worker.
    ///
    /// # Errors
    /// The kernel's, as `std::fs::OpenOptions::open` has them; `InvalidInput` for options that
    /// contradict each other, and for a path with a NUL in it.
    ///
    /// ```
    /// use sexton_fs::OpenOptions;
    /// # sexton_runtime::block_on(async {
    /// # let path = std::env::temp_dir().join("sexton-doc-options-open");
    /// # std::fs::write(&path, "hello")?;
    /// let file = OpenOptions::new().read(true).open(&path).await?;
    /// assert_eq!(file.read_at(Vec::with_capacity(64), 0).await?.1, b"hello");
    /// assert!(file.write_at("refused", 0).await.is_err());
    /// # std::fs::remove_file(&path)?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn open(&self, path: impl AsRef<Path>) -> io::Result<File> {
        let asked = self.flags()?;
        let mut path = to_c(path.as_ref())?;
        loop {
            match submit(OpenAt { path, flags: asked, mode: self.mode }).await {
                Ok(fd) => return Ok(File::opened(fd, asked)),
                Err((error, same)) if error.kind() == io::ErrorKind::Interrupted => path = same,
                Err((error, _)) => return Err(error),
            }
        }
    }

    /// Opens the file at `path`, relative to the open directory `dir`, and nowhere outside of it.
    ///
    /// A path that leads out is refused by the kernel as it walks: an absolute one, one whose `..`
    /// goes above `dir` even if it comes back, and any symbolic link of these kinds on the way. So
    /// a server can open what a stranger names, also while others move things about. The links that
    /// are followed are relative ones; `custom_flags(O_NOFOLLOW)` refuses one in the last place.
    ///
    /// # Completes
    /// When it is open, or cannot be.
    ///
    /// # If dropped
    /// As [`open`](Self::open).
    ///
    /// # Kernel
    /// `IORING_OP_OPENAT2` with `RESOLVE_BENEATH`, since Linux 5.6. With `create` or `truncate` the
    /// ring hands it to a worker.
    ///
    /// # Errors
    /// `CrossesDevices` (`EXDEV`) for a path that leads out; `NotADirectory` if `dir` is none;
    /// `InvalidInput` for unknown custom flags, too; otherwise as [`open`](Self::open).
    ///
    /// ```
    /// use sexton_fs::{File, OpenOptions};
    /// # sexton_runtime::block_on(async {
    /// # let path = std::env::temp_dir().join("sexton-doc-options-beneath");
    /// # std::fs::create_dir_all(&path)?;
    /// # std::fs::write(path.join("a.txt"), "hello")?;
    /// let dir = File::open(&path).await?;
    /// let mut options = OpenOptions::new();
    /// let file = options.read(true).open_beneath(&dir, "a.txt").await?;
    /// assert_eq!(file.read_at(Vec::with_capacity(64), 0).await?.1, b"hello");
    ///
    /// let out = options.open_beneath(&dir, "../../etc/passwd").await;
    /// assert_eq!(out.unwrap_err().kind(), std::io::ErrorKind::CrossesDevices);
    /// # std::fs::remove_dir_all(&path)?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn open_beneath(&self, dir: &File, path: impl AsRef<Path>) -> io::Result<File> {
        let asked = self.flags()?;
        let how = OpenHow::beneath(asked, self.mode);
        let mut path = to_c(path.as_ref())?;
        let mut moves = 0;
        loop {
            match submit(OpenBeneath { dir: dir.descriptor().clone(), path, how }).await {
                Ok(fd) => return Ok(File::opened(fd, asked)),
                Err((error, same)) => match error.kind() {
                    io::ErrorKind::Interrupted => path = same,
                    io::ErrorKind::WouldBlock if moves < MOVES_MAX => {
                        (path, moves) = (same, moves + 1)
                    }
                    _ => return Err(error),
                },
            }
        }
    }

    fn flags(&self) -> io::Result<i32> {
        let access = match (self.read, self.write, self.append) {
            (true, false, false) => flags::READ_ONLY,
            (false, true, false) => flags::WRITE_ONLY,
            (true, true, false) => flags::READ_WRITE,
            (false, _, true) => flags::WRITE_ONLY | flags::APPEND,
            (true, _, true) => flags::READ_WRITE | flags::APPEND,
            (false, false, false) if self.truncate || self.create || self.create_new => {
                return Err(fault::creation_without_write());
            }
            (false, false, false) => return Err(fault::no_access_mode()),
        };
        if !self.write && !self.append && (self.truncate || self.create || self.create_new) {
            return Err(fault::creation_without_write());
        }
        if self.append && self.truncate && !self.create_new {
            return Err(fault::append_and_truncate());
        }
        let creation = if self.create_new {
            flags::CREATE | flags::EXCLUSIVE
        } else {
            let create = if self.create { flags::CREATE } else { 0 };
            create | if self.truncate { flags::TRUNCATE } else { 0 }
        };
        Ok(access | creation | (self.custom_flags & !flags::ACCESS))
    }
}
