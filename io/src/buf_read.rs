//! Reads whose memory the reader has and shows.

use std::future::Future;
use std::io::{ErrorKind, Result};

use crate::fault;
use crate::{Lines, Read, Split, TooLong};

/// Readers that show bytes in memory of their own.
///
/// No copy, and no buffer of the caller is tied up while waiting. The read in flight belongs to the
/// reader, never to a future of this trait, so [`fill_buf`](BufRead::fill_buf) is lossless.
///
/// The methods without a limit gather as much as the other side sends. For peers that one does not
/// trust there is a limited form of each: beyond the limit they fail with `InvalidData` (and a
/// [`TooLong`] inside), and no byte is lost.
///
/// ```
/// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
/// # use wait::block_on;
/// use sexton_io::{BufRead, Memory};
///
/// async fn sum(reader: &mut impl BufRead) -> std::io::Result<u64> {
///     let mut sum = 0;
///     loop {
///         let bytes = reader.fill_buf().await?;
///         if bytes.is_empty() {
///             return Ok(sum);
///         }
///         sum += bytes.iter().map(|&b| u64::from(b)).sum::<u64>();
///         let n = bytes.len();
///         reader.consume(n);
///     }
/// }
///
/// assert_eq!(block_on(sum(&mut Memory::new([1, 2, 3])))?, 6);
/// # Ok::<(), std::io::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not show bytes of its own",
    label = "not a reader with memory of its own",
    note = "a shared reference cannot show bytes, since another one might consume them: take \
            `&mut` of the stream, or its read half by `split_io` or `into_split`",
    note = "around any other `OwnedRead`, `BufReader::new(reader)` is one"
)]
pub trait BufRead: Read {
    /// Shows what is there: at least one byte, or none at the end of the stream.
    ///
    /// What was shown and not [consumed](BufRead::consume) is shown again, first.
    ///
    /// # Completes
    /// When at least one byte, the end of the stream, or an error is there.
    ///
    /// # Errors
    /// The reader's. What was shown before is still there.
    ///
    /// # If dropped
    /// Lossless: the read stays with the reader.
    ///
    /// ```
    /// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
    /// # use wait::block_on;
    /// use sexton_io::{BufRead, Memory};
    ///
    /// let mut reader = Memory::new("hello");
    /// assert_eq!(block_on(reader.fill_buf())?, b"hello");
    /// reader.consume(4);
    /// assert_eq!(block_on(reader.fill_buf())?, b"o");
    /// reader.consume(1);
    /// assert!(block_on(reader.fill_buf())?.is_empty()); // the end
    /// # Ok::<(), std::io::Error>(())
    /// ```
    fn fill_buf(&mut self) -> impl Future<Output = Result<&[u8]>>;

    /// Releases the first `n` bytes of what [`fill_buf`](BufRead::fill_buf) showed. No I/O.
    ///
    /// # Panics
    /// If fewer bytes were shown.
    fn consume(&mut self, n: usize);

    /// Shows at least `n` bytes in one piece; fewer only if the stream ends with them.
    ///
    /// For what must be seen whole before any of it is consumed, such as the head of a request.
    /// With an `n` of 0 or 1 this is [`fill_buf`](BufRead::fill_buf).
    ///
    /// # Completes
    /// When `n` bytes, the end of the stream, or an error is there.
    ///
    /// # Errors
    /// `Unsupported` if the reader cannot show as many at once. What it can show is still there.
    ///
    /// # If dropped
    /// Lossless: what came is shown by the next call.
    ///
    /// # For implementors
    /// By default this is one `fill_buf`, and `Unsupported` if that shows fewer than `n`: this
    /// trait has no other way to ask for more. Override it if the reader can put bytes together, as
    /// Sexton's sockets and buffered readers do.
    ///
    /// ```
    /// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
    /// # use wait::block_on;
    /// use sexton_io::{BufRead, Memory};
    ///
    /// let mut reader = Memory::new("GET / HTTP/1.1");
    /// assert!(block_on(reader.fill_at_least(4))?.starts_with(b"GET "));
    /// assert_eq!(block_on(reader.fill_at_least(99))?.len(), 14); // all there is
    /// # Ok::<(), std::io::Error>(())
    /// ```
    fn fill_at_least(&mut self, n: usize) -> impl Future<Output = Result<&[u8]>> {
        async move {
            let shown = self.fill_buf().await?;
            if shown.is_empty() || shown.len() >= n {
                Ok(shown)
            } else {
                Err(fault::cannot_show(n))
            }
        }
    }

