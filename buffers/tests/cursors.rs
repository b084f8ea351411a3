//! `ReadBuf`, its cursors and the tails of owned buffers.
#![allow(unsafe_code, reason = "does what a kernel does")]

mod support;

use std::{
    future::Future,
    io::Write,
    mem::{self, MaybeUninit},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll, Waker},
};

use proptest::{collection::vec, prelude::*};
use sexton_buffers::{
    IoBuf, OwnedBuf, ReadBuf, ReadBufVec, ReadCursor, ReadVecCursor, Tail, VecTail, VectoredTail,
    fill_tail,
};
use support::{kernel_writes, now};

#[test]
fn a_future_that_holds_a_cursor_may_change_threads() {
    fn on_any_thread<T: Send + Sync>() {}
    on_any_thread::<ReadBuf<'_>>();
    on_any_thread::<ReadCursor<'_>>();
    on_any_thread::<ReadBufVec<'_, '_>>();
    on_any_thread::<ReadVecCursor<'_, '_>>();
    on_any_thread::<VecTail<'_>>();

    let mut memory = [0; 4];
    let mut buf = ReadBuf::from(&mut memory[..]);
    std::thread::scope(|scope| {
        let mut cursor = buf.unfilled();
        scope.spawn(move || cursor.append(b"abc"));
    });
    assert_eq!(buf.filled(), b"abc");
}

/// Swapping two cursors is all that a malicious reader can do, and each still counts for its own.
#[test]
fn swapped_cursors_still_belong_to_their_buffers() {
    fn malicious<'a>(mut theirs: ReadCursor<'a>, mut mine: ReadCursor<'a>) {
        mem::swap(&mut theirs, &mut mine);
        theirs.append(b"elsewhere");
        assert_eq!(mine.written(), 0);
    }
    let (mut one, mut two) = ([MaybeUninit::uninit(); 16], [MaybeUninit::uninit(); 16]);
    let (mut theirs, mut mine) = (ReadBuf::from(&mut one[..]), ReadBuf::from(&mut two[..]));
    malicious(theirs.unfilled(), mine.unfilled());
    assert_eq!((theirs.filled(), mine.filled()), (&b""[..], &b"elsewhere"[..]));
}

#[test]
fn the_kernel_writes_through_a_cursors_raw_pointer() {
    let mut memory = [MaybeUninit::uninit(); 8];
    let mut buf = ReadBuf::from(&mut memory[..]);
    let mut cursor = buf.unfilled();
    cursor.append(b"ab");
    assert_eq!((cursor.reborrow().written(), cursor.written()), (0, 2), "each counts its own");
    let raw = cursor.as_raw();
    // SAFETY: derived just now.
    let n = unsafe { kernel_writes(raw, b"cd") };
    // SAFETY: so many bytes were written.
    unsafe { cursor.advance_unchecked(n) };
    assert_eq!((cursor.written(), cursor.capacity(), cursor.init_len()), (4, 4, 0));
    assert_eq!(buf.filled(), b"abcd");
    buf.filled_mut()[0] = b'x';
    assert_eq!(buf.filled(), b"xbcd");
}

#[test]
#[should_panic(expected = "cannot advance by 3 bytes: 2 unfilled ones are initialised")]
fn a_safe_advance_stays_within_what_is_initialised() {
    let mut memory = [MaybeUninit::uninit(); 8];
    let mut buf = ReadBuf::from(&mut memory[..]);
    let mut cursor = buf.unfilled();
    cursor.at_most(2).ensure_init();
    cursor.advance(3);
}

#[test]
#[should_panic(expected = "cannot advance by 3 bytes: 2 unfilled ones are initialised")]
fn a_limited_cursor_does_not_advance_beyond_its_limit() {
    let mut memory = [0; 8];
    ReadBuf::from(&mut memory[..]).unfilled().at_most(2).advance(3);
}

#[derive(Clone, Debug)]
enum Step {
    Append(Vec<u8>),
    AppendAtMost(usize, Vec<u8>),
    Fallback(usize, usize),
    Kernel(Vec<u8>),
    Write(Vec<u8>),
    Clear,
}

