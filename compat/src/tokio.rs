//! Streams with tokio's I/O traits.

use crate::poll_io::{PollIo, adapter};
use std::io::{IoSlice, Result};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncBufRead, AsyncRead, AsyncWrite, ReadBuf};

adapter! {
    /// A stream with tokio's `AsyncRead`, `AsyncBufRead` and `AsyncWrite`.
    ///
    /// ```
    /// use sexton::net::UnixStream;
    /// use sexton_compat::TokioIo;
    /// use tokio::io::{AsyncBufReadExt, AsyncWriteExt};
    ///
    /// # sexton::block_on(async {
    /// let (one, other) = UnixStream::pair()?;
    /// TokioIo::new(one).write_all(b"a line\n").await?;
    /// let mut lines = TokioIo::new(other).lines();
    /// assert_eq!(lines.next_line().await?.as_deref(), Some("a line"));
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    TokioIo
}

impl<S: PollIo> AsyncRead for TokioIo<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<Result<()>> {
        if buf.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        self.get_mut().stream.poll_copy(cx, |shown| {
            let n = shown.len().min(buf.remaining());
            buf.put_slice(&shown[..n]);
            n
        })
    }
}

impl<S: PollIo> AsyncBufRead for TokioIo<S> {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<&[u8]>> {
        self.get_mut().stream.poll_fill_buf(cx)
    }

    fn consume(self: Pin<&mut Self>, n: usize) {
        self.get_mut().stream.consume(n);
    }
}

impl<S: PollIo> AsyncWrite for TokioIo<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<Result<usize>> {
        self.get_mut().stream.poll_write_vectored(cx, &[IoSlice::new(buf)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        self.get_mut().stream.poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    /// What was written is the kernel's already.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        self.get_mut().stream.poll_shutdown(cx)
    }
}
