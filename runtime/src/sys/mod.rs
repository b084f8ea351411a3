//! The one door to the kernel.
//!
//! Read in this order: `request` (what goes in and comes out), `surface` (what both bodies share),
//! `kernel` (io_uring), `host` (what the machine says about itself).

mod request;
pub mod calls;
mod surface;
mod kernel;
mod host;

pub(crate) use host::{Host, Release, Seccomp};
pub(crate) use kernel::{Ring, RingWaker};
pub(crate) use request::{Cqe, Request};
pub(crate) use surface::{Body, Entered, IGNORE, Position, RingConfig, Wait};
