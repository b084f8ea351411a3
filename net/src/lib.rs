//! Sockets: listeners and streams whose reads lose nothing, however they end.
//!
//! ```text
//!   tcp (TcpListener, TcpStream, halves) ── socket (what the handles of one socket share)
//!                                              │
//!                                              └── op (what the kernel is asked, one a file)
//! ```
//!
//! Read in this order: `socket` (the read state and the write state of a stream), `op`, `tcp`,
//! `addr` (names and addresses).
#![forbid(unsafe_code)]

mod op;
mod socket;
mod addr;
mod tcp;

pub use addr::ToSocketAddrs;
pub use tcp::{
    OwnedReadHalf, OwnedWriteHalf, ReadHalf, ReuniteError, TcpListener, TcpStream, WriteHalf,
};
