//! A reader with memory of its own, over any reader that takes owned buffers.
//!
//! Read in this order: this file (what it has, and how a read goes), `fill` (a read, with the
//! memory given away while it lasts), `read` (the traits), `seek`, and `source` (where the memory
//! comes from).

mod fill;
mod read;
mod seek;
mod source;

pub use source::{BufSource, Heap};

use std::fmt;

use sexton_buffers::{IoBuf, IoBufMut, OwnedBuf};

/// A [`BufRead`](crate::BufRead), and with it every kind of read, over any
/// [`OwnedRead`](crate::OwnedRead): few large reads instead of many small ones.
///
/// It has no read of its own in flight. Each read lends the reader's memory to the reader beneath
/// and puts it back with the answer, so what was read ahead is always here, and nowhere else.
///
/// # Dropped reads
/// Bytes that are in the reader are never lost. A future that is dropped while it reads loses the
/// memory that went with the read; the next read takes memory from the source again. Whether the
/// bytes that the dropped read would have brought come with the next one is up to the reader
/// beneath: Sexton's streams and files and [`Owned`](crate::Owned) readers lose none, so over these
/// every method is as lossless as its trait says.
///
/// # Memory
/// It comes from a [`BufSource`], by default vectors of the heap. A buffer that is there already
/// can be set with [`set_read_buf`](BufReader::set_read_buf): it is read into before anything is
/// allocated. [`fill_at_least`](crate::BufRead::fill_at_least) of more than fits moves to larger
/// memory of the heap, until it is consumed. Buffers may belong to a thread, so the reader does.
///
/// ```
/// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
/// # use wait::block_on;
/// use sexton_io::{BufRead, BufReader, OwnedRead};
///
/// # block_on(async {
/// let stream = &b"head\nbody of ten"[..];
/// let mut reader = BufReader::new(stream);
/// let mut head = String::new();
/// reader.read_line(&mut head).await?;
/// let (_, body) = reader.read_to_end_owned(Vec::new()).await?;
/// assert_eq!((&head[..], &body[..]), ("head\n", &b"body of ten"[..]));
/// # Ok::<(), std::io::Error>(()) }).unwrap();
/// ```
pub struct BufReader<R, S = Heap> {
    reader: R,
    source: S,
    /// The memory, whose filled bytes are what was read. None before the first read, and after one
    /// that was dropped.
    memory: Option<OwnedBuf>,
    /// How many of these bytes were consumed.
    consumed: usize,
    /// The memory for the next read that finds nothing left, in place of `memory`.
    next: Option<OwnedBuf>,
    /// Without memory: owned reads with as much room go by it.
    large: usize,
    end: End,
}

/// What is known of the stream's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// Nothing.
    Unseen,
    /// The last read was at the end, and no caller was told.
    Seen,
    /// The last read was at the end, and a caller was told. Who asks by a future has it looked up
    /// again: files grow.
    Told,
}

/// The memory of a reader that is not told how much.
const CAPACITY: usize = 8 * 1024;

impl<R> BufReader<R> {
    /// Reads up to 8 KiB ahead.
    pub fn new(reader: R) -> Self {
        Self::with_capacity(reader, CAPACITY)
    }

    /// Reads up to `capacity` bytes ahead. The memory is allocated with the first read.
    ///
    /// Without a capacity, only [set](BufReader::set_read_buf) memory can be read into; reads fail
    /// with `InvalidInput` otherwise.
    ///
    /// ```
    /// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
    /// # use wait::block_on;
    /// use sexton_io::{BufRead, BufReader};
    ///
    /// let mut reader = BufReader::with_capacity(&b"hello"[..], 2);
    /// assert_eq!(block_on(reader.fill_buf())?, b"he");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn with_capacity(reader: R, capacity: usize) -> Self {
        Self { large: capacity, ..BufReader::with_source(reader, Heap::new(capacity)) }
    }
}

