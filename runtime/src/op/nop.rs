//! `IORING_OP_NOP`: nothing, at the speed of the ring.

use super::{Completion, Entry, Op};
use std::io;

/// Goes to the kernel and back. For measuring, and for the smallest example of an operation.
///
/// ```
/// # sexton_runtime::block_on(async {
/// sexton_runtime::op::submit(sexton_runtime::op::Nop).await.expect("a ring does nothing well");
/// # });
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Nop;

impl Op for Nop {
    type Output = io::Result<()>;

    fn entry(&mut self) -> Entry<'_> {
        Entry::nop()
    }

    fn complete(self, completion: Completion) -> io::Result<()> {
        completion.count().map(drop)
    }
}
