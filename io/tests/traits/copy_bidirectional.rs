//! Two streams joined.

use std::cell::{Cell, RefCell};
use std::future::{pending, poll_fn, ready};
use std::io::{ErrorKind, Result};
use std::rc::Rc;
use std::task::{Poll, Waker};

use sexton_buffers::{BufResult, IoBuf, IoBufMut, IoVecBuf, IoVecBufMut, ReadCursor};
use sexton_io::{
    BufRead, Duplex, Interest, Memory, NonBlocking, OwnedRead, OwnedWrite, Read, Readiness, Ready,
    SplitIo, Write, copy_bidirectional, copy_bidirectional_with, duplex,
};

use crate::support::{Script, Sink, Step, Take, Tasks, block_on, poll_times};

/// A stream of a reader and a writer of its own.
struct Both<R, W>(R, W);

impl<R: BufRead + OwnedRead, W: Write + OwnedWrite> SplitIo for Both<R, W> {
    type ReadHalf<'a>
        = &'a mut R
    where
        Self: 'a;
    type WriteHalf<'a>
        = &'a mut W
    where
        Self: 'a;

    fn split_io(&mut self) -> (&mut R, &mut W) {
        (&mut self.0, &mut self.1)
    }
}

fn text(len: usize) -> Vec<u8> {
    (0..len).map(|n| (n % 251) as u8).collect()
}

async fn send(end: &mut impl Write, bytes: &[u8]) {
    end.write_all(bytes).await.unwrap();
    end.shutdown().await.unwrap();
}

async fn all(end: &mut impl Read) -> Vec<u8> {
    let mut bytes = Vec::new();
    end.read_to_end(&mut bytes).await.unwrap();
    bytes
}

#[test]
fn both_directions_arrive_whole_whatever_the_capacities() {
    let len = if cfg!(miri) { 10 } else { 3_000 };
    for (near, far) in [(1, 1), (1, 64), (64, 1), (7, 5), (4096, 4096)] {
        let (mut client, mut a) = duplex(near);
        let (mut server, mut b) = duplex(far);
        let (question, answer) = (text(len), text(len * 2 + 1));
        let mut tasks = Tasks::default();
        tasks.spawn(async {
            let counts = copy_bidirectional(&mut a, &mut b).await.unwrap();
            assert_eq!(counts, (len as u64, (len * 2 + 1) as u64));
        });
        for (end, sent, expected) in
            [(&mut client, &question, &answer), (&mut server, &answer, &question)]
        {
            let (mut reader, mut writer) = end.split_io();
            tasks.spawn(async move { send(&mut writer, sent).await });
            tasks.spawn(async move { assert!(all(&mut reader).await == *expected) });
        }
        tasks.run();
    }
}

#[test]
fn the_end_of_one_side_reaches_the_other_which_can_still_answer() {
    let (mut client, mut a) = duplex(8);
    let (mut server, mut b) = duplex(8);
    let mut tasks = Tasks::default();
    tasks.spawn(async {
        assert_eq!(copy_bidirectional(&mut a, &mut b).await.unwrap(), (4, 6));
    });
    tasks.spawn(async {
        send(&mut client, b"sum?").await;
        assert_eq!(all(&mut client).await, b"answer");
    });
    tasks.spawn(async {
        assert_eq!(all(&mut server).await, b"sum?"); // the end has come, nothing was answered yet
        send(&mut server, b"answer").await;
    });
    tasks.run();
}

#[test]
fn one_blocked_direction_does_not_hold_up_the_other() {
    const LEN: usize = if cfg!(miri) { 50 } else { 1_000 };
    let (mut client, mut a) = duplex(4);
    let (mut server, mut b) = duplex(4);
    let mut tasks = Tasks::default();
    tasks.spawn(async { drop(copy_bidirectional(&mut a, &mut b).await) });
    let (from_server, to_server) = client.split_io();
    tasks.spawn(async move { drop(to_server.write_all(&[1; 100]).await) }); // nobody reads it
    assert_eq!(tasks.run_until_asleep(), 2);
    tasks.spawn(async { server.write_all(&text(LEN)).await.unwrap() });
    let done = Rc::new(Cell::new(false));
    let is_done = Rc::clone(&done);
    tasks.spawn(async move {
        let mut got = [0; LEN];
        from_server.read_exact(&mut got).await.unwrap();
        assert_eq!(got[..], text(LEN));
        is_done.set(true);
    });
    tasks.run_until_asleep();
    assert!(done.get());
}