impl<R, S> BufReader<R, S> {
    /// Reads ahead as much as fits in the buffers of `source`.
    pub fn with_source(reader: R, source: S) -> Self
    where
        S: BufSource,
    {
        Self {
            reader,
            source,
            memory: None,
            consumed: 0,
            next: None,
            large: CAPACITY,
            end: End::Unseen,
        }
    }

    /// Supplies the memory for the next reads: from the one on that finds nothing left of what was
    /// read before. What is in `buf` is overwritten.
    ///
    /// It takes the place of the memory that the reader has, and of one that was set before.
    ///
    /// ```
    /// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
    /// # use wait::block_on;
    /// use sexton_buffers::OwnedBuf;
    /// use sexton_io::{BufRead, BufReader};
    ///
    /// let mut reader = BufReader::new(&b"hello"[..]);
    /// reader.set_read_buf(OwnedBuf::new(vec![0; 64])); // nothing is allocated
    /// assert_eq!(block_on(reader.fill_buf())?, b"hello");
    /// reader.consume(5);
    /// let buf = reader.take_read_buf().expect("nothing is unread");
    /// let buf: Vec<u8> = buf.try_into_inner().expect("it is the one that was set");
    /// assert_eq!(buf.capacity(), 64);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn set_read_buf(&mut self, mut buf: OwnedBuf) {
        buf.clear();
        self.next = Some(buf);
    }

    /// Takes memory back: what was set and is not read into yet, otherwise what the reader has, if
    /// nothing unread is in it. The next read takes some from the source if it needs to.
    ///
    /// `None` too after a read that was dropped: it took the memory with it.
    ///
    /// ```
    /// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
    /// # use wait::block_on;
    /// use sexton_buffers::OwnedBuf;
    /// use sexton_io::{BufRead, BufReader};
    ///
    /// let mut reader = BufReader::new(&b"hello"[..]);
    /// reader.set_read_buf(OwnedBuf::with_capacity(8));
    /// assert_eq!(block_on(reader.fill_buf())?, b"hello");
    /// reader.consume(5);
    /// assert!(reader.take_read_buf().is_some()); // all of it is read
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn take_read_buf(&mut self) -> Option<OwnedBuf> {
        if self.next.is_some() {
            return self.next.take();
        }
        if self.buffer().is_empty() {
            self.consumed = 0;
            return self.memory.take();
        }
        None
    }

    /// What was read and not consumed. No I/O.
    #[must_use]
    pub fn buffer(&self) -> &[u8] {
        let memory = self.memory.as_ref();
        memory.and_then(|memory| memory.filled().get(self.consumed..)).unwrap_or_default()
    }

    /// The reader beneath.
    #[must_use]
    pub fn get_ref(&self) -> &R {
        &self.reader
    }

    /// The reader beneath. What is read from it here comes after what was read ahead.
    #[must_use]
    pub fn get_mut(&mut self) -> &mut R {
        &mut self.reader
    }

    /// Gives the reader back, and what was read ahead and not consumed.
    ///
    /// ```
    /// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
    /// # use wait::block_on;
    /// use sexton_io::{BufRead, BufReader};
    ///
    /// let mut reader = BufReader::with_capacity(&b"first, second, third"[..], 14);
    /// block_on(reader.read_until(b',', &mut Vec::new()))?;
    /// let (stream, ahead) = reader.into_parts();
    /// assert_eq!((&ahead[..], stream), (&b" second,"[..], &b" third"[..]));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn into_parts(self) -> (R, Vec<u8>) {
        let unread = self.buffer().to_vec();
        (self.reader, unread)
    }

    /// Forgets what was read ahead; the memory stays.
    fn discard(&mut self) {
        if let Some(memory) = &mut self.memory {
            memory.clear();
        }
        self.consumed = 0;
        self.end = End::Unseen;
    }
}

impl<R: fmt::Debug, S> fmt::Debug for BufReader<R, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BufReader")
            .field("reader", &self.reader)
            .field("unread", &self.buffer().len())
            .field("memory", &self.memory)
            .field("next", &self.next)
            .field("end", &self.end)
            .finish_non_exhaustive()
    }
}
