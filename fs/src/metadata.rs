//! What the kernel knows about a file.

use crate::fault;
use sexton_runtime::calls::file::{Stat, Time};
use std::fmt;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, SystemTime};

pub use std::fs::Permissions;

/// What the kernel knows about a file, as it was when it was asked.
///
/// ```
/// # sexton_runtime::block_on(async {
/// let metadata = sexton_fs::metadata(std::env::temp_dir()).await?;
/// assert!(metadata.is_dir());
/// assert!(metadata.modified()? <= std::time::SystemTime::now());
/// # Ok::<(), std::io::Error>(()) }).unwrap();
/// ```
#[derive(Clone)]
pub struct Metadata(Stat);

impl Metadata {
    pub(crate) fn new(stat: Stat) -> Self {
        Self(stat)
    }

    /// What kind of file it is.
    #[must_use]
    pub fn file_type(&self) -> FileType {
        FileType(self.0.mode)
    }

    /// Whether it is a regular file.
    #[must_use]
    pub fn is_file(&self) -> bool {
        self.file_type().is_file()
    }

    /// Whether it is a directory.
    #[must_use]
    pub fn is_dir(&self) -> bool {
        self.file_type().is_dir()
    }

    /// Whether it is a symbolic link; only [`symlink_metadata`](crate::symlink_metadata) and
    /// [`DirEntry::metadata`](crate::DirEntry::metadata) ever see one.
    #[must_use]
    pub fn is_symlink(&self) -> bool {
        self.file_type().is_symlink()
    }

    /// Bytes.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "std's metadata has no `is_empty` either")]
    pub fn len(&self) -> u64 {
        self.0.len
    }

    /// Who may do what with it.
    ///
    /// ```
    /// use std::os::unix::fs::PermissionsExt;
    /// # sexton_runtime::block_on(async {
    /// # let path = std::env::temp_dir().join("sexton-doc-permissions");
    /// # std::fs::write(&path, "")?;
    /// sexton_fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).await?;
    /// assert_eq!(sexton_fs::metadata(&path).await?.permissions().mode() & 0o777, 0o600);
    /// # std::fs::remove_file(&path)?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[must_use]
    pub fn permissions(&self) -> Permissions {
        Permissions::from_mode(self.0.mode)
    }

    /// When it was last written.
    ///
    /// # Errors
    /// `InvalidData` if that is a time beyond all clocks.
    pub fn modified(&self) -> io::Result<SystemTime> {
        system_time(self.0.modified)
    }

    /// When it was last read, as far as its file system keeps track of that.
    ///
    /// # Errors
    /// As [`modified`](Metadata::modified).
    pub fn accessed(&self) -> io::Result<SystemTime> {
        system_time(self.0.accessed)
    }

    /// When it was made.
    ///
    /// # Errors
    /// `Unsupported` if its file system does not know.
    pub fn created(&self) -> io::Result<SystemTime> {
        system_time(self.0.created.ok_or_else(fault::no_creation_time)?)
    }

    /// Kind and permissions in one number.
    #[must_use]
    pub fn mode(&self) -> u32 {
        self.0.mode
    }

    /// Number in its file system; with [`dev`](Metadata::dev) it names the file.
    #[must_use]
    pub fn ino(&self) -> u64 {
        self.0.ino
    }

    /// The device of its file system.
    #[must_use]
    pub fn dev(&self) -> u64 {
        self.0.dev
    }

    /// The device that it is, if it is one.
    #[must_use]
    pub fn rdev(&self) -> u64 {
        self.0.rdev
    }

    /// How many names it has.
    #[must_use]
    pub fn nlink(&self) -> u64 {
        self.0.nlink
    }

    /// Its owner.
    #[must_use]
    pub fn uid(&self) -> u32 {
        self.0.uid
    }

    /// Its group.
    #[must_use]
    pub fn gid(&self) -> u32 {
        self.0.gid
    }

    /// How many bytes make a good read or write.
    #[must_use]
    pub fn blksize(&self) -> u64 {
        self.0.blksize
    }

    /// How many units of 512 bytes it takes up.
    #[must_use]
    pub fn blocks(&self) -> u64 {
        self.0.blocks
    }

