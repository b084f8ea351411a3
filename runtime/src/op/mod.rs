//! What the kernel can be asked, as safe code.
//!
//! An operation owns everything that the kernel may touch. It is moved into its slot, describes
//! itself there once (`entry`), and is not touched again until its last answer has come. Why this
//! is sound although `entry` is safe code:
//! `docs/decisions/0001-an-entry-borrows-from-its-operation.md`.
//!
//! Read in this order: this file, `entry` (the description), `completion` (the answer), `submit`
//! (the future), `detached` (operations without one), then the general operations, one a file.

pub(crate) mod abi;
mod entry;
mod completion;
mod table;
mod submit;
mod detached;
mod msg;
mod open_how;
mod addr;
mod unix_addr;
mod nop;
mod read;
mod write;
mod poll;
mod sync;
mod timeout;

pub use addr::SocketAddrBuf;
pub use completion::Completion;
pub use detached::Detached;
pub use entry::{Answered, Entry};
pub use msg::{MsgRecv, MsgSend, Parts};
pub use nop::Nop;
pub use open_how::OpenHow;
pub use poll::PollFd;
pub use read::{ReadAt, ReadVectoredAt};
pub use submit::{Submit, submit};
pub use sync::Fsync;
pub use timeout::Timeout;
pub use unix_addr::UnixAddrBuf;
pub use write::{WriteAt, WriteVectoredAt};

pub(crate) use entry::Gives;
#[cfg(feature = "sim")]
pub(crate) use open_how::{BENEATH, makes};
pub(crate) use table::{MultishotTable, OpTable, Shot};

/// One operation with one answer.
///
/// The driver moves the operation to its final address, calls [`entry`](Op::entry) there, and hands
/// it to [`complete`](Op::complete) or [`adopt`](Op::adopt) when the kernel has let go of it. It
/// neither moves nor touches it in between, exactly as if it held `entry`'s borrow open.
pub trait Op: 'static {
    /// What the operation's future gives.
    type Output;

    /// Describes the operation to the kernel. Called once, at the operation's final address.
    fn entry(&mut self) -> Entry<'_>;

    /// The final completion, its future still waiting.
    fn complete(self, completion: Completion) -> Self::Output;

    /// The final completion of an operation whose future is gone, or that never had one.
    ///
    /// By default the output is made and dropped, so an accepted socket is closed; what nobody
    /// takes out of the completion is released with it.
    fn adopt(self, completion: Completion)
    where
        Self: Sized,
    {
        drop(self.complete(completion));
    }
}

/// One operation with many answers: items, then one end.
///
/// It has no future. Its handler lies beside it in the slot, because the operation itself may not
/// be touched before its end.
pub trait Multishot: 'static {
    /// Who gets the items.
    type Handler: 'static;

    /// Describes the operation to the kernel. Called once, at the operation's final address.
    fn entry(&mut self) -> Entry<'_>;

    /// One answer; more will come.
    fn item(handler: &Self::Handler, completion: Completion);

    /// The last answer; it may bring an item, too.
    fn end(self, handler: Self::Handler, completion: Completion);
}
