//! Two streams joined: what each reads, the other writes.

use std::cell::Cell;
use std::future::{Future, Pending, pending, poll_fn};
use std::io::{ErrorKind, Result};
use std::pin::pin;
use std::task::Poll;

use crate::copy::copy_step;
use crate::{BufRead, SplitIo, Write, fault};

/// How many chunks one direction moves before the other has its turn, if it never has to wait.
const TURN: usize = 16;

/// Writes to each stream what the other reads, until both have ended. Says how many bytes went from
/// `a` to `b`, and how many from `b` to `a`.
///
/// Both directions go on at once, in this one future; one that waits does not hold up the other.
/// When one stream ends, what was written to the other is flushed and its writing direction
/// [shut down](Write::shutdown): it learns of the end. The other direction goes on. Bytes go
/// straight from the memory of the one stream to the other ([`copy_buf`](crate::copy_buf)).
///
/// It waits as long as the streams are silent; see [`copy_bidirectional_with`].
///
/// # Completes
/// When both directions have ended.
///
/// # Errors
/// The first error of either stream; the other direction stops where it is. No byte is lost in
/// between: what was not written is still in the stream it came from. That the other side is gone
/// already (`NotConnected`) is no error of a shutdown.
///
/// # If dropped
/// Lossless: each byte is written or still in the stream it came from. Only the counts are lost.
///
/// ```
/// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
/// # use wait::block_on;
/// use sexton_io::{Read, Write, copy_bidirectional, duplex};
///
/// # block_on(async {
/// let (mut client, mut to_client) = duplex(64);
/// let (mut server, mut to_server) = duplex(64);
/// client.write_all(b"request").await?;
/// client.shutdown().await?;
/// server.write_all(b"the answer").await?;
/// server.shutdown().await?;
///
/// let counts = copy_bidirectional(&mut to_client, &mut to_server).await?;
/// assert_eq!(counts, (7, 10));
/// let mut answer = String::new();
/// client.read_to_string(&mut answer).await?;
/// assert_eq!(answer, "the answer");
/// # Ok::<(), std::io::Error>(()) }).unwrap();
/// ```
pub async fn copy_bidirectional<A, B>(a: &mut A, b: &mut B) -> Result<(u64, u64)>
where
    A: SplitIo + ?Sized,
    B: SplitIo + ?Sized,
{
    copy_bidirectional_with(a, b, pending::<()> as fn() -> Pending<()>).await
}

/// [`copy_bidirectional`], but not longer than an idle timer without a byte in either direction.
///
/// `idle` makes the timer, anew after each progress: a byte that is written, the end of a
/// direction. This crate has no clock; `|| sleep(Duration::from_secs(60))` of any runtime will do.
///
/// # Completes
/// When both directions have ended.
///
/// # Errors
/// As [`copy_bidirectional`]; and `TimedOut` when a timer is ready before there was progress. The
/// streams are as they are then, nothing is shut down.
///
/// # If dropped
/// As [`copy_bidirectional`]: lossless.
///
/// ```
/// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
/// # use wait::block_on;
/// use sexton_io::{copy_bidirectional_with, duplex};
///
/// let (_silent, mut a) = duplex(64);
/// let (_silent, mut b) = duplex(64);
/// let at_once = || std::future::ready(());
/// let error = block_on(copy_bidirectional_with(&mut a, &mut b, at_once)).unwrap_err();
/// assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
/// ```
pub async fn copy_bidirectional_with<A, B, F>(
    a: &mut A,
    b: &mut B,
    mut idle: impl FnMut() -> F,
) -> Result<(u64, u64)>
where
    A: SplitIo + ?Sized,
    B: SplitIo + ?Sized,
    F: Future,
{
    let ((mut read_a, mut write_a), (mut read_b, mut write_b)) = (a.split_io(), b.split_io());
    let steps = Cell::new(0_u64);
    let mut there = pin!(direction(&mut read_a, &mut write_b, &steps));
    let mut back = pin!(direction(&mut read_b, &mut write_a, &steps));
    let (mut sent, mut answered) = (None, None);
    let mut timer = pin!(None::<F>);
    let mut seen = 0;
    poll_fn(|cx| {
        if sent.is_none()
            && let Poll::Ready(count) = there.as_mut().poll(cx)
        {
            sent = Some(count?);
        }
        if answered.is_none()
            && let Poll::Ready(count) = back.as_mut().poll(cx)
        {
            answered = Some(count?);
        }
        if let (Some(sent), Some(answered)) = (sent, answered) {
            return Poll::Ready(Ok((sent, answered)));
        }
        // Not before the directions: progress that is possible now is progress in time.
        if timer.is_none() || steps.get() != seen {
            seen = steps.get();
            timer.set(Some(idle()));
        }
        match timer.as_mut().as_pin_mut().map(|timer| timer.poll(cx)) {
            Some(Poll::Ready(_)) => Poll::Ready(Err(fault::idle_for_too_long())),
            _ => Poll::Pending,
        }
    })
    .await
}

/// All of one stream to the other, and its end. `steps` goes up with each progress.
async fn direction<R: BufRead, W: Write>(
    reader: &mut R,
    writer: &mut W,
    steps: &Cell<u64>,
) -> Result<u64> {
    let step = || steps.set(steps.get().wrapping_add(1));
    let (mut copied, mut turn): (u64, usize) = (0, 0);
    loop {
        match copy_step(reader, writer).await {
            Ok(0) => break,
            Ok(n) => {
                copied += n as u64;
                step();
            }
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
        turn += 1;
        if turn % TURN == 0 {
            rest().await;
        }
    }
    step();
    loop {
        match end(writer).await {
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) if e.kind() != ErrorKind::NotConnected => return Err(e),
            _ => break,
        }
    }
    step();
    Ok(copied)
}

async fn end<W: Write>(writer: &mut W) -> Result<()> {
    writer.flush().await?;
    writer.shutdown().await
}

/// Lets others have their turn, the executor's other tasks among them.
async fn rest() {
    let mut rested = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut rested, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