#[test]
fn a_direction_that_never_waits_leaves_turns_to_the_other() {
    /// Has bytes for ever.
    struct Endless(Rc<Cell<u64>>);

    impl Ready for Endless {
        async fn ready(&mut self, _: Interest) -> Result<Readiness> {
            Ok(Readiness::new(true, true, false))
        }
    }

    impl Read for Endless {
        fn non_blocking_read_buf(&mut self, mut buf: ReadCursor<'_>) -> Result<NonBlocking<()>> {
            buf.append(b"x");
            Ok(NonBlocking::Ready(()))
        }
    }

    impl BufRead for Endless {
        async fn fill_buf(&mut self) -> Result<&[u8]> {
            self.0.set(self.0.get() + 1);
            assert!(self.0.get() < 10_000, "the other direction has no turn");
            Ok(b"x")
        }

        fn consume(&mut self, _: usize) {}
    }

    impl OwnedRead for Endless {
        async fn read_owned<B: IoBufMut>(&mut self, mut buf: B) -> BufResult<usize, B> {
            Ok((buf.fill_from(b"x"), buf))
        }

        async fn read_vectored_owned<V: IoVecBufMut>(
            &mut self,
            mut bufs: V,
        ) -> BufResult<usize, V> {
            Ok((bufs.fill_vec_from(b"x"), bufs))
        }
    }

    let turns = Rc::new(Cell::new(0));
    let reset = Step::Fail(ErrorKind::ConnectionReset);
    let mut a = Both(Endless(Rc::clone(&turns)), Memory::new(Vec::new()));
    let mut b = Both(OwnedScript::new([Step::Block, reset]), Memory::new(Vec::new()));
    let error = block_on(copy_bidirectional(&mut a, &mut b)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    assert!(turns.get() > 1);
}

/// A [`Script`] that can be half of a stream.
struct OwnedScript(Script);

impl OwnedScript {
    fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        Self(Script::new(steps))
    }
}

impl Ready for OwnedScript {
    async fn ready(&mut self, interest: Interest) -> Result<Readiness> {
        self.0.ready(interest).await
    }
}

impl Read for OwnedScript {
    fn non_blocking_read_buf(&mut self, buf: ReadCursor<'_>) -> Result<NonBlocking<()>> {
        self.0.non_blocking_read_buf(buf)
    }
}

impl BufRead for OwnedScript {
    async fn fill_buf(&mut self) -> Result<&[u8]> {
        self.0.fill_buf().await
    }

    fn consume(&mut self, n: usize) {
        self.0.consume(n);
    }
}

impl OwnedRead for OwnedScript {
    async fn read_owned<B: IoBufMut>(&mut self, buf: B) -> BufResult<usize, B> {
        (&mut self.0).owned().read_owned(buf).await
    }

    async fn read_vectored_owned<V: IoVecBufMut>(&mut self, bufs: V) -> BufResult<usize, V> {
        (&mut self.0).owned().read_vectored_owned(bufs).await
    }
}

