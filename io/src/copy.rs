//! All of a reader to a writer, through memory of whoever has some.

use std::future::poll_fn;
use std::io::{ErrorKind, Result};
use std::pin::pin;
use std::task::Poll;

use sexton_buffers::{BufError, BufResult, IoBuf, IoBufMut};

use crate::{BufRead, ManagedRead, OwnedRead, OwnedWrite, Write, fault};

/// Memory that [`copy`] has of its own, and the largest chunk that [`pump`] asks for.
const CHUNK: usize = 64 * 1024;

/// Writes all that a reader has, through a buffer of its own (64 KiB). Says how many bytes.
///
/// Goes on after `Interrupted`. It does *not* [shut the writer down](OwnedWrite::shutdown_owned).
/// Who has a buffer takes [`copy_with`]; a reader with memory of its own needs none, see
/// [`copy_buf`] and [`pump`].
///
/// # Completes
/// When the reader is at its end, and the writer has taken all and flushed it.
///
/// # Errors
/// Those of the reader and of the writer. What was read and not written is lost; [`copy_with`]
/// gives it back.
///
/// # If dropped
/// An unknown prefix was written, and what was read beyond it is lost; not lossless.
///
/// ```
/// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
/// # use wait::block_on;
/// use sexton_io::copy;
///
/// let (mut from, mut to) = (&b"all of it"[..], Vec::new());
/// assert_eq!(block_on(copy(&mut from, &mut to))?, 9);
/// assert_eq!(to, b"all of it");
/// # Ok::<(), std::io::Error>(())
/// ```
pub async fn copy<R, W>(reader: &mut R, writer: &mut W) -> Result<u64>
where
    R: OwnedRead + ?Sized,
    W: OwnedWrite + ?Sized,
{
    let mut buf = Vec::new();
    buf.try_reserve_exact(CHUNK)?;
    let (copied, _) = copy_with(reader, writer, buf).await?;
    Ok(copied)
}

/// [`copy`], through a buffer of the caller, who gets it back.
///
/// What `buf` holds at first is discarded: `vec![0; 8192]` will do as well as
/// `Vec::with_capacity(8192)`, and so will a registered buffer. It comes back empty.
///
/// # Completes
/// As [`copy`] does.
///
/// # Errors
/// Those of the reader and of the writer; `InvalidInput` if `buf` has no room even when empty.
/// [`BufError::transferred`] says how much was written, and the buffer holds exactly what was read
/// and not written: no byte is lost. (A count beyond `usize::MAX` is given as that.)
///
/// # If dropped
/// An unknown prefix was written, and what was read beyond it is lost with `buf`; not lossless.
///
/// ```
/// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
/// # use wait::block_on;
/// use sexton_io::copy_with;
///
/// let (mut from, mut to) = (&b"all of it"[..], Vec::new());
/// let (copied, buf) = block_on(copy_with(&mut from, &mut to, Vec::with_capacity(4)))?;
/// assert_eq!((copied, buf.capacity()), (9, 4));
/// # Ok::<(), std::io::Error>(())
/// ```
pub async fn copy_with<R, W, B>(reader: &mut R, writer: &mut W, mut buf: B) -> BufResult<u64, B>
where
    R: OwnedRead + ?Sized,
    W: OwnedWrite + ?Sized,
    B: IoBufMut,
{
    let mut copied: u64 = 0;
    loop {
        buf.clear();
        if buf.unfilled().is_empty() {
            return Err(BufError::new(fault::no_room(), buf).with_transferred(count(copied)));
        }
        // The buffer's own counter says what was read: the reader's `n` need not be right.
        buf = match reader.read_owned(buf).await {
            Ok((_, buf)) => buf,
            Err(e) if e.kind() == ErrorKind::Interrupted && e.buf().filled().is_empty() => {
                buf = e.into_buf();
                continue;
            }
            Err(e) if e.kind() == ErrorKind::Interrupted => e.into_buf(),
            Err(e) => return Err(e.with_transferred(count(copied))),
        };
        let len = buf.filled().len();
        if len == 0 {
            return match flush(writer).await {
                Ok(()) => Ok((copied, buf)),
                Err(e) => Err(BufError::new(e, buf).with_transferred(count(copied))),
            };
        }
        buf = match writer.write_all_owned(buf).await {
            Ok(buf) => buf,
            Err(e) => {
                let done = e.transferred();
                let copied = copied.saturating_add(done as u64);
                return Err(e
                    .map_buf(|buf| without_front(buf, done))
                    .with_transferred(count(copied)));
            }
        };
        copied += len as u64;
    }
}

