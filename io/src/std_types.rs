//! The traits for `std`'s own bytes at hand: slices, vectors, cursors.
//!
//! Only those of owned buffers: `std` has methods of the names that [`Read`](crate::Read) and
//! [`Write`](crate::Write) have; [`Memory`](crate::Memory) is for these.

use std::io::{Cursor, Result};

use sexton_buffers::{BufError, BufResult, IoBuf, IoBufMut, IoVecBuf, IoVecBufMut};

use crate::{OwnedRead, OwnedWrite, ReadAt, fault};

/// One read from bytes at hand.
pub(crate) fn read_from<B: IoBufMut>(bytes: &[u8], mut buf: B) -> BufResult<usize, B> {
    if buf.unfilled().is_empty() {
        return Err(BufError::new(fault::no_room(), buf));
    }
    let n = buf.fill_from(bytes);
    Ok((n, buf))
}

/// One vectored read from bytes at hand.
pub(crate) fn read_from_vectored<V: IoVecBufMut>(bytes: &[u8], mut bufs: V) -> BufResult<usize, V> {
    if bufs.total_unfilled() == 0 {
        return Err(BufError::new(fault::no_room(), bufs));
    }
    let n = bufs.fill_vec_from(bytes);
    Ok((n, bufs))
}

/// The bytes from `pos` on; none beyond the end.
pub(crate) fn from_pos(bytes: &[u8], pos: u64) -> &[u8] {
    usize::try_from(pos).ok().and_then(|pos| bytes.get(pos..)).unwrap_or_default()
}

/// Reads from the front; what was read is no longer part of the slice.
impl OwnedRead for &[u8] {
    async fn read_owned<B: IoBufMut>(&mut self, buf: B) -> BufResult<usize, B> {
        let (n, buf) = read_from(self, buf)?;
        *self = &self[n..];
        Ok((n, buf))
    }

    async fn read_vectored_owned<V: IoVecBufMut>(&mut self, bufs: V) -> BufResult<usize, V> {
        let (n, bufs) = read_from_vectored(self, bufs)?;
        *self = &self[n..];
        Ok((n, bufs))
    }

    fn is_read_vectored_owned(&self) -> bool {
        true
    }
}

/// Reads from the cursor's position on, and moves it.
impl<T: AsRef<[u8]>> OwnedRead for Cursor<T> {
    async fn read_owned<B: IoBufMut>(&mut self, buf: B) -> BufResult<usize, B> {
        let (n, buf) = read_from(from_pos(self.get_ref().as_ref(), self.position()), buf)?;
        self.set_position(self.position() + n as u64);
        Ok((n, buf))
    }

    async fn read_vectored_owned<V: IoVecBufMut>(&mut self, bufs: V) -> BufResult<usize, V> {
        let bytes = from_pos(self.get_ref().as_ref(), self.position());
        let (n, bufs) = read_from_vectored(bytes, bufs)?;
        self.set_position(self.position() + n as u64);
        Ok((n, bufs))
    }

    fn is_read_vectored_owned(&self) -> bool {
        true
    }
}

/// Appends.
impl OwnedWrite for Vec<u8> {
    async fn write_owned<B: IoBuf>(&mut self, buf: B) -> BufResult<usize, B> {
        let bytes = buf.filled();
        let n = bytes.len();
        if let Err(e) = self.try_reserve(n) {
            return Err(BufError::new(e, buf));
        }
        self.extend_from_slice(bytes);
        Ok((n, buf))
    }

    async fn write_vectored_owned<V: IoVecBuf>(&mut self, bufs: V) -> BufResult<usize, V> {
        if let Err(e) = self.try_reserve(bufs.total_filled()) {
            return Err(BufError::new(e, bufs));
        }
        let before = self.len();
        bufs.for_each_filled(&mut |bytes| self.extend_from_slice(bytes));
        Ok((self.len() - before, bufs))
    }

    fn is_write_vectored_owned(&self) -> bool {
        true
    }

    async fn flush_owned(&mut self) -> Result<()> {
        Ok(())
    }
}

impl ReadAt for [u8] {
    async fn read_at<B: IoBufMut>(&self, buf: B, pos: u64) -> BufResult<usize, B> {
        read_from(from_pos(self, pos), buf)
    }

    async fn read_vectored_at<V: IoVecBufMut>(&self, bufs: V, pos: u64) -> BufResult<usize, V> {
        read_from_vectored(from_pos(self, pos), bufs)
    }
}

impl ReadAt for Vec<u8> {
    async fn read_at<B: IoBufMut>(&self, buf: B, pos: u64) -> BufResult<usize, B> {
        self[..].read_at(buf, pos).await
    }

    async fn read_vectored_at<V: IoVecBufMut>(&self, bufs: V, pos: u64) -> BufResult<usize, V> {
        self[..].read_vectored_at(bufs, pos).await
    }
}
