//! Bytes of a file, sent from the page cache; those that are not there are read first.

use super::writer::Writer;
use sexton_buffers::{BufError, IoBufMut};
use sexton_io::{NonBlocking, ReadAt};
use sexton_runtime::{calls, spend_poll};
use std::io;
use std::os::fd::AsFd;

/// Sent by one call: long enough that the call is cheap beside it, and short enough for those who
/// wait meanwhile.
const PIECE: usize = 1 << 20;

/// Read at once, of what is not in memory.
const READ: usize = 128 << 10;

impl Writer {
    pub(crate) async fn send_file<F: ReadAt + AsFd>(
        &self,
        file: &F,
        pos: u64,
        len: usize,
    ) -> io::Result<usize> {
        loop {
            self.push_out();
            match self.send_file_now(file, pos, len)? {
                NonBlocking::Ready(Some(count)) => return Ok(count),
                NonBlocking::Ready(None) => break,
                NonBlocking::WouldBlock => drop(self.ready().await?),
            }
        }
        let (mut bytes, room) = (Vec::new(), len.min(READ));
        bytes.try_reserve_exact(room)?;
        let (_, bytes) =
            file.read_at(bytes.at_most(room), pos).await.map_err(BufError::into_error)?;
        match self.write_owned(bytes.into_inner()).await {
            Ok((count, _)) => Ok(count),
            Err(error) => Err(error.into_error()),
        }
    }

    /// Sends what is in memory, and what there is room for, unless a send is in flight. None: it is
    /// to be read first.
    fn send_file_now<F: AsFd>(
        &self,
        file: &F,
        pos: u64,
        len: usize,
    ) -> io::Result<NonBlocking<Option<usize>>> {
        let socket = self.socket();
        if len == 0 {
            return Ok(NonBlocking::Ready(Some(0)));
        }
        if socket.sending.get() || !spend_poll(PIECE) {
            return Ok(NonBlocking::WouldBlock);
        }
        socket.send_at_once(|| {
            calls::file::send_now(socket.fd().as_fd(), file.as_fd(), pos, len.min(PIECE))
        })
    }
}
