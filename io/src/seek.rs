//! Moving the position at which a stream is read and written.

use std::future::Future;
use std::io::{self, Cursor, Result, SeekFrom};

/// Streams whose position can be moved.
///
/// No buffer is tied up while waiting.
///
/// [`Cursor`] has methods of these names from `std`'s trait of the same name already. Code that
/// imports both traits names one: `sexton_io::Seek::seek(&mut cursor, to)`.
///
/// ```
/// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
/// # use wait::block_on;
/// use sexton_io::{Memory, Read, Seek};
/// use std::io::SeekFrom;
///
/// async fn last_line(log: &mut (impl Read + Seek), len: i64) -> std::io::Result<String> {
///     log.seek(SeekFrom::End(-len)).await?;
///     let mut line = String::new();
///     log.read_to_string(&mut line).await?;
///     Ok(line)
/// }
///
/// assert_eq!(block_on(last_line(&mut Memory::new("first\nlast\n"), 5))?, "last\n");
/// # Ok::<(), std::io::Error>(())
/// ```
pub trait Seek {
    /// Moves the position, and says where it is, counted from the beginning. It may be behind the
    /// end.
    ///
    /// # Completes
    /// When the position has moved, or cannot.
    ///
    /// # Errors
    /// `InvalidInput` if the target is before the beginning, or beyond what can be counted. The
    /// position has not moved then.
    ///
    /// # If dropped
    /// The position has not moved; lossless.
    ///
    /// ```
    /// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
    /// # use wait::block_on;
    /// use sexton_io::{Memory, Seek};
    /// use std::io::SeekFrom;
    ///
    /// let mut memory = Memory::new("hello");
    /// assert_eq!(block_on(memory.seek(SeekFrom::End(-2)))?, 3);
    /// assert_eq!(memory.rest(), b"lo");
    /// assert!(block_on(memory.seek(SeekFrom::Current(-9))).is_err());
    /// assert_eq!(memory.rest(), b"lo");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    fn seek(&mut self, to: SeekFrom) -> impl Future<Output = Result<u64>>;

    /// Moves the position to the beginning.
    ///
    /// # Completes
    /// As [`seek`](Seek::seek) does.
    ///
    /// # Errors
    /// As [`seek`](Seek::seek).
    ///
    /// # If dropped
    /// The position has not moved; lossless.
    ///
    /// ```
    /// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
    /// # use wait::block_on;
    /// use sexton_io::{BufRead, Memory, Seek};
    ///
    /// let mut memory = Memory::new("hello");
    /// memory.consume(3);
    /// block_on(memory.rewind())?;
    /// assert_eq!(memory.rest(), b"hello");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    fn rewind(&mut self) -> impl Future<Output = Result<()>> {
        async move { self.seek(SeekFrom::Start(0)).await.map(drop) }
    }

    /// Where the position is, counted from the beginning.
    ///
    /// # Completes
    /// As [`seek`](Seek::seek) does; nothing moves.
    ///
    /// # Errors
    /// As [`seek`](Seek::seek).
    ///
    /// # If dropped
    /// Nothing.
    ///
    /// ```
    /// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
    /// # use wait::block_on;
    /// use sexton_io::{BufRead, Memory, Seek};
    ///
    /// let mut memory = Memory::new("hello");
    /// memory.consume(3);
    /// assert_eq!(block_on(memory.stream_position())?, 3);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    fn stream_position(&mut self) -> impl Future<Output = Result<u64>> {
        self.seek(SeekFrom::Current(0))
    }

    /// How long the stream is. The position is the same before and after.
    ///
    /// # Completes
    /// As [`seek`](Seek::seek) does, by default three of them.
    ///
    /// # Errors
    /// As [`seek`](Seek::seek). The position may be at the end then.
    ///
    /// # If dropped
    /// The position may be at the end, unless the stream can say its length without moving, as
    /// Sexton's files and the bytes at hand of this crate do.
    ///
    /// ```
    /// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
    /// # use wait::block_on;
    /// use sexton_io::{BufRead, Memory, Seek};
    ///
    /// let mut memory = Memory::new("hello");
    /// memory.consume(2);
    /// assert_eq!(block_on(memory.stream_len())?, 5);
    /// assert_eq!(memory.rest(), b"llo");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    fn stream_len(&mut self) -> impl Future<Output = Result<u64>> {
        async move {
            let position = self.stream_position().await?;
            let len = self.seek(SeekFrom::End(0)).await?;
            if position != len {
                self.seek(SeekFrom::Start(position)).await?;
            }
            Ok(len)
        }
    }

    /// Moves the position by so many bytes, forwards or backwards.
    ///
    /// Buffered readers keep what they have read already if the target is among it; a
    /// [`seek`](Seek::seek) makes them forget it.
    ///
    /// # Completes
    /// As [`seek`](Seek::seek) does.
    ///
    /// # Errors
    /// As [`seek`](Seek::seek).
    ///
    /// # If dropped
    /// The position has not moved; lossless.
    ///
    /// ```
    /// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
    /// # use wait::block_on;
    /// use sexton_io::{BufRead, Memory, Seek};
    ///
    /// let mut memory = Memory::new("hello");
    /// memory.consume(3);
    /// block_on(memory.seek_relative(-2))?;
    /// assert_eq!(memory.rest(), b"ello");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    fn seek_relative(&mut self, by: i64) -> impl Future<Output = Result<()>> {
        async move { self.seek(SeekFrom::Current(by)).await.map(drop) }
    }
}

/// The same as with `std`'s trait.
impl<T: AsRef<[u8]>> Seek for Cursor<T> {
    async fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        io::Seek::seek(self, to)
    }

    async fn stream_len(&mut self) -> Result<u64> {
        Ok(self.get_ref().as_ref().len() as u64)
    }
}
