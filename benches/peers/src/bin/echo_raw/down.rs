//! Bytes for the load: as many shares as it asks for, a piece after the other.
#![allow(unsafe_code, reason = "the kernel reads the pieces")]

use std::io;

use io_uring::cqueue::buffer_select;
use peers::streams::{PIECE, PIECES, piece};

use crate::pool::{GROUP, Pool};
use crate::ring::{Answer, Kind, Ring};

/// What a connection wants: pieces, and the place in the first of them.
#[derive(Clone, Copy, Debug, Default)]
struct Connection {
    pieces: usize,
    sent: usize,
}

struct Down {
    ring: Ring,
    pool: Pool,
    piece: &'static [u8],
    connections: Vec<Connection>,
    /// Connections whose receive ended for want of a buffer.
    starved: Vec<u32>,
}

/// Serves for ever.
pub(crate) fn serve(ring: Ring, bufs: u16, buf_len: u32) -> io::Result<()> {
    let pool = Pool::new(ring.submitter(), bufs, buf_len)?;
    let (connections, starved) = (Vec::new(), Vec::new());
    let mut down = Down { ring, pool, piece: piece(), connections, starved };
    loop {
        // All buffers are back by now.
        down.pool.publish();
        while let Some(connection) = down.starved.pop() {
            down.ring.receive_multi(connection, GROUP)?;
        }
        down.ring.turn()?;
        while let Some(answer) = down.ring.answer() {
            match answer.kind {
                Kind::Receive => down.received(&answer)?,
                Kind::Send => down.sent(&answer)?,
                Kind::Accept => down.accepted(&answer)?,
                Kind::Close => {}
            }
        }
    }
}

impl Down {
    fn accepted(&mut self, answer: &Answer) -> io::Result<()> {
        if let Ok(connection) = u32::try_from(answer.result) {
            let index = connection as usize;
            if self.connections.len() <= index {
                self.connections.resize(index + 1, Connection::default());
            }
            self.connections[index] = Connection::default();
            self.ring.receive_multi(connection, GROUP)?;
        } else {
            eprintln!("accept: {}", io::Error::from_raw_os_error(-answer.result));
        }
        if answer.more() { Ok(()) } else { self.ring.accept_again() }
    }

    fn received(&mut self, answer: &Answer) -> io::Result<()> {
        if let Some(id) = buffer_select(answer.flags) {
            self.pool.give(id);
            let connection = &mut self.connections[answer.connection as usize];
            let rests = connection.pieces == 0;
            // A byte asks for a share.
            connection.pieces += answer.result.max(0) as usize * PIECES;
            if rests && connection.pieces > 0 {
                self.send(answer.connection)?;
            }
        }
        match answer.result {
            _ if answer.more() => Ok(()),
            1.. => self.ring.receive_multi(answer.connection, GROUP),
            error if error == -libc::ENOBUFS => {
                self.starved.push(answer.connection);
                Ok(())
            }
            // What it had asked for is sent in vain.
            _ if self.connections[answer.connection as usize].pieces > 0 => Ok(()),
            _ => self.ring.close(answer.connection),
        }
    }

    #[inline]
    fn sent(&mut self, answer: &Answer) -> io::Result<()> {
        let connection = &mut self.connections[answer.connection as usize];
        if answer.result <= 0 {
            connection.pieces = 0;
            return self.ring.close(answer.connection);
        }
        connection.sent += answer.result as usize;
        if connection.sent == PIECE {
            connection.sent = 0;
            connection.pieces -= 1;
        }
        if connection.pieces > 0 { self.send(answer.connection) } else { Ok(()) }
    }

    #[inline]
    fn send(&mut self, connection: u32) -> io::Result<()> {
        let rest = &self.piece[self.connections[connection as usize].sent..];
        // SAFETY: the piece is static.
        unsafe { self.ring.send(connection, rest.as_ptr(), rest.len() as u32) }
    }
}
