//! A future goes in each state of its operation, dropped or forgotten: what happens to the answer.

use crate::ops::{Accept, Large, Recv, RecvProvided, ReleaseAtEnd, Send, SendVectored, SendZc};
use crate::support::{builder, forget, pair, tcp_pair, turn, turns, waits};
use sexton_buffers::{BufResult, Fill, IoBuf, OwnedBuf};
use sexton_runtime::op::{
    Completion, Entry, MsgSend, Op, Parts, PollFd, ReadVectoredAt, WriteVectoredAt, submit,
};
use sexton_runtime::{Fd, recv_pool, sim::hand as sim};
use std::cell::RefCell;
use std::os::fd::OwnedFd;
use std::rc::Rc;

/// Where the operation is when its future goes.
#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    /// The driver holds it back, the kernel knows nothing.
    Held,
    /// In the submission queue.
    Queued,
    InFlight,
    /// Reaped, not polled.
    Done,
    /// The kernel can't cancel it just now, and then it succeeds.
    LateSuccess,
    /// The kernel can't cancel it just now, and does so later.
    LateCancel,
}

const STATES: [State; 6] = [
    State::Held,
    State::Queued,
    State::InFlight,
    State::Done,
    State::LateSuccess,
    State::LateCancel,
];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Goodbye {
    Drop,
    Forget,
}

/// An operation, its descriptor, and what makes it succeed.
struct Setup<O, P> {
    fd: Fd,
    op: O,
    succeed: P,
}

/// Tells what a buried operation was told.
struct Told<O: Op> {
    op: O,
    say: fn(O::Output) -> String,
    log: Rc<RefCell<Vec<String>>>,
}

impl<O: Op> Op for Told<O> {
    type Output = O::Output;

    fn entry(&mut self) -> Entry<'_> {
        self.op.entry()
    }

    fn complete(self, completion: Completion) -> O::Output {
        self.op.complete(completion)
    }

    fn adopt(self, completion: Completion) {
        self.log.borrow_mut().push((self.say)(self.op.complete(completion)));
    }
}

/// Tries each state with each goodbye, and the whole way as well. `success` is what the operation
/// says of a success.
fn every_state<O: Op, P: FnOnce() + 'static>(
    setup: impl Fn() -> Setup<O, P>,
    say: fn(O::Output) -> String,
    success: &str,
) {
    for (state, goodbye) in
        STATES.into_iter().flat_map(|state| [(state, Goodbye::Drop), (state, Goodbye::Forget)])
    {
        let late = matches!(state, State::Done | State::LateSuccess);
        let expected = if late { success } else { "cancelled" };
        let log = one_state(state, goodbye, &setup, say);
        assert_eq!(log, [expected], "{state:?}, {goodbye:?}");
    }
    builder().build().unwrap().block_on(async {
        let Setup { fd, op, succeed } = setup();
        let future = submit(op);
        turn().await;
        succeed();
        assert_eq!(say(future.await), success, "awaited");
        assert_eq!(fd.handles(), 1);
    });
}

fn one_state<O: Op, P: FnOnce() + 'static>(
    state: State,
    goodbye: Goodbye,
    setup: &impl Fn() -> Setup<O, P>,
    say: fn(O::Output) -> String,
) -> Vec<String> {
    let log = Rc::new(RefCell::new(Vec::new()));
    let full = if state == State::Held { 0 } else { 1000 };
    let runtime = builder().graveyard(full, usize::MAX).build().unwrap();
    let (fd, succeed) = runtime.block_on(async {
        let Setup { fd, op, succeed } = setup();
        let held = matches!(state, State::LateSuccess | State::LateCancel);
        if held {
            sim::hold(&fd).unwrap();
            ReleaseAtEnd::submit(&fd);
        }
        let mut succeed = Some(succeed);
        let mut future = submit(Told { op, say, log: Rc::clone(&log) });
        if state != State::Queued {
            turn().await;
            // Polled once, so that a waker is stored as well.
            assert!(waits(&mut future).await);
            turn().await;
        }
        if matches!(state, State::Done | State::LateSuccess) {
            succeed.take().expect("called once")();
            turns().await;
        }
        match goodbye {
            Goodbye::Drop => drop(future),
            Goodbye::Forget => forget(future),
        }
        turns().await;
        if held && goodbye == Goodbye::Drop {
            sim::release(&fd).unwrap();
            turns().await;
        }
        let adopted = usize::from(goodbye == Goodbye::Drop);
        assert_eq!(log.borrow().len(), adopted, "{state:?}: a dropped one is adopted at once");
        (fd, succeed)
    });
    drop((runtime, succeed));
    assert_eq!(fd.handles(), 1, "{state:?}, {goodbye:?}: the operation is gone");
    log.take()
}

