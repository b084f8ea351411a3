//! io_uring: one ring, owned by the thread that started it.
//!
//! Read in this order: `setup` (how a ring is asked for), `queues` (the memory shared with the
//! kernel), `encode` (what a submission looks like in it), `enter` (the one system call),
//! `register` (what is asked once), `waker`, `trial` (what is tried out once).
//!
//! # Invariants
//!
//! - **I1** What requests and buffer rings point to outlives the kernel's use of it: the callers of
//!   `push` and of `register_buf_ring` promise it, and nothing here looks at it.
#![allow(unsafe_code, reason = "`push` and buffer rings hand addresses to the kernel")]

mod setup;
mod queues;
mod encode;
mod enter;
mod register;
mod waker;
mod trial;

use std::io;
use std::os::fd::BorrowedFd;

use crate::caps::Caps;
use crate::start_error::StartError;
use crate::sys::{Cqe, Entered, Host, Position, Request, RingConfig, Wait};
use queues::Queues;
use register::Door;
use setup::Made;
pub(crate) use waker::RingWaker;

/// A ring of the kernel. It stays on the thread that started it (it is not `Send`).
#[derive(Debug)]
pub(crate) struct Ring {
    caps: Caps,
    waker: RingWaker,
    /// None once closed.
    open: Option<Open>,
}

/// What `close` gives back, in this order: the queues are unmapped before the door closes the ring.
#[derive(Debug)]
struct Open {
    queues: Queues,
    door: Door,
    /// Completions that the kernel said it dropped when the ring was last entered.
    dropped: u32,
}

impl Ring {
    /// Starts a ring on the calling thread, which becomes its owner.
    pub(crate) fn start(config: &RingConfig) -> Result<Self, StartError> {
        let made = setup::make(config).map_err(|failed| {
            let (error, needed) = (failed.error, failed.smallest_bytes);
            StartError::explain("io_uring_setup", error, &Host::look(), needed)
        })?;
        Self::of(made, config)
    }

    fn of(made: Made, config: &RingConfig) -> Result<Self, StartError> {
        let explain =
            |step| move |error| StartError::explain(step, error, &Host::look(), made.bytes);
        let mut door = Door::open(made.ring);
        let opcodes = door.probe().map_err(explain("io_uring_register (probe)"))?;
        door.check(&opcodes)?;
        let queues = door.map().map_err(explain("mmap of the ring"))?;
        let waker = RingWaker::new().map_err(explain("eventfd"))?;
        door.poll_devices(config.napi_us)?;
        let caps = door.register(opcodes, config);
        let mut ring = Self { caps, waker, open: Some(Open { queues, door, dropped: 0 }) };
        ring.caps.tried = trial::tried(&mut ring);
        Ok(ring)
    }

    /// What was granted.
    pub(crate) fn caps(&self) -> &Caps {
        &self.caps
    }

    /// Submissions that fit before the next `enter`.
    pub(crate) fn room(&self) -> u32 {
        self.open.as_ref().map_or(0, |open| open.queues.room())
    }

    /// Queues a submission; none if the queue is full (or the ring closed).
    ///
    /// # Safety
    ///
    /// Everything that `request` points to, and its descriptor, stays valid and untouched until the
    /// final completion tagged `user_data` was reaped, or [`Ring::take_back`] said true, or for
    /// ever.
    #[inline]
    pub(crate) unsafe fn push(&mut self, request: &Request, user_data: u64) -> Option<Position> {
        self.open.as_mut()?.queues.push(request, user_data)
    }

    /// Takes back a submission that the kernel has not seen: it posts no completion. False: too
    /// late.
    pub(crate) fn take_back(&mut self, position: Position) -> bool {
        self.open.as_mut().is_some_and(|open| open.queues.take_back(position))
    }

    /// Submissions that the kernel has not seen.
    pub(crate) fn queued(&self) -> u32 {
        self.open.as_ref().map_or(0, |open| open.queues.queued())
    }

    /// Submits everything that is queued, and waits as told.
    pub(crate) fn enter(&mut self, wait: Wait<'_>) -> io::Result<Entered> {
        let Some(open) = &mut self.open else {
            return Err(io::Error::from_raw_os_error(libc::EBADF));
        };
        let entered = open.door.enter(open.queues.queued(), wait)?;
        // A submission hides the error that would tell of it; the count is always there.
        let dropped = open.queues.dropped();
        if std::mem::replace(&mut open.dropped, dropped) != dropped {
            return Ok(Entered::Poisoned);
        }
        Ok(entered)
    }

