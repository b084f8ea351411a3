//! A line or a part of a stream that did not end within its limit.

use std::error;
use std::fmt;
use std::io::{Error, ErrorKind};

/// What is inside the `InvalidData` error of a limited read.
///
/// No byte is lost: what was read already is where the method says, in
/// [`bytes`](TooLong::bytes) for [`read_line_limited`](crate::BufRead::read_line_limited); the rest
/// is in the reader.
///
/// ```
/// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
/// # use wait::block_on;
/// use sexton_io::{BufRead, Memory, TooLong};
///
/// let mut lines = Memory::new("far too long\n").lines_limited(8);
/// let error = block_on(lines.next_line()).unwrap_err();
/// assert_eq!(error.to_string(), "no end within the limit of 8 bytes");
/// assert_eq!(TooLong::of(&error).map(TooLong::max), Some(8));
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct TooLong {
    max: usize,
    bytes: Vec<u8>,
}

impl TooLong {
    pub(crate) fn new(max: usize) -> Self {
        Self { max, bytes: Vec::new() }
    }

    /// If `error` is one, it gets the caller's limit and the bytes; any other stays as it is.
    pub(crate) fn with_bytes(mut error: Error, max: usize, bytes: Vec<u8>) -> Error {
        if let Some(too_long) = error.get_mut().and_then(|e| e.downcast_mut::<Self>()) {
            *too_long = Self { max, bytes };
        }
        error
    }

    /// The `TooLong` inside `error`, if it is one.
    #[must_use]
    pub fn of(error: &Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }

    /// The limit, in bytes.
    #[must_use]
    pub fn max(&self) -> usize {
        self.max
    }

    /// What was read, as far as it is not in a buffer of the caller.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// As [`bytes`](TooLong::bytes), by value.
    ///
    /// ```
    /// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
    /// # use wait::block_on;
    /// use sexton_io::{BufRead, Memory, TooLong};
    ///
    /// let mut reader = Memory::new("a rather long line\n");
    /// let error = block_on(reader.read_line_limited(&mut String::new(), 8)).unwrap_err();
    /// let too_long = error.downcast::<TooLong>()?;
    /// let all = [too_long.into_bytes(), reader.rest().to_vec()].concat();
    /// assert_eq!(all, b"a rather long line\n");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

/// Never prints data.
impl fmt::Debug for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TooLong").field("max", &self.max).finish_non_exhaustive()
    }
}

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no end within the limit of {} bytes", self.max)
    }
}

impl error::Error for TooLong {}

impl From<TooLong> for Error {
    fn from(error: TooLong) -> Self {
        Error::new(ErrorKind::InvalidData, error)
    }
}
