//! Reads that never wait, into memory that the caller keeps.

use super::reader::Reader;
use super::recv::Flight;
use sexton_buffers::{ReadCursor, ReadVecCursor};
use sexton_io::NonBlocking;
use sexton_runtime::count_copied;
use std::io;

impl Reader {
    /// Takes what is there without waiting.
    pub(crate) fn non_blocking_read(
        &self,
        mut cursor: ReadCursor<'_>,
    ) -> io::Result<NonBlocking<()>> {
        self.unshow();
        if cursor.capacity() == 0 {
            return Ok(NonBlocking::Ready(()));
        }
        let mut recv = self.socket().recv.borrow_mut();
        recv.rob();
        if let Some(chunk) = recv.chunks.front_mut() {
            let count = cursor.append(chunk);
            count_copied(count);
            chunk.consume(count);
            if chunk.is_empty() {
                recv.chunks.pop_front();
            }
            return Ok(NonBlocking::Ready(()));
        }
        if let Some(error) = recv.take_error() {
            return Err(error);
        }
        if recv.eof {
            return Ok(NonBlocking::Ready(()));
        }
        if !matches!(recv.flight, Flight::None) || std::mem::take(&mut recv.short) {
            return Ok(NonBlocking::WouldBlock);
        }
        drop(recv);
        match self.socket().recv_now(&mut cursor) {
            Ok(0) => {
                self.socket().recv.borrow_mut().eof = true;
                Ok(NonBlocking::Ready(()))
            }
            Ok(_) => {
                self.socket().recv.borrow_mut().short = cursor.capacity() > 0;
                Ok(NonBlocking::Ready(()))
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(NonBlocking::WouldBlock),
            Err(error) => Err(error),
        }
    }

    /// As [`non_blocking_read`](Self::non_blocking_read), into the first buffers with room in turn.
    pub(crate) fn non_blocking_read_vectored(
        &self,
        mut bufs: ReadVecCursor<'_, '_>,
    ) -> io::Result<NonBlocking<usize>> {
        let mut total = 0;
        while let Some(mut cursor) = bufs.first() {
            let outcome = self.non_blocking_read(cursor.reborrow());
            let (count, full) = (cursor.written(), cursor.capacity() == 0);
            total += count;
            match outcome {
                Ok(NonBlocking::Ready(())) if count > 0 && full => {}
                // What came before an error, or before a wait, is delivered; the rest comes again.
                _ if total > 0 => break,
                Ok(NonBlocking::Ready(())) => break,
                Ok(NonBlocking::WouldBlock) => return Ok(NonBlocking::WouldBlock),
                Err(error) => return Err(error),
            }
        }
        Ok(NonBlocking::Ready(total))
    }
}
