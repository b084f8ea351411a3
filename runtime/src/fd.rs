//! A descriptor that outlives its operations.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::rc::Rc;

/// A counted handle of a descriptor.
///
/// Each operation in flight holds one, so the descriptor is closed when its owner *and* the last
/// operation on it are gone: its number cannot be given to somebody else while the kernel may still
/// look it up. Cloning counts; it does not duplicate the descriptor.
#[derive(Clone, Debug)]
pub struct Fd(Rc<OwnedFd>);

impl Fd {
    /// The only handle so far of `fd`.
    #[must_use]
    pub fn new(fd: OwnedFd) -> Self {
        Self(Rc::new(fd))
    }

    /// The number, for the kernel.
    pub(crate) fn raw(&self) -> RawFd {
        self.0.as_raw_fd()
    }

    /// Gives the descriptor back if this is its last handle: no operation on it is in flight.
    ///
    /// # Errors
    /// The handle itself, if there are others.
    pub fn try_unwrap(self) -> Result<OwnedFd, Self> {
        Rc::try_unwrap(self.0).map_err(Self)
    }

    /// Handles of this descriptor, those of operations in flight included.
    #[must_use]
    pub fn handles(&self) -> usize {
        Rc::strong_count(&self.0)
    }
}

impl From<OwnedFd> for Fd {
    fn from(fd: OwnedFd) -> Self {
        Self::new(fd)
    }
}

impl AsFd for Fd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl AsRawFd for Fd {
    fn as_raw_fd(&self) -> RawFd {
        self.raw()
    }
}
