//! Moving the position, which is behind that of the reader beneath by what was read ahead.

use std::io::{Result, SeekFrom};

use sexton_buffers::IoBuf;

use super::BufReader;
use crate::{Seek, fault};

impl<R, S> BufReader<R, S> {
    fn unread(&self) -> u64 {
        self.buffer().len() as u64
    }
}

impl<R: Seek, S> Seek for BufReader<R, S> {
    /// Moves the position, and forgets what was read ahead, even if the target is among it:
    /// [`seek_relative`](Seek::seek_relative) keeps it.
    ///
    /// # Errors
    /// Those of the reader beneath. What was read ahead is still there.
    ///
    /// # If dropped
    /// As the reader beneath says; if it has not moved, neither has this one, and what was read
    /// ahead is still there.
    async fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        let to = match to {
            SeekFrom::Current(by) => match by.checked_sub_unsigned(self.unread()) {
                Some(by) => SeekFrom::Current(by),
                // Further back than one step goes. The target is before the beginning, surely; the
                // reader beneath says so.
                None => SeekFrom::Current(i64::MIN),
            },
            absolute => absolute,
        };
        let position = self.reader.seek(to).await?;
        self.discard();
        Ok(position)
    }

    async fn stream_position(&mut self) -> Result<u64> {
        let beneath = self.reader.stream_position().await?;
        beneath.checked_sub(self.unread()).ok_or_else(fault::moved_beneath)
    }

    async fn stream_len(&mut self) -> Result<u64> {
        self.reader.stream_len().await
    }

    /// Moves the position. What was read ahead stays if the target is among it, or among what was
    /// consumed of it: then there is no I/O.
    ///
    /// # If dropped
    /// As [`seek`](Seek::seek).
    async fn seek_relative(&mut self, by: i64) -> Result<()> {
        let read = self.memory.as_ref().map_or(0, |memory| memory.filled().len());
        let target = (self.consumed as u64).checked_add_signed(by);
        match target.and_then(|target| usize::try_from(target).ok()) {
            Some(target) if target <= read => self.consumed = target,
            _ => drop(self.seek(SeekFrom::Current(by)).await?),
        }
        Ok(())
    }
}
