//! What crosses threads: std's atomics, or loom's where a test tries every interleaving.
//!
//! Whoever shares memory between threads takes it from here and needs no `cfg` of its own. The
//! queue knows loom too (its feature `loom`, turned on by Cargo.toml for `--cfg loom`).

#[cfg(loom)]
pub(crate) use loom::sync::atomic;
#[cfg(not(loom))]
pub(crate) use std::sync::atomic;

pub(crate) use concurrent_queue::ConcurrentQueue;
