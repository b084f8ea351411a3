//! Memory that the kernel may hold.
//!
//! An operation of the kernel goes on while nobody waits for it. So a buffer is given away when
//! the operation starts, and comes back with the answer: these are the traits that say which
//! memory can be given away, the types around them, and the pools.
//!
//! ```text
//!            owned: the operation keeps it                     borrowed: for the time of one call
//!   ┌──────────────────────────────────────────────┐      ┌──────────────────────────────────────┐
//!   │ IoBuf      the kernel reads its filled bytes │      │ ReadBuf      lends memory            │
//!   │ IoBufMut   the kernel fills its unfilled ones│─────▶│ ReadCursor   fills it, by value      │
//!   │            Vec  Bytes  Box  Rc  &'static ... │ Tail │ ReadBufVec   several of them         │
//!   └──────┬───────────────────────────┬───────────┘      └──────────────────────────────────────┘
//!          │ wrapped                   │ erased
//!   Slice SliceMut AtMost Fill      OwnedBuf
//!
//!   every buffer:   | filled | unfilled: initialised .. | ........ |
//!                   |<------------------ capacity ---------------->|
//! ```
//!
//! Read in this order: `io_buf` and `io_buf_mut` (the two unsafe traits and their rules), the
//! types that implement them, `vectored` (several buffers in one operation), `read_buf` (the
//! borrowed side), `error` (how a failed operation gives its buffer back), `owned_buf` and `boxed`
//! (the erased buffers), `pool` (memory from which the kernel picks, or that it keeps pinned),
//! `graveyard` and `registry` (who owns what while the kernel works).

// `no_std` with `std` beside it: a module that needs more than core and alloc has to say so, and
// the only thing of std that any of them names is `std::io`.
#![cfg_attr(not(test), no_std)]

extern crate alloc;
#[cfg(not(test))]
extern crate std;

mod io_buf;
mod io_buf_mut;
mod std_bufs;
#[cfg(feature = "bytes")]
mod bytes_bufs;
mod range;
mod slice;
mod slice_mut;
mod at_most;
mod fill;
mod vectored;
mod read_buf;
mod error;
mod owned_buf;
mod boxed;
mod pool;
mod chunk;
mod claim;
mod graveyard;
pub mod registry;

pub use at_most::AtMost;
pub use boxed::{OwnedBytes, OwnedVecBuf, OwnedVecBytes};
pub use chunk::Chunk;
pub use claim::Claim;
pub use error::{BufError, BufResult, BufResultExt};
pub use fill::{Fill, Storage};
pub use graveyard::{Graveyard, GraveyardLimit, GraveyardStats};
pub use io_buf::{IoBuf, Registration};
pub use io_buf_mut::IoBufMut;
pub use owned_buf::OwnedBuf;
pub use pool::{Consumption, FixedBuf, FixedPool, PoolBuf, PoolBufs, ProvidedPool};
pub use read_buf::{
    ReadBuf, ReadBufVec, ReadCursor, ReadVecCursor, Tail, VecTail, VectoredTail, fill_tail,
};
pub use slice::Slice;
pub use slice_mut::SliceMut;
pub use vectored::{IoVecBuf, IoVecBufMut};
