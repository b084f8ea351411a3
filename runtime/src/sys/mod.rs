//! The one door to the kernel.
//!
//! Read in this order: `request` (what goes in and comes out), `surface` (what both bodies share),
//! `ladder` (how a ring is asked for), `kernel` (io_uring), `sim` (a kernel that a seed decides),
//! `either` (the choice between them), `calls` (plain system calls), `threads`, `host` (what the
//! machine says about itself).

mod request;
pub mod calls;
mod surface;
mod ladder;
mod kernel;
#[cfg(feature = "sim")]
pub mod sim;
#[cfg(feature = "sim")]
mod either;
mod host;
pub(crate) mod threads;

#[cfg(feature = "sim")]
pub(crate) use either::{Ring, RingWaker};
pub(crate) use host::{Host, Release, Seccomp};
#[cfg(not(feature = "sim"))]
pub(crate) use kernel::{Ring, RingWaker};
pub(crate) use request::{Cqe, Request};
pub(crate) use surface::{
    Body, Entered, FIXED_PLACES, IGNORE, Position, RingConfig, Several, Wait, micros,
};

/// The clock: the machine's, or in a simulation the one that the seed moves.
#[inline]
pub(crate) fn now() -> std::time::Instant {
    #[cfg(feature = "sim")]
    return sim::now();
    #[cfg(not(feature = "sim"))]
    std::time::Instant::now()
}

/// The time since then, by the same clock.
pub(crate) fn elapsed(since: std::time::Instant) -> std::time::Duration {
    now().saturating_duration_since(since)
}
