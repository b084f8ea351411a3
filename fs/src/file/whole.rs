//! Calls that concern all of an open file.

use super::File;
use crate::fault;
use crate::order::WHOLE;
use crate::{Metadata, Permissions};
use sexton_runtime::calls::file as calls;
use sexton_runtime::op::{Fsync, submit};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::PermissionsExt;

impl File {
    /// Writes the file's data and metadata to its device.
    ///
    /// # Completes
    /// When the device says that it has them: everything that this handle and its clones had
    /// started to write before. Those writes are awaited first.
    ///
    /// # If dropped
    /// It may go on, harmlessly.
    ///
    /// # Kernel
    /// `IORING_OP_FSYNC`, since Linux 5.1; the ring's worker does it.
    ///
    /// # Errors
    /// The kernel's. After an error the state of the data on the device is unknown, and a second
    /// call may succeed all the same: the bytes have to be written again.
    ///
    /// ```
    /// # sexton_runtime::block_on(async {
    /// let path = std::env::temp_dir().join("sexton-doc-sync-all");
    /// let file = sexton_fs::File::create(&path).await?;
    /// file.write_all_at(b"hello", 0).await?;
    /// file.sync_all().await?;
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), std::io::Error>(()) }).unwrap();
    /// ```
    pub async fn sync_all(&self) -> io::Result<()> {
        self.sync(false).await
    }

    /// [`sync_all`](File::sync_all), but without metadata that is not needed to read the data back,
    /// such as times.
    ///
    /// # Completes
    /// As [`sync_all`](File::sync_all) does.
    ///
    /// # If dropped
    /// As [`sync_all`](File::sync_all).
    ///
    /// # Kernel
    /// `IORING_OP_FSYNC` with `IORING_FSYNC_DATASYNC`, since Linux 5.1; the ring's worker does it.
    ///
    /// # Errors
    /// As [`sync_all`](File::sync_all).
    ///
    /// ```
    /// # sexton_runtime::block_on(async {
    /// let path = std::env::temp_dir().join("sexton-doc-sync-data");
    /// let file = sexton_fs::File::create(&path).await?;
    /// file.write_all_at(b"hello", 0).await?;
    /// file.sync_data().await?;
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), std::io::Error>(()) }).unwrap();
    /// ```
    pub async fn sync_data(&self) -> io::Result<()> {
        self.sync(true).await
    }

    async fn sync(&self, data_only: bool) -> io::Result<()> {
        self.order.settled(WHOLE).await?;
        loop {
            match submit(Fsync { fd: self.fd.clone(), data_only }).await {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                answer => return answer,
            }
        }
    }

    /// Cuts the file off at `len` bytes, or extends it to as many by zeros. The cursor stays where
    /// it is.
    ///
    /// # Completes
    /// When the writes have ended that this handle and its clones had started before, and the file
    /// has its new length.
    ///
    /// # If dropped
    /// Nothing happens: it is done in one step, at its end.
    ///
    /// # Kernel
    /// `ftruncate`, a plain system call.
    ///
    /// # Errors
    /// The kernel's; `InvalidInput` if the file was not opened for writing.
    ///
    /// ```
    /// # sexton_runtime::block_on(async {
    /// let path = std::env::temp_dir().join("sexton-doc-set-len");
    /// let file = sexton_fs::File::create(&path).await?;
    /// file.write_all_at(b"hello, world", 0).await?;
    /// file.set_len(5).await?;
    /// assert_eq!(std::fs::read(&path)?, b"hello");
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), std::io::Error>(()) }).unwrap();
    /// ```
    pub async fn set_len(&self, len: u64) -> io::Result<()> {
        if i64::try_from(len).is_err() {
            return Err(fault::offset_too_large());
        }
        self.order.settled(WHOLE).await?;
        self.order.note_change();
        calls::truncate(self.fd.as_fd(), len)
    }

    /// What the kernel knows about the file.
    ///
    /// # Completes
    /// When the writes have ended that this handle and its clones had started before.
    ///
    /// # If dropped
    /// Nothing.
    ///
    /// # Kernel
    /// `statx`, a plain system call, since Linux 4.11.
    ///
    /// # Errors
    /// The kernel's.
    ///
    /// ```
    /// # sexton_runtime::block_on(async {
    /// let path = std::env::temp_dir().join("sexton-doc-file-metadata");
    /// std::fs::write(&path, "hello")?;
    /// let metadata = sexton_fs::File::open(&path).await?.metadata().await?;
    /// assert!(metadata.is_file());
    /// assert_eq!(metadata.len(), 5);
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), std::io::Error>(()) }).unwrap();
    /// ```
    pub async fn metadata(&self) -> io::Result<Metadata> {
        self.order.settled(WHOLE).await?;
        calls::stat(self.fd.as_fd()).map(Metadata::new)
    }

    /// Sets the file's permissions.
    ///
    /// # Completes
    /// At once.
    ///
    /// # If dropped
    /// Nothing happens: it is done in one step.
    ///
    /// # Kernel
    /// `fchmod`, a plain system call.
    ///
    /// # Errors
    /// The kernel's.
    ///
    /// ```
    /// use sexton_fs::Permissions;
    /// use std::os::unix::fs::PermissionsExt;
    /// # sexton_runtime::block_on(async {
    /// let path = std::env::temp_dir().join("sexton-doc-file-permissions");
    /// let file = sexton_fs::File::create(&path).await?;
    /// file.set_permissions(Permissions::from_mode(0o600)).await?;
    /// assert_eq!(file.metadata().await?.permissions().mode() & 0o777, 0o600);
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), std::io::Error>(()) }).unwrap();
    /// ```
    pub async fn set_permissions(&self, permissions: Permissions) -> io::Result<()> {
        calls::set_mode(self.fd.as_fd(), permissions.mode() & 0o7777)
    }

    /// The length, without waiting for anything: a hint.
    pub(crate) fn len_now(&self) -> io::Result<u64> {
        calls::stat(self.fd.as_fd()).map(|stat| stat.len)
    }
}
