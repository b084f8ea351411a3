//! A failed operation gives its buffer back: `BufError`, and the result type around it.

use core::{error, fmt};
use std::io;

/// What an operation that took a buffer answers: both arms return the buffer, so `?` works and
/// nothing is lost.
///
/// ```
/// use sexton_buffers::{BufError, BufResult};
/// use std::io::{self, ErrorKind};
///
/// fn refused(buf: Vec<u8>) -> BufResult<usize, Vec<u8>> {
///     Err(BufError::new(ErrorKind::ConnectionReset, buf))
/// }
///
/// // In a function that returns `io::Result`, `?` is all there is to do.
/// fn caller() -> io::Result<usize> {
///     let (n, _buf) = refused(vec![1, 2, 3])?;
///     Ok(n)
/// }
/// assert_eq!(caller().unwrap_err().kind(), ErrorKind::ConnectionReset);
///
/// // Who wants the buffer takes it out of the error.
/// let buf = refused(vec![1, 2, 3]).unwrap_err().into_buf();
/// assert_eq!(buf, [1, 2, 3]);
/// ```
pub type BufResult<T, B> = Result<(T, B), BufError<B>>;

/// An I/O error, and the buffer that the failed operation had taken.
///
/// It converts into [`io::Error`], so `?` works in functions that return [`io::Result`]; the
/// buffer is dropped then. Its `Debug` prints no data and asks nothing of `B`.
///
/// ```
/// use sexton_buffers::BufError;
/// use std::io;
///
/// let error = BufError::new(io::ErrorKind::WriteZero, String::from("rest")).with_transferred(3);
/// assert_eq!(error.transferred(), 3);
/// let (error, buf) = error.into_parts();
/// assert_eq!(error.kind(), io::ErrorKind::WriteZero);
/// assert_eq!(buf, "rest");
/// ```
#[must_use = "a BufError still holds the caller's buffer"]
pub struct BufError<B> {
    error: io::Error,
    buf: B,
    transferred: usize,
}

impl<B> BufError<B> {
    /// An error of an operation that had taken `buf`, and moved no byte.
    pub fn new(error: impl Into<io::Error>, buf: B) -> Self {
        Self { error: error.into(), buf, transferred: 0 }
    }

    /// The bytes that an operation of several steps had moved before it failed, so that its caller
    /// can go on from there.
    ///
    /// ```
    /// use sexton_buffers::BufError;
    /// use std::io::ErrorKind;
    ///
    /// let error = BufError::new(ErrorKind::BrokenPipe, vec![1, 2, 3]).with_transferred(2);
    /// assert_eq!(error.buf()[error.transferred()..], [3]); // what is left
    /// ```
    pub fn transferred(&self) -> usize {
        self.transferred
    }

    /// The same error, saying that `n` bytes had been moved.
    pub fn with_transferred(mut self, n: usize) -> Self {
        self.transferred = n;
        self
    }

    /// The kind of the error.
    pub fn kind(&self) -> io::ErrorKind {
        self.error.kind()
    }

    /// The error.
    pub fn error(&self) -> &io::Error {
        &self.error
    }

    /// The buffer.
    pub fn buf(&self) -> &B {
        &self.buf
    }

    /// The error alone; the buffer is dropped.
    pub fn into_error(self) -> io::Error {
        self.error
    }

    /// The buffer alone; the error is dropped.
    pub fn into_buf(self) -> B {
        self.buf
    }

    /// The error and the buffer.
    ///
    /// ```
    /// use sexton_buffers::BufError;
    /// use std::io::ErrorKind;
    ///
    /// let (error, buf) = BufError::new(ErrorKind::BrokenPipe, vec![1, 2, 3]).into_parts();
    /// assert_eq!((error.kind(), buf), (ErrorKind::BrokenPipe, vec![1, 2, 3]));
    /// ```
    pub fn into_parts(self) -> (io::Error, B) {
        (self.error, self.buf)
    }

    /// The same error around another buffer: for wrappers that took the caller's buffer apart.
    ///
    /// ```
    /// use sexton_buffers::{BufError, IoBuf, Slice};
    /// use std::io::ErrorKind;
    ///
    /// let of_slice = BufError::new(ErrorKind::BrokenPipe, vec![1, 2, 3].slice(1..));
    /// let of_whole: BufError<Vec<u8>> = of_slice.map_buf(Slice::into_inner);
    /// assert_eq!(of_whole.into_buf(), [1, 2, 3]);
    /// ```
    pub fn map_buf<C>(self, f: impl FnOnce(B) -> C) -> BufError<C> {
        BufError { error: self.error, buf: f(self.buf), transferred: self.transferred }
    }
}

impl<B> fmt::Debug for BufError<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BufError")
            .field("error", &self.error)
            .field("transferred", &self.transferred)
            .finish_non_exhaustive()
    }
}

impl<B> fmt::Display for BufError<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.error, f)
    }
}

impl<B> error::Error for BufError<B> {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        self.error.source()
    }
}

/// Makes `?` work in functions that return [`io::Result`].
impl<B> From<BufError<B>> for io::Error {
    fn from(error: BufError<B>) -> io::Error {
        error.error
    }
}

/// The shape of a pair, for code that was written for it.
pub trait BufResultExt {
    /// What the operation answers when it succeeds.
    type Answer;
    /// The buffer that it took.
    type Buf;

    /// The result without the buffer, and the buffer beside it.
    ///
    /// # Errors
    /// The operation's, in the answer; the buffer stands beside it.
    ///
    /// ```
    /// use sexton_buffers::{BufError, BufResult, BufResultExt};
    ///
    /// let done: BufResult<usize, Vec<u8>> = Ok((3, vec![1, 2, 3]));
    /// let (result, buf) = done.split();
    /// assert_eq!((result.unwrap(), buf.len()), (3, 3));
    /// ```
    fn split(self) -> (io::Result<Self::Answer>, Self::Buf);
}

impl<T, B> BufResultExt for BufResult<T, B> {
    type Answer = T;
    type Buf = B;

    fn split(self) -> (io::Result<T>, B) {
        match self {
            Ok((answer, buf)) => (Ok(answer), buf),
            Err(error) => {
                let (error, buf) = error.into_parts();
                (Err(error), buf)
            }
        }
    }
}
