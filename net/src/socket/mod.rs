//! What the handles and the operations of one socket, or of one end of a pipe, share.
//!
//! ```text
//!   reads:  receive in flight ──▶ done (bytes in the asker's buffer) ──▶ its future
//!              │                     │ somebody else reads first, or the asker is gone
//!              │                     ▼
//!              └─────────────────▶ chunks (bytes that nobody has claimed) ──▶ who reads next
//!
//!   writes: at most one send in flight; the next one waits for its end
//!           (of a zero-copy one: for its result, not for its notification)
//!           committed bytes ──▶ outbox (sent by the stream itself, before what is written later)
//! ```
//!
//! What is in flight is recorded when it is submitted, not by a destructor: a future that is
//! dropped, or forgotten, loses no byte.

mod attempt;
mod backlog;
mod chunks;
mod handover;
mod non_blocking;
mod outbox;
mod polls;
mod read;
mod recv;
mod reader;
mod reader_traits;
mod send_file;
mod shared;
mod waiters;
mod write;
mod writer;
mod zero_copy;

pub(crate) use backlog::Backlog;
pub(crate) use handover::alone;
pub(crate) use read::no_room;
pub(crate) use reader::Reader;
pub(crate) use recv::{Ticket, is_cancelled};
pub(crate) use shared::{Kind, Shared};
pub(crate) use waiters::Waiters;
pub(crate) use writer::Writer;
