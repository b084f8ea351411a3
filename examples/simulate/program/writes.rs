//! One step of a writer: any kind of write, at risk, told to the log.

use super::log::Log;
use super::reads::is_harmless;
use super::risk::Risk;
use super::zero_copy::{self, ZeroCopy};
use sexton::io::{BufWrite, DynOwnedWrite, Interest, NonBlocking, OwnedWrite, Write};
use sexton::time::sleep;
use std::future::{Future, poll_fn};
use std::io::{IoSlice, Result};
use std::pin::Pin;
use std::task::Poll;

/// What all writers of streams can do.
pub(crate) trait Writer: BufWrite + ZeroCopy {}

impl<W: BufWrite + ZeroCopy> Writer for W {}

/// The most bytes of a write.
const LONGEST: usize = 30_000;

/// Writes once, somehow.
pub(crate) async fn write(writer: &mut impl Writer, risk: &Risk, log: &Log) -> Result<()> {
    let outcome = match risk.dice.below(10) {
        0..5 => owned(writer, risk, log).await,
        5..7 => borrowed(writer, risk, log).await,
        _ => buffered(writer, risk, log).await,
    };
    match outcome {
        Err(error) if is_harmless(&error) => Ok(()),
        outcome => outcome.inspect_err(|_| log.failed()),
    }
}

/// As `write`, without the stream's own memory.
pub(crate) async fn write_shared(
    writer: &mut (impl Write + ZeroCopy),
    risk: &Risk,
    log: &Log,
) -> Result<()> {
    let outcome = match risk.dice.below(7) {
        0..5 => owned(writer, risk, log).await,
        _ => borrowed(writer, risk, log).await,
    };
    match outcome {
        Err(error) if is_harmless(&error) => Ok(()),
        outcome => outcome.inspect_err(|_| log.failed()),
    }
}

/// One of several writes.
type Begun<'a> = Pin<Box<dyn Future<Output = Result<usize>> + 'a>>;

