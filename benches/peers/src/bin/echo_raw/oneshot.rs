//! The plain echo: one receive or one send of a connection at a time, into and out of its buffer.
#![allow(unsafe_code, reason = "the kernel reads and writes the buffers")]

use std::io;

use crate::ring::{Answer, Kind, Ring};

/// A connection's buffer, its own until it is closed.
struct Connection {
    buf: *mut [u8],
    len: u32,
    sent: u32,
}

struct Echo {
    ring: Ring,
    buf_len: usize,
    connections: Vec<Option<Connection>>,
}

/// Serves for ever.
pub(crate) fn serve(ring: Ring, buf_len: u32) -> io::Result<()> {
    let mut echo = Echo { ring, buf_len: buf_len as usize, connections: Vec::new() };
    loop {
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
            if self.connections.len() <= index {
                self.connections.resize_with(index + 1, || None);
            }
            let buf = Box::into_raw(vec![0; self.buf_len].into_boxed_slice());
            self.connections[index] = Some(Connection { buf, len: 0, sent: 0 });
            self.receive(connection)?;
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
        if answer.result <= 0 {
            return self.close(answer.connection);
        }
        let connection = self.of(answer.connection);
        (connection.len, connection.sent) = (answer.result as u32, 0);
        self.send(answer.connection)
    }

    #[inline]
    fn sent(&mut self, answer: &Answer) -> io::Result<()> {
        if answer.result <= 0 {
            return self.close(answer.connection);
        }
        let connection = self.of(answer.connection);
        connection.sent += answer.result as u32;
        if connection.sent < connection.len {
            self.send(answer.connection)
        } else {
            self.receive(answer.connection)
        }
    }

    #[inline]
    fn receive(&mut self, connection: u32) -> io::Result<()> {
        let buf = self.of(connection).buf;
        // SAFETY: the buffer is freed in `close` only, when no operation is in flight.
        unsafe { self.ring.receive(connection, buf.cast(), buf.len() as u32) }
    }

    #[inline]
    fn send(&mut self, connection: u32) -> io::Result<()> {
        let Connection { buf, len, sent } = *self.of(connection);
        let rest = buf.cast::<u8>().wrapping_add(sent as usize);
        // SAFETY: `sent < len`, which the kernel has filled, and the buffer is freed in `close`
        // only, when no operation is in flight.
        unsafe { self.ring.send(connection, rest, len - sent) }
    }

    fn close(&mut self, connection: u32) -> io::Result<()> {
        if let Some(Connection { buf, .. }) = self.connections[connection as usize].take() {
            // SAFETY: it came from `Box::into_raw`, and its only operation has just been answered.
            drop(unsafe { Box::from_raw(buf) });
        }
        self.ring.close(connection)
    }
}
