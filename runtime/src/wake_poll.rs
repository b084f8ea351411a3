//! The poll by which other threads end a core's wait.
//!
//! It stays armed, and answers each time that the bell is rung. Nobody reads the bell's count: the
//! answer is the whole message.

use crate::driver::Driver;
use crate::fd::Fd;
use crate::op::{Completion, Entry, Multishot, PollFd};
use crate::sys::Ring;
use std::cell::Cell;
use std::rc::Rc;

/// Keeps a poll armed on the ring's bell, if its body has one.
#[derive(Debug)]
pub(crate) struct WakePoll {
    fd: Option<Fd>,
    armed: Rc<Cell<bool>>,
}

#[derive(Debug)]
struct PollBell(Fd);

impl WakePoll {
    pub(crate) fn new(ring: &Ring) -> Self {
        let fd = ring.wake_fd().and_then(|fd| fd.try_clone_to_owned().ok());
        Self { fd: fd.map(Fd::new), armed: Rc::default() }
    }

    /// Arms the poll, if it is not.
    pub(crate) fn arm(&self, driver: &Rc<Driver>) {
        let Some(fd) = self.fd.as_ref().filter(|_| !self.armed.get()) else { return };
        let poll = driver.submit_multishot(PollBell(fd.clone()), Rc::clone(&self.armed));
        // Refused only by a driver that has ended, which waits no more.
        self.armed.set(poll.is_ok());
    }
}

impl Multishot for PollBell {
    type Handler = Rc<Cell<bool>>;

    fn entry(&mut self) -> Entry<'_> {
        Entry::poll_multi(&self.0, PollFd::READ).exempt()
    }

    fn item(_: &Rc<Cell<bool>>, completion: Completion) {
        drop(completion);
    }

    fn end(self, armed: Rc<Cell<bool>>, completion: Completion) {
        armed.set(false);
        drop(completion);
    }
}
