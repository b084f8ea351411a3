//! Random writes, errors and dropped futures: a `BufWriter` against a plain queue of bytes.

use std::io::ErrorKind;

use proptest::collection::vec;
use proptest::prelude::{Just, ProptestConfig, Strategy, prop_oneof};
use proptest::{prop_assert, prop_assert_eq, proptest};
use sexton_io::{BufWrite, BufWriter, Interest, Ready, Write};

use crate::support::{Sink, Take, poll_times};

#[derive(Clone, Debug)]
enum Call {
    Write(usize),
    Put(usize),
    Space(usize),
    Ready,
    Flush,
}

fn call() -> impl Strategy<Value = Call> {
    prop_oneof![
        (0..20_usize).prop_map(Call::Write),
        (0..20_usize).prop_map(Call::Put),
        (0..20_usize).prop_map(Call::Space),
        Just(Call::Ready),
        Just(Call::Flush),
    ]
}

fn take() -> impl Strategy<Value = Take> {
    prop_oneof![
        5 => (0..9_usize).prop_map(Take::AtMost),
        2 => Just(Take::Block),
        2 => Just(Take::Fail(ErrorKind::Interrupted)),
        2 => Just(Take::Fail(ErrorKind::TimedOut)),
    ]
}

/// Does one call, with the next bytes of the queue; `None` if it was dropped after so many polls.
fn does(
    writer: &mut BufWriter<Sink>,
    call: &Call,
    bytes: &[u8],
    polls: usize,
) -> Option<std::io::Result<()>> {
    match call {
        Call::Write(n) => poll_times(polls, writer.write(&bytes[..*n])).map(|r| r.map(drop)),
        Call::Put(n) => poll_times(polls, writer.put(&bytes[..*n])),
        Call::Space(n) => poll_times(polls, async {
            let room = writer.space().await?;
            let n = room.len().min(*n);
            room[..n].copy_from_slice(&bytes[..n]);
            writer.commit(n);
            Ok(())
        }),
        Call::Ready => poll_times(polls, writer.ready(Interest::WRITE)).map(|r| r.map(drop)),
        Call::Flush => poll_times(polls, writer.flush()),
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
    fn what_was_committed_comes_out_once_and_in_order(
        capacity in 1..12_usize,
        steps in vec(take(), 0..40),
        calls in vec((call(), 1..6_usize), 1..if cfg!(miri) { 20 } else { 60 }),
    ) {
        // The queue is all there is to commit, in order; `committed` is how far it got.
        let queue: Vec<u8> = (0..60 * 20).map(|n: u32| (n % 251) as u8).collect();
        let mut committed = 0;
        let mut writer = BufWriter::with_capacity(Sink::new(steps), capacity);
        for (call, polls) in calls {
            let outcome = does(&mut writer, &call, &queue[committed..], polls);
            let taken = writer.get_ref().taken.len();
            prop_assert!(queue.starts_with(&writer.get_ref().taken));
            let doubt = writer.non_blocking_write(&[]).is_err();
            if doubt {
                prop_assert!(outcome.is_none(), "in doubt without a dropped future");
                break;
            }
            prop_assert!(taken + writer.buffered() >= committed, "a committed byte is lost");
            committed = taken + writer.buffered();
            if matches!((call, outcome), (Call::Flush, Some(Ok(())))) {
                prop_assert_eq!(taken, committed);
            }
        }
        if writer.non_blocking_write(&[]).is_err() {
            let taken = writer.get_ref().taken.clone();
            prop_assert!(poll_times(9, writer.flush()).unwrap().is_err());
            prop_assert_eq!(&writer.get_ref().taken, &taken);
            prop_assert!(writer.into_parts().1.is_err());
        } else {
            // Errors are over after as many attempts as there are steps.
            let flushed = (0..50).find_map(|_| poll_times(50, writer.flush())?.ok());
            prop_assert!(flushed.is_some());
            prop_assert!(writer.get_ref().taken == queue[..committed]);
        }
    }
}
