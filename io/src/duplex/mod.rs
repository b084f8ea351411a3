//! Two ends of a connection in memory, for tests.

mod pipe;
mod reader;
mod writer;

pub use reader::DuplexReader;
pub use writer::DuplexWriter;

use std::future::poll_fn;
use std::io::{IoSlice, Result};
use std::task::Poll;

use sexton_buffers::{
    BufResult, IoBuf, IoBufMut, IoVecBuf, IoVecBufMut, ReadCursor, ReadVecCursor,
};

use crate::{
    BufRead, Interest, NonBlocking, OwnedRead, OwnedWrite, Read, Readiness, Ready, SplitIo, Write,
};

/// Two ends of a connection in memory: what one writes, the other reads.
///
/// Each direction holds at most `capacity` bytes (at least one) that are written and not yet read;
/// a writer waits for room beyond that. There is no task and no kernel behind it, both ends stay on
/// their thread.
///
/// ```
/// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
/// # use wait::block_on;
/// use sexton_io::{BufRead, Read, Write, duplex};
///
/// # block_on(async {
/// let (mut client, mut server) = duplex(64);
/// client.write_all(b"ping\n").await?;
///
/// let mut line = String::new();
/// server.read_line(&mut line).await?;
/// server.write_all(line.to_uppercase().as_bytes()).await?;
/// drop(server);
///
/// let mut answer = String::new();
/// client.read_to_string(&mut answer).await?;
/// assert_eq!(answer, "PING\n");
/// # Ok::<(), std::io::Error>(()) }).unwrap();
/// ```
#[must_use]
pub fn duplex(capacity: usize) -> (Duplex, Duplex) {
    let (to_second, at_second) = pipe(capacity);
    let (to_first, at_first) = pipe(capacity);
    (Duplex::new(at_first, to_second), Duplex::new(at_second, to_first))
}

fn pipe(capacity: usize) -> (DuplexWriter, DuplexReader) {
    let pipe = pipe::Shared::new(capacity);
    (DuplexWriter::new(pipe.clone()), DuplexReader::new(pipe))
}

/// One end of a connection in memory; made by [`duplex`].
///
/// It behaves as a socket does. Reads end (for ever) when the other end is dropped or has shut
/// down, after what it has written. Writes to an end that is gone fail with `BrokenPipe`, and so
/// they do after the own [`shutdown`](Write::shutdown).
///
/// All its single reads and writes are lossless when dropped, those of owned buffers too: bytes are
/// moved only in the poll that says so.
#[derive(Debug)]
pub struct Duplex {
    reader: DuplexReader,
    writer: DuplexWriter,
}

impl Duplex {
    fn new(reader: DuplexReader, writer: DuplexWriter) -> Self {
        Self { reader, writer }
    }

    /// Takes the two directions apart, for two tasks of one thread.
    ///
    /// Dropping the reader makes writes at the other end fail, dropping the writer makes reads at
    /// the other end end.
    ///
    /// ```
    /// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
    /// # use wait::block_on;
    /// use sexton_io::{Read, Write, duplex};
    ///
    /// let (one, mut other) = duplex(64);
    /// let (mut reader, mut writer) = one.into_split();
    /// block_on(writer.write_all(b"question"))?;
    /// block_on(other.write_all(b"answer"))?;
    /// let mut answer = [0; 6];
    /// block_on(reader.read_exact(&mut answer))?;
    /// assert_eq!(&answer, b"answer");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn into_split(self) -> (DuplexReader, DuplexWriter) {
        (self.reader, self.writer)
    }
}

impl SplitIo for Duplex {
    type ReadHalf<'a> = &'a mut DuplexReader;
    type WriteHalf<'a> = &'a mut DuplexWriter;

    fn split_io(&mut self) -> (&mut DuplexReader, &mut DuplexWriter) {
        (&mut self.reader, &mut self.writer)
    }
}

impl Ready for Duplex {
    async fn ready(&mut self, interest: Interest) -> Result<Readiness> {
        poll_fn(|cx| {
            let read = match interest.contains(Interest::READ) {
                true => self.reader.poll_readable(cx),
                false => Poll::Pending,
            };
            let write = match interest.contains(Interest::WRITE) {
                true => self.writer.poll_writable(cx),
                false => Poll::Pending,
            };
            match (read, write) {
                (Poll::Pending, Poll::Pending) => Poll::Pending,
                (read, write) => {
                    let hup = read == Poll::Ready(true) || write == Poll::Ready(true);
                    Poll::Ready(Ok(Readiness::new(read.is_ready(), write.is_ready(), hup)))
                }
            }
        })
        .await
    }
}

impl Read for Duplex {
    fn non_blocking_read_buf(&mut self, buf: ReadCursor<'_>) -> Result<NonBlocking<()>> {
        self.reader.non_blocking_read_buf(buf)
    }

    fn non_blocking_read_buf_vectored(
        &mut self,
        bufs: ReadVecCursor<'_, '_>,
    ) -> Result<NonBlocking<usize>> {
        self.reader.non_blocking_read_buf_vectored(bufs)
    }

    fn is_read_vectored(&self) -> bool {
        self.reader.is_read_vectored()
    }
}

impl BufRead for Duplex {
    async fn fill_buf(&mut self) -> Result<&[u8]> {
        self.reader.fill_buf().await
    }

    fn consume(&mut self, n: usize) {
        self.reader.consume(n);
    }

    async fn fill_at_least(&mut self, n: usize) -> Result<&[u8]> {
        self.reader.fill_at_least(n).await
    }
}

impl OwnedRead for Duplex {
    async fn read_owned<B: IoBufMut>(&mut self, buf: B) -> BufResult<usize, B> {
        self.reader.read_owned(buf).await
    }

    async fn read_vectored_owned<V: IoVecBufMut>(&mut self, bufs: V) -> BufResult<usize, V> {
        self.reader.read_vectored_owned(bufs).await
    }

    fn is_read_vectored_owned(&self) -> bool {
        self.reader.is_read_vectored_owned()
    }
}

impl Write for Duplex {
    fn non_blocking_write(&mut self, buf: &[u8]) -> Result<NonBlocking<usize>> {
        self.writer.non_blocking_write(buf)
    }

    fn non_blocking_write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> Result<NonBlocking<usize>> {
        self.writer.non_blocking_write_vectored(bufs)
    }

    fn non_blocking_flush(&mut self) -> Result<NonBlocking<()>> {
        self.writer.non_blocking_flush()
    }

    fn is_write_vectored(&self) -> bool {
        self.writer.is_write_vectored()
    }

    async fn shutdown(&mut self) -> Result<()> {
        self.writer.shutdown().await
    }
}

impl OwnedWrite for Duplex {
    async fn write_owned<B: IoBuf>(&mut self, buf: B) -> BufResult<usize, B> {
        self.writer.write_owned(buf).await
    }

    async fn write_vectored_owned<V: IoVecBuf>(&mut self, bufs: V) -> BufResult<usize, V> {
        self.writer.write_vectored_owned(bufs).await
    }

    fn is_write_vectored_owned(&self) -> bool {
        self.writer.is_write_vectored_owned()
    }

    async fn flush_owned(&mut self) -> Result<()> {
        self.writer.flush_owned().await
    }

    async fn shutdown_owned(&mut self) -> Result<()> {
        self.writer.shutdown_owned().await
    }
}
