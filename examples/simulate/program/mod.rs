//! Programs that a seed makes, each checked against a plain model.
//!
//! Read in this order: `dice` (choices), `risk` (what becomes of futures), `rules` (what a program
//! has to expect); `log`, `reads`, `writes`, `zero_copy`, `crowd`, `shared`, `polled`, `streams`
//! and `relays` (bytes on their way); `tape`, `pieces`, `buffered` and `peeks` (the same without
//! gaps); `accepts` (connections); `datagrams`; `many` (at once); `bytes`, `memory`, `files`,
//! `sought`, `folders`, `listings` and `power` (the disk); `timers` and `tasks`; `own` (operations
//! of the program's own); `lives` (runtimes); `plan` (which of them a seed runs, on what).

mod dice;
mod draw;
mod risk;
mod rules;
mod log;
mod reads;
mod writes;
mod zero_copy;
mod crowd;
mod shared;
mod polled;
mod streams;
mod relays;
mod tape;
mod pieces;
mod buffered;
mod peeks;
mod accepts;
mod datagrams;
mod many;
mod bytes;
mod memory;
mod files;
mod sought;
mod folders;
mod listings;
mod power;
mod timers;
mod tasks;
mod own;
mod lives;
mod plan;

pub(crate) use plan::{Plan, Program};
