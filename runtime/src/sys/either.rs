//! A ring of either body, chosen when it starts.
//!
//! # Invariants
//!
//! - **I1** Both bodies ask the same of their callers, and the callers of this promise that.
#![allow(unsafe_code, reason = "`push` and buffer rings pass their contracts on")]

use std::io;
use std::os::fd::BorrowedFd;

use super::{kernel, sim};
use crate::caps::Caps;
use crate::start_error::StartError;
use crate::sys::{Body, Cqe, Entered, Position, Request, RingConfig, Wait};

/// A ring. What each method does is said at the kernel's body.
#[derive(Debug)]
pub(crate) enum Ring {
    Kernel(kernel::Ring),
    Simulated(sim::Ring),
}

/// Ends a wait of the ring's owner, from any thread and at any time.
#[derive(Clone, Debug)]
pub(crate) enum RingWaker {
    Kernel(kernel::RingWaker),
    Simulated(sim::RingWaker),
}

impl RingWaker {
    pub(crate) fn wake(&self) {
        match self {
            Self::Kernel(waker) => waker.wake(),
            Self::Simulated(waker) => waker.wake(),
        }
    }
}

impl Ring {
    pub(crate) fn start(config: &RingConfig) -> Result<Self, StartError> {
        match config.body {
            Body::Kernel => kernel::Ring::start(config).map(Self::Kernel),
            Body::Simulated => sim::Ring::start(config).map(Self::Simulated),
        }
    }

    pub(crate) fn caps(&self) -> &Caps {
        match self {
            Self::Kernel(ring) => ring.caps(),
            Self::Simulated(ring) => ring.caps(),
        }
    }

    pub(crate) fn room(&self) -> u32 {
        match self {
            Self::Kernel(ring) => ring.room(),
            Self::Simulated(ring) => ring.room(),
        }
    }

    /// # Safety
    ///
    /// As of [`kernel::Ring::push`].
    pub(crate) unsafe fn push(&mut self, request: &Request, user_data: u64) -> Option<Position> {
        match self {
            // SAFETY: I1.
            Self::Kernel(ring) => unsafe { ring.push(request, user_data) },
            // SAFETY: I1.
            Self::Simulated(ring) => unsafe { ring.push(request, user_data) },
        }
    }

    pub(crate) fn take_back(&mut self, position: Position) -> bool {
        match self {
            Self::Kernel(ring) => ring.take_back(position),
            Self::Simulated(ring) => ring.take_back(position),
        }
    }

    pub(crate) fn queued(&self) -> u32 {
        match self {
            Self::Kernel(ring) => ring.queued(),
            Self::Simulated(ring) => ring.queued(),
        }
    }

    pub(crate) fn enter(&mut self, wait: Wait<'_>) -> io::Result<Entered> {
        match self {
            Self::Kernel(ring) => ring.enter(wait),
            Self::Simulated(ring) => ring.enter(wait),
        }
    }

    pub(crate) fn has_work(&self) -> bool {
        match self {
            Self::Kernel(ring) => ring.has_work(),
            Self::Simulated(ring) => ring.has_work(),
        }
    }

    pub(crate) fn overflowed(&self) -> bool {
        match self {
            Self::Kernel(ring) => ring.overflowed(),
            Self::Simulated(ring) => ring.overflowed(),
        }
    }

    pub(crate) fn reap(&mut self, out: &mut Vec<Cqe>, max: usize) -> usize {
        match self {
            Self::Kernel(ring) => ring.reap(out, max),
            Self::Simulated(ring) => ring.reap(out, max),
        }
    }

    /// # Safety
    ///
    /// As of [`kernel::Ring::register_buf_ring`].
    pub(crate) unsafe fn register_buf_ring(
        &mut self,
        group: u16,
        ring_addr: *mut u8,
        entries: u16,
        incremental: bool,
    ) -> io::Result<()> {
        match self {
            // SAFETY: I1.
            Self::Kernel(ring) => unsafe {
                ring.register_buf_ring(group, ring_addr, entries, incremental)
            },
            // SAFETY: I1.
            Self::Simulated(ring) => unsafe {
                ring.register_buf_ring(group, ring_addr, entries, incremental)
            },
        }
    }

    pub(crate) fn unregister_buf_ring(&mut self, group: u16) -> io::Result<()> {
        match self {
            Self::Kernel(ring) => ring.unregister_buf_ring(group),
            Self::Simulated(ring) => ring.unregister_buf_ring(group),
        }
    }

    /// # Safety
    ///
    /// As of [`kernel::Ring::register_fixed`].
    pub(crate) unsafe fn register_fixed(&mut self, at: u16, region: *mut [u8]) -> io::Result<()> {
        match self {
            // SAFETY: I1.
            Self::Kernel(ring) => unsafe { ring.register_fixed(at, region) },
            // SAFETY: I1.
            Self::Simulated(ring) => unsafe { ring.register_fixed(at, region) },
        }
    }

    pub(crate) fn unregister_fixed(&mut self, at: u16) -> io::Result<()> {
        match self {
            Self::Kernel(ring) => ring.unregister_fixed(at),
            Self::Simulated(ring) => ring.unregister_fixed(at),
        }
    }

    pub(crate) fn waker(&self) -> RingWaker {
        match self {
            Self::Kernel(ring) => RingWaker::Kernel(ring.waker()),
            Self::Simulated(ring) => RingWaker::Simulated(ring.waker()),
        }
    }

    pub(crate) fn wake_fd(&self) -> Option<BorrowedFd<'_>> {
        match self {
            Self::Kernel(ring) => ring.wake_fd(),
            // It wakes by itself.
            Self::Simulated(_) => None,
        }
    }

    #[cfg(test)]
    pub(crate) fn descriptor(&mut self) -> io::Result<std::os::fd::OwnedFd> {
        match self {
            Self::Kernel(ring) => ring.descriptor(),
            Self::Simulated(ring) => ring.descriptor(),
        }
    }

    pub(crate) fn close(&mut self) {
        match self {
            Self::Kernel(ring) => ring.close(),
            Self::Simulated(ring) => ring.close(),
        }
    }
}

#[cfg(all(test, not(miri)))]
#[path = "either_tests.rs"]
mod tests;
#[cfg(all(test, not(miri)))]
#[path = "either_links_tests.rs"]
mod links_tests;
#[cfg(all(test, not(miri)))]
#[path = "either_messages_tests.rs"]
mod messages_tests;
#[cfg(all(test, not(miri)))]
#[path = "either_waits_tests.rs"]
mod waits_tests;
#[cfg(all(test, not(miri)))]
#[path = "either_accept_tests.rs"]
mod accept_tests;
