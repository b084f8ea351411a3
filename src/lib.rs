//! Sexton: an io_uring-native, thread-per-core async runtime.
//!
//! ```text
//!                       src/                  facade `sexton`: re-exports and the tour
//!          ┌───────────┬─┴──────────┐
//!         net          fs         macros      sockets · files · #[main], #[test]
//!          ├─────┬─────┤
//!          io    │     │                      Read Write BufRead OwnedRead ...
//!          │  runtime  │                      ring · operations · tasks · cores · time
//!          └──┬──┘─────┘
//!          buffers                            memory that the kernel may hold
//! ```
#![forbid(unsafe_code)]

pub use sexton_buffers as buf;
pub use sexton_fs as fs;
pub use sexton_io as io;
pub use sexton_net as net;
pub use sexton_runtime::{
    AbortHandle, Builder, CancelToken, Caps, Config, CoreStats, Fd, JoinError, JoinHandle, JoinSet,
    PerCore, Report, Runtime, StartError, block_on, cores, current_core, doctor, op, signal, spawn,
    spawn_blocking, spawn_on, spawn_per_core, stats, time, yield_now,
};

#[doc(hidden)]
pub use sexton_runtime::rt;

#[cfg(feature = "macros")]
pub use sexton_macros::{main, test};
