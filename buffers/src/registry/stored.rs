//! An operation in its slot: in place if it fits, in a box of its own if not.
//!
//! # Invariants
//!
//! - **I1** `place` decides by the type alone (`IN_PLACE`), so `at` and `take` decide alike.
//! - **I2** a box's pointer is kept raw from `Box::into_raw` to `Box::from_raw`: no `Box` is moved
//!   while the kernel may write behind it.

#![allow(unsafe_code, reason = "operations are moved into and out of raw slots")]

use super::pages::{SLOT_WORDS, Size, Words};
use alloc::boxed::Box;
use core::marker::PhantomData;
use core::mem::{align_of, size_of};

/// How a value of type `O` lies in a slot.
#[derive(Debug)]
pub struct Stored<O>(PhantomData<fn(O)>);

impl<O> Stored<O> {
    /// Whether `O` lies in the slot itself, without an allocation.
    pub const IN_PLACE: bool = size_of::<O>() <= size_of::<Words>()
        && align_of::<O>() <= align_of::<[*mut (); SLOT_WORDS]>();

    /// The slots that a value is stored in.
    pub(super) const SIZE: Size = Size::of(if Self::IN_PLACE { size_of::<O>() } else { 0 });

    /// Moves `value` to its final address.
    ///
    /// # Safety
    ///
    /// `slot` is a slot's memory of the value's size (or a copy of it), free to be written.
    pub unsafe fn place(slot: *mut Words, value: O) {
        if Self::IN_PLACE {
            // SAFETY: I1: it fits, and the caller gives the slot.
            unsafe { slot.cast::<O>().write(value) }
        } else {
            // SAFETY: a pointer fits; the caller gives the slot.
            unsafe { slot.cast::<*mut O>().write(Box::into_raw(Box::new(value))) }
        }
    }

    /// Where the value lies, without a reference to it.
    ///
    /// # Safety
    ///
    /// `place` put an `O` into `slot`, and nobody took it.
    pub unsafe fn at(slot: *mut Words) -> *mut O {
        if Self::IN_PLACE {
            slot.cast()
        } else {
            // SAFETY: I1: `place` wrote the pointer here.
            unsafe { slot.cast::<*mut O>().read() }
        }
    }

    /// Takes the value out; the slot's content is dead after it.
    ///
    /// # Safety
    ///
    /// `place` put an `O` into `slot` (or into what was copied here), and nobody took it; the
    /// kernel has let go of it.
    pub unsafe fn take(slot: *mut Words) -> O {
        // SAFETY: as the caller says.
        let at = unsafe { Self::at(slot) };
        if Self::IN_PLACE {
            // SAFETY: I1, and the value is taken once.
            unsafe { at.read() }
        } else {
            // SAFETY: I2: the pointer came from a box of this type.
            *unsafe { Box::from_raw(at) }
        }
    }
}
