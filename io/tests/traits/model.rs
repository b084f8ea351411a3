//! Random streams, cut and interrupted at random, read the same as by `std`.

use std::io::{BufRead as _, ErrorKind};

use proptest::collection::vec;
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop, prop_oneof};
use proptest::{prop_assert, prop_assert_eq, proptest};
use sexton_io::{BufRead, Read, TooLong};

use crate::support::{Script, Step, poll_times};

/// Bytes that are often delimiters, now and then no text, and else letters of one or two bytes.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => Just(b"\n".to_vec()),
        1 => Just(b"\r\n".to_vec()),
        1 => Just(b"\r".to_vec()),
        1 => Just(b"\xff".to_vec()),
        2 => Just("ö".as_bytes().to_vec()),
        6 => vec(b'a'..=b'c', 0..8),
    ];
    vec(piece, 0..if cfg!(miri) { 8 } else { 24 }).prop_map(|pieces| pieces.concat())
}

/// The same bytes in a script: cut at random, with waits, false alarms and interruptions between.
fn script() -> impl Strategy<Value = (Vec<u8>, Vec<Step>)> {
    (bytes(), vec((1..9_usize, 0..5_u8), 1..if cfg!(miri) { 8 } else { 40 })).prop_map(
        |(bytes, cuts)| {
            let (mut steps, mut rest) = (Vec::new(), &bytes[..]);
            for &(len, kind) in cuts.iter().cycle() {
                match kind {
                    0 => steps.push(Step::Block),
                    1 => steps.push(Step::Spurious),
                    2 => steps.push(Step::Fail(ErrorKind::Interrupted)),
                    _ => {}
                }
                if rest.is_empty() {
                    break;
                }
                let (chunk, later) = rest.split_at(len.min(rest.len()));
                steps.push(Step::Bytes(chunk.to_vec()));
                rest = later;
            }
            (bytes, steps)
        },
    )
}

/// Awaits what `attempt` makes; drops and remakes it after so many polls, the numbers in turn.
fn cancelling<T>(polls: &[usize], mut attempt: impl FnMut(usize) -> Option<T>) -> T {
    for &polls in polls.iter().cycle().take(10_000) {
        if let Some(output) = attempt(polls) {
            return output;
        }
    }
    panic!("cancelling keeps it from making progress");
}

