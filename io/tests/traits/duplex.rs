//! The connection in memory.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io::{ErrorKind, IoSlice};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Wake, Waker};

use proptest::prelude::{Strategy, any, prop_oneof, proptest};
use sexton_buffers::{IoBufMut, ReadBuf, ReadBufVec};
use sexton_io::{
    BufRead, Duplex, Interest, NonBlocking, OwnedRead, OwnedWrite, Read, Ready, SplitIo, Write,
    duplex,
};

use crate::support::{Tasks, block_on, poll_times};

fn would_read(end: &mut Duplex) -> bool {
    let mut byte = [0];
    let answer = end.non_blocking_read_buf(ReadBuf::from(&mut byte[..]).unfilled()).unwrap();
    answer == NonBlocking::WouldBlock
}

#[test]
fn what_one_end_writes_the_other_reads_in_both_directions() {
    let (mut a, mut b) = duplex(8);
    block_on(a.write_all(b"to b")).unwrap();
    block_on(b.write_all(b"to a")).unwrap();
    let mut buf = [0; 4];
    block_on(a.read_exact(&mut buf)).unwrap();
    assert_eq!(&buf, b"to a");
    block_on(b.read_exact(&mut buf)).unwrap();
    assert_eq!(&buf, b"to b");
    assert!(would_read(&mut a) && would_read(&mut b));
}

