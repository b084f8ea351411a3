//! Reading by `&self`, and reads to be polled.

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
            ///
            /// ```
            /// # sexton_runtime::block_on(async {
            /// let (one, other) = sexton_net::UnixStream::pair()?;
            /// one.write_all(b"hello").await?;
            /// let (n, buf) = other.read_owned(Vec::with_capacity(64)).await?;
            /// assert_eq!((n, &buf[..]), (5, &b"hello"[..]));
            /// # std::io::Result::Ok(()) }).unwrap();
            /// ```
            pub fn read_owned<B: sexton_buffers::IoBufMut>(
                &self,
                buf: B,
            ) -> impl Future<Output = sexton_buffers::BufResult<usize, B>> {
                self.reader().read_owned(buf)
            }

            /// Reads once into several buffers, in order. As [`read_owned`](Self::read_owned).
            ///
            /// # Completes
            /// When at least one byte, the end of the stream, or an error is there.
            ///
            /// # If dropped
            /// Nothing is lost, but the buffers.
            ///
            /// # Kernel
            /// `recv` or `preadv2`, without waiting, then `IORING_OP_POLL_ADD`, since Linux 5.1.
            ///
            /// # Errors
            /// As [`read_owned`](Self::read_owned).
            ///
            /// ```
            /// # sexton_runtime::block_on(async {
            /// let (one, other) = sexton_net::UnixStream::pair()?;
            /// one.write_all(b"headbody").await?;
            /// let bufs = [Vec::with_capacity(4), Vec::with_capacity(64)];
            /// let (n, bufs) = other.read_vectored_owned(bufs).await?;
            /// assert_eq!((n, &bufs[1][..]), (8, &b"body"[..]));
            /// # std::io::Result::Ok(()) }).unwrap();
            /// ```
            pub async fn read_vectored_owned<V: sexton_buffers::IoVecBufMut>(
                &self,
                bufs: V,
            ) -> sexton_buffers::BufResult<usize, V> {
                self.reader().read_vectored_owned(bufs).await
            }

            /// Reads until `buf` is full.
            ///
            /// # Completes
            /// When `buf` is full, or the stream has ended or failed.
            ///
            /// # If dropped
            /// Nothing is lost: what it has gathered comes first in the next read.
            ///
            /// # Kernel
            /// As [`read_owned`](Self::read_owned), once or more.
            ///
            /// # Errors
            /// `UnexpectedEof` if the stream ends before; otherwise as
            /// [`read_owned`](Self::read_owned).
            ///
            /// ```
            /// # sexton_runtime::block_on(async {
            /// let (one, other) = sexton_net::UnixStream::pair()?;
            /// one.write_all(b"head and more").await?;
            /// let head = other.read_exact_owned(Vec::with_capacity(4)).await?;
            /// assert_eq!(head, b"head");
            /// # std::io::Result::Ok(()) }).unwrap();
            /// ```
            pub fn read_exact_owned<B: sexton_buffers::IoBufMut>(
                &self,
                buf: B,
            ) -> impl Future<Output = Result<B, sexton_buffers::BufError<B>>> {
                self.reader().read_exact_owned(buf)
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
            ///
            /// ```
            /// # sexton_runtime::block_on(async {
            /// let (one, other) = sexton_net::UnixStream::pair()?;
            /// one.write_all(b"passed on").await?;
            /// if let Some(chunk) = other.read_managed(usize::MAX).await? {
            ///     other.write_all_owned(chunk).await?; // as it is, without a copy
            /// }
            /// assert_eq!(one.read_exact_owned(Vec::with_capacity(9)).await?, b"passed on");
            /// # std::io::Result::Ok(()) }).unwrap();
            /// ```
            pub fn read_managed(
                &self,
                max: usize,
            ) -> impl Future<Output = std::io::Result<Option<sexton_buffers::Chunk>>> {
                self.reader().read_managed(max)
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
            ///
            /// ```
            /// # sexton_runtime::block_on(async {
            /// let (one, other) = sexton_net::UnixStream::pair()?;
            /// one.write_all(b"hello").await?;
            /// let mut buf = [0; 64];
            /// let n = other.read(&mut buf).await?;
            /// assert_eq!(&buf[..n], b"hello");
            /// # std::io::Result::Ok(()) }).unwrap();
            /// ```
            pub async fn read(&self, buf: &mut [u8]) -> std::io::Result<usize> {
                sexton_io::Read::read(&mut &*self, buf).await
            }

            /// [`fill_buf`](sexton_io::BufRead::fill_buf), to be polled: for adapters to other
            /// traits, which need no future of their own then.
            ///
            /// The task of the last call is woken.
            ///
            /// # Errors
            /// The kernel's.
            ///
            /// ```
            /// # sexton_runtime::block_on(async {
            /// let (one, mut other) = sexton_net::UnixStream::pair()?;
            /// one.write_all(b"shown").await?;
            /// use std::future::poll_fn;
            ///
            /// let n = poll_fn(|cx| other.poll_fill_buf(cx).map_ok(<[u8]>::len)).await?;
            /// sexton_io::BufRead::consume(&mut other, n);
            /// assert_eq!(n, 5);
            /// # std::io::Result::Ok(()) }).unwrap();
            /// ```
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
            ///
            /// ```
            /// # sexton_runtime::block_on(async {
            /// let (one, other) = sexton_net::UnixStream::pair()?;
            /// one.write_all(b"here").await?;
            /// std::future::poll_fn(|cx| other.poll_read_ready(cx)).await?;
            /// assert_eq!(other.read(&mut [0; 64]).await?, 4); // it does not wait
            /// # std::io::Result::Ok(()) }).unwrap();
            /// ```
            pub fn poll_read_ready(
                &self,
                cx: &mut std::task::Context<'_>,
            ) -> std::task::Poll<std::io::Result<()>> {
                self.reader().poll_read_ready(cx)
            }
        }
    };
}

pub(crate) use reading_methods;
