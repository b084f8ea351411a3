//! The core on the ring in memory: every state of drop and forget, natively and under Miri.
//!
//! The ring writes through the pointers that it was given, at completion time, inside the process:
//! what would be lost memory with a kernel is an error here that Miri names.
//!
//! Read in this order: `support`, `ops` (operations as a user would write them), `states` (when a
//! future goes, and how), then one story a file.

#![allow(clippy::unwrap_used, reason = "a story that cannot go on has failed")]
#![allow(clippy::async_yields_async, reason = "futures and handles leave their runtime unawaited")]

mod support;
mod ops;
mod states;
mod neighbours;
mod misbehaving;
mod zero_copy;
mod panics;
mod outside;
mod tasks;
mod foreign;
