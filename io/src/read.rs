//! Reads into memory that the caller keeps.

use std::future::Future;
use std::io::{ErrorKind, Result};

use sexton_buffers::{ReadBuf, ReadCursor, ReadVecCursor, VecTail};

use crate::fault;
use crate::{Chain, Interest, NonBlocking, Owned, Ready, Take};

/// Readers that fill memory of the caller.
///
/// No buffer is with the kernel while a future of this trait waits: bytes are moved within one
/// poll, the one that says so. Required are `ready` and
/// [`non_blocking_read_buf`](Read::non_blocking_read_buf). Implement the vectored pair (with
/// [`is_read_vectored`](Read::is_read_vectored)) where the system can, and override an async method
/// only for speed, or to promise more than this trait does. Wrappers forward every method that a
/// reader may override.
///
/// ```
/// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
/// # use wait::block_on;
/// use sexton_io::{Memory, Read};
///
/// # block_on(async {
/// let mut reader = Memory::new("head, body");
/// let mut head = [0; 4];
/// reader.read_exact(&mut head).await?;
/// let mut rest = String::new();
/// reader.read_to_string(&mut rest).await?;
/// assert_eq!((&head, &rest[..]), (b"head", ", body"));
/// # Ok::<(), std::io::Error>(()) }).unwrap();
/// ```
pub trait Read: Ready {
    /// Reads what is there now.
    ///
    /// `Ready` with nothing filled is the end of the stream, or a cursor without room.
    ///
    /// The cursor goes by value: a `&mut ReadBuf` could be swapped for another.
    ///
    /// # Errors
    /// The reader's. That nothing is there yet is none.
    ///
    /// ```
    /// use sexton_buffers::ReadBuf;
    /// use sexton_io::{NonBlocking, Read, duplex};
    ///
    /// let (mut one, _other) = duplex(64);
    /// let mut bytes = [0; 16];
    /// let mut buf = ReadBuf::from(&mut bytes[..]);
    /// assert!(matches!(one.non_blocking_read_buf(buf.unfilled())?, NonBlocking::WouldBlock));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    fn non_blocking_read_buf(&mut self, buf: ReadCursor<'_>) -> Result<NonBlocking<()>>;

    /// Reads what is there now into all `bufs` in order, and says how much. By default only into
    /// the first with room.
    ///
    /// # Errors
    /// As [`non_blocking_read_buf`](Read::non_blocking_read_buf).
    fn non_blocking_read_buf_vectored(
        &mut self,
        mut bufs: ReadVecCursor<'_, '_>,
    ) -> Result<NonBlocking<usize>> {
        let Some(mut first) = bufs.first() else { return Ok(NonBlocking::Ready(0)) };
        let outcome = self.non_blocking_read_buf(first.reborrow())?;
        Ok(outcome.map(|()| first.written()))
    }

    /// Whether the vectored methods use more than the first buffer with room.
    ///
    /// A hint: a caller may choose one large buffer if not. Wrappers must forward it.
    fn is_read_vectored(&self) -> bool {
        false
    }

