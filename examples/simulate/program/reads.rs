//! One step of a reader: any kind of read, at risk.

use super::risk::Risk;
use sexton::buf::{Chunk, ReadBuf};
use sexton::io::{BufRead, DynOwnedRead, Interest, ManagedRead, NonBlocking, OwnedRead};
use std::io::{Error, ErrorKind, Result};

/// What all readers of streams can do.
pub(crate) trait Reader: BufRead + OwnedRead + ManagedRead<Buf = Chunk> {}

impl<R: BufRead + OwnedRead + ManagedRead<Buf = Chunk>> Reader for R {}

/// What came of a read.
#[derive(Debug)]
pub(crate) enum Got {
    Bytes(Vec<u8>),
    /// It was not finished, or cancelled.
    Nothing,
    End,
    Broken(Error),
}

/// Kinds of reads.
const KINDS: usize = 11;

/// Reads once, somehow.
pub(crate) async fn read(reader: &mut impl Reader, risk: &Risk) -> Got {
    let outcome = match risk.dice.below(KINDS) {
        0..6 => once(reader, risk).await,
        _ => steps(reader, risk).await,
    };
    Got::from(outcome)
}

impl From<Result<Option<Vec<u8>>>> for Got {
    /// No bytes are the end; none of them, that the read was given up.
    fn from(outcome: Result<Option<Vec<u8>>>) -> Self {
        match outcome {
            Ok(Some(bytes)) if bytes.is_empty() => Self::End,
            Ok(Some(bytes)) => Self::Bytes(bytes),
            Ok(None) => Self::Nothing,
            Err(error) if is_harmless(&error) => Self::Nothing,
            Err(error) => Self::Broken(error),
        }
    }
}

/// The operation can be tried again.
pub(crate) fn is_harmless(error: &Error) -> bool {
    const ECANCELED: i32 = 125;
    error.kind() == ErrorKind::Interrupted || error.raw_os_error() == Some(ECANCELED)
}

/// Reads of one step: the bytes, none of them at the end.
async fn once(reader: &mut impl Reader, risk: &Risk) -> Result<Option<Vec<u8>>> {
    let size = risk.dice.size(20_000);
    match risk.dice.below(6) {
        0 => {
            let mut buf = vec![0; size];
            let Some(count) = risk.take(reader.read(&mut buf)).await.transpose()? else {
                return Ok(None);
            };
            buf.truncate(count);
            Ok(Some(buf))
        }
        1 => {
            let buf = before(risk, size);
            let had = buf.len();
            let read = match risk.dice.percent(30) {
                true => {
                    let dynamic: &mut dyn DynOwnedRead = reader;
                    risk.take(dynamic.read_owned(buf)).await
                }
                false => risk.take(reader.read_owned(buf)).await,
            };
            let Some(read) = read else { return Ok(None) };
            let (count, buf) = read?;
            assert_eq!(buf.len(), had + count, "a read counts what it reads");
            Ok(Some(after(&buf, had)))
        }
        2 => {
            let Some(shown) = risk.take(reader.fill_buf()).await.transpose()? else {
                return Ok(None);
            };
            let part = if shown.is_empty() { 0 } else { risk.dice.size(shown.len()) };
            let bytes = shown[..part].to_vec();
            reader.consume(part);
            Ok(Some(bytes))
        }
        3 => {
            let Some(chunk) = risk.take(reader.read_managed(size)).await.transpose()? else {
                return Ok(None);
            };
            Ok(Some(chunk.map(|chunk| chunk.to_vec()).unwrap_or_default()))
        }
        4 => {
            if risk.take(reader.ready(Interest::READ)).await.transpose()?.is_none() {
                return Ok(None);
            }
            let mut buf = vec![0; size];
            let mut buf = ReadBuf::from(&mut buf[..]);
            Ok(match reader.non_blocking_read_buf(buf.unfilled())? {
                NonBlocking::Ready(()) => Some(buf.filled().to_vec()),
                NonBlocking::WouldBlock => None,
            })
        }
        _ => {
            let bufs = [Vec::with_capacity(risk.dice.size(64)), Vec::with_capacity(size)];
            let Some(read) = risk.take(reader.read_vectored_owned(bufs)).await else {
                return Ok(None);
            };
            let (count, bufs) = read?;
            let bytes = bufs.concat();
            assert_eq!(bytes.len(), count, "a vectored read counts what it reads");
            Ok(Some(bytes))
        }
    }
}

