//! What the servers, the load and the comparison share.
//!
//! ```text
//!  compare ──starts──▶ on_*, echo_raw   a server, pinned to a core; prints its port
//!     │   ──starts──▶ load      C connections, S bytes each, for T ms; counts, checks every byte
//!     ├── reads the server's CPU time before and after, divides by the requests
//!     └──starts──▶ on_*, by_hand, bare   work without a load: measures itself, prints figures
//! ```
//!
//! Read in this order: `args`, `process` (pinning, limits), `counter` and `cpu_time` (what the
//! kernel counts), `allocs`, `meter` (a program that measures itself), `program`, then what
//! programs do: `tasks`, `workloads` and `fan_in` (without I/O), `reads` and `files`, `pattern`,
//! `streams` and `latency` (for the load); then what `compare` is made of: `sample` (figures of one
//! measurement), `matrix`, `variants` and `jobs` (what is measured), `child`, `session`, `foreign`
//! (one measurement), `summary` (medians, ratios, dropped rounds), `outcome`, `targets`, `facts`,
//! `report`, `again`, `svg`, `plot`.

pub mod args;
pub mod process;
pub mod counter;
pub mod cpu_time;
pub mod allocs;
pub mod meter;
pub mod program;
pub mod tasks;
pub mod workloads;
pub mod fan_in;
pub mod reads;
pub mod files;
pub mod pattern;
pub mod streams;
pub mod latency;
pub mod sample;
pub mod matrix;
pub mod variants;
pub mod jobs;
pub mod child;
pub mod session;
pub mod cores;
pub mod foreign;
pub mod summary;
pub mod outcome;
pub mod targets;
pub mod facts;
pub mod report;
pub mod again;
pub mod svg;
pub mod plot;
