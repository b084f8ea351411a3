//! Streams with tokio's I/O traits.

use crate::poll_io::{PollIo, adapter, shows, writes};
use std::io::Result;
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
    shows!();
}

impl<S: PollIo> AsyncWrite for TokioIo<S> {
    fn is_write_vectored(&self) -> bool {
        true
    }

    writes! {
        poll_shutdown
    }
}
