//! Whether a file has positions. A read at one fails by itself if there are none, so the kernel is
//! asked only where it matters before.

use sexton_runtime::Fd;
use sexton_runtime::calls::file as calls;
use std::cell::Cell;
use std::os::fd::AsFd;

/// What is known of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Stream(Cell<Option<bool>>);

impl Stream {
    /// Whether it is one: a pipe, a terminal and the like. `lseek`, once.
    pub(super) fn is(&self, fd: &Fd) -> bool {
        self.0.get().unwrap_or_else(|| {
            let is = calls::position(fd.as_fd()).is_err();
            self.note(is);
            is
        })
    }

    /// Whether it is known to be one.
    pub(super) fn is_known(&self) -> bool {
        self.0.get() == Some(true)
    }

    /// It is, or it is not.
    pub(super) fn note(&self, is: bool) {
        self.0.set(Some(is));
    }
}