fn step() -> impl Strategy<Value = Step> {
    let data = || vec(any::<u8>(), 0..8);
    prop_oneof![
        data().prop_map(Step::Append),
        (0_usize..8, data()).prop_map(|(n, data)| Step::AppendAtMost(n, data)),
        (0_usize..8, 0_usize..8).prop_map(|(limit, n)| Step::Fallback(limit, n)),
        data().prop_map(Step::Kernel),
        data().prop_map(Step::Write),
        Just(Step::Clear),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if cfg!(miri) { 6 } else { 512 },
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_read_buf_counts_as_a_plain_model_does(
        steps in vec(step(), 0..16),
        capacity in 0_usize..24,
        initialised: bool,
    ) {
        let mut uninit = Box::<[u8]>::new_uninit_slice(capacity);
        let mut init = vec![0; capacity];
        let mut buf = match initialised {
            true => ReadBuf::from(&mut init[..]),
            false => ReadBuf::from(&mut uninit[..]),
        };
        let mut model = Vec::new();
        for step in &steps {
            let mut cursor = buf.unfilled();
            let room = cursor.capacity();
            let (written, data) = match step {
                Step::Append(data) => (cursor.append(data), &data[..]),
                Step::AppendAtMost(limit, data) => {
                    (cursor.at_most(*limit).append(data), &data[..data.len().min(*limit)])
                }
                Step::Fallback(limit, n) => {
                    let mut limited = cursor.at_most(*limit);
                    let room = limited.ensure_init();
                    let n = room.len().min(*n);
                    room[..n].fill(1);
                    limited.advance(n);
                    (n, &[1; 8][..n])
                }
                Step::Kernel(data) => {
                    // SAFETY: derived just now.
                    let n = unsafe { kernel_writes(cursor.as_raw(), data) };
                    // SAFETY: so many bytes were written.
                    unsafe { cursor.advance_unchecked(n) };
                    (n, &data[..])
                }
                Step::Write(data) => (cursor.write(data).unwrap(), &data[..]),
                Step::Clear => {
                    buf.clear();
                    model.clear();
                    continue;
                }
            };
            prop_assert_eq!(written, data.len().min(room));
            prop_assert_eq!(cursor.written(), written);
            model.extend(&data[..written]);
            prop_assert_eq!(buf.filled(), &model[..]);
            prop_assert!(model.len() <= buf.init_len() && buf.init_len() <= capacity);
            prop_assert_eq!(buf.remaining(), capacity - model.len());
            prop_assert!(!initialised || buf.init_len() == capacity);
        }
    }
}

#[test]
fn several_buffers_are_filled_in_order() {
    let (mut a, mut b, mut c) = ([0; 2], [], [0; 4]);
    let mut bufs = [
        ReadBuf::from(&mut a[..]),
        ReadBuf::from(&mut b[..] as &mut [u8]),
        ReadBuf::from(&mut c[..]),
    ];
    let mut list = ReadBufVec::new(&mut bufs);
    let mut cursor = list.cursor();
    assert_eq!(cursor.remaining(), 6);
    assert_eq!(cursor.reborrow().append(b"x"), 1);
    assert_eq!(cursor.first().unwrap().append(b"yz"), 1);
    assert_eq!(cursor.first().unwrap().capacity(), 4);

    let mut parts = Vec::new();
    cursor.for_each_raw(|raw| parts.push(raw));
    assert_eq!(parts.len(), 1, "full and empty buffers are passed over");
    // SAFETY: derived just now.
    let n = unsafe { kernel_writes(parts[0], b"zw") };
    // SAFETY: so many bytes were written.
    unsafe { cursor.advance_unchecked(n) };
    assert_eq!(cursor.append(b"too long"), 2);
    assert!(cursor.first().is_none());
    assert_eq!(
        (bufs[0].filled(), bufs[1].filled(), bufs[2].filled()),
        (&b"xy"[..], &b""[..], &b"zwto"[..])
    );
}

#[test]
fn one_kernel_read_may_end_in_any_buffer() {
    for n in 0..=5 {
        let (mut a, mut b) = ([b'a'; 2], [b'b'; 3]);
        let mut bufs = [ReadBuf::from(&mut a[..]), ReadBuf::from(&mut b[..])];
        // SAFETY: all of it is initialised.
        unsafe { ReadBufVec::new(&mut bufs).cursor().advance_unchecked(n) };
        assert_eq!([bufs[0].filled(), bufs[1].filled()].concat(), b"aabbb"[..n]);
    }
}

/// Reads nothing at first, then what it was given, byte by byte.
struct Slowly {
    data: &'static [u8],
    waited: bool,
}

impl Slowly {
    fn read(&mut self, mut into: ReadCursor<'_>) -> impl Future<Output = ()> {
        std::future::poll_fn(move |_| {
            self.waited = !self.waited;
            if self.waited {
                return Poll::Pending;
            }
            let n = into.append(&self.data[..self.data.len().min(1)]);
            self.data = &self.data[n..];
            Poll::Ready(())
        })
    }
}

async fn read_to_end(reader: &mut Slowly, buf: &mut Vec<u8>) -> usize {
    let start = buf.len();
    let mut tail = VecTail::new(buf);
    loop {
        tail.reserve(1);
        reader.read(tail.unfilled()).await;
        if tail.commit() == 0 {
            return tail.buf().len() - start;
        }
    }
}

/// A future that is dropped half-way has given everything that it read to its caller.
#[test]
fn a_tail_keeps_what_was_read_before_its_future_was_dropped() {
    for polls in 0..6 {
        let mut reader = Slowly { data: b"hello", waited: false };
        let mut buf = b"> ".to_vec();
        {
            let mut future = Box::pin(read_to_end(&mut reader, &mut buf));
            for _ in 0..polls {
                assert!(poll(future.as_mut()).is_pending());
            }
        }
        assert_eq!([&buf[..], reader.data].concat(), b"> hello", "after {polls} polls");

        let mut future = Box::pin(read_to_end(&mut reader, &mut buf));
        while poll(future.as_mut()).is_pending() {}
        drop(future);
        assert_eq!(buf, b"> hello");
    }
}

fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn a_forgotten_tail_marks_nothing() {
    let mut vec = Vec::with_capacity(8);
    let mut tail = Tail::new(&mut vec);
    tail.unfilled().append(b"ab");
    tail.commit();
    tail.unfilled().append(b"cd");
    mem::forget(tail);
    assert_eq!(vec, b"ab");
}

#[test]
fn a_tail_appends_to_any_buffer_and_stops_at_its_end() {
    let mut buf = OwnedBuf::new(vec![0; 4]);
    assert_eq!(fill_tail(&mut buf, |mut cursor| cursor.append(b"no room")), (0, 0));

    let mut buf = OwnedBuf::with_capacity(4);
    let (answer, n) = fill_tail(&mut buf, |mut cursor| cursor.append(b"hello"));
    assert_eq!((answer, n, buf.filled()), (n, n, &b"hello"[..n]));
    assert!(n >= 4);
}

#[test]
fn a_panicking_reader_loses_nothing_that_it_wrote() {
    let mut vec = Vec::with_capacity(8);
    let panic = catch_unwind(AssertUnwindSafe(|| {
        fill_tail(&mut vec, |mut cursor| {
            cursor.append(b"ab");
            panic!("after two bytes");
        })
    }));
    assert!(panic.is_err());
    assert_eq!(vec, b"ab");
}

#[test]
fn a_vectored_tail_fills_owned_buffers_in_order() {
    async fn read(mut into: ReadVecCursor<'_, '_>) {
        into.append(b"hello");
    }
    let mut bufs = (vec![1; 2], OwnedBuf::with_capacity(0), Vec::with_capacity(64));
    let mut tail = VectoredTail::new(&mut bufs);
    now(read(tail.unfilled()));
    tail.unfilled().append(b", world");
    drop(tail);
    assert_eq!(
        (&bufs.0[..], bufs.1.filled(), &bufs.2[..]),
        (&[1, 1][..], &b""[..], &b"hello, world"[..])
    );
}
