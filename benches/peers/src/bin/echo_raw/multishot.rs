//! The fastest echo known: one receive for a connection's whole life, and its buffers sent as they
//! are.
//!
//! A connection has one send in flight; buffers that come meanwhile wait in a list, in order.
#![allow(unsafe_code, reason = "the kernel reads the buffers")]

use std::collections::VecDeque;
use std::io;

use io_uring::cqueue::buffer_select;

use crate::pool::{GROUP, Pool};
use crate::ring::{Answer, Kind, Ring};

/// No buffer.
const NONE: u16 = u16::MAX;

/// What waits to be sent: a list of buffers, linked by their numbers.
#[derive(Clone, Copy, Debug)]
struct Connection {
    first: u16,
    last: u16,
    /// No receive is in flight any more, nor will be.
    ended: bool,
}

/// A received buffer.
#[derive(Clone, Copy, Debug)]
struct Received {
    next: u16,
    len: u32,
    sent: u32,
}

struct Echo {
    ring: Ring,
    pool: Pool,
    connections: Vec<Connection>,
    received: Vec<Received>,
    /// Buffers that the kernel may fill, as far as answers tell.
    free: usize,
    /// Connections whose receive ended for want of a buffer.
    starved: VecDeque<u32>,
}

/// Serves for ever.
pub(crate) fn serve(ring: Ring, bufs: u16, buf_len: u32) -> io::Result<()> {
    let pool = Pool::new(ring.submitter(), bufs, buf_len)?;
    let received = vec![Received { next: NONE, len: 0, sent: 0 }; pool.len()];
    let (free, starved) = (pool.len(), VecDeque::new());
    let mut echo = Echo { ring, pool, connections: Vec::new(), received, free, starved };
    loop {
        echo.pool.publish();
        echo.feed()?;
        echo.ring.turn()?;
        while let Some(answer) = echo.ring.answer() {
            match answer.kind {
                Kind::Receive => echo.received(&answer)?,
                Kind::Send => echo.sent(&answer)?,
                Kind::Accept => echo.accepted(&answer)?,
                Kind::Close => {}
            }
        }
    }
}

impl Echo {
    fn accepted(&mut self, answer: &Answer) -> io::Result<()> {
        if let Ok(connection) = u32::try_from(answer.result) {
            let index = connection as usize;
            let fresh = Connection { first: NONE, last: NONE, ended: false };
            if self.connections.len() <= index {
                self.connections.resize(index + 1, fresh);
            }
            self.connections[index] = fresh;
            self.ring.receive_multi(connection, GROUP)?;
        } else {
            eprintln!("accept: {}", io::Error::from_raw_os_error(-answer.result));
        }
        if answer.more() { Ok(()) } else { self.ring.accept_again() }
    }

    #[inline]
    fn received(&mut self, answer: &Answer) -> io::Result<()> {
        let index = answer.connection as usize;
        if let Some(id) = buffer_select(answer.flags) {
            let len = answer.result.max(0) as u32;
            self.free -= 1;
            self.received[usize::from(id)] = Received { next: NONE, len, sent: 0 };
            let connection = &mut self.connections[index];
            let last = std::mem::replace(&mut connection.last, id);
            if last == NONE {
                connection.first = id;
                self.send(answer.connection, id)?;
            } else {
                self.received[usize::from(last)].next = id;
            }
        }
        if answer.more() {
            return Ok(());
        }
        if answer.result > 0 {
            return self.ring.receive_multi(answer.connection, GROUP);
        }
        if answer.result == -libc::ENOBUFS {
            self.starved.push_back(answer.connection);
            return Ok(());
        }
        self.connections[index].ended = true;
        self.close_if_done(answer.connection)
    }

    #[inline]
    fn sent(&mut self, answer: &Answer) -> io::Result<()> {
        let index = answer.connection as usize;
        let id = self.connections[index].first;
        let buffer = &mut self.received[usize::from(id)];
        if answer.result > 0 {
            buffer.sent += answer.result as u32;
            if buffer.sent < buffer.len {
                return self.send(answer.connection, id);
            }
        }
        // After an error the rest is sent in vain, each with its own error, until the receive ends.
        let next = buffer.next;
        self.pool.give(id);
        self.free += 1;
        self.connections[index].first = next;
        if next == NONE {
            self.connections[index].last = NONE;
            self.close_if_done(answer.connection)
        } else {
            self.send(answer.connection, next)
        }
    }

    /// Starts receives again, no more than there are buffers: the others would starve at once.
    #[inline]
    fn feed(&mut self) -> io::Result<()> {
        for _ in 0..self.free.min(self.starved.len()) {
            if let Some(connection) = self.starved.pop_front() {
                self.ring.receive_multi(connection, GROUP)?;
            }
        }
        Ok(())
    }

    #[inline]
    fn send(&mut self, connection: u32, id: u16) -> io::Result<()> {
        let buffer = self.received[usize::from(id)];
        let bytes = self.pool.at(id, buffer.sent);
        // SAFETY: the kernel has filled `len` bytes, and the buffer is ours until `give`, which
        // follows the send's answer.
        unsafe { self.ring.send(connection, bytes, buffer.len - buffer.sent) }
    }

    fn close_if_done(&mut self, connection: u32) -> io::Result<()> {
        let Connection { first, ended, .. } = self.connections[connection as usize];
        if ended && first == NONE { self.ring.close(connection) } else { Ok(()) }
    }
}