fn config() -> ProptestConfig {
    ProptestConfig {
        cases: if cfg!(miri) { 1 } else { 512 },
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn read_until_is_that_of_std(
        (bytes, steps) in script(),
        delimiters in vec(prop::sample::select(b"\nab\xc3\xff".as_slice()), 1..5),
        polls in vec(1..4_usize, 1..5),
    ) {
        let (mut ours, mut theirs) = (Script::new(steps), &bytes[..]);
        for &delimiter in delimiters.iter().cycle() {
            let (mut a, mut b) = (Vec::new(), Vec::new());
            cancelling(&polls, |n| poll_times(n, ours.read_until(delimiter, &mut a))).unwrap();
            let n = theirs.read_until(delimiter, &mut b).unwrap();
            prop_assert_eq!(a, b);
            if n == 0 {
                break;
            }
        }
    }

    #[test]
    fn skipping_is_that_of_std(
        (bytes, steps) in script(),
        delimiters in vec(prop::sample::select(b"\nab\xc3\xff".as_slice()), 1..5),
        polls in vec(1..4_usize, 1..5),
    ) {
        let (mut ours, mut theirs) = (Script::new(steps), &bytes[..]);
        for &delimiter in delimiters.iter().cycle() {
            let n = theirs.skip_until(delimiter).unwrap();
            if delimiter == b'a' {
                // One that is not dropped counts as std does.
                prop_assert_eq!(poll_times(usize::MAX, ours.skip_until(delimiter)).unwrap()?, n);
            } else {
                cancelling(&polls, |n| poll_times(n, ours.skip_until(delimiter))).unwrap();
            }
            prop_assert_eq!(ours.rest(), theirs);
            if theirs.is_empty() {
                break;
            }
        }
    }

    #[test]
    fn lines_are_those_of_std((bytes, steps) in script(), polls in vec(1..4_usize, 1..5)) {
        let mut ours = Script::new(steps).lines();
        for theirs in bytes.lines() {
            match (cancelling(&polls, |n| poll_times(n, ours.next_line())), theirs) {
                (Ok(ours), Ok(theirs)) => prop_assert_eq!(ours, Some(theirs)),
                (Err(ours), Err(theirs)) => prop_assert_eq!(ours.kind(), theirs.kind()),
                (ours, theirs) => prop_assert!(false, "{:?} but std: {:?}", ours, theirs),
            }
        }
        prop_assert_eq!(cancelling(&polls, |n| poll_times(n, ours.next_line())).unwrap(), None);
    }

    #[test]
    fn segments_are_those_of_std((bytes, steps) in script(), polls in vec(1..4_usize, 1..5)) {
        let mut ours = Script::new(steps).split(b'a');
        for theirs in std::io::BufRead::split(&bytes[..], b'a').map(Result::unwrap) {
            let ours = cancelling(&polls, |n| poll_times(n, ours.next_segment()));
            prop_assert_eq!(ours.unwrap(), Some(theirs));
        }
        prop_assert_eq!(cancelling(&polls, |n| poll_times(n, ours.next_segment())).unwrap(), None);
    }

    #[test]
    fn a_single_line_is_that_of_std((bytes, steps) in script()) {
        let (mut ours, mut theirs) = (Script::new(steps), &bytes[..]);
        loop {
            let (mut a, mut b) = (String::new(), String::new());
            let ours = cancelling(&[usize::MAX], |n| poll_times(n, ours.read_line(&mut a)));
            match (ours, theirs.read_line(&mut b)) {
                (Ok(0), Ok(0)) => break,
                (Ok(n), Ok(m)) => prop_assert_eq!((n, a), (m, b)),
                (ours, theirs) => prop_assert_eq!(ours.is_err(), theirs.is_err()),
            }
        }
    }

    /// Up to the first line that is too long they are the lines; from there all bytes are left.
    #[test]
    fn limited_segments_are_the_others_as_long_as_they_fit(
        (bytes, steps) in script(),
        max in 0..12_usize,
        polls in vec(1..4_usize, 1..5),
    ) {
        let mut ours = Script::new(steps).split_limited(b'\n', max);
        let mut left = &bytes[..];
        for theirs in bytes.split_inclusive(|&b| b == b'\n') {
            let segment = cancelling(&polls, |n| poll_times(n, ours.next_segment()));
            prop_assert!(ours.partial().len() <= max);
            if theirs.len() > max {
                prop_assert!(TooLong::of(&segment.unwrap_err()).is_some());
                let (reader, partial) = ours.into_parts();
                prop_assert_eq!([&partial[..], &reader.rest()].concat(), left);
                return Ok(());
            }
            let segment = segment.unwrap().unwrap();
            prop_assert_eq!(&segment[..], theirs.strip_suffix(b"\n").unwrap_or(theirs));
            left = &left[theirs.len()..];
        }
        let end = cancelling(&polls, |n| poll_times(n, ours.next_segment()));
        prop_assert_eq!(end.unwrap(), None);
    }

    #[test]
    fn reading_to_the_end_brings_every_byte(
        (bytes, steps) in script(),
        limit in any::<prop::sample::Index>(),
        polls in vec(1..4_usize, 1..5),
    ) {
        let limit = limit.index(bytes.len() + 1);
        let mut reader = Script::new(steps);
        let mut all = Vec::new();
        let mut part = reader.by_ref().take(limit as u64);
        cancelling(&polls, |n| poll_times(n, part.read_to_end(&mut all))).unwrap();
        prop_assert_eq!(&all, &bytes[..limit]);
        cancelling(&polls, |n| poll_times(n, reader.read_to_end(&mut all))).unwrap();
        prop_assert_eq!(&all, &bytes);
    }
}
