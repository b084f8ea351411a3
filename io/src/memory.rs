//! Bytes at hand, as a reader and a writer.

use std::io::{IoSlice, Result, SeekFrom};

use sexton_buffers::{
    BufResult, IoBuf, IoBufMut, IoVecBuf, IoVecBufMut, ReadCursor, ReadVecCursor,
};

use crate::std_types::{read_from, read_from_vectored};
use crate::{
    BufRead, BufWrite, Interest, NonBlocking, OwnedRead, OwnedWrite, Read, Readiness, Ready, Seek,
    Write, fault,
};

/// Bytes at hand as a reader; over a `Vec<u8>` also as a writer that appends.
///
/// For code that is generic over the traits: to feed it in tests, or to put bytes that are known
/// already in front of a stream (`Memory::new(head).chain(stream)`).
///
/// It is a type of its own because `&[u8]` and `Vec<u8>` are readers and writers of `std` already,
/// with methods of the same names.
///
/// ```
/// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
/// # use wait::block_on;
/// use sexton_io::{BufRead, Memory, Write};
///
/// # block_on(async {
/// let mut memory = Memory::new(Vec::new());
/// memory.write_all(b"written\n").await?;
/// let mut line = String::new();
/// memory.read_line(&mut line).await?;
/// assert_eq!(line, "written\n");
/// # Ok::<(), std::io::Error>(()) }).unwrap();
/// ```
#[derive(Clone, Debug, Default)]
pub struct Memory<T> {
    bytes: T,
    at: usize,
    /// Room that is shown to be written, and that is not committed.
    space: Vec<u8>,
}

/// As much room is shown at once.
const SPACE: usize = 1024;

impl<T> Memory<T> {
    /// Reads from the first byte on.
    pub fn new(bytes: T) -> Self {
        Self { bytes, at: 0, space: Vec::new() }
    }

    /// The bytes, those that were read included.
    #[must_use]
    pub fn get_ref(&self) -> &T {
        &self.bytes
    }

    /// Gives the bytes back, those that were read included.
    pub fn into_inner(self) -> T {
        self.bytes
    }
}

impl<T: AsRef<[u8]>> Memory<T> {
    /// The bytes that are not read yet.
    #[must_use]
    pub fn rest(&self) -> &[u8] {
        self.bytes.as_ref().get(self.at..).unwrap_or_default()
    }
}

impl<T> Ready for Memory<T> {
    async fn ready(&mut self, interest: Interest) -> Result<Readiness> {
        let (read, write) = (interest.contains(Interest::READ), interest.contains(Interest::WRITE));
        Ok(Readiness::new(read, write, false))
    }
}

impl<T: AsRef<[u8]>> Read for Memory<T> {
    fn non_blocking_read_buf(&mut self, mut buf: ReadCursor<'_>) -> Result<NonBlocking<()>> {
        self.at += buf.append(self.rest());
        Ok(NonBlocking::Ready(()))
    }

    fn non_blocking_read_buf_vectored(
        &mut self,
        mut bufs: ReadVecCursor<'_, '_>,
    ) -> Result<NonBlocking<usize>> {
        let n = bufs.append(self.rest());
        self.at += n;
        Ok(NonBlocking::Ready(n))
    }

    fn is_read_vectored(&self) -> bool {
        true
    }
}

impl<T: AsRef<[u8]>> BufRead for Memory<T> {
    async fn fill_buf(&mut self) -> Result<&[u8]> {
        Ok(self.rest())
    }

    fn consume(&mut self, n: usize) {
        let left = self.rest().len();
        assert!(n <= left, "consumed {n} bytes of {left}");
        self.at += n;
    }

    async fn fill_at_least(&mut self, _n: usize) -> Result<&[u8]> {
        Ok(self.rest())
    }
}

impl<T: AsRef<[u8]>> OwnedRead for Memory<T> {
    async fn read_owned<B: IoBufMut>(&mut self, buf: B) -> BufResult<usize, B> {
        let result = read_from(self.rest(), buf);
        self.at += result.as_ref().map_or(0, |&(n, _)| n);
        result
    }

    async fn read_vectored_owned<V: IoVecBufMut>(&mut self, bufs: V) -> BufResult<usize, V> {
        let result = read_from_vectored(self.rest(), bufs);
        self.at += result.as_ref().map_or(0, |&(n, _)| n);
        result
    }

    fn is_read_vectored_owned(&self) -> bool {
        true
    }
}

/// Moves where the next byte is read; writes append wherever that is.
impl<T: AsRef<[u8]>> Seek for Memory<T> {
    async fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        let target = match to {
            SeekFrom::Start(from_start) => Some(from_start),
            SeekFrom::Current(by) => (self.at as u64).checked_add_signed(by),
            SeekFrom::End(by) => (self.bytes.as_ref().len() as u64).checked_add_signed(by),
        };
        let target = target.and_then(|target| usize::try_from(target).ok());
        self.at = target.ok_or_else(fault::no_such_position)?;
        Ok(self.at as u64)
    }

    async fn stream_len(&mut self) -> Result<u64> {
        Ok(self.bytes.as_ref().len() as u64)
    }
}

impl Write for Memory<Vec<u8>> {
    fn non_blocking_write(&mut self, buf: &[u8]) -> Result<NonBlocking<usize>> {
        self.bytes.try_reserve(buf.len())?;
        self.bytes.extend_from_slice(buf);
        Ok(NonBlocking::Ready(buf.len()))
    }

    fn non_blocking_write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> Result<NonBlocking<usize>> {
        let before = self.bytes.len();
        for buf in bufs {
            let _all = self.non_blocking_write(buf)?;
        }
        Ok(NonBlocking::Ready(self.bytes.len() - before))
    }

    fn non_blocking_flush(&mut self) -> Result<NonBlocking<()>> {
        Ok(NonBlocking::Ready(()))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }
}

impl OwnedWrite for Memory<Vec<u8>> {
    async fn write_owned<B: IoBuf>(&mut self, buf: B) -> BufResult<usize, B> {
        self.bytes.write_owned(buf).await
    }

    async fn write_vectored_owned<V: IoVecBuf>(&mut self, bufs: V) -> BufResult<usize, V> {
        self.bytes.write_vectored_owned(bufs).await
    }

    fn is_write_vectored_owned(&self) -> bool {
        true
    }

    async fn flush_owned(&mut self) -> Result<()> {
        Ok(())
    }
}

/// What is committed can be read at once; nothing is held back.
impl BufWrite for Memory<Vec<u8>> {
    async fn space(&mut self) -> Result<&mut [u8]> {
        if self.space.is_empty() {
            self.space.try_reserve_exact(SPACE)?;
            self.space.resize(SPACE, 0);
        }
        self.bytes.try_reserve(self.space.len())?; // a commit cannot fail
        Ok(&mut self.space)
    }

    fn commit(&mut self, n: usize) {
        let room = self.space.len();
        assert!(n <= room, "committed {n} bytes, room for {room} was shown");
        self.bytes.extend(self.space.drain(..n));
    }

    fn buffered(&self) -> usize {
        0
    }
}
