//! `RefCell<Vec<u8>>`: a file in memory, read and written at an offset by shared reference.

use std::cell::RefCell;
use std::io::{Error, ErrorKind, Result};

use sexton_buffers::{BufError, BufResult, IoBuf, IoBufMut, IoVecBuf, IoVecBufMut};

use crate::std_types::{from_pos, read_from, read_from_vectored};
use crate::{ReadAt, WriteAt, fault};

/// Somebody else's code holds the bytes: a buffer's, for one.
fn in_use() -> Error {
    Error::new(ErrorKind::ResourceBusy, "the bytes are borrowed by somebody else")
}

/// Makes the bytes from `pos` on ready for `len` more; what lies between becomes zeros.
fn place(bytes: &mut Vec<u8>, pos: u64, len: usize) -> Result<usize> {
    let start = usize::try_from(pos).ok();
    let ends = start.and_then(|start| Some((start, start.checked_add(len)?)));
    let (start, end) = ends.ok_or_else(fault::beyond_the_last_offset)?;
    if end > bytes.len() {
        let more = end - bytes.len();
        bytes.try_reserve(more)?;
        bytes.resize(end, 0);
    }
    Ok(start)
}

/// From the vector's bytes; beyond them is the end. `ResourceBusy` while it is borrowed mutably.
impl ReadAt for RefCell<Vec<u8>> {
    async fn read_at<B: IoBufMut>(&self, buf: B, pos: u64) -> BufResult<usize, B> {
        match self.try_borrow() {
            Ok(bytes) => read_from(from_pos(&bytes, pos), buf),
            Err(_) => Err(BufError::new(in_use(), buf)),
        }
    }

    async fn read_vectored_at<V: IoVecBufMut>(&self, bufs: V, pos: u64) -> BufResult<usize, V> {
        match self.try_borrow() {
            Ok(bytes) => read_from_vectored(from_pos(&bytes, pos), bufs),
            Err(_) => Err(BufError::new(in_use(), bufs)),
        }
    }
}

/// Over the vector's bytes and beyond them: it grows, and what was never written is zero, as in a
/// file. `ResourceBusy` while it is borrowed.
///
/// ```
/// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
/// use sexton_io::{ReadAt, WriteAt};
/// use std::cell::RefCell;
///
/// # wait::block_on(async {
/// let file = RefCell::new(Vec::new());
/// file.write_all_at("world", 6).await?;
/// file.write_all_at("hello", 0).await?;
/// let bytes = file.read_exact_at(Vec::with_capacity(11), 0).await?;
/// assert_eq!(bytes, b"hello\0world");
/// # Ok::<(), std::io::Error>(()) }).unwrap();
/// ```
impl WriteAt for RefCell<Vec<u8>> {
    async fn write_at<B: IoBuf>(&self, buf: B, pos: u64) -> BufResult<usize, B> {
        match self.write_vectored_at([buf], pos).await {
            Ok((n, [buf])) => Ok((n, buf)),
            Err(error) => Err(error.map_buf(|[buf]| buf)),
        }
    }

    async fn write_vectored_at<V: IoVecBuf>(&self, bufs: V, pos: u64) -> BufResult<usize, V> {
        let total = bufs.total_filled();
        if total == 0 {
            return Ok((0, bufs));
        }
        let Ok(mut bytes) = self.try_borrow_mut() else {
            return Err(BufError::new(in_use(), bufs));
        };
        let start = match place(&mut bytes, pos, total) {
            Ok(start) => start,
            Err(error) => return Err(BufError::new(error, bufs)),
        };
        let mut rest = &mut bytes[start..start + total];
        bufs.for_each_filled(&mut |part| {
            // Parts that say another length the second time are cut, or leave zeros.
            let n = part.len().min(rest.len());
            let (now, later) = std::mem::take(&mut rest).split_at_mut(n);
            now.copy_from_slice(&part[..n]);
            rest = later;
        });
        Ok((total, bufs))
    }
}
