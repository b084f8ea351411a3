//! What the kernel still has is never freed, and what it brings late is never lost.

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
#[path = "lifetime/panics.rs"]
mod panics;
#[path = "lifetime/endings.rs"]
mod endings;
