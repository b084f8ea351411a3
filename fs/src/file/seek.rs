//! Moving the cursor.

use super::File;
use crate::fault;
use crate::order::WHOLE;
use sexton_io::Seek;
use sexton_runtime::calls::file as calls;
use std::io::{self, SeekFrom};
use std::os::fd::AsFd;

impl File {
    /// Moves the cursor, and says where it is, counted from the beginning of the file. It may be
    /// behind the end.
    ///
    /// # Completes
    /// At once from the beginning or the cursor; from the end, when the writes of dropped futures
    /// have ended.
    ///
    /// # If dropped
    /// The cursor stays where it is.
    ///
    /// # Kernel
    /// None from the beginning or the cursor; `lseek` from the end.
    ///
    /// # Errors
    /// `InvalidInput` if that is before the beginning, or beyond the last offset; `NotSeekable` for
    /// pipes and the like.
    ///
    /// ```
    /// use std::io::SeekFrom;
    /// # sexton_runtime::block_on(async {
    /// let path = std::env::temp_dir().join("sexton-doc-seek");
    /// std::fs::write(&path, "0123456789")?;
    /// let mut file = sexton_fs::File::open(&path).await?;
    /// assert_eq!(file.seek(SeekFrom::End(-2)).await?, 8);
    /// let (_, buf) = file.read_owned(Vec::with_capacity(64)).await?;
    /// assert_eq!(buf, b"89");
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), std::io::Error>(()) }).unwrap();
    /// ```
    pub async fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        if self.is_stream() {
            return Err(fault::not_seekable());
        }
        let target = match to {
            SeekFrom::Start(from_start) => Some(from_start),
            SeekFrom::Current(by) => self.cursor.get().checked_add_signed(by),
            SeekFrom::End(by) => {
                self.order.settled(WHOLE).await?;
                calls::end(self.fd.as_fd())?.checked_add_signed(by)
            }
        };
        let target = target.filter(|target| i64::try_from(*target).is_ok());
        let target = target.ok_or_else(fault::negative_position)?;
        self.shown = 0;
        self.cursor.set(target);
        Ok(target)
    }

    /// Moves the cursor to the beginning.
    ///
    /// # Completes
    /// At once.
    ///
    /// # If dropped
    /// The cursor stays where it is.
    ///
    /// # Kernel
    /// None.
    ///
    /// # Errors
    /// `NotSeekable` for pipes and the like.
    ///
    /// ```
    /// # sexton_runtime::block_on(async {
    /// let path = std::env::temp_dir().join("sexton-doc-rewind");
    /// std::fs::write(&path, "hello")?;
    /// let mut file = sexton_fs::File::open(&path).await?;
    /// file.read_owned(Vec::with_capacity(64)).await?;
    /// file.rewind().await?;
    /// assert_eq!(file.stream_position().await?, 0);
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), std::io::Error>(()) }).unwrap();
    /// ```
    pub async fn rewind(&mut self) -> io::Result<()> {
        self.seek(SeekFrom::Start(0)).await.map(drop)
    }

    /// Where the cursor is, counted from the beginning of the file. What `fill_buf` read ahead does
    /// not count before it is consumed.
    ///
    /// # Completes
    /// At once.
    ///
    /// # If dropped
    /// Nothing.
    ///
    /// # Kernel
    /// None.
    ///
    /// # Errors
    /// `NotSeekable` for pipes and the like.
    ///
    /// ```
    /// use sexton_fs::File;
    /// # sexton_runtime::block_on(async {
    /// # let path = std::env::temp_dir().join("sexton-doc-position");
    /// # std::fs::write(&path, "hello")?;
    /// let mut file = File::open(&path).await?;
    /// file.read_owned(Vec::with_capacity(3)).await?;
    /// assert_eq!(file.stream_position().await?, 3);
    /// # std::fs::remove_file(&path)?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn stream_position(&mut self) -> io::Result<u64> {
        self.seek(SeekFrom::Current(0)).await
    }
}

impl Seek for File {
    async fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        File::seek(self, to).await
    }

    /// How long the file is. The cursor does not move.
    ///
    /// # Completes
    /// When the writes of dropped futures have ended.
    ///
    /// # If dropped
    /// Nothing.
    ///
    /// # Kernel
    /// `lseek` to the end, of a position that no read or write of this file uses.
    ///
    /// # Errors
    /// `NotSeekable` for pipes and the like.
    async fn stream_len(&mut self) -> io::Result<u64> {
        if self.is_stream() {
            return Err(fault::not_seekable());
        }
        self.order.settled(WHOLE).await?;
        calls::end(self.fd.as_fd())
    }
}
