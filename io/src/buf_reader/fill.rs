//! A read into the reader's memory, which is given away while it lasts.
//!
//! Unread bytes are never given away: a read behind them goes into spare memory, and what it brings
//! is copied.

use std::io::Result;
use std::mem;

use sexton_buffers::{BufResultExt, IoBuf, IoBufMut, OwnedBuf};

use super::{BufReader, BufSource, End};
use crate::{OwnedRead, fault};

impl<R, S> BufReader<R, S> {
    /// Whether the end was seen, and has to be told before anything else is read.
    pub(super) fn tell_unseen_end(&mut self) -> bool {
        let untold = self.end == End::Seen;
        self.tell_end();
        untold
    }

    /// The caller is told the end now, if it was seen.
    pub(super) fn tell_end(&mut self) {
        if self.end == End::Seen {
            self.end = End::Told;
        }
    }

    /// Whether an owned read with so much room goes by the memory, if nothing is in it.
    pub(super) fn is_large(&mut self, room: usize) -> bool {
        let memory = self.next.as_mut().or(self.memory.as_mut());
        room >= memory.map_or(self.large, capacity)
    }

    /// How much room is behind the unread bytes, after making all of it at least `least`. They stay
    /// what they are, also if it fails.
    fn room_behind(&mut self, least: usize) -> Result<usize> {
        let unread = self.buffer().len();
        let Some(memory) = &mut self.memory else { return Ok(0) };
        let room = memory.unfilled().len();
        if room >= least.saturating_sub(unread) {
            return Ok(room);
        }
        let has = capacity(memory);
        let unread = memory.filled().get(self.consumed..).unwrap_or_default().to_vec();
        if has >= least {
            memory.clear();
            memory.fill_from(&unread);
        } else {
            // Twice as much, for those who ask for one more byte each time.
            let mut grown = OwnedBuf::new(allocate(least.max(has.saturating_mul(2)))?);
            grown.fill_from(&unread);
            let small = mem::replace(memory, grown);
            if self.next.is_none() {
                self.set_read_buf(small);
            }
        }
        self.consumed = 0;
        Ok(self.memory.as_mut().map_or(0, |memory| memory.unfilled().len()))
    }
}

impl<R: OwnedRead, S: BufSource> BufReader<R, S> {
    /// The memory for a read that finds nothing left, with room for `least` bytes. It is no longer
    /// the reader's.
    fn take_memory(&mut self, least: usize) -> Result<OwnedBuf> {
        let last = self.memory.take();
        self.consumed = 0;
        let mut memory = match self.next.take().or(last) {
            Some(memory) => memory,
            None => OwnedBuf::new(self.source.get().ok_or_else(fault::no_memory)?),
        };
        memory.clear();
        if memory.unfilled().is_empty() {
            self.next = Some(memory);
            return Err(fault::no_room());
        }
        if capacity(&mut memory) < least {
            self.next = Some(memory);
            memory = OwnedBuf::new(allocate(least)?);
        }
        Ok(memory)
    }

    /// One read, where nothing unread is left, into memory with room for `least` bytes.
    pub(super) async fn ask(&mut self, least: usize) -> Result<()> {
        let memory = self.take_memory(least)?;
        self.end = End::Unseen;
        let (answer, memory) = self.reader.read_owned(memory).await.split();
        // The memory says what came, whatever the answer is: bytes may come with an error, too.
        self.memory = Some(memory);
        let _claimed = answer?;
        if self.buffer().is_empty() {
            self.end = End::Seen;
        }
        Ok(())
    }

    /// One read behind unread bytes, into `spare`, which is given back.
    pub(super) async fn ask_behind(&mut self, least: usize, mut spare: Vec<u8>) -> Result<Vec<u8>> {
        let room = self.room_behind(least)?;
        spare.clear();
        spare.try_reserve_exact(room)?;
        self.end = End::Unseen;
        let (answer, spare) = self.reader.read_owned(spare.at_most(room)).await.split();
        let spare = spare.into_inner();
        if let Some(memory) = &mut self.memory {
            memory.fill_from(&spare);
        }
        let _claimed = answer?;
        if spare.is_empty() {
            self.end = End::Seen;
        }
        Ok(spare)
    }
}

fn capacity(memory: &mut OwnedBuf) -> usize {
    memory.filled().len() + memory.unfilled().len()
}

fn allocate(least: usize) -> Result<Vec<u8>> {
    let mut memory = Vec::new();
    memory.try_reserve_exact(least)?;
    Ok(memory)
}
