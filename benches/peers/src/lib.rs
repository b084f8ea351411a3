//! What the servers, the load and the comparison share.
//!
//! ```text
//!  compare ──starts──▶ echo_*   one server, pinned to a core; prints its port
//!     │   ──starts──▶ load      C connections, S bytes each, for T ms; counts, checks every byte
//!     └── reads the server's CPU time before and after, divides by the requests
//! ```
//!
//! Read in this order: `args`, `process` (pinning, limits), `pattern` (the bytes), `latency`, then
//! what `compare` is made of: `matrix` (what is measured), `session` (one measurement), `cpu_time`,
//! `summary` (medians, ratios, dropped rounds), `report`.

pub mod args;
pub mod process;
pub mod pattern;
pub mod latency;
pub mod matrix;
pub mod cpu_time;
pub mod session;
pub mod summary;
pub mod report;