/// Writes that are begun at once: each sends a prefix of its own, one behind the other. After a
/// while the rest of them is dropped, or the first one is forgotten.
pub(crate) async fn several<'a, S>(stream: &'a S, risk: &Risk, log: &Log) -> Result<()>
where
    &'a S: OwnedWrite,
{
    let mut all: Vec<(usize, Begun<'a>)> = Vec::new();
    let first = log.next();
    for _ in 0..2 + risk.dice.below(3) {
        let (number, bytes) = log.begin(risk.dice.size(LONGEST));
        all.push((
            number,
            Box::pin(async move {
                let mut to = stream;
                Ok(to.write_owned(bytes).await?.0)
            }),
        ));
    }
    let gives_up = risk.dice.percent(30);
    let mut patience = sleep(if gives_up { risk.moment() } else { super::streams::IDLE });
    let mut outcome = Ok(());
    poll_fn(|cx| {
        all.retain_mut(|(number, write)| match write.as_mut().poll(cx) {
            Poll::Ready(Ok(count)) => {
                log.took(*number, count);
                false
            }
            Poll::Ready(Err(error)) => {
                if !is_harmless(&error) {
                    outcome = Err(error);
                }
                false
            }
            Poll::Pending => true,
        });
        let over = all.is_empty() || Pin::new(&mut patience).poll(cx).is_ready();
        if over { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    if !all.is_empty() && risk.forgets() {
        std::mem::forget(all.remove(0));
    }
    outcome.inspect_err(|_| log.failed_at(first))
}

/// Writes whose buffers are given away.
async fn owned(writer: &mut (impl Write + ZeroCopy), risk: &Risk, log: &Log) -> Result<()> {
    let (number, bytes) = log.begin(risk.dice.size(LONGEST));
    let (taken, outcome) = match risk.dice.below(5) {
        4 => return zero_copy::write_file(writer, risk, log, (number, bytes)).await,
        3 => return zero_copy::write(writer, risk, log, (number, bytes)).await,
        0 => {
            let written = match risk.dice.percent(30) {
                true => {
                    let dynamic: &mut dyn DynOwnedWrite = writer;
                    risk.take(dynamic.write_owned(bytes)).await
                }
                false => risk.take(writer.write_owned(bytes)).await,
            };
            match written {
                Some(Ok((count, _))) => (Some(count), Ok(())),
                Some(Err(error)) => (None, Err(error.into_error())),
                None => (None, Ok(())),
            }
        }
        1 => {
            let mut first = bytes;
            let second = first.split_off(risk.dice.below(first.len() + 1));
            match risk.take(writer.write_vectored_owned([first, second])).await {
                Some(Ok((count, _))) => (Some(count), Ok(())),
                Some(Err(error)) => (None, Err(error.into_error())),
                None => (None, Ok(())),
            }
        }
        _ => {
            let len = bytes.len();
            match risk.take(writer.write_all_owned(bytes)).await {
                Some(Ok(_)) => (Some(len), Ok(())),
                Some(Err(error)) => {
                    log.took_at_least(number, error.transferred());
                    (None, Err(error.into_error()))
                }
                None => (None, Ok(())),
            }
        }
    };
    if let Some(count) = taken {
        log.took(number, count);
    }
    outcome
}

/// Writes from what the caller keeps.
async fn borrowed(writer: &mut (impl Write + OwnedWrite), risk: &Risk, log: &Log) -> Result<()> {
    let (number, bytes) = log.begin(risk.dice.size(LONGEST));
    match risk.dice.below(4) {
        0 => {
            // Dropped or failed, it has sent nothing.
            let outcome = risk.take(writer.write(&bytes)).await.transpose();
            log.took(number, outcome.as_ref().map_or(0, |count| count.unwrap_or(0)));
            outcome.map(drop)
        }
        1 => {
            let (first, second) = bytes.split_at(risk.dice.below(bytes.len() + 1));
            let parts = [IoSlice::new(first), IoSlice::new(second)];
            let outcome = risk.take(writer.write_vectored(&parts)).await.transpose();
            log.took(number, outcome.as_ref().map_or(0, |count| count.unwrap_or(0)));
            outcome.map(drop)
        }
        2 => {
            if risk.take(writer.write_all(&bytes)).await.transpose()?.is_some() {
                log.took(number, bytes.len());
            }
            Ok(())
        }
        _ => {
            let ready = risk.take(writer.ready(Interest::WRITE)).await.transpose();
            let outcome = match ready {
                Ok(_) => writer.non_blocking_write(&bytes),
                Err(error) => Err(error),
            };
            let count = match &outcome {
                Ok(NonBlocking::Ready(count)) => *count,
                Ok(NonBlocking::WouldBlock) | Err(_) => 0,
            };
            log.took(number, count);
            outcome.map(drop)
        }
    }
}

/// Writes into what the writer shows.
async fn buffered(writer: &mut impl Writer, risk: &Risk, log: &Log) -> Result<()> {
    match risk.dice.below(4) {
        0 | 1 => {
            let Some(room) = risk.take(writer.space()).await.transpose()? else { return Ok(()) };
            let len = risk.dice.size(room.len());
            let (number, bytes) = log.begin(len);
            room[..len].copy_from_slice(&bytes);
            log.committed(number);
            writer.commit(len);
            Ok(())
        }
        2 => {
            let (number, bytes) = log.begin(risk.dice.size(LONGEST));
            if risk.take(writer.put(&bytes)).await.transpose()?.is_some() {
                log.committed(number);
            }
            Ok(())
        }
        _ => flush(writer, risk, log).await.map(drop),
    }
}

/// Flushes; true if it did.
async fn flush(writer: &mut (impl Write + OwnedWrite), risk: &Risk, log: &Log) -> Result<bool> {
    let done = risk.take(writer.flush()).await.transpose()?.is_some();
    if done {
        log.flushed();
    }
    Ok(done)
}

/// Ends the stream, however long it takes.
pub(crate) async fn finish(
    writer: &mut (impl Write + OwnedWrite),
    risk: &Risk,
    log: &Log,
) -> Result<()> {
    loop {
        let outcome = async {
            if !flush(writer, risk, log).await? {
                return Ok(false);
            }
            Ok(risk.take(writer.shutdown_owned()).await.transpose()?.is_some())
        };
        match outcome.await {
            Ok(true) => return Ok(()),
            Ok(false) => {}
            Err(error) if is_harmless(&error) => {}
            Err(error) => {
                log.failed();
                return Err(error);
            }
        }
    }
}