    /// Whether completions wait, in the queue or in the kernel: no system call, three loads.
    #[inline]
    pub(crate) fn has_work(&self) -> bool {
        self.open.as_ref().is_some_and(|open| open.queues.has_work())
    }

    /// Whether completions wait in the kernel because the queue was full.
    pub(crate) fn overflowed(&self) -> bool {
        self.open.as_ref().is_some_and(|open| open.queues.overflowed())
    }

    /// Moves at most `max` completions to the end of `out`, and says how many.
    #[inline]
    pub(crate) fn reap(&mut self, out: &mut Vec<Cqe>, max: usize) -> usize {
        self.open.as_mut().map_or(0, |open| open.queues.reap(out, max))
    }

    /// Lets the kernel pick buffers from the ring of `entries` buffer entries at `ring_addr`; piece
    /// by piece if `incremental`, which older kernels refuse (`EINVAL`).
    ///
    /// # Safety
    ///
    /// The entries' memory, and every buffer that is ever published in it, is valid for writes, and
    /// is not touched while the kernel owns it, until the group was unregistered and the final
    /// completion of every operation that selects from it was reaped, or for ever.
    pub(crate) unsafe fn register_buf_ring(
        &mut self,
        group: u16,
        ring_addr: *mut u8,
        entries: u16,
        incremental: bool,
    ) -> io::Result<()> {
        let Some(open) = &self.open else {
            return Err(io::Error::from_raw_os_error(libc::EBADF));
        };
        // SAFETY: I1, as the caller promises.
        unsafe { open.door.register_buf_ring(group, ring_addr, entries, incremental) }
    }

    /// Ends the registration: the kernel reads that memory no more.
    pub(crate) fn unregister_buf_ring(&mut self, group: u16) -> io::Result<()> {
        match &self.open {
            Some(open) => open.door.unregister_buf_ring(group),
            None => Err(io::Error::from_raw_os_error(libc::EBADF)),
        }
    }

    /// Pins a stretch of memory, under a place in the table that is empty.
    ///
    /// # Safety
    ///
    /// The memory stays mapped until it was unregistered and every operation that names the place
    /// has ended, or for ever.
    pub(crate) unsafe fn register_fixed(&mut self, at: u16, region: *mut [u8]) -> io::Result<()> {
        match &mut self.open {
            // SAFETY: I1, as the caller promises.
            Some(open) => unsafe { open.door.register_fixed(at, region) },
            None => Err(io::Error::from_raw_os_error(libc::EBADF)),
        }
    }

    /// Empties a place: the kernel lets go of the memory when no operation names it any more.
    pub(crate) fn unregister_fixed(&mut self, at: u16) -> io::Result<()> {
        match &self.open {
            Some(open) => open.door.unregister_fixed(at),
            None => Err(io::Error::from_raw_os_error(libc::EBADF)),
        }
    }

    /// A handle that ends the owner's waiting, from any thread and at any time.
    pub(crate) fn waker(&self) -> RingWaker {
        self.waker.clone()
    }

    /// The descriptor that wakers write to: the driver keeps a read of eight bytes armed on it.
    pub(crate) fn wake_fd(&self) -> Option<BorrowedFd<'_>> {
        Some(self.waker.fd())
    }

    /// One more descriptor of the ring.
    #[cfg(test)]
    pub(crate) fn descriptor(&self) -> io::Result<std::os::fd::OwnedFd> {
        match &self.open {
            Some(open) => open.door.descriptor(),
            None => Err(io::Error::from_raw_os_error(libc::EBADF)),
        }
    }

    /// For how long waits polled devices so far; from now on they do not.
    #[cfg(test)]
    fn stop_polling_devices(&self) -> io::Result<u32> {
        match &self.open {
            Some(open) => open.door.stop_polling_devices(),
            None => Err(io::Error::from_raw_os_error(libc::EBADF)),
        }
    }

    /// Gives the ring back to the kernel. Nothing waits for operations in flight: see `push`.
    pub(crate) fn close(&mut self) {
        if let Some(open) = self.open.take() {
            let Open { queues, mut door, dropped: _ } = open;
            // While the descriptor is registered the ring would live on, armed operations and all.
            door.unregister_ring_fd();
            drop(queues);
            drop(door);
        }
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        self.close();
    }
}

#[cfg(all(test, not(miri)))]
mod tests;
