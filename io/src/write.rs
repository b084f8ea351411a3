//! Writes from memory that the caller keeps.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::future::Future;
use std::io::{ErrorKind, IoSlice, Result};

use crate::fault;
use crate::{Interest, NonBlocking, Ready};

/// Writers that take bytes from a slice of the caller.
///
/// No buffer is with the kernel while a future of this trait waits: the bytes are taken within one
/// poll. Required are `ready`, [`non_blocking_write`](Write::non_blocking_write) and
/// [`non_blocking_flush`](Write::non_blocking_flush). Implement the vectored pair (with
/// [`is_write_vectored`](Write::is_write_vectored)) where the system can, and override an async
/// method only for speed. Wrappers forward every method that a writer may override.
pub trait Write: Ready {
    /// Takes a prefix of `buf`, as much as goes without waiting, and says how much.
    ///
    /// # Errors
    /// The writer's. That there is no room yet is none.
    ///
    /// ```
    /// use sexton_io::{NonBlocking, Write, duplex};
    ///
    /// let (mut one, _other) = duplex(4);
    /// assert!(matches!(one.non_blocking_write(b"hello")?, NonBlocking::Ready(4)));
    /// assert!(matches!(one.non_blocking_write(b"o")?, NonBlocking::WouldBlock));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    fn non_blocking_write(&mut self, buf: &[u8]) -> Result<NonBlocking<usize>>;

    /// Takes a prefix of all `bufs`, in order. By default only of the first that is not empty.
    ///
    /// # Errors
    /// As [`non_blocking_write`](Write::non_blocking_write).
    fn non_blocking_write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> Result<NonBlocking<usize>> {
        self.non_blocking_write(bufs.iter().find(|buf| !buf.is_empty()).map_or(&[][..], |buf| buf))
    }

    /// Hands on what the writer itself holds back, as far as goes without waiting.
    ///
    /// # Errors
    /// The writer's, and those of what it had held back.
    fn non_blocking_flush(&mut self) -> Result<NonBlocking<()>>;

    /// Whether the vectored methods use more than the first buffer that is not empty.
    ///
    /// A hint: a caller with many small pieces may join them if not. Wrappers must forward it.
    fn is_write_vectored(&self) -> bool {
        false
    }

