//! Reads into owned buffers from a reader that knows only borrowed ones.

use sexton_buffers::{BufError, BufResult, IoBufMut, IoVecBufMut, Tail, VectoredTail};

use crate::{OwnedRead, Read, fault};

/// A [`Read`] as an [`OwnedRead`]; made by [`Read::owned`].
///
/// For readers that are not Sexton's own, a decoder for example. Nothing is copied: the reader
/// fills the unfilled part of the buffer directly.
///
/// A dropped future loses the buffer, but no byte of the stream.
///
/// ```
/// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
/// # use wait::block_on;
/// use sexton_io::{Memory, OwnedRead, Read};
///
/// let mut reader = Memory::new("hello").owned();
/// let (n, buf) = block_on(reader.read_owned(Vec::with_capacity(64)))?;
/// assert_eq!((n, &buf[..]), (5, &b"hello"[..]));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Owned<R>(R);

impl<R> Owned<R> {
    pub(crate) fn new(reader: R) -> Self {
        Self(reader)
    }

    /// The reader.
    #[must_use]
    pub fn get_ref(&self) -> &R {
        &self.0
    }

    /// The reader.
    #[must_use]
    pub fn get_mut(&mut self) -> &mut R {
        &mut self.0
    }

    /// Gives the reader back.
    pub fn into_inner(self) -> R {
        self.0
    }
}

impl<R: Read> OwnedRead for Owned<R> {
    async fn read_owned<B: IoBufMut>(&mut self, mut buf: B) -> BufResult<usize, B> {
        let mut tail = Tail::new(&mut buf);
        if tail.room() == 0 {
            drop(tail);
            return Err(BufError::new(fault::no_room(), buf));
        }
        let outcome = self.0.read_buf(tail.unfilled()).await;
        let n = tail.commit();
        drop(tail);
        match outcome {
            Ok(()) => Ok((n, buf)),
            Err(e) => Err(BufError::new(e, buf).with_transferred(n)),
        }
    }

    async fn read_vectored_owned<V: IoVecBufMut>(&mut self, mut bufs: V) -> BufResult<usize, V> {
        if bufs.total_unfilled() == 0 {
            return Err(BufError::new(fault::no_room(), bufs));
        }
        let mut tail = VectoredTail::new(&mut bufs);
        let outcome = self.0.read_buf_vectored(tail.unfilled()).await;
        let n = tail.commit();
        match outcome {
            Ok(_) => Ok((n, bufs)),
            Err(e) => Err(BufError::new(e, bufs).with_transferred(n)),
        }
    }

    fn is_read_vectored_owned(&self) -> bool {
        self.0.is_read_vectored()
    }
}
