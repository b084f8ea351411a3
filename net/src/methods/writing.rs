//! Writing by `&self`, and writes to be polled.

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
            /// The kernel's (`BrokenPipe`, never a signal). That of an earlier send of committed
            /// bytes (`BufWrite::commit`), if nobody was told of it yet: they are lost, and nothing
            /// of `buf` is sent.
            ///
            /// ```
            /// # sexton_runtime::block_on(async {
            /// let (one, other) = sexton_net::UnixStream::pair()?;
            /// let (n, _text) = one.write_owned("hello").await?;
            /// let buf = other.read_exact_owned(Vec::with_capacity(n)).await?;
            /// assert_eq!(buf, &b"hello"[..n]);
            /// # std::io::Result::Ok(()) }).unwrap();
            /// ```
            pub fn write_owned<B: sexton_buffers::IoBuf>(
                &self,
                buf: B,
            ) -> impl Future<Output = sexton_buffers::BufResult<usize, B>> {
                self.writer().write_owned(buf)
            }

            /// Sends a prefix of several buffers, in order. As [`write_owned`](Self::write_owned).
            ///
            /// # Completes
            /// As [`write_owned`](Self::write_owned).
            ///
            /// # If dropped
            /// As [`write_owned`](Self::write_owned).
            ///
            /// # Kernel
            /// `IORING_OP_SENDMSG`, since Linux 5.3; of a pipe `IORING_OP_WRITEV`, since 5.1.
            ///
            /// # Errors
            /// As [`write_owned`](Self::write_owned).
            ///
            /// ```
            /// # sexton_runtime::block_on(async {
            /// let (one, other) = sexton_net::UnixStream::pair()?;
            /// let (n, _parts) = one.write_vectored_owned(["head", "body"]).await?;
            /// let buf = other.read_exact_owned(Vec::with_capacity(n)).await?;
            /// assert_eq!(buf, &b"headbody"[..n]);
            /// # std::io::Result::Ok(()) }).unwrap();
            /// ```
            pub async fn write_vectored_owned<V: sexton_buffers::IoVecBuf>(
                &self,
                bufs: V,
            ) -> sexton_buffers::BufResult<usize, V> {
                self.writer().write_vectored_owned(bufs).await
            }

            /// Sends all filled bytes of `buf`.
            ///
            /// # Completes
            /// When the kernel has taken all of it, or an error is there.
            ///
            /// # If dropped
            /// A prefix is sent.
            ///
            /// # Kernel
            /// As [`write_owned`](Self::write_owned), once or more.
            ///
            /// # Errors
            /// As [`write_owned`](Self::write_owned); how much was sent before is in `transferred`.
            ///
            /// ```
            /// # sexton_runtime::block_on(async {
            /// let (one, other) = sexton_net::UnixStream::pair()?;
            /// let buf = one.write_all_owned(vec![7; 1000]).await?;
            /// assert_eq!(buf.len(), 1000); // and may be used again
            /// assert_eq!(other.read_exact_owned(Vec::with_capacity(1000)).await?, buf);
            /// # std::io::Result::Ok(()) }).unwrap();
            /// ```
            pub fn write_all_owned<B: sexton_buffers::IoBuf>(
                &self,
                buf: B,
            ) -> impl Future<Output = Result<B, sexton_buffers::BufError<B>>> {
                self.writer().write_all_owned(buf)
            }

            /// Sends up to `len` bytes of a file from `pos` on, and says how many; 0 at its end.
            ///
            /// What the page cache has goes out of it without a copy: a large file is sent for a
            /// fraction of what reading and writing it takes. What is not there is read first, up
            /// to 128 KiB a call. A small file may as well be read in behind what comes before it,
            /// and be sent with that: one call, and one packet fewer.
            ///
            /// The peer sees what the file's pages hold when the network takes them, so a file
            /// that is written to while it is sent arrives as a mixture. A write to it that was
            /// given up is not waited for.
            ///
            /// # Completes
            /// When the kernel has taken at least one byte, at the file's end, or when an error is
            /// there.
            ///
            /// # If dropped
            /// As [`write_owned`](Self::write_owned).
            ///
            /// # Kernel
            /// `sendfile`, without waiting, where the first byte, the last and one in 128 KiB are
            /// in the page cache (`preadv2` with `RWF_NOWAIT`), and `IORING_OP_POLL_ADD` where
            /// there is no room; otherwise the file's own read, and
            /// [`write_owned`](Self::write_owned). The descriptor, and each duplicate, is
            /// `O_NONBLOCK` for as long as `sendfile` takes.
            ///
            /// # Errors
            /// As [`write_owned`](Self::write_owned), and those of the file's reads: one that was
            /// opened with `O_DIRECT` can't be read in this way. A program that does not ignore
            /// `SIGPIPE`, as Rust's do from the start, gets it in place of `BrokenPipe`.
            ///
            /// ```
            /// # sexton_runtime::block_on(async {
            /// let (one, other) = sexton_net::UnixStream::pair()?;
            /// let path = std::env::temp_dir().join("sexton-doc-send-file");
            /// std::fs::write(&path, "0123456789")?;
            /// let file = sexton_fs::File::open(&path).await?;
            /// let (mut pos, end) = (4, 8);
            /// while pos < end {
            ///     match one.send_file(&file, pos, (end - pos) as usize).await? {
            ///         0 => break, // it became shorter
            ///         n => pos += n as u64,
            ///     }
            /// }
            /// assert_eq!(other.read_exact_owned(Vec::with_capacity(4)).await?, b"4567");
            /// # std::fs::remove_file(&path)?;
            /// # std::io::Result::Ok(()) }).unwrap();
            /// ```
            pub async fn send_file<F>(
                &self,
                file: &F,
                pos: u64,
                len: usize,
            ) -> std::io::Result<usize>
            where
                F: sexton_io::ReadAt + std::os::fd::AsFd,
            {
                self.writer().send_file(file, pos, len).await
            }

            /// Sends a prefix of `buf`. As [`write_owned`](Self::write_owned), by a copy into the
            /// kernel.
            ///
            /// # Completes
            /// When the kernel has taken at least one byte, or an error is there.
            ///
            /// # If dropped
            /// Nothing was sent.
            ///
            /// # Kernel
            /// `send` or `pwritev2`, without waiting, then `IORING_OP_POLL_ADD`.
            ///
            /// # Errors
            /// The kernel's.
            ///
            /// ```
            /// # sexton_runtime::block_on(async {
            /// let (one, other) = sexton_net::UnixStream::pair()?;
            /// let n = one.write(b"hello").await?;
            /// assert_eq!(other.read_exact_owned(Vec::with_capacity(n)).await?, &b"hello"[..n]);
            /// # std::io::Result::Ok(()) }).unwrap();
            /// ```
            pub async fn write(&self, buf: &[u8]) -> std::io::Result<usize> {
                sexton_io::Write::write(&mut &*self, buf).await
            }

            /// Sends all of `buf`. As [`write`](Self::write).
            ///
            /// # Completes
            /// When the kernel has taken all of it, or an error is there.
            ///
            /// # If dropped
            /// A prefix was sent.
            ///
            /// # Kernel
            /// As [`write`](Self::write), once or more.
            ///
            /// # Errors
            /// The kernel's.
            ///
            /// ```
            /// # sexton_runtime::block_on(async {
            /// let (one, other) = sexton_net::UnixStream::pair()?;
            /// one.write_all(b"hello").await?;
            /// assert_eq!(other.read_exact_owned(Vec::with_capacity(5)).await?, b"hello");
            /// # std::io::Result::Ok(()) }).unwrap();
            /// ```
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
            ///
            /// ```
            /// # sexton_runtime::block_on(async {
            /// let (one, other) = sexton_net::UnixStream::pair()?;
            /// let n = std::future::poll_fn(|cx| one.poll_write(cx, b"hello")).await?;
            /// assert_eq!(other.read_exact_owned(Vec::with_capacity(n)).await?, &b"hello"[..n]);
            /// # std::io::Result::Ok(()) }).unwrap();
            /// ```
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
            ///
            /// ```
            /// # sexton_runtime::block_on(async {
            /// use std::io::IoSlice;
            /// let (one, other) = sexton_net::UnixStream::pair()?;
            /// let bufs = [IoSlice::new(b"head"), IoSlice::new(b"body")];
            /// let n = std::future::poll_fn(|cx| one.poll_write_vectored(cx, &bufs)).await?;
            /// assert_eq!(other.read_exact_owned(Vec::with_capacity(n)).await?, &b"headbody"[..n]);
            /// # std::io::Result::Ok(()) }).unwrap();
            /// ```
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
            ///
            /// ```
            /// # sexton_runtime::block_on(async {
            /// let (one, other) = sexton_net::UnixStream::pair()?;
            /// std::future::poll_fn(|cx| one.poll_write_ready(cx)).await?;
            /// assert!(one.write(b"it does not wait").await? > 0);
            /// # drop(other);
            /// # std::io::Result::Ok(()) }).unwrap();
            /// ```
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
            ///
            /// ```
            /// # sexton_runtime::block_on(async {
            /// let (one, other) = sexton_net::UnixStream::pair()?;
            /// std::future::poll_fn(|cx| one.poll_shutdown(cx)).await?;
            /// assert_eq!(other.read(&mut [0; 64]).await?, 0); // the end
            /// # std::io::Result::Ok(()) }).unwrap();
            /// ```
            pub fn poll_shutdown(
                &self,
                cx: &mut std::task::Context<'_>,
            ) -> std::task::Poll<std::io::Result<()>> {
                self.writer().poll_shutdown(cx)
            }
        }
    };
}

pub(crate) use writing_methods;
