//! Bad days on the real kernel: queues that are full, descriptors that run out, limits of a user.

#[path = "support/frozen.rs"]
mod frozen;
#[path = "support/poll.rs"]
mod poll;
#[path = "support/deadline.rs"]
mod deadline;
#[path = "support/child.rs"]
mod child;
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
