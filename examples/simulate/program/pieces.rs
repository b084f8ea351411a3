//! One step of a buffered reader: what it shows, fills, skips, takes apart, and what is put around
//! it. A step that may lose bytes when it is dropped is awaited.

use super::risk::Risk;
use super::tape::Seen;
use sexton::buf::{OwnedBuf, ReadBuf, ReadBufVec};
use sexton::io::{
    BufRead, BufReader, Interest, Memory, NonBlocking, OwnedRead, Read, Ready, TooLong,
};
use std::io::{Error, ErrorKind, Result};

/// Reads once, somehow.
pub(crate) async fn read<R: OwnedRead>(
    reader: &mut BufReader<R>,
    risk: &Risk,
    seen: &mut Seen,
) -> Result<()> {
    match risk.dice.below(5) {
        0 => shown(reader, risk, seen).await,
        1 => filled(reader, risk, seen).await,
        2 => owned(reader, risk, seen).await,
        3 => parts(reader, risk, seen).await,
        _ => wrapped(reader, risk, seen).await,
    }
}

/// From the reader's own memory.
async fn shown<R: OwnedRead>(
    reader: &mut BufReader<R>,
    risk: &Risk,
    seen: &mut Seen,
) -> Result<()> {
    let size = risk.dice.size(3_000);
    let shown = match risk.dice.below(5) {
        0 => risk.take(reader.fill_buf()).await.transpose()?,
        1 => risk.take(reader.fill_at_least(size)).await.transpose()?,
        2 => {
            if let Some(byte) = risk.take(reader.next_byte()).await.transpose()? {
                seen.got_or_end(byte.as_slice());
            }
            return Ok(());
        }
        3 => {
            if risk.take(reader.has_data_left()).await.transpose()? == Some(false) {
                seen.end();
            }
            return Ok(());
        }
        _ => {
            match risk.dice.below(2) {
                0 => reader.set_read_buf(OwnedBuf::with_capacity(size)),
                _ => drop(reader.take_read_buf()),
            }
            return Ok(());
        }
    };
    let Some(shown) = shown else { return Ok(()) };
    seen.shows(shown);
    if shown.is_empty() {
        seen.end();
        return Ok(());
    }
    let part = risk.dice.size(shown.len());
    seen.got(&shown[..part]);
    reader.consume(part);
    Ok(())
}

/// Into memory of the caller.
async fn filled<R: OwnedRead>(
    reader: &mut BufReader<R>,
    risk: &Risk,
    seen: &mut Seen,
) -> Result<()> {
    let mut memory = vec![0; risk.dice.size(3_000)];
    match risk.dice.below(4) {
        0 => {
            let count = risk.take(reader.read(&mut memory)).await.transpose()?;
            if let Some(count) = count {
                seen.got_or_end(&memory[..count]);
            }
        }
        1 => {
            let mut buf = ReadBuf::from(&mut memory[..]);
            let outcome = risk.take(reader.read_buf_exact(buf.unfilled())).await;
            seen.got(buf.filled());
            match outcome {
                Some(Err(error)) if error.kind() == ErrorKind::UnexpectedEof => seen.end(),
                outcome => outcome.transpose().map(drop)?,
            }
        }
        2 => {
            let middle = risk.dice.below(memory.len() + 1);
            let (first, second) = memory.split_at_mut(middle);
            let mut bufs = [ReadBuf::from(first), ReadBuf::from(second)];
            let mut both = ReadBufVec::new(&mut bufs);
            let outcome = risk.take(reader.read_buf_vectored(both.cursor())).await.transpose();
            bufs.iter().for_each(|buf| seen.got(buf.filled()));
            let count = bufs.iter().map(|buf| buf.filled().len()).sum();
            match outcome? {
                Some(0) => seen.end(),
                told => assert_eq!(told.unwrap_or(0), count, "a vectored read counts"),
            }
        }
        _ => {
            if risk.take(reader.ready(Interest::READ)).await.transpose()?.is_some() {
                let mut buf = ReadBuf::from(&mut memory[..]);
                if reader.non_blocking_read_buf(buf.unfilled())? == NonBlocking::Ready(()) {
                    seen.got_or_end(buf.filled());
                }
            }
        }
    }
    Ok(())
}

/// Into buffers that are given away.
async fn owned<R: OwnedRead>(
    reader: &mut BufReader<R>,
    risk: &Risk,
    seen: &mut Seen,
) -> Result<()> {
    let size = risk.dice.size(8_000);
    match risk.dice.below(3) {
        0 => {
            let read = risk.take(reader.read_owned(Vec::with_capacity(size))).await;
            if let Some((_, buf)) = read.transpose()? {
                seen.got_or_end(&buf);
            }
        }
        1 => {
            let bufs = [Vec::with_capacity(risk.dice.size(64)), Vec::with_capacity(size)];
            let read = risk.take(reader.read_vectored_owned(bufs)).await;
            if let Some((_, bufs)) = read.transpose()? {
                seen.got_or_end(&bufs.concat());
            }
        }
        _ => match reader.read_exact_owned(Vec::with_capacity(size)).await {
            Ok(buf) => seen.got(&buf),
            Err(error) => {
                seen.got(error.buf());
                assert_eq!(error.buf().len(), error.transferred(), "what was read");
                match error.into_error() {
                    error if error.kind() == ErrorKind::UnexpectedEof => seen.end(),
                    error => return Err(error),
                }
            }
        },
    }
    Ok(())
}

