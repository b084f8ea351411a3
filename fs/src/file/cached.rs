//! Reads of what is in the page cache: a system call is cheaper than an operation, its answer and a
//! second poll, even where many of those share an `enter`.
//!
//! Whether bytes are in memory is known by trying only. A try that fails costs about as much as it
//! could have gained, so a file whose tries failed is asked less and less often, and one that
//! cannot say (tmpfs, procfs) or has no cache (`O_DIRECT`) never.

use super::File;
use sexton_buffers::{BufResult, IoBufMut};
use sexton_runtime::calls::Pause;
use sexton_runtime::calls::file::{ReadNow, flags, read_owned_now};
use sexton_runtime::op::{ReadAt, submit};
use sexton_runtime::spend_poll;
use std::cell::Cell;
use std::os::fd::AsFd;

/// What a read counts for beside its bytes, in bytes.
const CALL: usize = 4096;

/// What is known of a file's bytes.
#[derive(Clone, Debug)]
pub(super) struct Cached {
    /// Never to be tried.
    waits: Cell<bool>,
    pause: Pause,
}

impl Cached {
    /// Of a file that was opened with these flags.
    pub(super) fn of(flags: i32) -> Self {
        let waits = Cell::new(flags & flags::DIRECT != 0);
        Self { waits, pause: Pause::default() }
    }

    /// Whether the next read is to try.
    fn is_likely(&self) -> bool {
        !self.waits.get() && self.pause.is_over()
    }

    fn note(&self, answer: ReadNow) {
        match answer {
            ReadNow::Bytes(_) => self.pause.hit(),
            ReadNow::WouldBlock => self.pause.miss(),
            ReadNow::Unsupported => self.waits.set(true),
        }
    }
}

impl File {
    /// One read of a file with positions, which nothing holds up: there is `room` in `buf`.
    pub(super) async fn read_once<B: IoBufMut>(
        &self,
        mut buf: B,
        room: usize,
        pos: u64,
    ) -> BufResult<usize, B> {
        let mut done = 0;
        if self.cached.is_likely() && spend_poll(CALL) {
            let mut is_end = false;
            while done < room && !is_end {
                // What is wrong is told by the operation, in the same way as ever.
                let from = pos.saturating_add(done as u64);
                let Ok(answer) = read_owned_now(self.fd.as_fd(), &mut buf, from) else { break };
                self.cached.note(answer);
                let ReadNow::Bytes(n) = answer else { break };
                done += n;
                is_end = n == 0;
            }
            spend_poll(done);
            if done == room || is_end {
                return Ok((done, buf));
            }
        }
        let offset = pos.saturating_add(done as u64);
        match submit(ReadAt { fd: self.fd.clone(), buf, offset }).await {
            Ok((n, buf)) => Ok((done + n, buf)),
            Err(error) if done > 0 => Ok((done, error.into_buf())),
            Err(error) => Err(error),
        }
    }
}
