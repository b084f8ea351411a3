//! Programs on the simulated kernel.

#![allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]

#[path = "sim/datagrams.rs"]
mod datagrams;
#[path = "sim/network.rs"]
mod network;
