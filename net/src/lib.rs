//! Sockets: listeners and streams whose reads lose nothing, however they end.
//!
//! ```text
//!   tcp ───┐
//!   unix ──┼── halves, impls, methods ── socket (what the handles of one stream share)
//!   pipe ──┘   (written once for all)      │
//!   udp ───────────────────────────────────┴── op (what the kernel is asked, one a file)
//! ```
//!
//! Read in this order: `socket` (the read state and the write state of a stream), `op`, `tcp`, the
//! others, `addr` (names and addresses).
//!
//! # Features
//! * `stream`: `futures_core::Stream` for the connections of a listener; off by default.
#![forbid(unsafe_code)]

mod op;
mod socket;
mod notified;
mod impls;
mod methods;
mod halves;
mod addr;
mod tcp;
mod udp;
mod unix;
#[cfg(feature = "stream")]
mod incoming;
pub mod pipe;

pub use addr::ToSocketAddrs;
pub use halves::{OwnedReadHalf, OwnedWriteHalf, ReadHalf, ReuniteError, WriteHalf};
#[cfg(feature = "stream")]
pub use incoming::Incoming;
pub use notified::Notified;
pub use tcp::{TcpListener, TcpStream};
pub use udp::UdpSocket;
pub use unix::{UCred, UnixListener, UnixStream};
