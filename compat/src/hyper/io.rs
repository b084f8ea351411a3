//! Streams with hyper's I/O traits.

use crate::poll_io::{PollIo, adapter, writes};
use hyper::rt::{Read, ReadBufCursor, Write};
use std::io::Result;
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
    fn is_write_vectored(&self) -> bool {
        true
    }

    writes! {
        /// Sends `FIN`, after what was written.
        poll_shutdown
    }
}
