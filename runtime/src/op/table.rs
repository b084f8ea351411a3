//! The functions by which the registry reaches an operation whose type it does not know.
//!
//! # Invariants
//!
//! - **I1** a table is stored with the operation it was made for: `OpTable<O>` with an `O`,
//!   `MultishotTable<M>` with a `Shot<M>`.
//! - **I2** `Shot` is laid out so that its handler is reached without touching the operation.

#![allow(unsafe_code, reason = "type-erased operations are taken out of raw slots")]

use super::{Completion, Multishot, Op};
use sexton_buffers::registry::{Stored, Table, Words};
use std::marker::PhantomData;

/// The table of an operation with one answer.
pub(crate) struct OpTable<O>(PhantomData<fn(O)>);

impl<O: Op> OpTable<O> {
    pub(crate) const TABLE: &'static Table<Completion> =
        &Table { adopt: adopt::<O>, item: ignore_item, discard: discard::<O> };
}

/// # Safety
/// `Table::adopt`'s.
unsafe fn adopt<O: Op>(words: *mut Words, completion: Completion) {
    // SAFETY: I1, and the caller gives the operation away.
    let op = unsafe { Stored::<O>::take(words) };
    op.adopt(completion);
}

/// # Safety
/// None: an answer that is not the last one, of an operation with one answer whose future is gone,
/// is dropped, and what came with it is released.
unsafe fn ignore_item(_: *mut Words, completion: Completion) {
    drop(completion);
}

/// # Safety
/// `Table::discard`'s.
unsafe fn discard<T>(words: *mut Words) {
    // SAFETY: I1, and the caller gives the operation away.
    drop(unsafe { Stored::<T>::take(words) });
}

/// A multishot operation and, beside it, its handler.
#[repr(C)]
pub(crate) struct Shot<M: Multishot> {
    pub(crate) op: M,
    pub(crate) handler: M::Handler,
}

/// The table of an operation with many answers.
pub(crate) struct MultishotTable<M>(PhantomData<fn(M)>);

impl<M: Multishot> MultishotTable<M> {
    pub(crate) const TABLE: &'static Table<Completion> =
        &Table { adopt: end::<M>, item: item::<M>, discard: discard::<Shot<M>> };
}

/// # Safety
/// `Table::adopt`'s.
unsafe fn end<M: Multishot>(words: *mut Words, completion: Completion) {
    // SAFETY: I1, and the caller gives the operation away.
    let Shot { op, handler } = unsafe { Stored::<Shot<M>>::take(words) };
    op.end(handler, completion);
}

/// # Safety
/// `Table::item`'s.
unsafe fn item<M: Multishot>(words: *mut Words, completion: Completion) {
    // SAFETY: I1: the operation is there.
    let shot = unsafe { Stored::<Shot<M>>::at(words) };
    // SAFETY: I2: a field's address, without a reference to the operation beside it.
    let handler = unsafe { &raw const (*shot).handler };
    // SAFETY: the handler is no part of what the kernel was given; only `&` references to it are
    // made while the operation is in flight.
    M::item(unsafe { &*handler }, completion);
}
