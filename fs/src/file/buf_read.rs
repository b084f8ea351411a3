//! Reads at the cursor, shown in the file's own memory.

use super::File;
use crate::ahead::{CHUNK, Want};
use crate::steps::Steps;
use sexton_io::BufRead;
use std::io;

impl BufRead for File {
    /// Shows what is there at the cursor; nothing at the end of the file.
    ///
    /// What was shown is a copy of the file: a write by this handle, or a clone of it, makes the
    /// next call read anew.
    ///
    /// # Completes
    /// When bytes, the end, or an error is there.
    ///
    /// # If dropped
    /// The read stays with the file: nothing is lost, and the next call waits for it.
    ///
    /// # Kernel
    /// `IORING_OP_READ`, since Linux 5.6, of 64 KiB.
    ///
    /// # Errors
    /// The kernel's; a file that was opened with `O_DIRECT` has no memory that fits
    /// ([`read_at`](File::read_at) into an aligned buffer does).
    async fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.show(1).await
    }

    fn consume(&mut self, n: usize) {
        assert!(n <= self.shown, "cannot consume {n} bytes: {} were shown", self.shown);
        self.advance(n);
    }

    async fn fill_at_least(&mut self, n: usize) -> io::Result<&[u8]> {
        self.show(n.max(1)).await
    }

    async fn read_line(&mut self, buf: &mut String) -> io::Result<usize> {
        self.read_line_limited(buf, usize::MAX).await
    }

    async fn read_line_limited(&mut self, buf: &mut String, max: usize) -> io::Result<usize> {
        let undo = self.undo();
        let answer = Steps(self).read_line_limited(buf, max).await;
        undo.disarm();
        answer
    }
}

impl File {
    async fn show(&mut self, least: usize) -> io::Result<&[u8]> {
        // The file may have grown since its end was told.
        self.ahead.forget_told_end();
        self.fill(Want { least, room: CHUNK }).await?;
        if self.ahead.is_at_end(self.source()) {
            self.ahead.tell_end();
        }
        self.shown = self.buffer().len();
        Ok(self.buffer())
    }
}
