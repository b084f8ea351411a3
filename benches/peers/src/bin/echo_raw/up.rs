//! Bytes from the load: looked at where the kernel put them, and the buffer given back at once.
#![allow(unsafe_code, reason = "the kernel reads the answers")]

use std::io;

use io_uring::cqueue::buffer_select;
use peers::streams::{ANSWER, Taken};

use crate::pool::{GROUP, Pool};
use crate::ring::{Answer, Kind, Ring};

struct Connection {
    taken: Taken,
    /// Allocated as long as the process.
    answer: *mut [u8; ANSWER],
    /// The kernel has the answer: there is never more than one.
    answering: bool,
}

struct Up {
    ring: Ring,
    pool: Pool,
    connections: Vec<Option<Connection>>,
    /// Connections whose receive ended for want of a buffer.
    starved: Vec<u32>,
}

/// Serves for ever.
pub(crate) fn serve(ring: Ring, bufs: u16, buf_len: u32) -> io::Result<()> {
    let pool = Pool::new(ring.submitter(), bufs, buf_len)?;
    let mut up = Up { ring, pool, connections: Vec::new(), starved: Vec::new() };
    loop {
        // All buffers are back by now.
        up.pool.publish();
        while let Some(connection) = up.starved.pop() {
            up.ring.receive_multi(connection, GROUP)?;
        }
        up.ring.turn()?;
        while let Some(answer) = up.ring.answer() {
            match answer.kind {
                Kind::Receive => up.received(&answer)?,
                Kind::Send => up.of(answer.connection).answering = false,
                Kind::Accept => up.accepted(&answer)?,
                Kind::Close => {}
            }
        }
    }
}

impl Up {
    fn accepted(&mut self, answer: &Answer) -> io::Result<()> {
        if let Ok(connection) = u32::try_from(answer.result) {
            let index = connection as usize;
            if self.connections.len() <= index {
                self.connections.resize_with(index + 1, || None);
            }
            let fresh = Box::into_raw(Box::new([0; ANSWER]));
            let taken = Taken::default();
            self.connections[index] = Some(Connection { taken, answer: fresh, answering: false });
            self.ring.receive_multi(connection, GROUP)?;
        } else {
            eprintln!("accept: {}", io::Error::from_raw_os_error(-answer.result));
        }
        if answer.more() { Ok(()) } else { self.ring.accept_again() }
    }

    fn of(&mut self, connection: u32) -> &mut Connection {
        self.connections[connection as usize].as_mut().expect("its operation is in flight")
    }

    #[inline]
    fn received(&mut self, answer: &Answer) -> io::Result<()> {
        if let Some(id) = buffer_select(answer.flags) {
            let len = answer.result.max(0) as usize;
            let bytes = self.pool.at(id, 0);
            // SAFETY: the kernel has filled `len` bytes, and the buffer is ours until `give`.
            let bytes = unsafe { std::slice::from_raw_parts(bytes, len) };
            let connection = self.connections[answer.connection as usize].as_mut();
            let connection = connection.expect("its operation is in flight");
            let says = connection.taken.take(bytes);
            self.pool.give(id);
            if let Some(says) = says {
                assert!(!std::mem::replace(&mut connection.answering, true), "one at a time");
                let place = connection.answer;
                // SAFETY: it is allocated, and the kernel does not have it.
                unsafe { place.write(says) };
                let (bytes, len) = (place.cast::<u8>(), ANSWER as u32);
                // SAFETY: it stays allocated, and as it is until the answer is sent.
                unsafe { self.ring.send(answer.connection, bytes, len)? };
            }
        }
        match answer.result {
            _ if answer.more() => Ok(()),
            1.. => self.ring.receive_multi(answer.connection, GROUP),
            error if error == -libc::ENOBUFS => {
                self.starved.push(answer.connection);
                Ok(())
            }
            _ => self.ring.close(answer.connection),
        }
    }
}
