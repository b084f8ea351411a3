//! What only a stream with both directions has.

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
            /// # Completes
            /// When at least one byte, the end of the stream, or an error is there.
            ///
            /// # If dropped
            /// Nothing is lost.
            ///
            /// # Kernel
            /// `recv` with `MSG_PEEK`, without waiting, then `IORING_OP_POLL_ADD`.
            ///
            /// # Errors
            /// The kernel's.
            ///
            /// ```
            /// # sexton_runtime::block_on(async {
            /// let (one, other) = sexton_net::UnixStream::pair()?;
            /// one.write_all(b"hello").await?;
            /// let mut buf = [0; 2];
            /// assert_eq!(other.peek(&mut buf).await?, 2);
            /// assert_eq!(other.read_exact_owned(Vec::with_capacity(5)).await?, b"hello");
            /// # std::io::Result::Ok(()) }).unwrap();
            /// ```
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
            ///
            /// ```
            /// # sexton_runtime::block_on(async {
            /// use sexton_io::Interest;
            /// let (one, other) = sexton_net::UnixStream::pair()?;
            /// assert!(one.ready(Interest::WRITE).await?.write());
            /// one.write_all(b"hello").await?;
            /// assert!(other.ready(Interest::READ).await?.read());
            /// # std::io::Result::Ok(()) }).unwrap();
            /// ```
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
            /// # Completes
            /// When what was written before is with the kernel, or could not be sent.
            ///
            /// # If dropped
            /// Nothing is shut down.
            ///
            /// # Kernel
            /// `shutdown`, as a plain system call.
            ///
            /// # Errors
            /// The kernel's.
            ///
            /// ```
            /// # sexton_runtime::block_on(async {
            /// use std::net::Shutdown;
            /// let (one, other) = sexton_net::UnixStream::pair()?;
            /// one.shutdown(Shutdown::Write).await?;
            /// assert_eq!(other.read(&mut [0; 64]).await?, 0); // the end
            /// other.write_all(b"still open").await?;
            /// assert_eq!(one.read(&mut [0; 64]).await?, 10);
            /// # std::io::Result::Ok(()) }).unwrap();
            /// ```
            pub async fn shutdown(&self, how: std::net::Shutdown) -> std::io::Result<()> {
                self.writer().shutdown(how).await
            }

            /// The socket's pending error, which is cleared.
            ///
            /// # Errors
            /// The kernel's.
            ///
            /// ```
            /// # sexton_runtime::block_on(async {
            /// let (one, other) = sexton_net::UnixStream::pair()?;
            /// assert!(one.take_error()?.is_none());
            /// # drop(other);
            /// # std::io::Result::Ok(()) }).unwrap();
            /// ```
            pub fn take_error(&self) -> std::io::Result<Option<std::io::Error>> {
                sexton_runtime::calls::socket::take_error(self)
            }

            /// Lends the two directions apart, to be used side by side in one task.
            ///
            /// ```
            /// # sexton_runtime::block_on(async {
            /// use sexton_io::{OwnedRead, Write};
            /// let (mut one, mut other) = sexton_net::UnixStream::pair()?;
            /// let (_, mut write) = one.split_io();
            /// write.write_all(b"side by side").await?;
            /// let (mut read, _) = other.split_io();
            /// assert_eq!(read.read_owned(Vec::with_capacity(64)).await?.0, 12);
            /// # std::io::Result::Ok(()) }).unwrap();
            /// ```
            pub fn split_io(&mut self) -> (crate::ReadHalf<'_, Self>, crate::WriteHalf<'_, Self>) {
                crate::halves::lend(&mut self.reader, &mut self.writer)
            }

            /// Takes the two directions apart, for two tasks. `reunite` of the reading half puts
            /// them together.
            ///
            /// ```
            /// # sexton_runtime::block_on(async {
            /// use sexton_io::{OwnedRead, Write};
            /// let (one, other) = sexton_net::UnixStream::pair()?;
            /// let (read, mut write) = one.into_split();
            /// sexton_runtime::spawn(async move { write.write_all(b"from a task").await }).await??;
            /// let mut other = other;
            /// assert_eq!(other.read_owned(Vec::with_capacity(64)).await?.0, 11);
            /// # drop(read);
            /// # std::io::Result::Ok(()) }).unwrap();
            /// ```
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
            ///
            /// ```
            /// # sexton_runtime::block_on(async {
            /// let (one, other) = sexton_net::UnixStream::pair()?;
            /// let (read, write) = one.into_split();
            /// let one = read.reunite(write).expect("halves of one stream");
            /// one.write_all(b"whole again").await?;
            /// assert_eq!(other.read(&mut [0; 64]).await?, 11);
            /// # std::io::Result::Ok(()) }).unwrap();
            /// ```
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

pub(crate) use stream_methods;
