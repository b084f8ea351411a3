//! What every stream can do, written once: the traits of `sexton-io`.
//!
//! Macros, since a blanket impl of another crate's traits is not to be had. What they are used on
//! has `reader`, `reader_mut`, `writer`, `writer_mut`, as far as the direction goes. Traits that
//! show no memory are there on shared references, too.

/// The reading traits of a type that has a reader.
macro_rules! reading {
    ([$($generics:tt)*] $type:ty) => {
        impl<$($generics)*> sexton_io::Read for $type {
            $crate::impls::reading!(@read);

            async fn read_exact(&mut self, buf: &mut [u8]) -> std::io::Result<()> {
                self.reader_mut().read_exact_kept(buf).await
            }

            async fn read_to_string(&mut self, buf: &mut String) -> std::io::Result<usize> {
                self.reader_mut().read_to_string_kept(buf).await
            }
        }

        impl<$($generics)*> sexton_io::BufRead for $type {
            fn fill_buf(&mut self) -> impl Future<Output = std::io::Result<&[u8]>> {
                self.reader_mut().fill_buf()
            }

            fn consume(&mut self, n: usize) {
                self.reader_mut().consume(n);
            }

            async fn fill_at_least(&mut self, n: usize) -> std::io::Result<&[u8]> {
                self.reader_mut().fill_at_least(n).await
            }

            async fn read_line_limited(
                &mut self,
                buf: &mut String,
                max: usize,
            ) -> std::io::Result<usize> {
                self.reader_mut().read_line_kept(buf, max).await
            }
        }

        impl<$($generics)*> sexton_io::ManagedRead for $type {
            type Buf = sexton_buffers::Chunk;

            fn read_managed(
                &mut self,
                max: usize,
            ) -> impl Future<Output = std::io::Result<Option<sexton_buffers::Chunk>>> {
                self.reader().read_managed(max)
            }
        }

        $crate::impls::reading!(@owned [$($generics)*] $type);
    };
    (ref $type:ty) => {
        impl sexton_io::Read for &$type {
            $crate::impls::reading!(@read);

            async fn read_exact(&mut self, buf: &mut [u8]) -> std::io::Result<()> {
                self.reader().read_exact_shared(buf).await
            }

            async fn read_to_string(&mut self, buf: &mut String) -> std::io::Result<usize> {
                self.reader().read_to_string_shared(buf).await
            }
        }

        $crate::impls::reading!(@owned [] &$type);
    };
    (@read) => {
        fn non_blocking_read_buf(
            &mut self,
            buf: sexton_buffers::ReadCursor<'_>,
        ) -> std::io::Result<sexton_io::NonBlocking<()>> {
            self.reader().non_blocking_read(buf)
        }

        fn non_blocking_read_buf_vectored(
            &mut self,
            bufs: sexton_buffers::ReadVecCursor<'_, '_>,
        ) -> std::io::Result<sexton_io::NonBlocking<usize>> {
            self.reader().non_blocking_read_vectored(bufs)
        }

        fn is_read_vectored(&self) -> bool {
            true
        }
    };
    (@owned [$($generics:tt)*] $type:ty) => {
        impl<$($generics)*> sexton_io::OwnedRead for $type {
            fn read_owned<B: sexton_buffers::IoBufMut>(
                &mut self,
                buf: B,
            ) -> impl Future<Output = sexton_buffers::BufResult<usize, B>> {
                self.reader().read_owned(buf)
            }

            async fn read_vectored_owned<V: sexton_buffers::IoVecBufMut>(
                &mut self,
                bufs: V,
            ) -> sexton_buffers::BufResult<usize, V> {
                self.reader().read_vectored_owned(bufs).await
            }

            fn is_read_vectored_owned(&self) -> bool {
                true
            }

            fn read_exact_owned<B: sexton_buffers::IoBufMut>(
                &mut self,
                buf: B,
            ) -> impl Future<Output = Result<B, sexton_buffers::BufError<B>>> {
                self.reader().read_exact_owned(buf)
            }

            async fn read_to_end_owned(
                &mut self,
                buf: Vec<u8>,
            ) -> sexton_buffers::BufResult<usize, Vec<u8>> {
                self.reader().read_to_end_owned(buf).await
            }
        }
    };
}

/// The writing traits of a type that has a writer, or a reference to one.
macro_rules! writing {
    ([$($generics:tt)*] $type:ty) => {
        impl<$($generics)*> sexton_io::Write for $type {
            fn non_blocking_write(
                &mut self,
                buf: &[u8],
            ) -> std::io::Result<sexton_io::NonBlocking<usize>> {
                self.writer().non_blocking_write_vectored(&[std::io::IoSlice::new(buf)])
            }

            fn non_blocking_write_vectored(
                &mut self,
                bufs: &[std::io::IoSlice<'_>],
            ) -> std::io::Result<sexton_io::NonBlocking<usize>> {
                self.writer().non_blocking_write_vectored(bufs)
            }

            fn non_blocking_flush(&mut self) -> std::io::Result<sexton_io::NonBlocking<()>> {
                self.writer().non_blocking_flush()
            }

            fn is_write_vectored(&self) -> bool {
                true
            }

            async fn flush(&mut self) -> std::io::Result<()> {
                self.writer().flush().await
            }

            async fn shutdown(&mut self) -> std::io::Result<()> {
                self.writer().shutdown(std::net::Shutdown::Write).await
            }
        }

        impl<$($generics)*> sexton_io::OwnedWrite for $type {
            fn write_owned<B: sexton_buffers::IoBuf>(
                &mut self,
                buf: B,
            ) -> impl Future<Output = sexton_buffers::BufResult<usize, B>> {
                self.writer().write_owned(buf)
            }

            fn write_all_owned<B: sexton_buffers::IoBuf>(
                &mut self,
                buf: B,
            ) -> impl Future<Output = Result<B, sexton_buffers::BufError<B>>> {
                self.writer().write_all_owned(buf)
            }

            async fn write_vectored_owned<V: sexton_buffers::IoVecBuf>(
                &mut self,
                bufs: V,
            ) -> sexton_buffers::BufResult<usize, V> {
                self.writer().write_vectored_owned(bufs).await
            }

            fn is_write_vectored_owned(&self) -> bool {
                true
            }

            async fn flush_owned(&mut self) -> std::io::Result<()> {
                self.writer().flush().await
            }

            async fn shutdown_owned(&mut self) -> std::io::Result<()> {
                self.writer().shutdown(std::net::Shutdown::Write).await
            }
        }
    };
}

/// Writing into the stream's own memory, for a type that has the writer itself.
macro_rules! buf_writing {
    ([$($generics:tt)*] $type:ty) => {
        impl<$($generics)*> sexton_io::BufWrite for $type {
            async fn space(&mut self) -> std::io::Result<&mut [u8]> {
                self.writer_mut().space().await
            }

            fn commit(&mut self, n: usize) {
                self.writer_mut().commit(n);
            }

            fn buffered(&self) -> usize {
                self.writer().buffered()
            }
        }
    };
}

/// Waiting, by the function given.
macro_rules! waiting {
    ([$($generics:tt)*] $type:ty, $interest:ident => |$this:ident| $ready:expr) => {
        impl<$($generics)*> sexton_io::Ready for $type {
            async fn ready(
                &mut self,
                $interest: sexton_io::Interest,
            ) -> std::io::Result<sexton_io::Readiness> {
                let $this = self;
                $ready.await
            }
        }
    };
}

pub(crate) use {buf_writing, reading, waiting, writing};
