//! Waiting for a resource without tying up a buffer.

use std::fmt;
use std::future::Future;
use std::io::Result;
use std::ops::BitOr;

/// What a caller waits for: to read, to write, or either.
///
/// ```
/// use sexton_io::Interest;
///
/// let both = Interest::READ | Interest::WRITE;
/// assert_eq!(both, Interest::READ_WRITE);
/// assert!(both.contains(Interest::READ));
/// ```
#[derive(Copy, Clone, PartialEq, Eq, Hash)]
pub struct Interest(u32);

impl Interest {
    /// Bytes to read, or the end of the stream.
    pub const READ: Interest = Interest(1);
    /// Room to write.
    pub const WRITE: Interest = Interest(1 << 1);
    /// Whichever comes first.
    pub const READ_WRITE: Interest = Interest(Interest::READ.0 | Interest::WRITE.0);

    /// Whether all of `other` is asked for.
    #[must_use]
    pub const fn contains(self, other: Interest) -> bool {
        self.0 & other.0 == other.0
    }
}

impl BitOr for Interest {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Interest(self.0 | other.0)
    }
}

impl fmt::Debug for Interest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Interest({:#b})", self.0)
    }
}

/// What a resource seems to be ready for.
///
/// ```
/// use sexton_io::Readiness;
///
/// let readiness = Readiness::new(true, false, true);
/// assert!(readiness.read() && !readiness.write() && readiness.hup());
/// ```
#[derive(Copy, Clone, PartialEq, Eq, Hash)]
pub struct Readiness(u32);

impl Readiness {
    const READ: u32 = 1;
    const WRITE: u32 = 1 << 1;
    const HUP: u32 = 1 << 2;

    /// Ready to read, ready to write, hung up.
    #[must_use]
    pub const fn new(read: bool, write: bool, hup: bool) -> Self {
        let read = if read { Self::READ } else { 0 };
        let write = if write { Self::WRITE } else { 0 };
        let hup = if hup { Self::HUP } else { 0 };
        Self(read | write | hup)
    }

    /// A read would bring bytes, the end of the stream, or an error.
    #[must_use]
    pub const fn read(self) -> bool {
        self.0 & Self::READ != 0
    }

    /// A write would take bytes, or fail.
    #[must_use]
    pub const fn write(self) -> bool {
        self.0 & Self::WRITE != 0
    }

    /// The other side hung up. Reported without being asked for; bytes may be left to read.
    #[must_use]
    pub const fn hup(self) -> bool {
        self.0 & Self::HUP != 0
    }
}

impl fmt::Debug for Readiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Readiness({:#b})", self.0)
    }
}

/// Resources that can say when to try again.
///
/// # For implementors
/// The end of a stream is a level, not an edge: as long as a stream is at its end, `ready` says
/// that it is readable *and* the non-blocking read answers with nothing, never that it would
/// block. Otherwise the loop below spins for ever.
///
/// ```
/// use sexton_io::{Interest, Memory, NonBlocking, Read, Ready, continue_on_block};
/// use sexton_buffers::ReadBuf;
/// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
///
/// /// No buffer is held while waiting.
/// async fn first_bytes(reader: &mut impl Read) -> std::io::Result<Vec<u8>> {
///     loop {
///         reader.ready(Interest::READ).await?;
///         let mut bytes = [0; 16];
///         let mut buf = ReadBuf::from(&mut bytes[..]);
///         continue_on_block!(reader.non_blocking_read_buf(buf.unfilled())?);
///         return Ok(buf.filled().to_vec());
///     }
/// }
///
/// let bytes = wait::block_on(first_bytes(&mut Memory::new("hello")))?;
/// assert_eq!(bytes, b"hello");
/// # Ok::<(), std::io::Error>(())
/// ```
pub trait Ready {
    /// Waits until something in `interest` is ready, or seems so.
    ///
    /// # Completes
    /// When the matching `non_blocking_*` call would succeed or fail; now and then too early, so
    /// that it would block after all. Calling both in a loop makes progress.
    ///
    /// # Errors
    /// The resource's, of the waiting itself: a failed read says so when it is tried.
    ///
    /// # If dropped
    /// Nothing else happens; lossless.
    fn ready(&mut self, interest: Interest) -> impl Future<Output = Result<Readiness>>;
}
