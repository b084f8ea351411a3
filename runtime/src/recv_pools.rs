//! Provided buffers of one core: made when the first reader wants them, more when they run out.

use crate::caps::Tried;
use crate::config::Config;
use crate::driver::Driver;
use crate::starved::Line;
use sexton_buffers::{Consumption, ProvidedPool};
use std::cell::{Cell, RefCell};

/// Each pool has so many times the buffers of the one before.
const GROWTH: u16 = 4;
/// Where buffers are used up piece by piece, so many are one,
const JOINED_MAX: u16 = 16;
/// as long as there are so many: a reader that keeps a few bytes keeps a whole one from the kernel.
const JOINED_COUNT: u16 = 8;

/// The pools of one core.
///
/// A pool that is in use cannot grow, so a larger one is put beside it. Pages that no data ever
/// reached cost nothing.
#[derive(Debug)]
pub(crate) struct RecvPools {
    pools: RefCell<Pools>,
    sockets: Shape,
    pipes: Shape,
    line: Line,
    /// Buffers that came back and for which a starved receive had its turn.
    counted: Cell<u32>,
}

/// What pools of one kind look like.
#[derive(Clone, Copy, Debug)]
struct Shape {
    consumption: Consumption,
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
    pub(crate) fn new(config: &Config, tried: Tried) -> Self {
        let count = config.recv_buffers.clamp(1, 1 << 15).next_power_of_two();
        let each = Shape {
            consumption: match config.recv_consumption {
                Consumption::Whole => Consumption::Whole,
                _ if tried.bundles => Consumption::Bundle,
                _ => Consumption::Whole,
            },
            count,
            count_max: config.recv_buffers_max.clamp(count, 1 << 15),
            buf_len: config.recv_buffer_len.max(64),
        };
        let incremental = config.recv_consumption == Consumption::Incremental && tried.incremental;
        let (sockets, pipes) = if incremental {
            // Reads of pipes take whole buffers: their completions have an order of their own.
            (each.joined(), Shape { consumption: Consumption::Whole, ..each })
        } else {
            (each, each)
        };
        let (pools, line) = (RefCell::default(), Line::default());
        Self { pools, sockets, pipes, line, counted: Cell::new(0) }
    }

    /// The pool for a new receive of a socket; none if the kernel refused it.
    pub(crate) fn for_socket(&self, driver: &Driver) -> Option<ProvidedPool> {
        self.pools.borrow_mut().current(driver, self.sockets)
    }

    /// The pool for a new read of a pipe.
    pub(crate) fn for_pipe(&self, driver: &Driver) -> Option<ProvidedPool> {
        self.pools.borrow_mut().current(driver, self.pipes)
    }

    /// Receives of sockets that found no buffer.
    pub(crate) fn line(&self) -> &Line {
        &self.line
    }

    /// A receive has found no buffer, and is the first: what is in the ring now counts for the
    /// line.
    pub(crate) fn begin_line(&self, driver: &Driver) {
        let in_ring = self.for_socket(driver).map_or(0, |pool| pool.in_ring());
        self.counted.set(self.returned().wrapping_sub(in_ring.into()));
    }

    /// How many starved receives may try again: as many as buffers have come back since the last
    /// time, where one buffer serves `share` bytes, and where they are still in the ring.
    pub(crate) fn turns(&self, pool: &ProvidedPool, share: u32) -> usize {
        let returned = self.returned();
        let since = returned.wrapping_sub(self.counted.replace(returned));
        since.min(pool.in_ring().into()) as usize * (pool.buf_len() / share).max(1) as usize
    }

    fn returned(&self) -> u32 {
        let pools = self.pools.borrow();
        let of_sockets = pools.of(self.sockets).map(ProvidedPool::returned);
        of_sockets.fold(0, u32::wrapping_add)
    }

    /// A larger pool for sockets; none if the bound is reached, or if the kernel refuses it.
    pub(crate) fn grow(&self, driver: &Driver) -> Option<ProvidedPool> {
        let mut pools = self.pools.borrow_mut();
        let largest = pools.of(self.sockets).last()?;
        let count = largest.count().saturating_mul(GROWTH);
        if count > self.sockets.count_max {
            return None;
        }
        pools.make(driver, Shape { count, ..self.sockets })
    }
}

impl Shape {
    /// As much memory, in fewer and longer buffers that are used up piece by piece.
    fn joined(self) -> Self {
        let by = (self.count / JOINED_COUNT).clamp(1, JOINED_MAX);
        Self {
            consumption: Consumption::Incremental,
            count: self.count / by,
            count_max: (self.count_max / by).max(1),
            buf_len: self.buf_len.saturating_mul(by.into()),
        }
    }
}

impl Pools {
    /// The pools of a kind, the smallest first.
    fn of(&self, shape: Shape) -> impl DoubleEndedIterator<Item = &ProvidedPool> {
        self.made.iter().filter(move |pool| pool.consumption() == shape.consumption)
    }

    /// The smallest pool that has enough, or else the largest: what a burst has made is left alone
    /// after it, so that the processor's cache holds what is in use.
    fn current(&mut self, driver: &Driver, shape: Shape) -> Option<ProvidedPool> {
        let has_enough = |pool: &&ProvidedPool| 2 * pool.in_ring() >= pool.count();
        let current = self.of(shape).find(has_enough).or_else(|| self.of(shape).next_back());
        match current.cloned() {
            Some(pool) => Some(pool),
            None => self.make(driver, shape),
        }
    }

    fn make(&mut self, driver: &Driver, shape: Shape) -> Option<ProvidedPool> {
        if self.refused {
            return None;
        }
        let Shape { consumption, count, buf_len, .. } = shape;
        let group = self.made.len() as u16;
        let pool = ProvidedPool::consumed(consumption, group, count, buf_len);
        let pool = pool.and_then(|pool| driver.register_pool(&pool).map(|()| pool));
        self.refused = pool.is_err();
        let pool = pool.ok()?;
        self.made.push(pool.clone());
        Some(pool)
    }
}