#[test]
fn an_error_of_any_of_the_four_sides_ends_it_and_loses_no_byte() {
    let text = || Step::Bytes(b"0123456789".to_vec());
    let reset = || Step::Fail(ErrorKind::ConnectionReset);
    let full = || [Take::AtMost(4), Take::Fail(ErrorKind::StorageFull)];
    for case in 0..4 {
        let reads = |fails: bool| {
            let end = if fails { reset() } else { Step::Block };
            OwnedScript::new([text(), end])
        };
        let writes = |fails: bool| if fails { Sink::new(full()) } else { Sink::default() };
        let mut a = Both(reads(case == 0), writes(case == 1));
        let mut b = Both(reads(case == 2), writes(case == 3));
        let error = block_on(copy_bidirectional(&mut a, &mut b)).unwrap_err();
        let kind = if case % 2 == 0 { ErrorKind::ConnectionReset } else { ErrorKind::StorageFull };
        assert_eq!(error.kind(), kind);
        assert_eq!([&b.1.taken[..], &a.0.0.rest()].concat(), b"0123456789");
        assert_eq!([&a.1.taken[..], &b.0.0.rest()].concat(), b"0123456789");
    }
}

#[test]
fn interruptions_and_a_peer_that_is_gone_at_the_end_are_no_errors() {
    /// Fails when it is shut down.
    struct Gone(Sink, ErrorKind);

    impl Ready for Gone {
        async fn ready(&mut self, interest: Interest) -> Result<Readiness> {
            self.0.ready(interest).await
        }
    }

    impl Write for Gone {
        fn non_blocking_write(&mut self, buf: &[u8]) -> Result<NonBlocking<usize>> {
            self.0.non_blocking_write(buf)
        }

        fn non_blocking_flush(&mut self) -> Result<NonBlocking<()>> {
            self.0.non_blocking_flush()
        }

        async fn shutdown(&mut self) -> Result<()> {
            Err(self.1.into())
        }
    }

    impl OwnedWrite for Gone {
        async fn write_owned<B: IoBuf>(&mut self, buf: B) -> BufResult<usize, B> {
            self.0.write_owned(buf).await
        }

        async fn write_vectored_owned<V: IoVecBuf>(&mut self, bufs: V) -> BufResult<usize, V> {
            self.0.write_vectored_owned(bufs).await
        }

        async fn flush_owned(&mut self) -> Result<()> {
            Ok(())
        }
    }

    let interrupted = [Step::Fail(ErrorKind::Interrupted), Step::Bytes(b"abc".to_vec())];
    let takes = [Take::Fail(ErrorKind::Interrupted), Take::AtMost(1)];
    for (kind, outcome) in
        [(ErrorKind::NotConnected, Ok((3, 0))), (ErrorKind::PermissionDenied, Err(()))]
    {
        let mut a = Both(OwnedScript::new(interrupted.clone()), Sink::default());
        let mut b = Both(OwnedScript::new([]), Gone(Sink::new(takes), kind));
        let result = block_on(copy_bidirectional(&mut a, &mut b));
        assert_eq!(result.map_err(drop), outcome);
        assert_eq!(b.1.0.taken, b"abc");
    }
}

#[test]
fn dropped_anywhere_it_can_be_started_again_and_no_byte_is_lost() {
    let (mut client, mut a) = duplex(5);
    let (mut server, mut b) = duplex(3);
    let (sent, expected) = (text(200), text(200));
    let (mut got, mut at) = (Vec::new(), 0);
    for round in 0..10_000 {
        let _dropped = poll_times(1 + round % 2, copy_bidirectional(&mut a, &mut b));
        if let Some(n) = poll_times(1, client.write(&sent[at..])) {
            at += n.unwrap();
        }
        if got.len() == sent.len() {
            assert!(got == expected);
            return;
        }
        let mut some = [0; 2];
        if let Some(n) = poll_times(1, server.read(&mut some)) {
            got.extend_from_slice(&some[..n.unwrap()]);
        }
    }
    panic!("no progress: {} bytes of {}", got.len(), sent.len());
}

/// Whether a timer has fired, and who waits for it.
type Timer = (bool, Option<Waker>);

/// Timers that a test fires; each made anew is one more.
#[derive(Clone, Default)]
struct Clock(Rc<RefCell<Vec<Timer>>>);

