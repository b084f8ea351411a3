//! Random reads and seeks, short, failing, interrupted, dropped: a `BufReader` against `std`'s.

use std::io::{BufRead as _, Cursor, ErrorKind, Read as _, Result, Seek as _, SeekFrom};

use proptest::collection::vec;
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_oneof};
use proptest::{prop_assert, prop_assert_eq, proptest};
use sexton_buffers::{IoBuf, IoBufMut, OwnedBuf};
use sexton_io::{BufRead, BufReader, OwnedRead, Read, Seek};

use crate::support::{Bump, Bumpy, poll_times};

#[derive(Clone, Debug)]
enum Call {
    Fill(usize),
    AtLeast(usize, usize),
    Read(usize),
    Owned(usize),
    Vectored(usize, usize),
    Until(u8),
    Relative(i64),
    Seek(SeekFrom),
    SetMemory(usize),
    TakeMemory,
}

fn call() -> impl Strategy<Value = Call> {
    prop_oneof![
        3 => (0..9_usize).prop_map(Call::Fill),
        3 => (0..30_usize, 0..30_usize).prop_map(|(n, m)| Call::AtLeast(n, m)),
        2 => (1..20_usize).prop_map(Call::Read),
        2 => (1..20_usize).prop_map(Call::Owned),
        1 => (1..9_usize, 1..9_usize).prop_map(|(n, m)| Call::Vectored(n, m)),
        2 => (0..8_u8).prop_map(Call::Until),
        2 => (-20..20_i64).prop_map(Call::Relative),
        1 => (0..120_u64).prop_map(|to| Call::Seek(SeekFrom::Start(to))),
        1 => (-120..20_i64).prop_map(|to| Call::Seek(SeekFrom::End(to))),
        1 => (-40..40_i64).prop_map(|to| Call::Seek(SeekFrom::Current(to))),
        1 => (1..20_usize).prop_map(Call::SetMemory),
        1 => Just(Call::TakeMemory),
    ]
}

fn bump() -> impl Strategy<Value = Bump> {
    prop_oneof![
        4 => (1..12_usize).prop_map(Bump::AtMost),
        2 => Just(Bump::Wait),
        1 => Just(Bump::Fail(ErrorKind::Interrupted)),
        1 => Just(Bump::Fail(ErrorKind::TimedOut)),
    ]
}

/// What one call brought: bytes, or that there are none, or nothing to compare.
enum Brought {
    Bytes(Vec<u8>),
    End,
    Moved,
    Nothing,
}

fn bytes(bytes: Vec<u8>) -> Brought {
    if bytes.is_empty() { Brought::End } else { Brought::Bytes(bytes) }
}

/// Does a read of `reader`, drops it after so many polls.
fn reads(reader: &mut BufReader<Bumpy>, call: &Call, polls: usize) -> Option<Result<Brought>> {
    match *call {
        Call::Fill(n) => poll_times(polls, async {
            let shown = reader.fill_buf().await?;
            let taken = shown[..n.min(shown.len())].to_vec();
            let at_end = shown.is_empty();
            reader.consume(taken.len());
            Ok(if at_end { Brought::End } else { Brought::Bytes(taken) })
        }),
        Call::AtLeast(n, take) => poll_times(polls, async {
            let shown = reader.fill_at_least(n).await?.to_vec();
            let taken = shown[..take.min(shown.len())].to_vec();
            reader.consume(taken.len());
            if shown.len() < n {
                // It says that this is all there is: what follows is the end.
                assert!(reader.get_ref().position() >= 100, "too few, and not at the end");
            }
            Ok(if shown.is_empty() { Brought::End } else { Brought::Bytes(taken) })
        }),
        Call::Read(n) => {
            let mut buf = vec![0; n];
            poll_times(polls, reader.read(&mut buf)).map(|n| n.map(|n| bytes(buf[..n].to_vec())))
        }
        Call::Owned(n) => poll_times(polls, reader.read_owned(Vec::with_capacity(n).at_most(n)))
            .map(|r| Ok(bytes(r?.1.into_inner()))),
        Call::Vectored(n, m) => {
            let bufs = (Vec::with_capacity(n).at_most(n), Vec::with_capacity(m).at_most(m));
            poll_times(polls, reader.read_vectored_owned(bufs)).map(|r| {
                let (_, (a, b)) = r?;
                Ok(bytes([a.filled(), b.filled()].concat()))
            })
        }
        Call::Until(byte) => {
            let mut buf = Vec::new();
            let outcome = poll_times(polls, reader.read_until(byte, &mut buf));
            // Dropped or failed, what it took is in `buf`.
            match outcome {
                Some(Ok(_)) => Some(Ok(bytes(buf))),
                _ => Some(Ok(Brought::Bytes(buf))),
            }
        }
        _ => unreachable!("is no read"),
    }
}

fn config() -> ProptestConfig {
    ProptestConfig {
        cases: if cfg!(miri) { 1 } else { 1024 },
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_buffered_reader_is_that_of_std(
        text in vec(0..8_u8, 100),
        capacity in 1..16_usize,
        bumps in vec(bump(), 1..20),
        first in any::<bool>(),
        calls in vec((call(), 1..5_usize), 1..if cfg!(miri) { 20 } else { 60 }),
    ) {
        let mut bumps = bumps;
        bumps.push(if first { Bump::AtMost(3) } else { Bump::AtMost(9) });
        let mut ours = BufReader::with_capacity(Bumpy::new(&text, bumps), capacity);
        let mut std = std::io::BufReader::with_capacity(capacity, Cursor::new(text.clone()));
        for (call, polls) in calls {
            let outcome = match call {
                Call::SetMemory(n) => {
                    ours.set_read_buf(OwnedBuf::with_capacity(n));
                    Some(Ok(Brought::Nothing))
                }
                Call::TakeMemory => {
                    drop(ours.take_read_buf());
                    Some(Ok(Brought::Nothing))
                }
                Call::Relative(by) => {
                    let (ours, theirs) =
                        (poll_times(9, ours.seek_relative(by)).unwrap(), std.seek_relative(by));
                    prop_assert_eq!(ours.is_ok(), theirs.is_ok());
                    Some(ours.map(|()| Brought::Moved))
                }
                Call::Seek(to) => {
                    let ours = poll_times(9, Seek::seek(&mut ours, to)).unwrap();
                    prop_assert_eq!(ours.as_ref().ok().copied(), std.seek(to).ok());
                    Some(ours.map(|_| Brought::Moved))
                }
                ref read => reads(&mut ours, read, polls),
            };
            match outcome {
                Some(Ok(Brought::Bytes(bytes))) => {
                    let mut theirs = vec![0; bytes.len()];
                    std.read_exact(&mut theirs).unwrap();
                    prop_assert_eq!(bytes, theirs);
                }
                Some(Ok(Brought::End)) => prop_assert!(std.fill_buf().unwrap().is_empty()),
                Some(Ok(Brought::Moved | Brought::Nothing) | Err(_)) | None => {}
            }
            let position = poll_times(9, ours.stream_position()).unwrap().unwrap();
            prop_assert_eq!(position, std.stream_position().unwrap());
        }
        // Whatever happened, the rest is all there.
        let (mut rest, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..1000 {
            if let Some(Ok(_)) = poll_times(99, Read::read_to_end(&mut ours, &mut rest)) {
                break;
            }
        }
        std.read_to_end(&mut theirs).unwrap();
        prop_assert_eq!(rest, theirs);
    }
}
