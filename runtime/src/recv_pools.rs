//! Provided buffers of one core: made when the first reader wants them, more when they run out.

use crate::config::Config;
use crate::driver::Driver;
use sexton_buffers::ProvidedPool;
use std::cell::RefCell;

/// Each pool has so many times the buffers of the one before.
const GROWTH: u16 = 4;

/// The pools of one core; the last one is the one that new receives take from.
///
/// A pool that is in use cannot grow, so a larger one is put beside it. Pages that no data ever
/// reached cost nothing.
#[derive(Debug)]
pub(crate) struct RecvPools {
    pools: RefCell<Pools>,
    count: u16,
    count_max: u16,
    buf_len: u32,
}

#[derive(Debug, Default)]
struct Pools {
    made: Vec<ProvidedPool>,
    /// The kernel refused one (locked memory is counted): it is asked no more.
    refused: bool,
}

impl RecvPools {
    pub(crate) fn new(config: &Config) -> Self {
        let count = config.recv_buffers.clamp(1, 1 << 15).next_power_of_two();
        Self {
            pools: RefCell::default(),
            count,
            count_max: config.recv_buffers_max.clamp(count, 1 << 15),
            buf_len: config.recv_buffer_len.max(64),
        }
    }

    /// The pool for a new receive; none if the kernel refused it.
    pub(crate) fn current(&self, driver: &Driver) -> Option<ProvidedPool> {
        let mut pools = self.pools.borrow_mut();
        if pools.made.is_empty() {
            pools.make(driver, self.count, self.buf_len);
        }
        pools.made.last().cloned()
    }

    /// The pool for a receive that found group `starved` empty: a newer one, made now if the bound
    /// allows it. None if that reader has to take a buffer of its own.
    pub(crate) fn after(&self, driver: &Driver, starved: u16) -> Option<ProvidedPool> {
        let mut pools = self.pools.borrow_mut();
        let last = pools.made.last()?;
        if last.group() == starved {
            let count = last.count().saturating_mul(GROWTH);
            if count > self.count_max || !pools.make(driver, count, self.buf_len) {
                return None;
            }
        }
        pools.made.last().cloned()
    }
}

impl Pools {
    fn make(&mut self, driver: &Driver, count: u16, buf_len: u32) -> bool {
        if self.refused {
            return false;
        }
        let group = self.made.len() as u16;
        let pool = ProvidedPool::new(group, count, buf_len);
        let pool = pool.and_then(|pool| driver.register_pool(&pool).map(|()| pool));
        self.refused = pool.is_err();
        self.made.extend(pool);
        !self.refused
    }
}
