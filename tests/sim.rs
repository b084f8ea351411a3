//! Programs on the simulated kernel.

#![allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]

#[path = "sim/datagrams.rs"]
mod datagrams;
#[path = "support/poll.rs"]
#[expect(dead_code, reason = "a part of it is for other tests")]
mod poll;
#[path = "sim/small.rs"]
mod small;
#[path = "sim/network.rs"]
mod network;
#[path = "sim/hosts.rs"]
mod hosts;
#[path = "sim/disk.rs"]
mod disk;
#[path = "sim/clock.rs"]
mod clock;
#[path = "sim/failures.rs"]
mod failures;
#[path = "sim/refusals.rs"]
mod refusals;
