//! Bad days: queues that are full, descriptors that run out, limits of a user.
//!
//! All of them on the real kernel; with `SEXTON_SIM` those that `.ci/run sim` does not leave out by
//! name are on the simulated one.

#![allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]

#[path = "support/frozen.rs"]
mod frozen;
#[path = "support/poll.rs"]
mod poll;
#[path = "support/deadline.rs"]
mod deadline;
#[path = "support/child.rs"]
mod child;
#[path = "support/runs.rs"]
mod runs;
#[path = "functional/queues.rs"]
mod queues;
#[path = "functional/pool.rs"]
mod pool;
#[path = "functional/descriptors.rs"]
mod descriptors;
#[path = "functional/unprivileged.rs"]
mod unprivileged;
#[path = "functional/wakes.rs"]
mod wakes;
