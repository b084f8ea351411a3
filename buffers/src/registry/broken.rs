//! The one rule, broken on purpose in a build that asks for it: tests have to notice.
//!
//! `--cfg sexton_break="free_at_drop"` frees an operation, and its buffer, when its future is
//! dropped, as a runtime does that trusts its cancels. No sound program is built so.
//!
//! # Invariants
//!
//! - **I1** without the `cfg`, nothing here does anything.

#![allow(unsafe_code, reason = "the mistake that the tests of lifetimes must find")]

#[cfg(sexton_break = "free_at_drop")]
use super::Words;
use super::pages::Pages;
use super::{Key, Mark, Table};

/// The operation was buried: it stays until the kernel's last answer.
#[cfg(not(sexton_break = "free_at_drop"))]
pub(super) fn at_burial<C>(_: &Pages, _: Key, _: &mut &'static Table<C>, _: &mut Option<Mark>) {}

/// The operation was buried: it is dropped although the kernel has it. Its answer, which
/// comes all the same, finds nothing to do.
#[cfg(sexton_break = "free_at_drop")]
pub(super) fn at_burial<C: 'static>(
    pages: &Pages,
    key: Key,
    table: &mut &'static Table<C>,
    mark: &mut Option<Mark>,
) {
    unsafe fn forget<C>(_: *mut Words, completion: C) {
        drop(completion);
    }
    unsafe fn nothing(_: *mut Words) {}
    *mark = None;
    // SAFETY: none (I1 names the only builds that do this): the operation is there, but the kernel
    // has it.
    let words = unsafe { pages.read(key.index()) };
    drop(super::Parcel { words, table: *table });
    *table = const { &Table { adopt: forget::<C>, item: forget::<C>, discard: nothing } };
}
