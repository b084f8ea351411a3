//! What the kernel still has is never freed, and what it brings late is never lost.

#![allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]

#[path = "support/guarded.rs"]
mod guarded;
#[path = "support/frozen.rs"]
mod frozen;
#[path = "support/rng.rs"]
mod rng;
#[path = "support/poll.rs"]
mod poll;
#[path = "support/deadline.rs"]
mod deadline;
#[path = "lifetime/watched.rs"]
mod watched;
#[path = "lifetime/stream.rs"]
mod stream;
#[path = "lifetime/accepts.rs"]
mod accepts;
#[path = "lifetime/memory.rs"]
mod memory;
#[path = "lifetime/zero_copy.rs"]
mod zero_copy;
#[path = "lifetime/panics.rs"]
mod panics;
#[path = "lifetime/endings.rs"]
mod endings;
