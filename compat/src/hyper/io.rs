//! Streams with hyper's I/O traits.

use crate::poll_io::{PollIo, adapter};
use hyper::rt::{Read, ReadBufCursor, Write};
use std::io::{IoSlice, Result};
use std::pin::Pin;
use std::task::{Context, Poll};

adapter! {
    /// A stream with hyper's `Read` and `Write`.
    ///
    /// The example `hyper` of this package is a server on every core, with this, with
    /// [`HyperTimer`](crate::HyperTimer) and so with a bound on slow clients.
    HyperIo
}

impl<S: PollIo> Read for HyperIo<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut buf: ReadBufCursor<'_>,
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

impl<S: PollIo> Write for HyperIo<S> {
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

    /// Sends `FIN`, after what was written.
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        self.get_mut().stream.poll_shutdown(cx)
    }
}
