//! The runtime: one thread, one ring, one executor, times the number of cores.
//!
//! ```text
//!   spawn ── task ──┐                       ┌── cores, Builder, Runtime
//!                executor ── one turn ── driver ── sys (the one door to the kernel)
//!   time ── wheel ──┘                       └── op: Op, Entry, Completion, Submit
//! ```
//!
//! Read in this order: `sys` (what the kernel offers), `op` (how a request lives), `driver` (both
//! together), `task` and `executor` (who asks), `runtime` and `spawn` (all cores), then what stands
//! beside them.

mod config;
mod caps;
mod start_error;
mod doctor;
#[allow(dead_code, unused_imports, reason = "the driver is its user")]
mod sys;
mod fd;
mod contain;
pub mod op;
mod driver;
mod wake_poll;
mod task;
mod sync;
mod mailbox;
mod door;
mod context;
mod recv_pools;
mod fixed_pools;
mod starved;
mod idle;
mod executor;
mod runtime;
mod spawn;
mod affinity;
mod blocking;
mod cancel;
pub mod time;
mod source;
mod stats;
#[cfg(all(test, loom))]
mod loom_support;

pub use cancel::{CancelHook, CancelToken};
pub use caps::Caps;
pub use config::Config;
pub use doctor::{Report, doctor};
pub use fd::Fd;
pub use runtime::{Builder, Runtime, block_on, rt};
pub use source::signal;
pub use spawn::{
    PerCore, cores, count_copied, current_core, is_alone, read_pool, recv_pool, register_buffers,
    runtime_id, spawn, spawn_blocking, spawn_on, spawn_per_core, spend_poll, yield_now,
};
pub use start_error::StartError;
pub use starved::{Starved, wait_for_buffers};
pub use stats::{CoreStats, own_stats, stats};
pub use sys::calls;
#[cfg(feature = "sim")]
pub use sys::sim;
pub use task::{AbortHandle, JoinError, JoinHandle, JoinSet};
