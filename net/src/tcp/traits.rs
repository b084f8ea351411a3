//! The traits of `sexton-io` on streams.
//!
//! All of them are there on the stream itself, those that show no memory also on a shared
//! reference.

use super::stream::TcpStream;
use sexton_buffers::{BufError, BufResult, Chunk, IoBuf, IoBufMut, IoVecBuf, IoVecBufMut};
use sexton_buffers::{ReadCursor, ReadVecCursor};
use sexton_io::{
    BufRead, Interest, ManagedRead, NonBlocking, OwnedRead, OwnedWrite, Read, Readiness, Ready,
    Write,
};
use std::io::{IoSlice, Result};
use std::net::Shutdown;

impl Ready for TcpStream {
    async fn ready(&mut self, interest: Interest) -> Result<Readiness> {
        TcpStream::ready(self, interest).await
    }
}

impl Ready for &TcpStream {
    async fn ready(&mut self, interest: Interest) -> Result<Readiness> {
        TcpStream::ready(self, interest).await
    }
}

impl Read for TcpStream {
    fn non_blocking_read_buf(&mut self, buf: ReadCursor<'_>) -> Result<NonBlocking<()>> {
        self.reader.non_blocking_read(buf)
    }

    fn non_blocking_read_buf_vectored(
        &mut self,
        bufs: ReadVecCursor<'_, '_>,
    ) -> Result<NonBlocking<usize>> {
        self.reader.non_blocking_read_vectored(bufs)
    }

    fn is_read_vectored(&self) -> bool {
        true
    }

    async fn read_exact(&mut self, buf: &mut [u8]) -> Result<()> {
        self.reader.read_exact_kept(buf).await
    }

    async fn read_to_string(&mut self, buf: &mut String) -> Result<usize> {
        self.reader.read_to_string_kept(buf).await
    }
}

impl Read for &TcpStream {
    fn non_blocking_read_buf(&mut self, buf: ReadCursor<'_>) -> Result<NonBlocking<()>> {
        self.reader.non_blocking_read(buf)
    }

    fn non_blocking_read_buf_vectored(
        &mut self,
        bufs: ReadVecCursor<'_, '_>,
    ) -> Result<NonBlocking<usize>> {
        self.reader.non_blocking_read_vectored(bufs)
    }

    fn is_read_vectored(&self) -> bool {
        true
    }
}

impl BufRead for TcpStream {
    async fn fill_buf(&mut self) -> Result<&[u8]> {
        self.reader.fill_buf().await
    }

    fn consume(&mut self, n: usize) {
        self.reader.consume(n);
    }

    async fn fill_at_least(&mut self, n: usize) -> Result<&[u8]> {
        self.reader.fill_at_least(n).await
    }

    async fn read_line_limited(&mut self, buf: &mut String, max: usize) -> Result<usize> {
        self.reader.read_line_kept(buf, max).await
    }
}

impl ManagedRead for TcpStream {
    type Buf = Chunk;

    async fn read_managed(&mut self, max: usize) -> Result<Option<Chunk>> {
        TcpStream::read_managed(self, max).await
    }
}

impl OwnedRead for TcpStream {
    async fn read_owned<B: IoBufMut>(&mut self, buf: B) -> BufResult<usize, B> {
        TcpStream::read_owned(self, buf).await
    }

    async fn read_vectored_owned<V: IoVecBufMut>(&mut self, bufs: V) -> BufResult<usize, V> {
        TcpStream::read_vectored_owned(self, bufs).await
    }

    fn is_read_vectored_owned(&self) -> bool {
        true
    }

    async fn read_exact_owned<B: IoBufMut>(
        &mut self,
        buf: B,
    ) -> std::result::Result<B, BufError<B>> {
        self.reader.read_exact_owned(buf).await
    }
}

impl OwnedRead for &TcpStream {
    async fn read_owned<B: IoBufMut>(&mut self, buf: B) -> BufResult<usize, B> {
        TcpStream::read_owned(self, buf).await
    }

    async fn read_vectored_owned<V: IoVecBufMut>(&mut self, bufs: V) -> BufResult<usize, V> {
        TcpStream::read_vectored_owned(self, bufs).await
    }

    fn is_read_vectored_owned(&self) -> bool {
        true
    }

    async fn read_exact_owned<B: IoBufMut>(
        &mut self,
        buf: B,
    ) -> std::result::Result<B, BufError<B>> {
        self.reader.read_exact_owned(buf).await
    }
}

impl OwnedWrite for TcpStream {
    async fn write_owned<B: IoBuf>(&mut self, buf: B) -> BufResult<usize, B> {
        TcpStream::write_owned(self, buf).await
    }

    async fn write_vectored_owned<V: IoVecBuf>(&mut self, bufs: V) -> BufResult<usize, V> {
        TcpStream::write_vectored_owned(self, bufs).await
    }

    fn is_write_vectored_owned(&self) -> bool {
        true
    }

    async fn flush_owned(&mut self) -> Result<()> {
        self.socket().sent().await;
        Ok(())
    }

    async fn shutdown_owned(&mut self) -> Result<()> {
        TcpStream::shutdown(self, Shutdown::Write).await
    }
}

impl OwnedWrite for &TcpStream {
    async fn write_owned<B: IoBuf>(&mut self, buf: B) -> BufResult<usize, B> {
        TcpStream::write_owned(self, buf).await
    }

    async fn write_vectored_owned<V: IoVecBuf>(&mut self, bufs: V) -> BufResult<usize, V> {
        TcpStream::write_vectored_owned(self, bufs).await
    }

    fn is_write_vectored_owned(&self) -> bool {
        true
    }

    async fn flush_owned(&mut self) -> Result<()> {
        self.socket().sent().await;
        Ok(())
    }

    async fn shutdown_owned(&mut self) -> Result<()> {
        TcpStream::shutdown(self, Shutdown::Write).await
    }
}

impl Write for TcpStream {
    fn non_blocking_write(&mut self, buf: &[u8]) -> Result<NonBlocking<usize>> {
        TcpStream::non_blocking_write(self, buf)
    }

    fn non_blocking_write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> Result<NonBlocking<usize>> {
        TcpStream::non_blocking_write_vectored(self, bufs)
    }

    fn non_blocking_flush(&mut self) -> Result<NonBlocking<()>> {
        Ok(NonBlocking::Ready(()))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    async fn shutdown(&mut self) -> Result<()> {
        TcpStream::shutdown(self, Shutdown::Write).await
    }
}

impl Write for &TcpStream {
    fn non_blocking_write(&mut self, buf: &[u8]) -> Result<NonBlocking<usize>> {
        TcpStream::non_blocking_write(self, buf)
    }

    fn non_blocking_write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> Result<NonBlocking<usize>> {
        TcpStream::non_blocking_write_vectored(self, bufs)
    }

    fn non_blocking_flush(&mut self) -> Result<NonBlocking<()>> {
        Ok(NonBlocking::Ready(()))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    async fn shutdown(&mut self) -> Result<()> {
        TcpStream::shutdown(self, Shutdown::Write).await
    }
}