/// Writes all that a reader has, from the reader's own memory. Says how many bytes.
///
/// Goes on after `Interrupted`, and flushes whenever the reader has nothing for now. It does *not*
/// [shut the writer down](Write::shutdown).
///
/// # Completes
/// When the reader is at its end, and the writer has taken all and flushed it.
///
/// # Errors
/// Those of the reader and of the writer. What was not written is still in the reader: called
/// again, it goes on from there.
///
/// # If dropped
/// Lossless: each byte is in the writer or still in the reader. Only the count is lost.
///
/// ```
/// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
/// # use wait::block_on;
/// use sexton_io::{Memory, copy_buf};
///
/// let (mut from, mut to) = (Memory::new("all of it"), Memory::new(Vec::new()));
/// assert_eq!(block_on(copy_buf(&mut from, &mut to))?, 9);
/// assert_eq!(to.rest(), b"all of it");
/// # Ok::<(), std::io::Error>(())
/// ```
pub async fn copy_buf<R, W>(reader: &mut R, writer: &mut W) -> Result<u64>
where
    R: BufRead + ?Sized,
    W: Write + ?Sized,
{
    let mut copied: u64 = 0;
    loop {
        let step = match copy_step(reader, writer).await {
            Ok(0) => writer.flush().await.map(|()| None),
            other => other.map(Some),
        };
        match step {
            Ok(Some(n)) => copied += n as u64,
            Ok(None) => return Ok(copied),
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
}

/// One write of what the reader shows; 0 at its end. Lossless: what was written is consumed in the
/// same poll. Before it waits for the reader it flushes, or the other side might wait for what the
/// writer holds back.
pub(crate) async fn copy_step<R, W>(reader: &mut R, writer: &mut W) -> Result<usize>
where
    R: BufRead + ?Sized,
    W: Write + ?Sized,
{
    let shown = {
        let mut fill = pin!(reader.fill_buf());
        match poll_fn(|cx| Poll::Ready(fill.as_mut().poll(cx))).await {
            Poll::Ready(shown) => shown?,
            Poll::Pending => {
                writer.flush().await?;
                fill.await?
            }
        }
    };
    if shown.is_empty() {
        return Ok(0);
    }
    let n = writer.write(shown).await?;
    fault::check_taken(n, shown.len())?;
    reader.consume(n);
    Ok(n)
}

/// Passes on all the chunks that a reader gives away. Says how many bytes.
///
/// Nothing is copied: the memory into which the kernel received is that from which it sends. Goes
/// on after `Interrupted`. It does *not* [shut the writer down](OwnedWrite::shutdown_owned).
///
/// # Completes
/// When the reader is at its end, and the writer has taken all and flushed it.
///
/// # Errors
/// Those of the reader and of the writer. What is left of the chunk that could not be written is
/// lost.
///
/// # If dropped
/// An unknown prefix was written, and what was read beyond it is lost; not lossless.
///
/// ```
/// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
/// # use wait::block_on;
/// use sexton_io::{ManagedRead, pump};
///
/// /// Gives its vectors away.
/// struct Vectors(std::vec::IntoIter<Vec<u8>>);
///
/// impl ManagedRead for Vectors {
///     type Buf = Vec<u8>;
///     async fn read_managed(&mut self, _max: usize) -> std::io::Result<Option<Vec<u8>>> {
///         Ok(self.0.next())
///     }
/// }
///
/// let mut from = Vectors(vec![vec![1, 2], vec![3]].into_iter());
/// let mut to = Vec::new();
/// assert_eq!(block_on(pump(&mut from, &mut to))?, 3);
/// assert_eq!(to, [1, 2, 3]);
/// # Ok::<(), std::io::Error>(())
/// ```
pub async fn pump<R, W>(reader: &mut R, writer: &mut W) -> Result<u64>
where
    R: ManagedRead + ?Sized,
    W: OwnedWrite + ?Sized,
{
    let mut passed: u64 = 0;
    loop {
        let chunk = match reader.read_managed(CHUNK).await {
            // An empty chunk is against the trait. As an end it cannot keep this loop going.
            Ok(chunk) => chunk.filter(|chunk| !chunk.filled().is_empty()),
            Err(e) if e.kind() == ErrorKind::Interrupted => continue,
            Err(e) => return Err(e),
        };
        let Some(chunk) = chunk else {
            flush(writer).await?;
            return Ok(passed);
        };
        let len = chunk.filled().len();
        writer.write_all_owned(chunk).await?;
        passed += len as u64;
    }
}

async fn flush<W: OwnedWrite + ?Sized>(writer: &mut W) -> Result<()> {
    loop {
        match writer.flush_owned().await {
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

/// A count as [`BufError::transferred`] has it.
fn count(copied: u64) -> usize {
    usize::try_from(copied).unwrap_or(usize::MAX)
}

/// `buf` without its first `n` bytes. A copy, but only on the way out with an error.
fn without_front<B: IoBufMut>(mut buf: B, n: usize) -> B {
    let rest = buf.filled().get(n..).unwrap_or_default().to_vec();
    buf.clear();
    buf.fill_from(&rest);
    buf
}
