//! The read by which other threads end a core's wait.

use crate::driver::Driver;
use crate::fd::Fd;
use crate::op::{Completion, Entry, Op};
use crate::sys::Ring;
use std::cell::Cell;
use std::rc::Rc;

/// Keeps a read armed on the ring's bell, if its body has one.
#[derive(Debug)]
pub(crate) struct WakeRead {
    fd: Option<Fd>,
    armed: Rc<Cell<bool>>,
}

#[derive(Debug)]
struct ReadBell {
    fd: Fd,
    /// The count of rings, which nobody wants to know.
    count: Vec<u8>,
    armed: Rc<Cell<bool>>,
}

impl WakeRead {
    pub(crate) fn new(ring: &Ring) -> Self {
        let fd = ring.wake_fd().and_then(|fd| fd.try_clone_to_owned().ok());
        Self { fd: fd.map(Fd::new), armed: Rc::default() }
    }

    /// Arms the read, if it is not.
    pub(crate) fn arm(&self, driver: &Rc<Driver>) {
        let Some(fd) = self.fd.as_ref().filter(|_| !self.armed.get()) else { return };
        let read = ReadBell {
            fd: fd.clone(),
            count: Vec::with_capacity(8),
            armed: Rc::clone(&self.armed),
        };
        // Refused only by a driver that has ended, which waits no more.
        self.armed.set(driver.submit_detached(read).is_ok());
    }
}

impl Op for ReadBell {
    type Output = ();

    fn entry(&mut self) -> Entry<'_> {
        Entry::read(&self.fd, &mut self.count, 0).exempt()
    }

    fn complete(self, completion: Completion) {
        self.armed.set(false);
        drop(completion);
    }
}
