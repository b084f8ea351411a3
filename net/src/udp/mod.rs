//! Datagrams.
//!
//! ```text
//!   receive in flight ──▶ done (a datagram in the asker's buffer) ──▶ its future
//!   (at most one)            │ somebody else receives first, or the asker is gone
//!                            ▼
//!                          kept (datagrams that nobody has claimed) ──▶ who receives next
//! ```
//!
//! What is in flight is recorded when it is submitted, not by a destructor: a future that is
//! dropped, or forgotten, loses no datagram.
//!
//! Read in this order: `shared` (what the socket knows of its receives), `receive` (one receive
//! into an owned buffer), `borrowed` (receives and sends that wait by polling), then the type and
//! its methods: `socket`, `receiving`, `sending`, `options`.

mod shared;
mod receive;
mod borrowed;
mod socket;
mod receiving;
mod sending;
mod options;

pub(crate) use shared::Shared;
pub use socket::UdpSocket;