/// Up to a byte.
async fn parts<R: OwnedRead>(
    reader: &mut BufReader<R>,
    risk: &Risk,
    seen: &mut Seen,
) -> Result<()> {
    let (byte, most) = (risk.dice.below(128) as u8, risk.dice.size(500));
    let mut buf = Vec::new();
    match risk.dice.below(6) {
        0 => {
            let outcome = risk.take(reader.read_until(byte, &mut buf)).await;
            seen.got(&buf);
            if outcome.transpose()? == Some(0) {
                seen.end();
            }
        }
        1 => {
            let limited = reader.read_until_limited(byte, &mut buf, most);
            let outcome = risk.take(limited).await;
            seen.got(&buf);
            match outcome.transpose() {
                Err(error) if TooLong::of(&error).is_some() => assert!(buf.len() <= most),
                outcome => {
                    if outcome? == Some(0) {
                        seen.end();
                    }
                }
            }
        }
        2 => {
            let count = reader.skip_until(byte).await.map_err(|error| lost(seen, error))?;
            let skipped = seen.skip(count);
            match skipped.split_last() {
                None => seen.end(),
                Some((_, before)) => assert!(!before.contains(&byte), "more was skipped"),
            }
        }
        3 => {
            let mut line = String::new();
            let read = reader.read_line(&mut line).await.map_err(|error| lost(seen, error));
            seen.got_or_end(line.as_bytes());
            read?;
        }
        4 => {
            let mut lines = match risk.dice.below(2) {
                0 => BufRead::lines(&mut *reader),
                _ => BufRead::lines_limited(&mut *reader, most),
            };
            let mut outcome = Ok(());
            for _ in 0..risk.dice.size(4) {
                match risk.take(lines.next_line()).await.transpose() {
                    Ok(Some(Some(line))) => seen.part(line.as_bytes(), b'\n'),
                    Ok(Some(None)) => seen.end(),
                    Ok(None) => {}
                    Err(error) if TooLong::of(&error).is_some() => break,
                    Err(error) => outcome = Err(error),
                }
            }
            seen.got(&lines.into_parts().1);
            outcome?;
        }
        _ => segments(reader, risk, seen, byte, most).await?,
    }
    Ok(())
}

/// Several segments.
async fn segments<R: OwnedRead>(
    reader: &mut BufReader<R>,
    risk: &Risk,
    seen: &mut Seen,
    byte: u8,
    most: usize,
) -> Result<()> {
    let mut parts = match risk.dice.below(2) {
        0 => BufRead::split(&mut *reader, byte),
        _ => BufRead::split_limited(&mut *reader, byte, most),
    };
    let mut outcome = Ok(());
    for _ in 0..risk.dice.size(4) {
        match risk.take(parts.next_segment()).await.transpose() {
            Ok(Some(Some(part))) => seen.part(&part, byte),
            Ok(Some(None)) => seen.end(),
            Ok(None) => {}
            Err(error) if TooLong::of(&error).is_some() => break,
            Err(error) => outcome = Err(error),
        }
    }
    seen.got(parts.partial());
    outcome
}

/// By something that is put around the reader.
async fn wrapped<R: OwnedRead>(
    reader: &mut BufReader<R>,
    risk: &Risk,
    seen: &mut Seen,
) -> Result<()> {
    let size = risk.dice.size(2_000);
    let mut bytes = Vec::new();
    if risk.dice.percent(50) {
        let mut part = Read::take(&mut *reader, size as u64);
        let outcome = risk.take(part.read_to_end(&mut bytes)).await.transpose();
        let left = part.limit() as usize;
        seen.got(&bytes);
        assert_eq!(left, size - bytes.len(), "what may still be read");
        if outcome?.is_some() && left > 0 {
            seen.end();
        }
        return Ok(());
    }
    let head = vec![b'#'; risk.dice.below(20)];
    let mut both = Memory::new(head.clone()).chain(&mut *reader);
    bytes.resize(head.len() + size, 0);
    let mut buf = ReadBuf::from(&mut bytes[..]);
    let outcome = risk.take(both.read_buf_exact(buf.unfilled())).await;
    let (first, second) = buf.filled().split_at(buf.filled().len().min(head.len()));
    assert!(head.starts_with(first), "the first one comes first");
    seen.got(second);
    match outcome {
        Some(Err(error)) if error.kind() == ErrorKind::UnexpectedEof => seen.end(),
        outcome => outcome.transpose().map(drop)?,
    }
    Ok(())
}

/// What was read is lost with this error.
fn lost(seen: &Seen, error: Error) -> Error {
    seen.tape.breaks();
    Error::other(error)
}
