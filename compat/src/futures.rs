//! Streams with the I/O traits of futures-io.

use crate::poll_io::{PollIo, adapter, shows, writes};
use futures_io::{AsyncBufRead, AsyncRead, AsyncWrite};
use std::io::{IoSliceMut, Result};
use std::pin::Pin;
use std::task::{Context, Poll};

adapter! {
    /// A stream with futures-io's `AsyncRead`, `AsyncBufRead` and `AsyncWrite`.
    ///
    /// ```
    /// use futures_util::{AsyncReadExt, AsyncWriteExt};
    /// use sexton::net::UnixStream;
    /// use sexton_compat::FuturesIo;
    ///
    /// # sexton::block_on(async {
    /// let (one, other) = UnixStream::pair()?;
    /// let mut one = FuturesIo::new(one);
    /// one.write_all(b"all there is").await?;
    /// one.close().await?;
    /// let mut all = String::new();
    /// FuturesIo::new(other).read_to_string(&mut all).await?;
    /// assert_eq!(all, "all there is");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    FuturesIo
}

impl<S: PollIo> AsyncRead for FuturesIo<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<Result<usize>> {
        self.poll_read_vectored(cx, &mut [IoSliceMut::new(buf)])
    }

    fn poll_read_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<Result<usize>> {
        if bufs.iter().all(|buf| buf.is_empty()) {
            return Poll::Ready(Ok(0));
        }
        let mut total = 0;
        let copied = self.get_mut().stream.poll_copy(cx, |shown| {
            for buf in bufs {
                let n = buf.len().min(shown.len() - total);
                buf[..n].copy_from_slice(&shown[total..total + n]);
                total += n;
            }
            total
        });
        copied.map_ok(|()| total)
    }
}

impl<S: PollIo> AsyncBufRead for FuturesIo<S> {
    shows!();
}

impl<S: PollIo> AsyncWrite for FuturesIo<S> {
    writes! {
        /// Ends the writing direction; the descriptor closes when the stream is dropped.
        poll_close
    }
}