    /// Reads once into the unfilled part of a buffer, which may be uninitialised.
    ///
    /// # Completes
    /// When at least one byte, the end of the stream (nothing is filled then), or an error is
    /// there; at once if there is no room.
    ///
    /// # Errors
    /// The reader's.
    ///
    /// # If dropped
    /// Lossless: bytes are moved only in the poll that says so.
    ///
    /// ```
    /// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
    /// # use wait::block_on;
    /// use sexton_buffers::ReadBuf;
    /// use sexton_io::{Memory, Read};
    /// use std::mem::MaybeUninit;
    ///
    /// let mut memory = [MaybeUninit::uninit(); 64]; // never zeroed
    /// let mut buf = ReadBuf::from(&mut memory[..]);
    /// block_on(Memory::new("hello").read_buf(buf.unfilled()))?;
    /// assert_eq!(buf.filled(), b"hello");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    fn read_buf(&mut self, mut buf: ReadCursor<'_>) -> impl Future<Output = Result<()>> {
        async move {
            if buf.capacity() == 0 {
                return Ok(());
            }
            loop {
                match self.non_blocking_read_buf(buf.reborrow())? {
                    NonBlocking::Ready(()) => return Ok(()),
                    NonBlocking::WouldBlock => self.ready(Interest::READ).await?,
                };
            }
        }
    }

    /// Reads once into `buf`, and says how much; `Ok(0)` is the end of the stream, or an empty
    /// `buf`.
    ///
    /// # Completes
    /// As [`read_buf`](Read::read_buf) does.
    ///
    /// # Errors
    /// The reader's.
    ///
    /// # If dropped
    /// Lossless: bytes are moved only in the poll that says so.
    ///
    /// ```
    /// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
    /// # use wait::block_on;
    /// use sexton_io::{Memory, Read};
    ///
    /// let mut reader = Memory::new("hello");
    /// let mut buf = [0; 4];
    /// assert_eq!(block_on(reader.read(&mut buf))?, 4);
    /// assert_eq!(block_on(reader.read(&mut buf))?, 1);
    /// assert_eq!(block_on(reader.read(&mut buf))?, 0); // the end
    /// # Ok::<(), std::io::Error>(())
    /// ```
    fn read(&mut self, buf: &mut [u8]) -> impl Future<Output = Result<usize>> {
        async move {
            let mut buf = ReadBuf::from(buf);
            self.read_buf(buf.unfilled()).await?;
            Ok(buf.filled().len())
        }
    }

    /// Fills the unfilled part of a buffer. Goes on after `Interrupted`.
    ///
    /// # Completes
    /// When the buffer is full, or the stream has ended or failed.
    ///
    /// # Errors
    /// `UnexpectedEof` if the stream ends before. What was read is in the buffer, which knows how
    /// much it is.
    ///
    /// # If dropped
    /// What was read is in the buffer; lossless if resumed with it.
    ///
    /// ```
    /// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
    /// # use wait::block_on;
    /// use sexton_buffers::ReadBuf;
    /// use sexton_io::{Memory, Read};
    ///
    /// let mut bytes = [0; 8];
    /// let mut buf = ReadBuf::from(&mut bytes[..]);
    /// let error = block_on(Memory::new("hello").read_buf_exact(buf.unfilled())).unwrap_err();
    /// assert_eq!(error.kind(), std::io::ErrorKind::UnexpectedEof);
    /// assert_eq!(buf.filled(), b"hello"); // and can be gone on with
    /// # Ok::<(), std::io::Error>(())
    /// ```
    fn read_buf_exact(&mut self, mut buf: ReadCursor<'_>) -> impl Future<Output = Result<()>> {
        async move {
            while buf.capacity() > 0 {
                let before = buf.written();
                match self.read_buf(buf.reborrow()).await {
                    Ok(()) if buf.written() == before => return Err(fault::ended_early()),
                    Ok(()) => {}
                    Err(e) if e.kind() == ErrorKind::Interrupted => {}
                    Err(e) => return Err(e),
                }
            }
            Ok(())
        }
    }

    /// Fills all of `buf`. Goes on after `Interrupted`.
    ///
    /// # Completes
    /// When `buf` is full, or the stream has ended or failed.
    ///
    /// # Errors
    /// `UnexpectedEof` if the stream ends before.
    ///
    /// # If dropped
    /// What was read is in `buf`, but nobody knows how much it is; not lossless. Use
    /// [`read_buf_exact`](Read::read_buf_exact).
    ///
    /// ```
    /// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
    /// # use wait::block_on;
    /// use sexton_io::{Memory, Read};
    ///
    /// let mut reader = Memory::new("head body");
    /// let mut head = [0; 4];
    /// block_on(reader.read_exact(&mut head))?;
    /// assert_eq!((&head, reader.rest()), (b"head", &b" body"[..]));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    fn read_exact(&mut self, buf: &mut [u8]) -> impl Future<Output = Result<()>> {
        async move { self.read_buf_exact(ReadBuf::from(buf).unfilled()).await }
    }

    /// Reads once into the unfilled parts of several buffers in order, and says how much.
    ///
    /// # Completes
    /// As [`read_buf`](Read::read_buf) does.
    ///
    /// # Errors
    /// The reader's.
    ///
    /// # If dropped
    /// Lossless: bytes are moved only in the poll that says so.
    ///
    /// ```
    /// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
    /// # use wait::block_on;
    /// use sexton_buffers::{ReadBuf, ReadBufVec};
    /// use sexton_io::{Memory, Read};
    ///
    /// let (mut head, mut body) = ([0; 4], [0; 64]);
    /// let mut bufs = [ReadBuf::from(&mut head[..]), ReadBuf::from(&mut body[..])];
    /// let mut all = ReadBufVec::new(&mut bufs);
    /// let n = block_on(Memory::new("headbody").read_buf_vectored(all.cursor()))?;
    /// assert_eq!((n, bufs[1].filled()), (8, &b"body"[..]));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    fn read_buf_vectored(
        &mut self,
        mut bufs: ReadVecCursor<'_, '_>,
    ) -> impl Future<Output = Result<usize>> {
        async move {
            if bufs.remaining() == 0 {
                return Ok(0);
            }
            loop {
                match self.non_blocking_read_buf_vectored(bufs.reborrow())? {
                    NonBlocking::Ready(n) => return Ok(n),
                    NonBlocking::WouldBlock => self.ready(Interest::READ).await?,
                };
            }
        }
    }

    /// Appends all that is left, and says how much. Goes on after `Interrupted`. No byte of `buf`
    /// is zeroed twice.
    ///
    /// # Completes
    /// When the stream has ended or failed.
    ///
    /// # Errors
    /// `OutOfMemory` if `buf` cannot grow. What was read is in `buf`, as after any other error.
    ///
    /// # If dropped
    /// What was read is in `buf`; lossless if resumed with it.
    ///
    /// ```
    /// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
    /// # use wait::block_on;
    /// use sexton_io::{Memory, Read};
    ///
    /// let mut buf = b"> ".to_vec();
    /// let n = block_on(Memory::new("all of it").read_to_end(&mut buf))?;
    /// assert_eq!((n, &buf[..]), (9, &b"> all of it"[..]));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    fn read_to_end(&mut self, buf: &mut Vec<u8>) -> impl Future<Output = Result<usize>> {
        async move {
            let start = buf.len();
            loop {
                make_room(buf)?;
                // Lives as long as the memory stays where it is: it knows what of it is zeroed.
                let mut tail = VecTail::new(buf);
                while tail.room() >= LEAST_ROOM {
                    match self.read_buf(tail.unfilled()).await {
                        Ok(()) if tail.commit() == 0 => {
                            drop(tail);
                            return Ok(buf.len() - start);
                        }
                        Ok(()) => {}
                        Err(e) if e.kind() == ErrorKind::Interrupted => {}
                        Err(e) => return Err(e),
                    }
                }
            }
        }
    }

    /// Appends all that is left, which must be UTF-8, and says how many bytes. Goes on after
    /// `Interrupted`.
    ///
    /// `buf` stays valid UTF-8 even if the future is dropped or forgotten.
    ///
    /// # Completes
    /// When the stream has ended or failed.
    ///
    /// # Errors
    /// `InvalidData` if it is not UTF-8; inside is a
    /// [`FromUtf8Error`](std::string::FromUtf8Error) with all bytes. `buf` is unchanged, as after
    /// any other error.
    ///
    /// # If dropped
    /// What was read is lost, and `buf` is unchanged; not lossless.
    ///
    /// ```
    /// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
    /// # use wait::block_on;
    /// use sexton_io::{Memory, Read};
    ///
    /// let mut text = String::from("> ");
    /// block_on(Memory::new("hello").read_to_string(&mut text))?;
    /// assert_eq!(text, "> hello");
    /// assert!(block_on(Memory::new(b"\xff").read_to_string(&mut text)).is_err());
    /// assert_eq!(text, "> hello");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    fn read_to_string(&mut self, buf: &mut String) -> impl Future<Output = Result<usize>> {
        async move {
            let mut bytes = Vec::new();
            self.read_to_end(&mut bytes).await?;
            let text = String::from_utf8(bytes).map_err(fault::not_utf8)?;
            let len = text.len();
            if buf.is_empty() && buf.capacity() < len {
                *buf = text;
            } else {
                buf.try_reserve(len)?;
                buf.push_str(&text);
            }
            Ok(len)
        }
    }

    /// The reader by reference, to give it to an adaptor and have it back.
    ///
    /// ```
    /// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
    /// # use wait::block_on;
    /// use sexton_io::{Memory, Read};
    ///
    /// let mut reader = Memory::new("head, body");
    /// let mut head = String::new();
    /// block_on(reader.by_ref().take(4).read_to_string(&mut head))?;
    /// assert_eq!((&head[..], reader.rest()), ("head", &b", body"[..]));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    fn by_ref(&mut self) -> &mut Self
    where
        Self: Sized,
    {
        self
    }

    /// A reader of the next `limit` bytes.
    ///
    /// ```
    /// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
    /// # use wait::block_on;
    /// use sexton_io::{Memory, Read};
    ///
    /// let mut text = String::new();
    /// block_on(Memory::new("head, body").take(4).read_to_string(&mut text))?;
    /// assert_eq!(text, "head");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    fn take(self, limit: u64) -> Take<Self>
    where
        Self: Sized,
    {
        Take::new(self, limit)
    }

    /// A reader of all of this one, then all of `next`.
    ///
    /// ```
    /// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
    /// # use wait::block_on;
    /// use sexton_io::{Memory, Read};
    ///
    /// let mut text = String::new();
    /// let mut both = Memory::new("head, ").chain(Memory::new("body"));
    /// block_on(both.read_to_string(&mut text))?;
    /// assert_eq!(text, "head, body");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    fn chain<R: Read>(self, next: R) -> Chain<Self, R>
    where
        Self: Sized,
    {
        Chain::new(self, next)
    }

    /// This reader as an [`OwnedRead`](crate::OwnedRead).
    ///
    /// ```
    /// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
    /// # use wait::block_on;
    /// use sexton_io::{Memory, OwnedRead, Read};
    ///
    /// let mut reader = Memory::new("hello").owned();
    /// let (n, buf) = block_on(reader.read_owned(Vec::with_capacity(64)))?;
    /// assert_eq!((n, &buf[..]), (5, &b"hello"[..]));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    fn owned(self) -> Owned<Self>
    where
        Self: Sized,
    {
        Owned::new(self)
    }
}

/// With less room than this, a read to the end grows its vector.
const LEAST_ROOM: usize = 32;
/// By at least so many bytes: a page.
const GROWTH: usize = 4096;

/// Makes room for a read to the end. The vector doubles, so few bytes are copied twice.
pub(crate) fn make_room(buf: &mut Vec<u8>) -> Result<()> {
    if buf.capacity() - buf.len() < LEAST_ROOM {
        buf.try_reserve(GROWTH)?;
    }
    Ok(())
}
