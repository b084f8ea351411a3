//! The methods that streams have beside the traits: by `&self`, and to be polled.

/// Reading, for a type that has a reader.
macro_rules! reading_methods {
    ($type:ty) => {
        impl $type {
            /// Reads once into the unfilled part of `buf`, and says how many bytes came.
            ///
            /// Zero bytes mean that the peer will send no more.
            ///
            /// # Completes
            /// When at least one byte, the end of the stream, or an error is there. `buf` comes
            /// back in every case.
            ///
            /// # If dropped
            /// The stream inherits the read: its bytes come first in the next one. `buf` itself is
            /// freed when the kernel has let go of it; to get it back, cancel by a token instead.
            ///
            /// # Kernel
            /// `IORING_OP_RECV`, of a pipe `IORING_OP_READ`, since Linux 5.6.
            ///
            /// # Errors
            /// The kernel's; `InvalidInput` for a buffer without room.
            pub async fn read_owned<B: sexton_buffers::IoBufMut>(
                &self,
                buf: B,
            ) -> sexton_buffers::BufResult<usize, B> {
                self.reader().read_owned(buf).await
            }

            /// Reads once into several buffers, in order. As [`read_owned`](Self::read_owned).
            ///
            /// # If dropped
            /// Nothing is lost, but the buffers.
            ///
            /// # Kernel
            /// `recv` or `preadv2`, without waiting, then `IORING_OP_POLL_ADD`, since Linux 5.1.
            ///
            /// # Errors
            /// As [`read_owned`](Self::read_owned).
            pub async fn read_vectored_owned<V: sexton_buffers::IoVecBufMut>(
                &self,
                bufs: V,
            ) -> sexton_buffers::BufResult<usize, V> {
                self.reader().read_vectored_owned(bufs).await
            }

            /// Reads until `buf` is full.
            ///
            /// # If dropped
            /// Nothing is lost: what it has gathered comes first in the next read.
            ///
            /// # Errors
            /// `UnexpectedEof` if the stream ends before; otherwise as
            /// [`read_owned`](Self::read_owned).
            pub async fn read_exact_owned<B: sexton_buffers::IoBufMut>(
                &self,
                buf: B,
            ) -> Result<B, sexton_buffers::BufError<B>> {
                self.reader().read_exact_owned(buf).await
            }

            /// The next piece of the stream, given away: at most `max` bytes, `None` at the end.
            ///
            /// # Completes
            /// When at least one byte, the end of the stream, or an error is there.
            ///
            /// # If dropped
            /// Nothing is lost: the read is the stream's.
            ///
            /// # Kernel
            /// `IORING_OP_RECV`, multishot, from provided buffers, since Linux 6.0; of a pipe
            /// `IORING_OP_READ`, a time each.
            ///
            /// # Errors
            /// The kernel's; `InvalidInput` for a `max` of zero.
            pub async fn read_managed(
                &self,
                max: usize,
            ) -> std::io::Result<Option<sexton_buffers::Chunk>> {
                self.reader().read_managed(max).await
            }

            /// Reads once into `buf`; zero is the end of the stream, or a `buf` without room.
            ///
            /// # Completes
            /// When at least one byte, the end of the stream, or an error is there.
            ///
            /// # If dropped
            /// Nothing is lost.
            ///
            /// # Kernel
            /// `recv` or `preadv2`, without waiting, then `IORING_OP_POLL_ADD`.
            ///
            /// # Errors
            /// The kernel's.
            pub async fn read(&self, buf: &mut [u8]) -> std::io::Result<usize> {
                self.reader().read_borrowed(buf).await
            }

            /// [`fill_buf`](sexton_io::BufRead::fill_buf), to be polled: for adapters to other
            /// traits, which need no future of their own then.
            ///
            /// The task of the last call is woken.
            ///
            /// # Errors
            /// The kernel's.
            pub fn poll_fill_buf(
                &mut self,
                cx: &mut std::task::Context<'_>,
            ) -> std::task::Poll<std::io::Result<&[u8]>> {
                self.reader_mut().poll_fill_buf(cx)
            }

            /// Waits until a read would not wait, to be polled.
            ///
            /// The task of the last call is woken.
            ///
            /// # Errors
            /// The kernel's.
            pub fn poll_read_ready(
                &self,
                cx: &mut std::task::Context<'_>,
            ) -> std::task::Poll<std::io::Result<()>> {
                self.reader().poll_read_ready(cx)
            }
        }
    };
}

