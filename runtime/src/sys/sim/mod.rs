//! A kernel that a seed decides: files, sockets, pipes, time and threads in memory.
//!
//! It does what io_uring does, at completion time and through the operations' own pointers, and
//! everything that io_uring may do: any order, short transfers, lost races, refusals. Read in this
//! order: `world` (what all cores share), `schedule` and `threads` (who runs, and the clock),
//! `objects`, `lives`, `channel`, `datagrams` and `hosts` (descriptors, connections, the network),
//! `tree` (files and the disk); `touch` (foreign memory), `provided`, `fixed`, `operation`,
//! `interpret`, `on_bytes`, `on_datagrams`, `on_files`, `zero_copy`, `cancel`, `links`, `messages`,
//! `start`, `ring`, `wait` and `complete` (what is in flight); `sockets` and `files` (plain calls);
//! `faults`, `refusals`, `profile`, `trace`; `hand` (the kernel by hand, for tests of one ring),
//! `api` and `host` (for users).
//!
//! Modelled although Sexton does not use it yet, so that only tests of rings meet it: links, link
//! timeouts, messages between rings. Not modelled, since Sexton does not use it: drains, registered
//! files, zero-copy messages, descriptors as messages, multicast groups.

mod rng;
mod trace;
mod faults;
mod refusals;
mod profile;
mod world;
mod schedule;
mod channel;
mod datagrams;
mod lives;
mod objects;
mod hosts;
mod tree;
mod touch;
mod provided;
mod fixed;
mod operation;
mod interpret;
mod on_bytes;
mod on_datagrams;
mod on_files;
mod zero_copy;
mod cancel;
mod links;
mod messages;
mod waker;
mod start;
mod ring;
mod wait;
mod complete;
mod names;
mod sockets;
mod files;
mod threads;
mod api;
mod host;
mod seeds;
#[doc(hidden)]
pub mod hand;
#[cfg(test)]
mod by_hand_tests;
#[cfg(test)]
mod refusal_tests;
// Promises are broken there on purpose, which Miri would tell before anybody else.
#[cfg(all(test, not(miri)))]
mod check_tests;

pub use api::{Failure, Report, Sim};
pub use faults::{Fault, FaultCounts, Faults};
pub use host::{Host, Running, Snapshot, advance, random};
pub use profile::Kernel;
pub(crate) use ring::Ring;
pub(super) use ring::now;
pub(crate) use seeds::asked_for;
pub use seeds::{Outcome, Seeds};
pub(super) use threads::{Child, Place, await_end, has_failed, scheduled};
pub(crate) use waker::RingWaker;
use world::Here;

/// Where this thread is, if it is in a world: its plain calls go there.
pub(super) fn current() -> Option<Here> {
    Here::get()
}
