//! A descriptor that outlives its operations.
//!
//! # Invariants
//!
//! - **I1** an odd address is no address: it is twice the number of a descriptor that is open and
//!   this handle's alone, plus one. An even one is of `Rc::into_raw`, and is one of its counts.

#![allow(unsafe_code, reason = "a descriptor with one handle needs no count, and no memory for it")]

use std::cell::Cell;
use std::fmt;
use std::mem::ManuallyDrop;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
use std::ptr::without_provenance;
use std::rc::Rc;

/// A counted handle of a descriptor.
///
/// Each operation in flight holds one, or what holds one, so the descriptor is closed when its
/// owner *and* the last operation on it are gone: its number cannot be given to somebody else while
/// the kernel may still look it up. Cloning counts; it does not duplicate the descriptor.
pub struct Fd(Cell<*const OwnedFd>);

/// What a handle is.
enum Is {
    Alone(RawFd),
    /// The count stays the handle's.
    Shared(ManuallyDrop<Rc<OwnedFd>>),
}

impl Fd {
    /// The only handle so far of `fd`.
    #[must_use]
    pub fn new(fd: OwnedFd) -> Self {
        // No number is below zero, so none is lost.
        Self(Cell::new(without_provenance((fd.into_raw_fd() as usize) << 1 | 1)))
    }

    #[inline]
    fn is(&self) -> Is {
        let at = self.0.get();
        if at.addr() & 1 == 1 {
            return Is::Alone((at.addr() >> 1) as RawFd);
        }
        // SAFETY: I1; it is not dropped.
        Is::Shared(ManuallyDrop::new(unsafe { Rc::from_raw(at) }))
    }

    /// The number, for the kernel.
    #[inline]
    pub(crate) fn raw(&self) -> RawFd {
        match self.is() {
            Is::Alone(number) => number,
            Is::Shared(shared) => shared.as_raw_fd(),
        }
    }

    /// Gives the descriptor back if this is its last handle: no operation on it is in flight.
    ///
    /// # Errors
    /// The handle itself, if there are others.
    pub fn try_unwrap(self) -> Result<OwnedFd, Self> {
        match ManuallyDrop::new(self).is() {
            // SAFETY: I1: this handle's alone, which is not dropped.
            Is::Alone(number) => Ok(unsafe { OwnedFd::from_raw_fd(number) }),
            Is::Shared(shared) => Rc::try_unwrap(ManuallyDrop::into_inner(shared))
                .map_err(|shared| Self(Cell::new(Rc::into_raw(shared)))),
        }
    }

    /// Handles of this descriptor, those of operations in flight included.
    #[must_use]
    pub fn handles(&self) -> usize {
        match self.is() {
            Is::Alone(_) => 1,
            Is::Shared(shared) => Rc::strong_count(&shared),
        }
    }
}

impl Clone for Fd {
    fn clone(&self) -> Self {
        let shared = match self.is() {
            Is::Alone(number) => {
                // SAFETY: I1: this handle's alone, which is one of those that count from here on.
                let shared = Rc::new(unsafe { OwnedFd::from_raw_fd(number) });
                self.0.set(Rc::into_raw(Rc::clone(&shared)));
                shared
            }
            Is::Shared(shared) => Rc::clone(&shared),
        };
        Self(Cell::new(Rc::into_raw(shared)))
    }
}

impl Drop for Fd {
    fn drop(&mut self) {
        match self.is() {
            // SAFETY: I1: this handle's alone, which ends here.
            Is::Alone(number) => drop(unsafe { OwnedFd::from_raw_fd(number) }),
            Is::Shared(shared) => drop(ManuallyDrop::into_inner(shared)),
        }
    }
}

impl fmt::Debug for Fd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Fd").field(&self.raw()).finish()
    }
}

impl From<OwnedFd> for Fd {
    fn from(fd: OwnedFd) -> Self {
        Self::new(fd)
    }
}

impl AsFd for Fd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        // SAFETY: I1: open as long as this handle is there.
        unsafe { BorrowedFd::borrow_raw(self.raw()) }
    }
}

impl AsRawFd for Fd {
    fn as_raw_fd(&self) -> RawFd {
        self.raw()
    }
}

#[cfg(test)]
mod tests {
    use super::Fd;
    use std::os::fd::{AsFd, AsRawFd, OwnedFd};

    /// Whether a pipe's other end is open is seen by writing to it and reading that here; that it
    /// is closed, by the end of what can be read.
    fn reads(from: &OwnedFd) -> usize {
        rustix::io::read(from, &mut [0_u8; 8]).unwrap()
    }

    #[test]
    fn a_descriptor_is_closed_with_its_last_handle_whichever_that_is() {
        for first_goes_first in [false, true] {
            let (reader, pipe) = rustix::pipe::pipe().unwrap();
            let number = pipe.as_raw_fd();
            let first = Fd::new(pipe);
            assert_eq!(first.handles(), 1);
            let (second, third) = (first.clone(), first.clone());
            assert_eq!((first.handles(), third.handles()), (3, 3));
            let (goes, stays) = if first_goes_first { (first, second) } else { (second, first) };
            drop((goes, third));
            assert_eq!((stays.handles(), stays.as_raw_fd()), (1, number));
            rustix::io::write(stays.as_fd(), b"open").unwrap();
            assert_eq!(reads(&reader), 4);
            drop(stays);
            assert_eq!(reads(&reader), 0, "closed");
        }
    }

    #[test]
    fn a_handle_that_is_not_the_last_stays_one() {
        let (reader, pipe) = rustix::pipe::pipe().unwrap();
        let number = pipe.as_raw_fd();
        let second = Fd::new(pipe);
        let first = second.clone().try_unwrap().unwrap_err();
        assert_eq!((first.handles(), first.raw()), (2, number));
        drop(second);
        let owned: OwnedFd = first.try_unwrap().unwrap();
        rustix::io::write(&owned, b"open").unwrap();
        assert_eq!(reads(&reader), 4);
        // One that never had a count.
        drop(Fd::new(owned).try_unwrap().unwrap());
        assert_eq!(reads(&reader), 0, "closed");
    }
}
