//! Streams that can be polled: what the adapters stand on.

use sexton_io::BufRead;
use sexton_net::{TcpStream, UnixStream};
use std::io::{IoSlice, Result};
use std::task::{Context, Poll};

/// A stream whose reads and writes wait in the stream itself, not in a future.
///
/// Implemented by Sexton's sockets. A type of one's own that wraps one forwards it.
///
/// ```
/// # sexton_runtime::block_on(async {
/// use sexton_compat::PollIo;
/// use sexton_net::UnixStream;
/// use std::future::poll_fn;
/// use std::io::IoSlice;
///
/// let (mut one, mut other) = UnixStream::pair()?;
/// let bufs = [IoSlice::new(b"he"), IoSlice::new(b"llo")];
/// poll_fn(|cx| PollIo::poll_write_vectored(&mut one, cx, &bufs)).await?;
/// poll_fn(|cx| PollIo::poll_shutdown(&mut one, cx)).await?;
/// let n = poll_fn(|cx| PollIo::poll_fill_buf(&mut other, cx).map_ok(<[u8]>::len)).await?;
/// PollIo::consume(&mut other, n);
/// let mut end = true;
/// poll_fn(|cx| other.poll_copy(cx, |bytes| { end = bytes.is_empty(); bytes.len() })).await?;
/// assert_eq!((n, end), (5, true));
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
pub trait PollIo: Unpin {
    /// Shows what has come, or nothing at the end of the stream.
    ///
    /// # Errors
    /// The stream's.
    fn poll_fill_buf(&mut self, cx: &mut Context<'_>) -> Poll<Result<&[u8]>>;

    /// Releases the first `n` bytes of what was shown.
    fn consume(&mut self, n: usize);

    /// Writes a prefix of the slices, in order.
    ///
    /// # Errors
    /// The stream's.
    fn poll_write_vectored(
        &mut self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<Result<usize>>;

    /// Ends the writing direction.
    ///
    /// # Errors
    /// The stream's.
    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>>;

    /// Copies what has come, or comes, by `put`, which says how much it took; nothing is copied at
    /// the end of the stream.
    ///
    /// # Errors
    /// The stream's.
    fn poll_copy(
        &mut self,
        cx: &mut Context<'_>,
        put: impl FnOnce(&[u8]) -> usize,
    ) -> Poll<Result<()>>
    where
        Self: Sized,
    {
        self.poll_fill_buf(cx).map_ok(put).map_ok(|n| self.consume(n))
    }
}

macro_rules! poll_io {
    ($type:ty) => {
        impl PollIo for $type {
            fn poll_fill_buf(&mut self, cx: &mut Context<'_>) -> Poll<Result<&[u8]>> {
                <$type>::poll_fill_buf(self, cx)
            }

            fn consume(&mut self, n: usize) {
                BufRead::consume(self, n);
            }

            fn poll_write_vectored(
                &mut self,
                cx: &mut Context<'_>,
                bufs: &[IoSlice<'_>],
            ) -> Poll<Result<usize>> {
                <$type>::poll_write_vectored(self, cx, bufs)
            }

            fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
                <$type>::poll_shutdown(self, cx)
            }
        }
    };
}

poll_io!(TcpStream);
poll_io!(UnixStream);

/// What every adapter has: the stream inside.
#[cfg(any(feature = "tokio", feature = "futures", feature = "hyper"))]
macro_rules! adapter {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name<S> {
            stream: S,
        }

        impl<S> $name<S> {
            /// Wraps a stream.
            pub fn new(stream: S) -> Self {
                Self { stream }
            }

            /// The stream.
            pub fn get_ref(&self) -> &S {
                &self.stream
            }

            /// The stream.
            pub fn get_mut(&mut self) -> &mut S {
                &mut self.stream
            }

            /// The stream back. Nothing is held here that could be lost.
            pub fn into_inner(self) -> S {
                self.stream
            }
        }
    };
}

/// The writing methods, which have the same names everywhere but for the last.
#[cfg(any(feature = "tokio", feature = "futures", feature = "hyper"))]
macro_rules! writes {
    ($(#[$doc:meta])* $end:ident) => {
        fn poll_write(
            self: std::pin::Pin<&mut Self>,
            cx: &mut std::task::Context<'_>,
            buf: &[u8],
        ) -> std::task::Poll<std::io::Result<usize>> {
            self.get_mut().stream.poll_write_vectored(cx, &[std::io::IoSlice::new(buf)])
        }

        fn poll_write_vectored(
            self: std::pin::Pin<&mut Self>,
            cx: &mut std::task::Context<'_>,
            bufs: &[std::io::IoSlice<'_>],
        ) -> std::task::Poll<std::io::Result<usize>> {
            self.get_mut().stream.poll_write_vectored(cx, bufs)
        }

        /// What was written is the kernel's already.
        fn poll_flush(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<std::io::Result<()>> {
            std::task::Poll::Ready(Ok(()))
        }

        $(#[$doc])*
        fn $end(
            self: std::pin::Pin<&mut Self>,
            cx: &mut std::task::Context<'_>,
        ) -> std::task::Poll<std::io::Result<()>> {
            self.get_mut().stream.poll_shutdown(cx)
        }
    };
}

/// Reading what is shown, where the traits have a name for it.
#[cfg(any(feature = "tokio", feature = "futures"))]
macro_rules! shows {
    () => {
        fn poll_fill_buf(
            self: std::pin::Pin<&mut Self>,
            cx: &mut std::task::Context<'_>,
        ) -> std::task::Poll<std::io::Result<&[u8]>> {
            self.get_mut().stream.poll_fill_buf(cx)
        }

        fn consume(self: std::pin::Pin<&mut Self>, n: usize) {
            self.get_mut().stream.consume(n);
        }
    };
}

#[cfg(any(feature = "tokio", feature = "futures"))]
pub(crate) use shows;
#[cfg(any(feature = "tokio", feature = "futures", feature = "hyper"))]
pub(crate) use {adapter, writes};