fn error(error: &std::io::Error) -> String {
    match error.raw_os_error() {
        Some(libc::ECANCELED) => "cancelled".into(),
        _ => error.to_string(),
    }
}

fn filled<B: IoBuf>(result: BufResult<usize, B>) -> String {
    match result {
        Ok((count, buf)) => format!("{count}: {}", String::from_utf8_lossy(buf.filled())),
        Err(failed) => error(&std::io::Error::from(failed)),
    }
}

fn count<V>(result: BufResult<usize, V>) -> String {
    match result {
        Ok((count, _)) => count.to_string(),
        Err(failed) => error(&std::io::Error::from(failed)),
    }
}

/// A stream whose peer says hello in order to let a receive succeed.
fn greeted<O>(op: impl FnOnce(Fd) -> O) -> Setup<O, impl FnOnce() + 'static> {
    let (fd, peer) = pair();
    let op = op(fd.clone());
    let succeed = move || {
        sim::write(&peer, b"hello").unwrap();
        // It stays open, or there would be an end to receive.
        forget(peer);
    };
    Setup { fd, op, succeed }
}

/// A stream without room, so that a send waits.
fn choked<O>(op: impl FnOnce(Fd) -> O) -> Setup<O, impl FnOnce() + 'static> {
    choked_of(pair(), op)
}

fn choked_of<O>(
    (fd, peer): (Fd, OwnedFd),
    op: impl FnOnce(Fd) -> O,
) -> Setup<O, impl FnOnce() + 'static> {
    sim::send_room(&fd, 0).unwrap();
    let op = op(fd.clone());
    let ours = fd.clone();
    let succeed = move || {
        sim::send_room(&ours, 100).unwrap();
        forget(peer);
    };
    Setup { fd, op, succeed }
}

#[test]
fn a_receive_into_a_vec() {
    let recv = |fd| Recv { fd, buf: Vec::with_capacity(8) };
    every_state(|| greeted(recv), filled, "5: hello");
}

#[test]
fn a_receive_into_a_fixed_region() {
    let recv = |fd| Recv { fd, buf: Fill::new(vec![0; 4].into_boxed_slice()) };
    every_state(|| greeted(recv), filled, "4: hell");
}

#[test]
fn a_receive_into_erased_buffers_in_place_and_boxed() {
    let small = |fd| Recv { fd, buf: OwnedBuf::new(Vec::from(*b"oh, ").slice_to_room()) };
    every_state(|| greeted(small), filled, "5: oh, hello");
    let nested = |fd| {
        let inner = OwnedBuf::new(Vec::with_capacity(8));
        Recv { fd, buf: OwnedBuf::new(OwnedBuf::new(inner)) }
    };
    every_state(|| greeted(nested), filled, "5: hello");
}

/// A vector with room behind what it has.
trait Room {
    fn slice_to_room(self) -> Self;
}

impl Room for Vec<u8> {
    fn slice_to_room(mut self) -> Self {
        self.reserve(16);
        self
    }
}