    /// Writes a prefix of `buf`, and says how long it was.
    ///
    /// # Completes
    /// When at least one byte was taken, at once if `buf` is empty. `Ok(0)` for a `buf` with bytes
    /// means that the writer takes no more.
    ///
    /// # Errors
    /// The writer's.
    ///
    /// # If dropped
    /// Lossless: the bytes are taken only in the poll that says so.
    ///
    /// ```
    /// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
    /// # use wait::block_on;
    /// use sexton_io::{Write, duplex};
    ///
    /// let (mut one, _other) = duplex(4);
    /// assert_eq!(block_on(one.write(b"more than fits"))?, 4);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    fn write(&mut self, buf: &[u8]) -> impl Future<Output = Result<usize>> {
        async move {
            loop {
                match self.non_blocking_write(buf)? {
                    NonBlocking::Ready(n) => return Ok(n),
                    NonBlocking::WouldBlock => self.ready(Interest::WRITE).await?,
                };
            }
        }
    }

    /// Writes a prefix of all `bufs` in order, and says how long it was.
    ///
    /// # Completes
    /// As [`write`](Write::write) does.
    ///
    /// # Errors
    /// The writer's.
    ///
    /// # If dropped
    /// Lossless: the bytes are taken only in the poll that says so.
    ///
    /// ```
    /// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
    /// # use wait::block_on;
    /// use sexton_io::{Memory, Write};
    /// use std::io::IoSlice;
    ///
    /// let mut sink = Memory::new(Vec::new());
    /// let n = block_on(sink.write_vectored(&[IoSlice::new(b"head"), IoSlice::new(b"body")]))?;
    /// assert_eq!(sink.rest(), &b"headbody"[..n]);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> impl Future<Output = Result<usize>> {
        async move {
            loop {
                match self.non_blocking_write_vectored(bufs)? {
                    NonBlocking::Ready(n) => return Ok(n),
                    NonBlocking::WouldBlock => self.ready(Interest::WRITE).await?,
                };
            }
        }
    }

    /// Writes all of `buf`. Goes on after `Interrupted`.
    ///
    /// # Completes
    /// When all is written, or cannot be.
    ///
    /// # Errors
    /// `WriteZero` if the writer takes no more; an unknown prefix was written then, as after any
    /// other error.
    ///
    /// # If dropped
    /// An unknown prefix of `buf` was written; not lossless.
    ///
    /// ```
    /// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
    /// # use wait::block_on;
    /// use sexton_io::{Memory, Write};
    ///
    /// let mut sink = Memory::new(Vec::new());
    /// block_on(sink.write_all(b"all of it"))?;
    /// assert_eq!(sink.rest(), b"all of it");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    fn write_all(&mut self, mut buf: &[u8]) -> impl Future<Output = Result<()>> {
        async move {
            while !buf.is_empty() {
                match self.write(buf).await {
                    Ok(n) => {
                        fault::check_taken(n, buf.len())?;
                        buf = &buf[n..];
                    }
                    Err(e) if e.kind() == ErrorKind::Interrupted => {}
                    Err(e) => return Err(e),
                }
            }
            Ok(())
        }
    }

    /// Writes all of all `bufs`, in order. Goes on after `Interrupted`.
    ///
    /// The slices are advanced on the way and are of no use afterwards.
    ///
    /// # Completes
    /// When all is written, or cannot be.
    ///
    /// # Errors
    /// As [`write_all`](Write::write_all).
    ///
    /// # If dropped
    /// An unknown prefix was written; not lossless.
    ///
    /// ```
    /// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
    /// # use wait::block_on;
    /// use sexton_io::{Memory, Write};
    /// use std::io::IoSlice;
    ///
    /// let mut sink = Memory::new(Vec::new());
    /// block_on(sink.write_all_vectored(&mut [IoSlice::new(b"head"), IoSlice::new(b"body")]))?;
    /// assert_eq!(sink.rest(), b"headbody");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    fn write_all_vectored(
        &mut self,
        mut bufs: &mut [IoSlice<'_>],
    ) -> impl Future<Output = Result<()>> {
        async move {
            IoSlice::advance_slices(&mut bufs, 0); // the empty ones at the front go
            while !bufs.is_empty() {
                match self.write_vectored(bufs).await {
                    Ok(n) => {
                        fault::check_taken(n, bufs.iter().map(|buf| buf.len()).sum())?;
                        IoSlice::advance_slices(&mut bufs, n);
                    }
                    Err(e) if e.kind() == ErrorKind::Interrupted => {}
                    Err(e) => return Err(e),
                }
            }
            Ok(())
        }
    }

    /// Writes formatted text: `write!(stream, "{n} left\n").await?`.
    ///
    /// The text is made when this is called, so the arguments are not held while waiting.
    ///
    /// # Completes
    /// When all is written, or cannot be.
    ///
    /// # Errors
    /// As [`write_all`](Write::write_all); `Other`, and nothing written, if an argument cannot be
    /// formatted.
    ///
    /// # If dropped
    /// An unknown prefix was written; not lossless.
    ///
    /// ```
    /// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
    /// # use wait::block_on;
    /// use sexton_io::{Memory, Write};
    ///
    /// let mut sink = Memory::new(Vec::new());
    /// block_on(write!(sink, "{} and {}", 1, 2))?;
    /// assert_eq!(sink.rest(), b"1 and 2");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    fn write_fmt(&mut self, args: fmt::Arguments<'_>) -> impl Future<Output = Result<()>> {
        let text = formatted(args);
        async move { self.write_all(text?.as_bytes()).await }
    }

    /// Waits until the writer has handed on all that it held back.
    ///
    /// # Completes
    /// When nothing is held back any more, or cannot be handed on.
    ///
    /// # Errors
    /// The writer's, and those of what it had held back.
    ///
    /// # If dropped
    /// Lossless: what is left is still in the writer, the next flush goes on with it.
    ///
    /// ```
    /// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
    /// # use wait::block_on;
    /// use sexton_io::{BufWrite, BufWriter, Write};
    ///
    /// let mut writer = BufWriter::new(Vec::new());
    /// block_on(writer.put(b"held back"))?;
    /// block_on(writer.flush())?;
    /// assert_eq!(writer.get_ref(), b"held back");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    fn flush(&mut self) -> impl Future<Output = Result<()>> {
        async move {
            loop {
                match self.non_blocking_flush()? {
                    NonBlocking::Ready(()) => return Ok(()),
                    NonBlocking::WouldBlock => self.ready(Interest::WRITE).await?,
                };
            }
        }
    }

    /// Says to the other side that no more will be written; reading goes on (half-close).
    ///
    /// By default nothing happens: many writers have no such notion. Flush first.
    ///
    /// # Completes
    /// When it is said; the other side need not have heard it.
    ///
    /// # Errors
    /// The writer's.
    ///
    /// # If dropped
    /// It was done, or it was not; doing it again is harmless.
    ///
    /// ```
    /// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
    /// # use wait::block_on;
    /// use sexton_io::{Read, Write, duplex};
    ///
    /// let (mut one, mut other) = duplex(64);
    /// block_on(one.write_all(b"question"))?;
    /// block_on(one.shutdown())?;
    /// let mut all = String::new();
    /// block_on(other.read_to_string(&mut all))?; // it ends
    /// block_on(other.write_all(b"answer"))?;
    /// assert_eq!(block_on(one.read(&mut [0; 64]))?, 6);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    fn shutdown(&mut self) -> impl Future<Output = Result<()>> {
        async { Ok(()) }
    }

    /// The writer by reference, to give it to an adaptor and have it back.
    ///
    /// ```
    /// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
    /// # use wait::block_on;
    /// use sexton_io::{Memory, Write};
    ///
    /// async fn greet(mut writer: impl Write) -> std::io::Result<()> {
    ///     writer.write_all(b"hello").await
    /// }
    ///
    /// let mut sink = Memory::new(Vec::new());
    /// block_on(greet(sink.by_ref()))?;
    /// assert_eq!(sink.rest(), b"hello");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    fn by_ref(&mut self) -> &mut Self
    where
        Self: Sized,
    {
        self
    }
}

fn formatted(args: fmt::Arguments<'_>) -> Result<Cow<'static, str>> {
    if let Some(text) = args.as_str() {
        return Ok(Cow::Borrowed(text));
    }
    let mut text = String::new();
    text.write_fmt(args).map_err(|fmt::Error| fault::cannot_format())?;
    Ok(Cow::Owned(text))
}
