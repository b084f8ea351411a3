//! Buffers for files: a pool's, which is registered mostly, or just vectors.

use super::dice::Dice;
use sexton::buf::{FixedBuf, FixedPool, IoBufMut, OwnedBuf};
use std::io::ErrorKind;

/// Where a program has its buffers from.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    pool: Option<FixedPool>,
    /// Of a pool that is gone.
    kept: Option<FixedBuf>,
}

impl Memory {
    /// Another pool, or none. The one that was there may have buffers in flight.
    pub(crate) fn change(&mut self, dice: &Dice) {
        let (count, len) = (dice.size(8), dice.size(8_000));
        let pool = FixedPool::new(count as u16, len as u32).expect("a small one");
        if dice.percent(90)
            && let Err(error) = sexton::register_buffers(&pool)
        {
            // The kernel's fault; or there are too many pools whose buffers were forgotten.
            let known = [ErrorKind::OutOfMemory, ErrorKind::QuotaExceeded];
            assert!(known.contains(&error.kind()), "{error:?}");
            assert_eq!(pool.registration(), None);
        }
        if dice.percent(50) {
            self.kept = self.pool.as_ref().and_then(FixedPool::take);
        }
        self.pool = dice.percent(80).then_some(pool);
    }

    /// A buffer that holds the beginning of `bytes`, and how much of it: a pool's may be short.
    pub(crate) fn holding(&mut self, bytes: &[u8], dice: &Dice) -> (OwnedBuf, usize) {
        let mut buf = self.with_room(bytes.len(), dice);
        let count = buf.fill_from(bytes);
        (buf, count)
    }

    /// A buffer with room for so many bytes; a pool's may have less.
    pub(crate) fn with_room(&mut self, size: usize, dice: &Dice) -> OwnedBuf {
        let fixed = dice.percent(70);
        let of_pool = || self.pool.as_ref().and_then(FixedPool::take);
        match self.kept.take_if(|_| fixed).or_else(|| of_pool().filter(|_| fixed)) {
            Some(buf) => OwnedBuf::new(buf.at_most(size)),
            None => OwnedBuf::new(Vec::with_capacity(size)),
        }
    }
}
