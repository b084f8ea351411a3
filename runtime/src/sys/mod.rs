//! The one door to the kernel.
//!
//! Read in this order: `request` (what goes in and comes out), `surface` (what both bodies share),
//! `kernel` (io_uring), `memory` (the kernel of tests), `either` (the choice between them), `host`
//! (what the machine says about itself).

mod request;
pub mod calls;
mod surface;
mod kernel;
#[cfg(feature = "sim")]
mod memory;
#[cfg(feature = "sim")]
mod either;
mod host;

#[cfg(feature = "sim")]
pub(crate) use either::{Ring, RingWaker};
pub(crate) use host::{Host, Release, Seccomp};
#[cfg(not(feature = "sim"))]
pub(crate) use kernel::{Ring, RingWaker};
#[cfg(feature = "sim")]
pub use memory::sim;
pub(crate) use request::{Cqe, Request};
pub(crate) use surface::{Body, Entered, IGNORE, Position, RingConfig, Wait};