    /// Whole seconds from 1970 to the last write.
    #[must_use]
    pub fn mtime(&self) -> i64 {
        self.0.modified.seconds
    }

    /// The nanoseconds that go with [`mtime`](Metadata::mtime).
    #[must_use]
    pub fn mtime_nsec(&self) -> i64 {
        i64::from(self.0.modified.nanoseconds)
    }
}

impl fmt::Debug for Metadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metadata")
            .field("file_type", &self.file_type())
            .field("len", &self.len())
            .field("mode", &format_args!("{:o}", self.mode() & 0o7777))
            .finish_non_exhaustive()
    }
}

/// What kind of file something is.
///
/// ```
/// # sexton_runtime::block_on(async {
/// let kind = sexton_fs::metadata("/dev/null").await?.file_type();
/// assert!(kind.is_char_device() && !kind.is_file());
/// # Ok::<(), std::io::Error>(()) }).unwrap();
/// ```
#[derive(Clone, Copy)]
pub struct FileType(u32);

impl FileType {
    const KIND: u32 = 0o170_000;

    pub(crate) fn new(mode: u32) -> Self {
        Self(mode)
    }

    fn kind(self) -> u32 {
        self.0 & Self::KIND
    }

    /// A regular file.
    #[must_use]
    pub fn is_file(&self) -> bool {
        self.kind() == 0o100_000
    }

    /// A directory.
    #[must_use]
    pub fn is_dir(&self) -> bool {
        self.kind() == 0o040_000
    }

    /// A symbolic link.
    #[must_use]
    pub fn is_symlink(&self) -> bool {
        self.kind() == 0o120_000
    }

    /// A named pipe.
    #[must_use]
    pub fn is_fifo(&self) -> bool {
        self.kind() == 0o010_000
    }

    /// A socket.
    #[must_use]
    pub fn is_socket(&self) -> bool {
        self.kind() == 0o140_000
    }

    /// A device of blocks, as a disk.
    #[must_use]
    pub fn is_block_device(&self) -> bool {
        self.kind() == 0o060_000
    }

    /// A device of characters, as a terminal.
    #[must_use]
    pub fn is_char_device(&self) -> bool {
        self.kind() == 0o020_000
    }
}

impl PartialEq for FileType {
    fn eq(&self, other: &Self) -> bool {
        self.kind() == other.kind()
    }
}

impl Eq for FileType {}

impl std::hash::Hash for FileType {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.kind().hash(state);
    }
}

impl fmt::Debug for FileType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            _ if self.is_file() => "File",
            _ if self.is_dir() => "Directory",
            _ if self.is_symlink() => "SymbolicLink",
            _ if self.is_fifo() => "NamedPipe",
            _ if self.is_socket() => "Socket",
            _ if self.is_block_device() => "BlockDevice",
            _ if self.is_char_device() => "CharDevice",
            _ => "Unknown",
        })
    }
}

fn system_time(time: Time) -> io::Result<SystemTime> {
    let seconds = Duration::from_secs(time.seconds.unsigned_abs());
    let epoch = SystemTime::UNIX_EPOCH;
    let whole =
        if time.seconds < 0 { epoch.checked_sub(seconds) } else { epoch.checked_add(seconds) };
    let rest = Duration::from_nanos(u64::from(time.nanoseconds));
    whole.and_then(|whole| whole.checked_add(rest)).ok_or_else(fault::no_such_time)
}

#[cfg(test)]
mod tests {
    use super::{Time, system_time};
    use std::time::{Duration, UNIX_EPOCH};

    #[test]
    fn times_before_1970_count_back_and_their_nanoseconds_forward() {
        let time = |seconds, nanoseconds| system_time(Time { seconds, nanoseconds });
        assert_eq!(time(2, 5).unwrap(), UNIX_EPOCH + Duration::new(2, 5));
        assert_eq!(time(-1, 999_999_999).unwrap(), UNIX_EPOCH - Duration::from_nanos(1));
        // What no clock can hold is an error and no panic.
        assert!(time(i64::MAX, u32::MAX).is_err());
    }
}
