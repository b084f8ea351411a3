//! Borrowed buffers that count what is filled and what is initialised.
//!
//! ```text
//!   ReadBuf, Tail     who lends the memory: a borrowed buffer, the unfilled part of an owned one
//!       │ unfilled()
//!       ▼
//!   ReadCursor        who fills it: sees the unfilled part only, and goes by value
//! ```

mod buf;
mod cursor;
mod vec;
mod tail;
mod vectored_tail;
mod writer;

pub use buf::ReadBuf;
pub use cursor::ReadCursor;
pub use tail::{Tail, VecTail, fill_tail};
pub use vec::{ReadBufVec, ReadVecCursor};
pub use vectored_tail::VectoredTail;