    /// Whether anything is left to read.
    ///
    /// # Completes
    /// As [`fill_buf`](BufRead::fill_buf) does.
    ///
    /// # Errors
    /// The reader's.
    ///
    /// # If dropped
    /// Lossless: the read stays with the reader.
    ///
    /// ```
    /// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
    /// # use wait::block_on;
    /// use sexton_io::{BufRead, Memory};
    ///
    /// let mut reader = Memory::new("x");
    /// assert!(block_on(reader.has_data_left())?);
    /// reader.consume(1);
    /// assert!(!block_on(reader.has_data_left())?);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    fn has_data_left(&mut self) -> impl Future<Output = Result<bool>> {
        async move { Ok(!self.fill_buf().await?.is_empty()) }
    }

    /// Reads one byte; `None` at the end of the stream.
    ///
    /// # Completes
    /// As [`fill_buf`](BufRead::fill_buf) does.
    ///
    /// # Errors
    /// The reader's.
    ///
    /// # If dropped
    /// Lossless: the read stays with the reader.
    ///
    /// ```
    /// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
    /// # use wait::block_on;
    /// use sexton_io::{BufRead, Memory};
    ///
    /// let mut reader = Memory::new([5]);
    /// assert_eq!(block_on(reader.next_byte())?, Some(5));
    /// assert_eq!(block_on(reader.next_byte())?, None);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    fn next_byte(&mut self) -> impl Future<Output = Result<Option<u8>>> {
        async move {
            let byte = self.fill_buf().await?.first().copied();
            if byte.is_some() {
                self.consume(1);
            }
            Ok(byte)
        }
    }

    /// Appends the bytes up to and including `byte`, or all that is left if it does not come. Says
    /// how many. Goes on after `Interrupted`.
    ///
    /// `buf` grows as far as the other side likes; see
    /// [`read_until_limited`](BufRead::read_until_limited).
    ///
    /// # Completes
    /// When `byte`, the end of the stream, or an error is there.
    ///
    /// # Errors
    /// The reader's; `OutOfMemory` if `buf` cannot grow.
    ///
    /// # If dropped
    /// What was read is in `buf`, the rest is in the reader; lossless if resumed with the same
    /// `buf`. So it is after an error.
    ///
    /// ```
    /// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
    /// # use wait::block_on;
    /// use sexton_io::{BufRead, Memory};
    ///
    /// let mut reader = Memory::new("key=value");
    /// let mut key = Vec::new();
    /// block_on(reader.read_until(b'=', &mut key))?;
    /// assert_eq!(key, b"key=");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    fn read_until(&mut self, byte: u8, buf: &mut Vec<u8>) -> impl Future<Output = Result<usize>> {
        self.read_until_limited(byte, buf, usize::MAX)
    }

    /// [`read_until`](BufRead::read_until), but `buf` does not grow beyond `max` bytes.
    ///
    /// What `buf` holds already counts, or a call that is dropped and resumed would get the limit
    /// anew each time.
    ///
    /// # Completes
    /// When `byte`, the end of the stream, one byte too much, or an error is there.
    ///
    /// # Errors
    /// `InvalidData` with a [`TooLong`] inside, if `byte` is not among the bytes that fit. What was
    /// read is in `buf`, the rest is in the reader. Called again, it fails again.
    ///
    /// # If dropped
    /// As [`read_until`](BufRead::read_until): lossless if resumed with the same `buf`.
    ///
    /// ```
    /// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
    /// # use wait::block_on;
    /// use sexton_io::{BufRead, Memory};
    ///
    /// let mut reader = Memory::new("a rather long key=value");
    /// let mut key = Vec::new();
    /// let error = block_on(reader.read_until_limited(b'=', &mut key, 8)).unwrap_err();
    /// assert_eq!(error.kind(), std::io::ErrorKind::InvalidData);
    /// assert_eq!([&key, reader.rest()].concat(), b"a rather long key=value");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    fn read_until_limited(
        &mut self,
        byte: u8,
        buf: &mut Vec<u8>,
        max: usize,
    ) -> impl Future<Output = Result<usize>> {
        async move {
            let mut total = 0;
            loop {
                let shown = match self.fill_buf().await {
                    Ok(shown) => shown,
                    Err(e) if e.kind() == ErrorKind::Interrupted => continue,
                    Err(e) => return Err(e),
                };
                if shown.is_empty() {
                    return Ok(total);
                }
                let room = max.saturating_sub(buf.len()).min(shown.len());
                let end = find(byte, &shown[..room]);
                if end.is_none() && room < shown.len() {
                    return Err(TooLong::new(max).into());
                }
                let n = end.map_or(room, |at| at + 1);
                buf.try_reserve(n)?;
                buf.extend_from_slice(&shown[..n]);
                self.consume(n); // nothing is awaited between the copy and this
                total += n;
                if end.is_some() {
                    return Ok(total);
                }
            }
        }
    }

    /// Consumes the bytes up to and including `byte`, or all that is left if it does not come. Says
    /// how many. Goes on after `Interrupted`. Needs no memory, however many they are.
    ///
    /// # Completes
    /// When `byte`, the end of the stream, or an error is there.
    ///
    /// # Errors
    /// The reader's. What was skipped before is consumed.
    ///
    /// # If dropped
    /// What was skipped so far is consumed, the rest is in the reader; lossless if called again: it
    /// then counts from there.
    ///
    /// ```
    /// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
    /// # use wait::block_on;
    /// use sexton_io::{BufRead, Memory};
    ///
    /// let mut reader = Memory::new("a comment\nwhat counts");
    /// assert_eq!(block_on(reader.skip_until(b'\n'))?, 10);
    /// assert_eq!(reader.rest(), b"what counts");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    fn skip_until(&mut self, byte: u8) -> impl Future<Output = Result<usize>> {
        async move {
            let mut total = 0;
            loop {
                let shown = match self.fill_buf().await {
                    Ok(shown) => shown,
                    Err(e) if e.kind() == ErrorKind::Interrupted => continue,
                    Err(e) => return Err(e),
                };
                let end = find(byte, shown);
                let n = end.map_or(shown.len(), |at| at + 1);
                self.consume(n);
                total += n;
                if end.is_some() || n == 0 {
                    return Ok(total);
                }
            }
        }
    }

    /// Appends a line, its end (`\n`) included, or all that is left if there is none. Says how many
    /// bytes. Goes on after `Interrupted`.
    ///
    /// `buf` grows as far as the other side likes; see
    /// [`read_line_limited`](BufRead::read_line_limited).
    ///
    /// # Completes
    /// When a whole line, the end of the stream, or an error is there.
    ///
    /// # Errors
    /// `InvalidData` if the line is not UTF-8; inside is a [`FromUtf8Error`] with its bytes.
    ///
    /// # If dropped
    /// What was read of the line is lost and `buf` is unchanged; not lossless. Use
    /// [`lines`](BufRead::lines), or [`read_until`](BufRead::read_until) with the same `buf`.
    ///
    /// [`FromUtf8Error`]: std::string::FromUtf8Error
    ///
    /// ```
    /// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
    /// # use wait::block_on;
    /// use sexton_io::{BufRead, Memory};
    ///
    /// let mut line = String::new();
    /// block_on(Memory::new("one\ntwo\n").read_line(&mut line))?;
    /// assert_eq!(line, "one\n");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    fn read_line(&mut self, buf: &mut String) -> impl Future<Output = Result<usize>> {
        self.read_line_limited(buf, usize::MAX)
    }

    /// [`read_line`](BufRead::read_line), but `buf` does not grow beyond `max` bytes, what it holds
    /// already included.
    ///
    /// # Completes
    /// When a whole line, the end of the stream, one byte too much, or an error is there.
    ///
    /// # Errors
    /// As [`read_line`](BufRead::read_line); and `InvalidData` with a [`TooLong`] inside, if the
    /// line does not fit: what was read of it is in the `TooLong`, the rest is in the reader. After
    /// any other error what was read of the line is lost; [`Lines`] keeps it.
    ///
    /// # If dropped
    /// As [`read_line`](BufRead::read_line): not lossless.
    ///
    /// ```
    /// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
    /// # use wait::block_on;
    /// use sexton_io::{BufRead, Memory};
    ///
    /// let (mut reader, mut line) = (Memory::new("short\nnot so short\n"), String::new());
    /// block_on(reader.read_line_limited(&mut line, 8))?;
    /// line.clear();
    /// assert!(block_on(reader.read_line_limited(&mut line, 8)).is_err());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    fn read_line_limited(
        &mut self,
        buf: &mut String,
        max: usize,
    ) -> impl Future<Output = Result<usize>> {
        async move {
            // Not into `buf`'s own bytes: the future may be forgotten with half a character there.
            let mut line = Vec::new();
            let room = max.saturating_sub(buf.len());
            if let Err(e) = self.read_until_limited(b'\n', &mut line, room).await {
                return Err(TooLong::with_bytes(e, max, line));
            }
            let line = String::from_utf8(line).map_err(fault::not_utf8)?;
            buf.try_reserve(line.len())?;
            buf.push_str(&line);
            Ok(line.len())
        }
    }

    /// The lines of the stream, without their ends, each in a `String` of its own.
    ///
    /// A line is as long as the other side likes; see [`lines_limited`](BufRead::lines_limited).
    ///
    /// ```
    /// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
    /// # use wait::block_on;
    /// use sexton_io::{BufRead, Memory};
    ///
    /// # block_on(async {
    /// let mut lines = Memory::new("one\ntwo\r\nthree").lines();
    /// let mut all = Vec::new();
    /// while let Some(line) = lines.next_line().await? {
    ///     all.push(line);
    /// }
    /// assert_eq!(all, ["one", "two", "three"]);
    /// # Ok::<(), std::io::Error>(()) }).unwrap();
    /// ```
    fn lines(self) -> Lines<Self>
    where
        Self: Sized,
    {
        Lines::new(self, usize::MAX)
    }

    /// The lines of the stream, none longer than `max` bytes, its end included.
    ///
    /// ```
    /// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
    /// # use wait::block_on;
    /// use sexton_io::{BufRead, Memory};
    ///
    /// let mut lines = Memory::new("short\na rather long one\n").lines_limited(10);
    /// assert_eq!(block_on(lines.next_line())?.unwrap().len(), 5);
    /// assert!(block_on(lines.next_line()).is_err());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    fn lines_limited(self, max: usize) -> Lines<Self>
    where
        Self: Sized,
    {
        Lines::new(self, max)
    }

    /// The parts of the stream between bytes of the value `byte`, each in a `Vec` of its own.
    ///
    /// A part is as long as the other side likes; see [`split_limited`](BufRead::split_limited).
    ///
    /// ```
    /// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
    /// # use wait::block_on;
    /// use sexton_io::{BufRead, Memory};
    ///
    /// # block_on(async {
    /// let mut fields = Memory::new("a,,c").split(b',');
    /// assert_eq!(fields.next_segment().await?.as_deref(), Some(&b"a"[..]));
    /// assert_eq!(fields.next_segment().await?.as_deref(), Some(&b""[..]));
    /// assert_eq!(fields.next_segment().await?.as_deref(), Some(&b"c"[..]));
    /// assert_eq!(fields.next_segment().await?, None);
    /// # Ok::<(), std::io::Error>(()) }).unwrap();
    /// ```
    fn split(self, byte: u8) -> Split<Self>
    where
        Self: Sized,
    {
        Split::new(self, byte, usize::MAX)
    }

    /// The parts of the stream between bytes of the value `byte`, none longer than `max` bytes, the
    /// `byte` at its end included.
    ///
    /// ```
    /// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
    /// # use wait::block_on;
    /// use sexton_io::{BufRead, Memory};
    ///
    /// let mut parts = Memory::new("short\na rather long one\n").split_limited(b'\n', 10);
    /// assert_eq!(block_on(parts.next_segment())?.unwrap().len(), 5);
    /// assert!(block_on(parts.next_segment()).is_err());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    fn split_limited(self, byte: u8, max: usize) -> Split<Self>
    where
        Self: Sized,
    {
        Split::new(self, byte, max)
    }
}

/// Where the first `byte` is. A block at a time: whether it is in there is found without a branch
/// for each byte.
fn find(byte: u8, bytes: &[u8]) -> Option<usize> {
    const BLOCK: usize = 64;
    let (blocks, _) = bytes.as_chunks::<BLOCK>();
    let is_in = |block: &[u8; BLOCK]| block.iter().fold(false, |is_in, &b| is_in | (b == byte));
    let from = BLOCK * blocks.iter().position(is_in).unwrap_or(blocks.len());
    bytes[from..].iter().position(|&b| b == byte).map(|at| from + at)
}
