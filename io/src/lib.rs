//! Async I/O traits for a kernel that owns the buffer while it works.
//!
//! ```text
//!                 borrowed buffers            owned buffers          the reader's own memory
//!              ┌─────────────────────┐   ┌──────────────────────┐   ┌──────────────────────────┐
//!   read       │ Ready ◀── Read ◀────┼───┼──────────────────────┼───┤ BufRead     (shown)      │
//!              │   ▲                 │   │ OwnedRead   ReadAt   │   │ ManagedRead (given away) │
//!   write      │   └────── Write ◀───┼───┼──────────────────────┼───┤ BufWrite    (shown)      │
//!              └─────────────────────┘   └──────────────────────┘   └──────────────────────────┘
//! ```
//!
//! * **Borrowed**: [`Read`] and [`Write`] fill and drain slices of the caller. No buffer is with
//!   the kernel while their futures wait, so the futures may be dropped or forgotten at any time.
//! * **Owned**: [`OwnedRead`] and [`OwnedWrite`] take a buffer and give it back with the result;
//!   the kernel works on the buffer itself. [`ReadAt`] and [`WriteAt`] do so at an offset.
//! * **The reader's**: [`BufRead`] shows memory of the reader, [`ManagedRead`] gives it away.
//!   Nothing is tied up while waiting. [`BufWrite`] shows room in memory of the writer.
//!   [`BufReader`] and [`BufWriter`] have such memory for any owned reader or writer.
//!
//! [`Seek`] moves the position of what has one.
//!
//! Each method says under `# If dropped` what becomes of the bytes when its future is dropped
//! before it is ready. *Lossless* there means: no byte of the stream is lost, and none is sent
//! twice. What the traits promise holds for every implementor; a type may promise more.
//!
//! Which operation of the kernel it is, is the implementor's to say: nothing here asks a kernel.
//! Sexton's sockets and files say it under `# Kernel`.
//!
//! [`SplitIo`] is for reading and writing one stream at the same time. [`copy`], [`copy_with`],
//! [`copy_buf`], [`pump`] and [`copy_bidirectional`] move a whole stream.
//!
//! The traits have trait objects by their companions ([`DynRead`], [`DynOwnedRead`], ...): what is
//! a `Read` is a `DynRead`, and `dyn DynRead` is a `Read` again.
//!
//! Adaptors ([`Take`], [`Chain`], [`Lines`], [`Split`], [`Owned`]) and [`Memory`], a reader over
//! bytes at hand, need nothing but the traits; so does [`duplex`], a connection in memory. No
//! method here blocks or needs a runtime.
//!
//! # Features
//! * `stream`: `futures_core::Stream` for [`Lines`] and [`Split`]; off by default.
#![forbid(unsafe_code)]

mod ready;
mod non_blocking;
mod read;
mod write;
mod buf_read;
mod buf_write;
mod owned_read;
mod owned_write;
mod at;
mod managed;
mod split_io;
mod dynamic;
#[cfg(feature = "stream")]
mod stream;
mod copy;
mod copy_bidirectional;
mod duplex;
mod seek;
mod take;
mod chain;
mod lines;
mod owned;
mod memory;
mod buf_reader;
mod buf_writer;
mod std_types;
mod file_in_memory;
mod forward;
mod shared;
mod too_long;
mod fault;

pub use at::{ReadAt, WriteAt};
pub use buf_read::BufRead;
pub use buf_reader::{BufReader, BufSource, Heap};
pub use buf_write::BufWrite;
pub use buf_writer::BufWriter;
pub use chain::Chain;
pub use copy::{copy, copy_buf, copy_with, pump};
pub use copy_bidirectional::{copy_bidirectional, copy_bidirectional_with};
pub use duplex::{Duplex, DuplexReader, DuplexWriter, duplex};
pub use dynamic::{
    DynBufRead, DynOwnedRead, DynOwnedWrite, DynRead, DynReadAt, DynReady, DynSeek, DynWrite,
    DynWriteAt, LocalBoxFuture,
};
pub use lines::{Lines, Split};
pub use managed::ManagedRead;
pub use memory::Memory;
pub use non_blocking::NonBlocking;
pub use owned::Owned;
pub use owned_read::OwnedRead;
pub use owned_write::OwnedWrite;
pub use read::Read;
pub use ready::{Interest, Readiness, Ready};
pub use seek::Seek;
pub use split_io::SplitIo;
#[cfg(feature = "stream")]
pub use stream::Items;
pub use take::Take;
pub use too_long::TooLong;
pub use write::Write;