#[test]
fn a_receive_that_is_too_large_for_a_slot() {
    let recv = |fd| Large { op: Recv { fd, buf: Vec::with_capacity(8) }, ballast: [7; 40] };
    every_state(|| greeted(recv), filled, "5: hello");
}

#[test]
fn a_vectored_read() {
    let read = |fd| {
        let parts = Parts::new((Vec::with_capacity(2), Fill::new(Box::new([0; 9]))));
        ReadVectoredAt { fd, parts, offset: u64::MAX }
    };
    type Both = (Vec<u8>, Fill<Box<[u8; 9]>>);
    let say = |result: BufResult<usize, Both>| match result {
        Ok((count, (first, second))) => format!("{count}: {first:?} {:?}", second.filled()),
        Err(failed) => error(&std::io::Error::from(failed)),
    };
    every_state(|| greeted(read), say, &format!("5: {:?} {:?}", b"he", b"llo"));
    let read = |fd| {
        let parts = vec![Vec::with_capacity(1), Vec::new(), Vec::with_capacity(1), vec![1]];
        ReadVectoredAt { fd, parts: Parts::new(parts), offset: u64::MAX }
    };
    let say = |result: BufResult<usize, Vec<Vec<u8>>>| match result {
        Ok((count, parts)) => format!("{count}: {}", String::from_utf8_lossy(&parts[0])),
        Err(failed) => error(&std::io::Error::from(failed)),
    };
    every_state(|| greeted(read), say, "2: h");
}

#[test]
fn a_send_and_its_vectored_kin() {
    let send = |fd| Send { fd, buf: Vec::from(*b"bye") };
    every_state(|| choked(send), filled, "3: bye");
    let send = |fd| SendVectored { fd, msg: MsgSend::new((Vec::from(*b"by"), "e", Vec::new())) };
    every_state(|| choked(send), count, "3");
    let write = |fd| {
        let parts = Parts::new([Vec::from(*b"good"), Vec::from(*b"bye")]);
        WriteVectoredAt { fd, parts, offset: u64::MAX }
    };
    every_state(|| choked(write), count, "7");
}

#[test]
fn a_zero_copy_send() {
    let send = |fd| SendZc { fd, buf: Vec::from(*b"bye") };
    every_state(|| choked_of(tcp_pair(), send), filled, "3: bye");
}

#[test]
fn an_accept_and_its_connection() {
    let clients = Rc::new(RefCell::new(Vec::new()));
    let setup = || {
        let fd = Fd::new(sim::listener().unwrap());
        let op = Accept::new(&fd);
        let (listener, clients) = (fd.clone(), Rc::clone(&clients));
        let succeed = move || clients.borrow_mut().push(sim::connect(&listener).unwrap());
        Setup { fd, op, succeed }
    };
    let say = |result: <Accept as Op>::Output| match result {
        Ok((_, peer)) => format!("from {}", peer.expect("it was written into the slot")),
        Err(failed) => error(&failed),
    };
    every_state(setup, say, "from 127.0.0.1:1");
    assert_eq!(clients.borrow().len(), 5);
    for client in clients.take() {
        assert!(sim::is_ended(&client).unwrap(), "what nobody took is closed");
    }
}

#[test]
fn a_poll() {
    let poll = |fd| PollFd { fd, mask: libc::POLLIN as u32 };
    let say = |result: std::io::Result<u32>| match result {
        Ok(mask) => format!("{}", mask & libc::POLLIN as u32),
        Err(failed) => error(&failed),
    };
    every_state(|| greeted(poll), say, "1");
}

#[test]
fn a_receive_into_a_buffer_of_the_pool() {
    let setup = || {
        let pool = recv_pool().unwrap();
        assert_eq!(pool.held(), 0);
        greeted(|fd| RecvProvided { fd, pool, multishot: false })
    };
    let say = |result: <RecvProvided as Op>::Output| match result {
        Ok(buf) => String::from_utf8_lossy(&buf.unwrap()).into_owned(),
        Err(failed) => error(&failed),
    };
    every_state(setup, say, "hello");
}