impl Clock {
    fn timer(&self) -> impl Future<Output = ()> + use<> {
        self.0.borrow_mut().push((false, None));
        let (timers, index) = (Rc::clone(&self.0), self.made() - 1);
        poll_fn(move |cx| {
            let mut timers = timers.borrow_mut();
            let (fired, waker) = &mut timers[index];
            *waker = Some(cx.waker().clone());
            if *fired { Poll::Ready(()) } else { Poll::Pending }
        })
    }

    fn made(&self) -> usize {
        self.0.borrow().len()
    }

    fn fire(&self, index: usize) {
        let waker = {
            let mut timers = self.0.borrow_mut();
            timers[index].0 = true;
            timers[index].1.take()
        };
        waker.expect("somebody waits for the timer").wake();
    }
}

fn silent() -> (Duplex, Duplex) {
    duplex(64)
}

#[test]
fn a_silence_as_long_as_the_timer_ends_it() {
    let (_client, mut a) = silent();
    let (_server, mut b) = silent();
    let clock = Clock::default();
    let mut tasks = Tasks::default();
    tasks.spawn(async {
        let error = copy_bidirectional_with(&mut a, &mut b, || clock.timer()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
    });
    assert_eq!((tasks.run_until_asleep(), clock.made()), (1, 1));
    clock.fire(0);
    tasks.run();
}

#[test]
fn progress_of_either_direction_makes_the_timer_anew_and_the_old_one_counts_no_more() {
    let (mut client, mut a) = silent();
    let (mut server, mut b) = silent();
    let clock = Clock::default();
    let outcome = Cell::new(None);
    let mut tasks = Tasks::default();
    tasks.spawn(async {
        let result = copy_bidirectional_with(&mut a, &mut b, || clock.timer()).await;
        outcome.set(Some(result.map_err(|e| e.kind())));
    });
    tasks.run_until_asleep();
    for end in [&mut client, &mut server] {
        let made = clock.made();
        block_on(end.write_all(b"x")).unwrap();
        tasks.run_until_asleep();
        assert_eq!(clock.made(), made + 1);
        clock.fire(made - 1);
        assert_eq!(tasks.run_until_asleep(), 1, "that timer is of the past");
    }
    let made = clock.made();
    block_on(client.shutdown()).unwrap();
    tasks.run_until_asleep();
    assert!(clock.made() > made, "an end is progress");
    clock.fire(clock.made() - 1);
    tasks.run_until_asleep();
    assert_eq!(outcome.take(), Some(Err(ErrorKind::TimedOut)));
    assert_eq!(block_on(server.next_byte()).unwrap(), Some(b'x'));
    assert_eq!(block_on(server.fill_buf()).unwrap(), b"", "the end that was there got through");
    assert!(client.non_blocking_write(b"x").is_err());
    assert!(matches!(block_on(server.write(b"x")), Ok(1)), "nothing else was shut down");
}

#[test]
fn progress_that_is_possible_at_once_comes_before_a_timer_that_is_over() {
    let (mut client, mut a) = silent();
    let (mut server, mut b) = silent();
    block_on(send(&mut client, b"to the server"));
    block_on(send(&mut server, b"to the client"));
    let counts = block_on(copy_bidirectional_with(&mut a, &mut b, || ready(())));
    assert_eq!(counts.unwrap(), (13, 13));
}

#[test]
fn without_a_timer_it_waits_as_long_as_it_takes() {
    let (_client, mut a) = silent();
    let (_server, mut b) = silent();
    let polls = if cfg!(miri) { 20 } else { 1_000 };
    assert!(poll_times(polls, copy_bidirectional(&mut a, &mut b)).is_none());
    assert!(poll_times(polls, copy_bidirectional_with(&mut a, &mut b, pending::<()>)).is_none());
}

#[test]
fn it_joins_streams_behind_references_and_boxes() {
    let (client, a) = silent();
    let (server, mut b) = silent();
    drop((client, server));
    let mut a: Box<Duplex> = Box::new(a);
    assert_eq!(block_on(copy_bidirectional(&mut a, &mut &mut b)).unwrap(), (0, 0));
}
