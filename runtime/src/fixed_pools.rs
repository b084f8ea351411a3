//! Memory that is registered with one core's ring, by its place in the ring's table.
//!
//! # Invariants
//!
//! - **I1** a pool in `places` is registered at that place of this ring, and says so; it stays
//!   there, hence mapped, until it was unregistered or the ring is closed.
#![allow(unsafe_code, reason = "registered memory has to stay mapped")]

use crate::sys::{FIXED_PLACES, Request, Ring};
use io_uring::opcode;
use sexton_buffers::{FixedPool, Registration};
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Debug)]
pub(crate) struct FixedPools {
    /// The ring's number, which no other ring of the process has, nor will have.
    ring: u64,
    places: Vec<Option<FixedPool>>,
}

impl FixedPools {
    pub(crate) fn new() -> Self {
        static RINGS: AtomicU64 = AtomicU64::new(0);
        Self { ring: RINGS.fetch_add(1, Ordering::Relaxed), places: Vec::new() }
    }

    /// Makes a read or write of the fixed kind if its buffer is registered here.
    #[inline]
    pub(crate) fn name(&self, request: &mut Request, at: Registration) {
        if at.ring != self.ring {
            return;
        }
        let fixed = match request.opcode {
            opcode::Read::CODE => opcode::ReadFixed::CODE,
            opcode::Write::CODE => opcode::WriteFixed::CODE,
            _ => return,
        };
        request.opcode = fixed;
        request.buf = at.index;
    }

    pub(crate) fn register(&mut self, ring: &mut Ring, pool: &FixedPool) -> io::Result<()> {
        match pool.registration() {
            Some(at) if at.ring == self.ring => return Ok(()),
            Some(_) => {
                return Err(io::Error::new(
                    io::ErrorKind::ResourceBusy,
                    "the pool is registered with another runtime of this thread",
                ));
            }
            None => {}
        }
        self.sweep(ring);
        let vacant = self.places.iter().position(Option::is_none);
        let index = vacant.unwrap_or(self.places.len());
        if index >= usize::from(FIXED_PLACES) {
            return Err(io::Error::new(
                io::ErrorKind::QuotaExceeded,
                format!("{FIXED_PLACES} pools are registered with this ring: make fewer, larger"),
            ));
        }
        let place = index as u16;
        // SAFETY: I1: it is put into `places` below.
        unsafe { ring.register_fixed(place, pool.region()) }.map_err(explain)?;
        // SAFETY: just registered, in a place of its own.
        unsafe { pool.set_registration(Some(Registration { ring: self.ring, index: place })) };
        if vacant.is_none() {
            self.places.push(None);
        }
        self.places[index] = Some(pool.clone());
        Ok(())
    }

    /// Lets go of the pools that nobody uses any more: no operation in flight can name them, since
    /// it would have a buffer of theirs. What the kernel does not let go of is asked for again.
    #[inline]
    pub(crate) fn sweep(&mut self, ring: &mut Ring) {
        for (place, pool) in (0..).zip(&mut self.places) {
            if pool.as_ref().is_some_and(FixedPool::is_last) && ring.unregister_fixed(place).is_ok()
            {
                *pool = None;
            }
        }
    }

    /// The ring is closed, and its number names nothing any more. What it may still write to are
    /// the buffers of operations that were leaked, and these keep their memory.
    pub(crate) fn clear(&mut self) {
        for pool in self.places.drain(..).flatten() {
            // SAFETY: I1: that ring is gone, and its number is not used again.
            unsafe { pool.set_registration(None) };
        }
    }
}

/// Says the remedy where memory may not be locked.
fn explain(error: io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(libc::ENOMEM) => io::Error::new(
            io::ErrorKind::OutOfMemory,
            "no more memory may be locked for registered buffers: raise `ulimit -l` \
             (`LimitMEMLOCK=` of systemd), or register a smaller pool",
        ),
        _ => error,
    }
}
