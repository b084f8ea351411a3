//! The core on the ring in memory: every state of drop and forget, natively and under Miri.
//!
//! The ring writes through the pointers that it was given, at completion time, inside the process:
//! what would be lost memory with a kernel is an error here that Miri names.
//!
//! Read in this order: `support`, `ops` (operations as a user would write them), `states` (when a
//! future goes, and how), then one story a file.

mod support;
mod ops;
mod states;
mod neighbours;
mod misbehaving;