/// Reads of several steps.
async fn steps(reader: &mut impl Reader, risk: &Risk) -> Result<Option<Vec<u8>>> {
    let size = risk.dice.size(3_000);
    match risk.dice.below(5) {
        0 => {
            let buf = before(risk, size);
            let had = buf.len();
            match risk.take(reader.read_exact_owned(buf)).await {
                Some(Ok(buf)) => Ok(Some(after(&buf, had))),
                Some(Err(error)) => {
                    let (count, (error, buf)) = (error.transferred(), error.into_parts());
                    let bytes = after(&buf, had);
                    assert_eq!(bytes.len(), count, "an error says how much was read: {error}");
                    part(bytes, error)
                }
                None => Ok(None),
            }
        }
        1 => {
            let mut line = String::from("before");
            let Some(read) = risk.take(reader.read_line(&mut line)).await else {
                assert_eq!(line, "before", "a dropped read leaves the line as it was");
                return Ok(None);
            };
            let count = read?;
            assert_eq!(line.len(), 6 + count, "a line counts what it reads");
            let bytes = line.split_off(6).into_bytes();
            let before_last = &bytes[..bytes.len().saturating_sub(1)];
            assert!(!before_last.contains(&b'\n'), "a line ends at its end");
            Ok(Some(bytes))
        }
        2 => {
            let mut buf = vec![0; size];
            match risk.take(reader.read_exact(&mut buf)).await {
                Some(Ok(())) => Ok(Some(buf)),
                // The stream is as it was.
                Some(Err(error)) if error.kind() == ErrorKind::UnexpectedEof => Ok(None),
                Some(Err(error)) => Err(error),
                None => Ok(None),
            }
        }
        3 => {
            let Some(shown) = risk.take(reader.fill_at_least(size)).await.transpose()? else {
                return Ok(None);
            };
            let part = if shown.is_empty() { 0 } else { risk.dice.size(shown.len()) };
            let bytes = shown[..part].to_vec();
            reader.consume(part);
            Ok(Some(bytes))
        }
        _ => {
            let mut buf = Vec::new();
            match risk.take(reader.read_until(b'\n', &mut buf)).await {
                Some(Err(error)) => part(buf, error),
                // Dropped or not: what was taken is in the buffer.
                None if buf.is_empty() => Ok(None),
                Some(Ok(_)) | None => Ok(Some(buf)),
            }
        }
    }
}

/// A read of several steps has failed on its way.
fn part(bytes: Vec<u8>, error: Error) -> Result<Option<Vec<u8>>> {
    match error.kind() {
        ErrorKind::UnexpectedEof => Ok((!bytes.is_empty()).then_some(bytes)),
        _ if bytes.is_empty() => Err(error),
        // It fails again, if it is more than a cancel.
        _ => Ok(Some(bytes)),
    }
}

/// A buffer with something in it, and room.
fn before(risk: &Risk, room: usize) -> Vec<u8> {
    let mut buf = Vec::with_capacity(room + 3);
    buf.resize(risk.dice.below(4), b'#');
    buf.reserve_exact(room);
    buf
}

/// What was read behind it.
fn after(buf: &[u8], had: usize) -> Vec<u8> {
    assert!(buf[..had].iter().all(|byte| *byte == b'#'), "what was there stays");
    buf[had..].to_vec()
}
