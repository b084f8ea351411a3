//! Sexton's streams for crates that speak the I/O traits of tokio, of futures, or of hyper.
//!
//! | feature | for | what |
//! |---|---|---|
//! | `tokio` | crates with tokio's `AsyncRead`, `AsyncBufRead`, `AsyncWrite` | [`TokioIo`] |
//! | `futures` | crates with futures-io's | [`FuturesIo`] |
//! | `hyper` | hyper 1.x, server and client | [`HyperIo`], [`HyperExecutor`], [`HyperTimer`] |
//!
//! The adapters hold no future and no buffer of their own: the read in flight belongs to the
//! stream, so nothing is boxed for a read, nothing is lost when a caller goes away, and a pending
//! read and a pending write wait side by side. A read costs one copy, out of the buffer that the
//! kernel picked when data came; an idle connection holds none.
//!
//! Nothing here is `Send`, as Sexton's streams are not: use what runs on one thread (hyper's
//! `serve_connection`, not what wants a `Send` executor).
#![forbid(unsafe_code)]

mod poll_io;
#[cfg(feature = "futures")]
mod futures;
#[cfg(feature = "hyper")]
mod hyper;
#[cfg(feature = "tokio")]
mod tokio;

#[cfg(feature = "futures")]
pub use futures::FuturesIo;
#[cfg(feature = "hyper")]
pub use hyper::{HyperExecutor, HyperIo, HyperTimer};
pub use poll_io::PollIo;
#[cfg(feature = "tokio")]
pub use tokio::TokioIo;
