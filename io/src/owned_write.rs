//! Writes from a buffer that is lent to the kernel and comes back.

use std::future::Future;
use std::io;
use std::io::ErrorKind;

use sexton_buffers::{BufError, BufResult, IoBuf, IoVecBuf, Slice};

use crate::fault;

/// Writers that take a buffer and give it back with the result.
///
/// The kernel reads from the buffer itself, nothing is copied. Shared and static bytes will do:
/// `Arc<[u8]>`, `&'static str`.
///
/// ```
/// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
/// # use wait::block_on;
/// use sexton_io::OwnedWrite;
///
/// # block_on(async {
/// let mut written = Vec::new();
/// written.write_all_owned("static").await?;
/// let buf = written.write_all_owned(Vec::from(*b" and owned")).await?;
/// assert_eq!((&written[..], &buf[..]), (&b"static and owned"[..], &b" and owned"[..]));
/// # Ok::<(), std::io::Error>(()) }).unwrap();
/// ```
pub trait OwnedWrite {
    /// Writes a prefix of the filled bytes of `buf`, and says how long it was.
    ///
    /// # Completes
    /// When at least one byte was taken, at once if there is none. `buf` comes back in every case.
    ///
    /// # Errors
    /// The writer's. `buf` comes back with it.
    ///
    /// # If dropped
    /// All of the bytes may be written, or some, or none; not lossless. `buf` is freed when the
    /// kernel has let go of it.
    ///
    /// ```
    /// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
    /// # use wait::block_on;
    /// use sexton_io::{OwnedWrite, duplex};
    ///
    /// let (mut one, _other) = duplex(4);
    /// let (n, text) = block_on(one.write_owned("more than fits"))?;
    /// assert_eq!(&text[n..], " than fits");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    fn write_owned<B: IoBuf>(&mut self, buf: B) -> impl Future<Output = BufResult<usize, B>>;

    /// Writes a prefix of the filled bytes of all `bufs` in order, and says how long it was.
    ///
    /// # Completes
    /// As [`write_owned`](OwnedWrite::write_owned) does.
    ///
    /// # Errors
    /// As [`write_owned`](OwnedWrite::write_owned).
    ///
    /// # If dropped
    /// As [`write_owned`](OwnedWrite::write_owned): not lossless.
    ///
    /// ```
    /// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
    /// # use wait::block_on;
    /// use sexton_io::OwnedWrite;
    ///
    /// let mut written = Vec::new();
    /// let (n, _) = block_on(written.write_vectored_owned(("head", b"body".to_vec())))?;
    /// assert_eq!((n, &written[..]), (8, &b"headbody"[..]));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    fn write_vectored_owned<V: IoVecBuf>(
        &mut self,
        bufs: V,
    ) -> impl Future<Output = BufResult<usize, V>>;

    /// Whether the vectored method uses more than the first buffer that is not empty.
    ///
    /// A hint. Wrappers must forward it.
    fn is_write_vectored_owned(&self) -> bool {
        false
    }

    /// Waits until the writer has handed on all that it held back.
    ///
    /// # Completes
    /// When nothing is held back any more, or cannot be handed on.
    ///
    /// # Errors
    /// The writer's, and those of what it had held back.
    ///
    /// # If dropped
    /// Nothing for sockets and files, which hold nothing back. Other writers say for themselves.
    fn flush_owned(&mut self) -> impl Future<Output = io::Result<()>>;

    /// Says to the other side that no more will be written; reading goes on (half-close).
    ///
    /// By default nothing happens: many writers have no such notion. Flush first.
    ///
    /// The same as [`Write::shutdown`](crate::Write::shutdown), for writers that are no `Write`.
    ///
    /// # Completes
    /// When it is said; the other side need not have heard it.
    ///
    /// # Errors
    /// The writer's.
    ///
    /// # If dropped
    /// It was done, or it was not; doing it again is harmless.
    ///
    /// ```
    /// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
    /// # use wait::block_on;
    /// use sexton_io::{OwnedRead, OwnedWrite, duplex};
    ///
    /// let (mut one, mut other) = duplex(64);
    /// block_on(one.write_all_owned("question"))?;
    /// block_on(one.shutdown_owned())?;
    /// let (_, all) = block_on(other.read_to_end_owned(Vec::new()))?;
    /// assert_eq!(all, b"question");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    fn shutdown_owned(&mut self) -> impl Future<Output = io::Result<()>> {
        async { Ok(()) }
    }

    /// Writes all filled bytes of `buf`. Goes on after `Interrupted`.
    ///
    /// # Completes
    /// When all is written, or cannot be.
    ///
    /// # Errors
    /// `WriteZero` if the writer takes no more. [`BufError::transferred`] says how much was written
    /// before: `buf.slice(transferred..)` is what is left.
    ///
    /// # If dropped
    /// An unknown prefix was written; not lossless.
    ///
    /// ```
    /// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
    /// # use wait::block_on;
    /// use sexton_io::OwnedWrite;
    ///
    /// let mut written = Vec::new();
    /// let buf = block_on(written.write_all_owned(b"all of it".to_vec()))?;
    /// assert_eq!(written, buf); // which may be used again
    /// # Ok::<(), std::io::Error>(())
    /// ```
    fn write_all_owned<B: IoBuf>(
        &mut self,
        buf: B,
    ) -> impl Future<Output = Result<B, BufError<B>>> {
        async move {
            let len = buf.filled().len();
            let (mut rest, mut done) = (buf.slice(..), 0);
            while done < len {
                match self.write_owned(rest).await {
                    Ok((n, r)) => {
                        if let Err(e) = fault::check_taken(n, len - done) {
                            return Err(BufError::new(e, r.into_inner()).with_transferred(done));
                        }
                        done += n;
                        rest = r.into_inner().slice(done..);
                    }
                    Err(e) if e.kind() == ErrorKind::Interrupted => rest = e.into_buf(),
                    Err(e) => return Err(e.map_buf(Slice::into_inner).with_transferred(done)),
                }
            }
            Ok(rest.into_inner())
        }
    }
}