/// Writing, for a type that has a writer.
macro_rules! writing_methods {
    ($type:ty) => {
        impl $type {
            /// Sends a prefix of the filled bytes of `buf`, and says how many.
            ///
            /// # Completes
            /// When the kernel has taken at least one byte, or an error is there.
            ///
            /// # If dropped
            /// What the kernel took is sent; the next write waits until this one has ended, so that
            /// bytes never interleave.
            ///
            /// # Kernel
            /// `IORING_OP_SEND`, of a pipe `IORING_OP_WRITE`, since Linux 5.6; a plain `send` if
            /// nothing else is to be done in this turn.
            ///
            /// # Errors
            /// The kernel's (`BrokenPipe`, never a signal).
            pub async fn write_owned<B: sexton_buffers::IoBuf>(
                &self,
                buf: B,
            ) -> sexton_buffers::BufResult<usize, B> {
                self.writer().write_owned(buf).await
            }

            /// Sends a prefix of several buffers, in order. As [`write_owned`](Self::write_owned).
            ///
            /// # If dropped
            /// As [`write_owned`](Self::write_owned).
            ///
            /// # Kernel
            /// `IORING_OP_SENDMSG`, since Linux 5.3; of a pipe `IORING_OP_WRITEV`, since 5.1.
            ///
            /// # Errors
            /// As [`write_owned`](Self::write_owned).
            pub async fn write_vectored_owned<V: sexton_buffers::IoVecBuf>(
                &self,
                bufs: V,
            ) -> sexton_buffers::BufResult<usize, V> {
                self.writer().write_vectored_owned(bufs).await
            }

            /// Sends all filled bytes of `buf`.
            ///
            /// # If dropped
            /// A prefix is sent.
            ///
            /// # Errors
            /// As [`write_owned`](Self::write_owned); how much was sent before is in `transferred`.
            pub async fn write_all_owned<B: sexton_buffers::IoBuf>(
                &self,
                buf: B,
            ) -> Result<B, sexton_buffers::BufError<B>> {
                sexton_io::OwnedWrite::write_all_owned(&mut &*self, buf).await
            }

            /// Sends a prefix of `buf`. As [`write_owned`](Self::write_owned), by a copy into the
            /// kernel.
            ///
            /// # If dropped
            /// Nothing was sent.
            ///
            /// # Kernel
            /// `send` or `pwritev2`, without waiting, then `IORING_OP_POLL_ADD`.
            ///
            /// # Errors
            /// The kernel's.
            pub async fn write(&self, buf: &[u8]) -> std::io::Result<usize> {
                sexton_io::Write::write(&mut &*self, buf).await
            }

            /// Sends all of `buf`. As [`write`](Self::write).
            ///
            /// # If dropped
            /// A prefix was sent.
            ///
            /// # Errors
            /// The kernel's.
            pub async fn write_all(&self, buf: &[u8]) -> std::io::Result<()> {
                sexton_io::Write::write_all(&mut &*self, buf).await
            }

            /// [`write`](Self::write), to be polled: for adapters to other traits, which need no
            /// future of their own then.
            ///
            /// The task of the last call is woken.
            ///
            /// # Errors
            /// The kernel's.
            pub fn poll_write(
                &self,
                cx: &mut std::task::Context<'_>,
                buf: &[u8],
            ) -> std::task::Poll<std::io::Result<usize>> {
                self.writer().poll_write_vectored(cx, &[std::io::IoSlice::new(buf)])
            }

            /// Sends a prefix of several slices, to be polled. As [`poll_write`](Self::poll_write).
            ///
            /// # Errors
            /// The kernel's.
            pub fn poll_write_vectored(
                &self,
                cx: &mut std::task::Context<'_>,
                bufs: &[std::io::IoSlice<'_>],
            ) -> std::task::Poll<std::io::Result<usize>> {
                self.writer().poll_write_vectored(cx, bufs)
            }

            /// Waits until a write would not wait, to be polled.
            ///
            /// The task of the last call is woken.
            ///
            /// # Errors
            /// The kernel's.
            pub fn poll_write_ready(
                &self,
                cx: &mut std::task::Context<'_>,
            ) -> std::task::Poll<std::io::Result<()>> {
                self.writer().poll_write_ready(cx)
            }

            /// Waits until no write is in flight, and ends the sending direction, to be polled. (A
            /// pipe's ends when its sender is dropped.)
            ///
            /// # Errors
            /// The kernel's.
            pub fn poll_shutdown(
                &self,
                cx: &mut std::task::Context<'_>,
            ) -> std::task::Poll<std::io::Result<()>> {
                self.writer().poll_shutdown(cx)
            }
        }
    };
}

/// What only a stream with both directions has.
macro_rules! stream_methods {
    ($type:ty) => {
        impl $type {
            pub(crate) fn from_fd(fd: sexton_runtime::Fd) -> Self {
                let socket = Shared::socket(fd);
                let writer = Writer::new(std::rc::Rc::clone(&socket));
                Self::from_parts(Reader::new(socket), writer)
            }

            pub(crate) fn from_parts(reader: Reader, writer: Writer) -> Self {
                Self { reader, writer }
            }

            pub(crate) fn reader(&self) -> &Reader {
                &self.reader
            }

            pub(crate) fn reader_mut(&mut self) -> &mut Reader {
                &mut self.reader
            }

            pub(crate) fn writer(&self) -> &Writer {
                &self.writer
            }

            pub(crate) fn writer_mut(&mut self) -> &mut Writer {
                &mut self.writer
            }

            pub(crate) fn socket(&self) -> &std::rc::Rc<Shared> {
                self.reader.socket()
            }

            /// Copies what waits to be read, without taking it.
            ///
            /// # If dropped
            /// Nothing is lost.
            ///
            /// # Kernel
            /// `recv` with `MSG_PEEK`, without waiting, then `IORING_OP_POLL_ADD`.
            ///
            /// # Errors
            /// The kernel's.
            pub async fn peek(&self, buf: &mut [u8]) -> std::io::Result<usize> {
                self.reader.peek(buf).await
            }

            /// Waits until something in `interest` is ready, or seems so.
            ///
            /// # If dropped
            /// Nothing else happens.
            ///
            /// # Kernel
            /// `IORING_OP_POLL_ADD`, since Linux 5.1.
            ///
            /// # Errors
            /// The kernel's.
            pub async fn ready(
                &self,
                interest: sexton_io::Interest,
            ) -> std::io::Result<sexton_io::Readiness> {
                self.reader.stream_ready(interest).await
            }

            /// Ends one direction, or both: the peer reads the end of the stream.
            ///
            /// A send in flight is not cut off: it is waited for first.
            ///
            /// # If dropped
            /// Nothing is shut down.
            ///
            /// # Kernel
            /// `shutdown`, as a plain system call.
            ///
            /// # Errors
            /// The kernel's.
            pub async fn shutdown(&self, how: std::net::Shutdown) -> std::io::Result<()> {
                self.writer().shutdown(how).await
            }

            /// The socket's pending error, which is cleared.
            ///
            /// # Errors
            /// The kernel's.
            pub fn take_error(&self) -> std::io::Result<Option<std::io::Error>> {
                sexton_runtime::calls::socket::take_error(self)
            }

            /// Lends the two directions apart, to be used side by side in one task.
            pub fn split_io(&mut self) -> (crate::ReadHalf<'_, Self>, crate::WriteHalf<'_, Self>) {
                crate::halves::lend(&mut self.reader, &mut self.writer)
            }

            /// Takes the two directions apart, for two tasks. `reunite` of the reading half puts
            /// them together.
            #[must_use]
            pub fn into_split(self) -> (crate::OwnedReadHalf<Self>, crate::OwnedWriteHalf<Self>) {
                crate::halves::part(self.reader, self.writer)
            }
        }

        impl sexton_io::SplitIo for $type {
            type ReadHalf<'a> = crate::ReadHalf<'a, Self>;
            type WriteHalf<'a> = crate::WriteHalf<'a, Self>;

            fn split_io(&mut self) -> (Self::ReadHalf<'_>, Self::WriteHalf<'_>) {
                crate::halves::lend(&mut self.reader, &mut self.writer)
            }
        }

        impl crate::OwnedReadHalf<$type> {
            /// Puts two halves of one stream together again.
            ///
            /// # Errors
            /// Both halves, if they are not of one stream.
            pub fn reunite(
                self,
                write: crate::OwnedWriteHalf<$type>,
            ) -> Result<$type, crate::ReuniteError<$type>> {
                self.join(write).map(|(reader, writer)| <$type>::from_parts(reader, writer))
            }
        }

        impl std::os::fd::AsFd for $type {
            fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
                self.socket().fd().as_fd()
            }
        }

        $crate::impls::waiting!([] $type, interest => |this| this.reader.stream_ready(interest));
        $crate::impls::waiting!([] &$type, interest => |this| this.reader.stream_ready(interest));
        $crate::impls::reading!([] $type);
        $crate::impls::reading!(ref $type);
        $crate::impls::writing!([] $type);
        $crate::impls::writing!([] &$type);
        $crate::impls::buf_writing!([] $type);
        $crate::methods::reading_methods!($type);
        $crate::methods::writing_methods!($type);
    };
}

pub(crate) use {reading_methods, stream_methods, writing_methods};
