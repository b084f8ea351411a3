//! Both ends of a connection in memory: two channels of bytes.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

/// Bytes that a channel holds before its writer waits.
const ROOM: usize = 64 * 1024;

/// One direction.
#[derive(Debug)]
pub(super) struct Channel {
    bytes: VecDeque<u8>,
    pub(super) room: usize,
    /// The writer will write no more.
    pub(super) ended: bool,
    /// The reader will read no more.
    reader_gone: bool,
    /// What the reader is told once, after the bytes; its sends are told it as well.
    error: Option<i32>,
}

impl Channel {
    fn new() -> Self {
        Self { bytes: VecDeque::new(), room: ROOM, ended: false, reader_gone: false, error: None }
    }

    /// The first `count` bytes, which stay.
    pub(super) fn peek(&self, count: usize) -> Vec<u8> {
        self.bytes.iter().take(count).copied().collect()
    }

    /// Removes the first `count` bytes.
    pub(super) fn consume(&mut self, count: usize) {
        self.bytes.drain(..count.min(self.bytes.len()));
    }

    pub(super) fn extend(&mut self, bytes: &[u8]) {
        self.bytes.extend(bytes);
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }
}

/// One end.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) inbox: Rc<RefCell<Channel>>,
    pub(super) outbox: Rc<RefCell<Channel>>,
}

impl Stream {
    /// Two connected ends.
    pub(super) fn pair() -> (Self, Self) {
        let there = Rc::new(RefCell::new(Channel::new()));
        let back = Rc::new(RefCell::new(Channel::new()));
        let first = Self { inbox: back.clone(), outbox: there.clone() };
        (first, Self { inbox: there, outbox: back })
    }

    /// How many bytes can be read: none while one must wait, 0 at the end.
    pub(super) fn readable(&self) -> Option<Result<usize, i32>> {
        let inbox = self.inbox.borrow();
        match (inbox.bytes.len(), inbox.error) {
            (0, Some(errno)) => Some(Err(errno)),
            (0, None) if inbox.ended => Some(Ok(0)),
            (0, None) => None,
            (count, _) => Some(Ok(count)),
        }
    }

    /// How many bytes can be written: none while one must wait.
    pub(super) fn writable(&self) -> Option<Result<usize, i32>> {
        if let Some(errno) = self.inbox.borrow().error {
            return Some(Err(errno));
        }
        let outbox = self.outbox.borrow();
        if outbox.ended || outbox.reader_gone {
            return Some(Err(libc::EPIPE));
        }
        match outbox.room.saturating_sub(outbox.bytes.len()) {
            0 => None,
            room => Some(Ok(room)),
        }
    }

    /// The error was told, and is not told again.
    pub(super) fn told(&self) {
        self.inbox.borrow_mut().error = None;
    }

    pub(super) fn shutdown_read(&self) {
        let mut inbox = self.inbox.borrow_mut();
        inbox.reader_gone = true;
        inbox.ended = true;
    }

    pub(super) fn shutdown_write(&self) {
        self.outbox.borrow_mut().ended = true;
    }

    /// As the last close does: the other end sees the end, and can't send. What was not read makes
    /// it a reset.
    pub(super) fn close(&self) {
        self.shutdown_write();
        let mut inbox = self.inbox.borrow_mut();
        inbox.reader_gone = true;
        if inbox.len() > 0 {
            self.outbox.borrow_mut().error = Some(libc::ECONNRESET);
        }
    }

    /// As if the other end had reset the connection.
    pub(super) fn reset(&self) {
        let mut inbox = self.inbox.borrow_mut();
        inbox.ended = true;
        inbox.error = Some(libc::ECONNRESET);
        self.outbox.borrow_mut().reader_gone = true;
    }
}