#[test]
fn a_writer_waits_beyond_the_capacity_which_counts_what_is_shown_and_not_consumed() {
    let (mut a, mut b) = duplex(4);
    assert_eq!(block_on(a.write(b"abcdef")).unwrap(), 4);
    assert_eq!(a.non_blocking_write(b"x").unwrap(), NonBlocking::WouldBlock);
    assert_eq!(block_on(b.fill_buf()).unwrap(), b"abcd");
    assert_eq!(a.non_blocking_write(b"x").unwrap(), NonBlocking::WouldBlock);
    assert!(poll_times(3, a.ready(Interest::WRITE)).is_none());
    b.consume(3);
    assert_eq!(block_on(b.fill_buf()).unwrap(), b"d", "what is not consumed is shown again");
    assert!(block_on(a.ready(Interest::WRITE)).unwrap().write());
    assert_eq!(block_on(a.write(b"efgh")).unwrap(), 3);
    assert_eq!(block_on(b.fill_buf()).unwrap(), b"d", "first what was shown");
    assert_eq!(block_on(b.fill_at_least(4)).unwrap(), b"defg", "in one piece");
    let error = block_on(b.fill_at_least(5)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert_eq!(block_on(b.fill_buf()).unwrap(), b"defg");
}

#[test]
fn a_capacity_of_zero_still_carries_a_byte() {
    let (mut a, mut b) = duplex(0);
    assert_eq!(block_on(a.write(b"xy")).unwrap(), 1);
    assert_eq!(block_on(b.next_byte()).unwrap(), Some(b'x'));
}

#[test]
fn the_end_is_a_level_and_comes_after_what_was_written() {
    for shut_down in [0, 1, 2] {
        let (mut a, mut b) = duplex(8);
        block_on(a.write_all(b"last")).unwrap();
        match shut_down {
            0 => drop(a),
            1 => block_on(a.shutdown()).unwrap(),
            _ => block_on(a.shutdown_owned()).unwrap(),
        }
        assert!(block_on(b.ready(Interest::READ)).unwrap().hup());
        assert_eq!(block_on(b.fill_at_least(99)).unwrap(), b"last");
        b.consume(4);
        for _ in 0..3 {
            assert!(block_on(b.ready(Interest::READ)).unwrap().read());
            assert_eq!(block_on(b.fill_buf()).unwrap(), b"");
            assert_eq!(block_on(b.read(&mut [0; 4])).unwrap(), 0);
            assert_eq!(block_on(b.read_owned(Vec::with_capacity(4))).unwrap().0, 0);
        }
    }
}

#[test]
fn after_a_shutdown_the_other_direction_goes_on() {
    let (mut a, mut b) = duplex(8);
    block_on(a.shutdown()).unwrap();
    block_on(b.write_all(b"still")).unwrap();
    assert_eq!(block_on(a.fill_buf()).unwrap(), b"still");
    let error = block_on(a.write(b"x")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BrokenPipe);
}

#[test]
fn writing_to_a_reader_that_is_gone_is_a_broken_pipe() {
    let (mut a, b) = duplex(4);
    block_on(a.write_all(b"full")).unwrap();
    let mut tasks = Tasks::default();
    tasks.spawn(async {
        let error = a.write_all(b"more").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
        let error = a.write_owned("owned").await.unwrap_err();
        assert_eq!((error.kind(), *error.buf()), (ErrorKind::BrokenPipe, "owned"));
        let error = a.write_vectored_owned(["", ""]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
        assert!(a.write(b"").await.is_err());
        assert!(a.ready(Interest::WRITE).await.unwrap().hup());
        assert_eq!(a.fill_buf().await.unwrap(), b"", "the other end's writer is gone, too");
    });
    assert_eq!(tasks.run_until_asleep(), 1);
    drop(b);
    tasks.run();
}

#[test]
fn waiting_for_both_directions_ends_with_the_first() {
    let (mut a, mut b) = duplex(4);
    let now = block_on(a.ready(Interest::READ_WRITE)).unwrap();
    assert!(now.write() && !now.read() && !now.hup());
    block_on(a.write_all(b"full")).unwrap();
    {
        let mut tasks = Tasks::default();
        tasks.spawn(async {
            let now = a.ready(Interest::READ_WRITE).await.unwrap();
            assert!(now.read() && !now.write());
        });
        assert_eq!(tasks.run_until_asleep(), 1);
        block_on(b.write_all(b"x")).unwrap();
        tasks.run();
    }
    assert!(poll_times(1, a.ready(Interest::WRITE)).is_none());
    let mut tasks = Tasks::default();
    tasks.spawn(async {
        let now = a.ready(Interest::WRITE).await.unwrap();
        assert!(now.write() && !now.read());
    });
    assert_eq!(tasks.run_until_asleep(), 1);
    block_on(b.read(&mut [0])).unwrap();
    tasks.run();
}

#[test]
fn both_halves_wait_at_once_and_each_is_woken() {
    let (mut a, mut b) = duplex(2);
    let sent = if cfg!(miri) { 50 } else { 1_000 };
    let text: Vec<u8> = (0..sent).map(|n| n as u8).collect();
    let mut tasks = Tasks::default();
    for end in [&mut a, &mut b] {
        let (reader, writer) = end.split_io();
        let text = &text;
        tasks.spawn(async move {
            for part in text.chunks(7) {
                writer.write_all_owned(part.to_vec()).await.unwrap();
            }
            writer.shutdown().await.unwrap();
        });
        tasks.spawn(async move {
            let mut all = Vec::new();
            while reader.has_data_left().await.unwrap() {
                (_, all) = reader.read_to_end_owned(all).await.unwrap();
            }
            assert!(all == *text);
        });
    }
    tasks.run();
}

#[test]
fn the_halves_of_two_tasks_end_each_their_direction() {
    let (a, mut b) = duplex(8);
    let (mut reader, writer) = a.into_split();
    drop(writer);
    assert_eq!(block_on(b.fill_buf()).unwrap(), b"");
    block_on(b.write_all(b"x")).unwrap();
    assert_eq!(block_on(reader.next_byte()).unwrap(), Some(b'x'));
    drop(reader);
    assert_eq!(block_on(b.write(b"x")).unwrap_err().kind(), ErrorKind::BrokenPipe);
}

#[test]
fn vectored_calls_use_all_parts() {
    let (mut a, mut b) = duplex(5);
    assert!(a.is_write_vectored() && a.is_write_vectored_owned());
    assert!(a.is_read_vectored() && a.is_read_vectored_owned());
    let parts = [IoSlice::new(b""), IoSlice::new(b"ab"), IoSlice::new(b"cdefg")];
    assert_eq!(block_on(a.write_vectored(&parts)).unwrap(), 5);
    assert_eq!(a.non_blocking_write_vectored(&parts).unwrap(), NonBlocking::WouldBlock);
    let (mut x, mut y) = ([0; 2], [0; 2]);
    let mut bufs = [ReadBuf::from(&mut x[..]), ReadBuf::from(&mut y[..])];
    assert_eq!(block_on(b.read_buf_vectored(ReadBufVec::new(&mut bufs).cursor())).unwrap(), 4);
    assert_eq!((bufs[0].filled(), bufs[1].filled()), (&b"ab"[..], &b"cd"[..]));
    assert_eq!(block_on(a.write_vectored_owned(("fg", "", vec![b'h']))).unwrap().0, 3);
    let bufs = [Vec::with_capacity(1).at_most(1), Vec::with_capacity(9).at_most(9)];
    let (n, [first, second]) = block_on(b.read_vectored_owned(bufs)).unwrap();
    assert_eq!((n, &first.into_inner()[..], &second.into_inner()[..]), (4, &b"e"[..], &b"fgh"[..]));
    assert_eq!(block_on(a.write_vectored(&[])).unwrap(), 0);
}

#[test]
fn a_buffer_without_room_is_an_error() {
    let (_a, mut b) = duplex(5);
    let error = block_on(b.read_owned(Vec::new())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    let error = block_on(b.read_vectored_owned([Vec::new()])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert_eq!(block_on(b.read(&mut [])).unwrap(), 0, "does not wait");
}

thread_local! {
    static ENDS: [RefCell<Option<Duplex>>; 2] = const { [RefCell::new(None), RefCell::new(None)] };
    static MEDDLED: Cell<usize> = const { Cell::new(0) };
}

/// Uses the ends of the connection that are free, while it is called and while it is dropped.
struct Meddler;

fn meddle() {
    let _over = ENDS.try_with(|ends| {
        for end in ends {
            let Ok(mut end) = end.try_borrow_mut() else { continue };
            let Some(end) = end.as_mut() else { continue };
            let _any = end.non_blocking_write(b"!").map(drop);
            let _any =
                end.non_blocking_read_buf(ReadBuf::from(&mut [0; 9][..]).unfilled()).map(drop);
            let _any = format!("{end:?}");
            MEDDLED.set(MEDDLED.get() + 1);
        }
    });
}

impl Wake for Meddler {
    fn wake(self: Arc<Self>) {
        meddle();
    }
}

impl Drop for Meddler {
    fn drop(&mut self) {
        meddle();
    }
}

fn with_end<T>(end: usize, call: impl FnOnce(&mut Duplex) -> T) -> T {
    ENDS.with(|ends| call(ends[end].borrow_mut().as_mut().unwrap()))
}

/// Waits at an end with a [`Meddler`] as the waker.
fn wait_at(end: usize, interest: Interest) {
    let waker = Waker::from(Arc::new(Meddler));
    with_end(end, |end| {
        let mut ready = pin!(end.ready(interest));
        let mut cx = Context::from_waker(&waker);
        assert!(ready.as_mut().poll(&mut cx).is_pending());
    });
}

/// Code of others runs while nothing is borrowed: a mistake panics in the `RefCell`.
#[test]
fn a_waker_may_use_the_connection_when_it_is_called_and_when_it_is_dropped() {
    let calls: [fn(); 5] = [
        || wait_at(0, Interest::READ), // the first waker is dropped
        || with_end(1, |b| block_on(b.write_all(b"x")).unwrap()),
        || with_end(1, |b| block_on(b.shutdown()).unwrap()),
        || ENDS.with(|ends| drop(ends[1].take())),
        || assert_eq!(with_end(1, |b| block_on(b.read(&mut [0]))).unwrap(), 1),
    ];
    for (index, call) in calls.into_iter().enumerate() {
        let (a, b) = duplex(2);
        ENDS.with(|[first, second]| {
            *first.borrow_mut() = Some(a);
            *second.borrow_mut() = Some(b);
        });
        if index < 4 {
            wait_at(0, Interest::READ);
        } else {
            with_end(0, |a| block_on(a.write_all(b"xx")).unwrap());
            wait_at(0, Interest::WRITE);
        }
        MEDDLED.set(0);
        call();
        assert!(MEDDLED.get() > 0, "call {index} reached no waker");
        ENDS.with(|ends| ends.each_ref().map(|end| drop(end.take())));
    }
}

/// What a random program does with a connection.
#[derive(Clone, Debug)]
enum Do {
    Write(Vec<u8>),
    WriteOwned(Vec<u8>),
    Read(usize),
    ReadOwned(usize),
    Fill,
    FillAtLeast(usize),
    Consume(usize),
    ShutDown,
}

fn program() -> impl Strategy<Value = Vec<Do>> {
    let bytes = || proptest::collection::vec(any::<u8>(), 0..9);
    let step = prop_oneof![
        4 => bytes().prop_map(Do::Write),
        2 => bytes().prop_map(Do::WriteOwned),
        3 => (0..9_usize).prop_map(Do::Read),
        2 => (1..9_usize).prop_map(Do::ReadOwned),
        2 => proptest::strategy::Just(Do::Fill),
        2 => (0..9_usize).prop_map(Do::FillAtLeast),
        3 => (0..9_usize).prop_map(Do::Consume),
        1 => proptest::strategy::Just(Do::ShutDown),
    ];
    proptest::collection::vec(step, 0..if cfg!(miri) { 10 } else { 60 })
}

proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig {
        cases: if cfg!(miri) { 2 } else { 512 },
        failure_persistence: None,
        ..Default::default()
    })]

    /// Against a queue of bytes: what is read is what was written, and never more is on the way
    /// than the capacity. What would wait is dropped after a poll.
    #[test]
    fn a_random_program_reads_what_it_wrote(capacity in 1..9_usize, program in program()) {
        let (mut a, mut b) = duplex(capacity);
        let (mut model, mut ended) = (VecDeque::<u8>::new(), false);
        for step in program {
            let room = capacity - model.len();
            let front = |n: usize| model.iter().copied().take(n).collect::<Vec<u8>>();
            match step {
                Do::Write(bytes) => {
                    let n = poll_times(1, a.write(&bytes));
                    match n {
                        Some(Ok(n)) => {
                            assert!(!ended && n == room.min(bytes.len()));
                            model.extend(&bytes[..n]);
                        }
                        Some(Err(_)) => assert!(ended),
                        None => assert!(room == 0 && !bytes.is_empty()),
                    }
                }
                Do::WriteOwned(bytes) => match poll_times(1, a.write_owned(bytes.clone())) {
                    Some(Ok((n, back))) => {
                        assert!(back == bytes && n == room.min(bytes.len()));
                        model.extend(&bytes[..n]);
                    }
                    Some(Err(_)) => assert!(ended),
                    None => assert!(room == 0 && !bytes.is_empty()),
                },
                Do::Read(n) => {
                    let mut buf = vec![0; n];
                    match poll_times(1, b.read(&mut buf)) {
                        Some(got) => {
                            let got = got.unwrap();
                            assert_eq!(buf[..got], front(got));
                            assert!(got > 0 || n == 0 || (ended && model.is_empty()));
                            model.drain(..got);
                        }
                        None => assert!(model.is_empty() && !ended),
                    }
                }
                Do::ReadOwned(n) => match poll_times(1, b.read_owned(Vec::with_capacity(n))) {
                    Some(got) => {
                        let (got, buf) = got.unwrap();
                        assert_eq!(buf, front(got));
                        assert!(got > 0 || (ended && model.is_empty()));
                        model.drain(..got);
                    }
                    None => assert!(model.is_empty() && !ended),
                },
                Do::Fill => match poll_times(1, async { b.fill_buf().await.map(<[u8]>::to_vec) }) {
                    Some(shown) => {
                        let shown = shown.unwrap();
                        assert_eq!(shown, front(shown.len()));
                        assert!(!shown.is_empty() || (ended && model.is_empty()));
                    }
                    None => assert!(model.is_empty() && !ended),
                },
                Do::FillAtLeast(n) => {
                    let shown = async { b.fill_at_least(n).await.map(<[u8]>::to_vec) };
                    match poll_times(1, shown) {
                        Some(Ok(shown)) => {
                            assert_eq!(shown, front(shown.len()));
                            assert!(shown.len() >= n || (ended && shown.len() == model.len()));
                        }
                        Some(Err(_)) => assert!(n > capacity && room == 0),
                        None => assert!(!ended && model.len() < n.max(1)),
                    }
                }
                Do::Consume(n) => {
                    let shown = poll_times(1, async { b.fill_buf().await.map(<[u8]>::len) });
                    let n = shown.map_or(0, Result::unwrap).min(n);
                    b.consume(n);
                    model.drain(..n);
                }
                Do::ShutDown => {
                    block_on(a.shutdown()).unwrap();
                    ended = true;
                }
            }
        }
        drop(a);
        let mut rest = Vec::new();
        block_on(b.read_to_end(&mut rest)).unwrap();
        assert!(model == rest);
    }
}

/// A wait that is dropped leaves a waker behind; the next one takes its place.
#[test]
fn a_dropped_wait_does_not_take_the_wake_up_of_the_next() {
    let (mut a, mut b) = duplex(4);
    assert!(poll_times(1, b.fill_buf()).is_none());
    let mut tasks = Tasks::default();
    tasks.spawn(async {
        let mut got = Vec::new();
        b.read_until(b'.', &mut got).await.unwrap();
        assert_eq!(got, b"a.");
    });
    assert_eq!(tasks.run_until_asleep(), 1);
    assert!(matches!(poll_times(1, a.write(b"a.")), Some(Ok(2))));
    tasks.run();
}
