//! The ring by hand, as Miri sees it: who writes where, and when.
#![allow(unsafe_code, reason = "the tests play the driver, which pushes")]

use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::hand as sim;
use super::operation::CQE_SKIP_SUCCESS;
use super::operation::opcode::{
    ACCEPT, ASYNC_CANCEL, CLOSE, NOP, POLL_ADD, READ, READV, RECV, RECVMSG, SEND, SENDMSG, TIMEOUT,
    WRITE, WRITEV,
};
use super::ring::Ring;
use crate::sys::{Body, Entered, Position, Request, RingConfig, Wait};

const F_BUFFER: u32 = 1;
pub(super) const F_MORE: u32 = 2;

pub(super) fn ring(sq_entries: u32, cq_entries: u32) -> Ring {
    let (body, io_workers) = (Body::Simulated, [1, 1]);
    Ring::start(&RingConfig { body, sq_entries, cq_entries, io_workers, napi_us: 0 })
        .expect("never refused")
}

pub(super) fn push(ring: &mut Ring, request: Request, user_data: u64) -> Position {
    // SAFETY: each test keeps what its requests point to until they have completed, or the ring is
    // gone.
    unsafe { ring.push(&request, user_data) }.expect("there is room")
}

/// Enters once without waiting, and takes everything.
pub(super) fn turn(ring: &mut Ring) -> Vec<(u64, i32, u32)> {
    assert_eq!(ring.enter(Wait::No).expect("open"), Entered::Fine);
    let mut got = Vec::new();
    ring.reap(&mut got, usize::MAX);
    got.iter().map(|cqe| (cqe.user_data, cqe.result, cqe.flags)).collect()
}

/// Memory that is owned by nothing but a pointer, as an operation's slot is.
pub(super) struct Buf(*mut u8, usize);

impl Buf {
    pub(super) fn new(len: usize) -> Self {
        Self(Box::into_raw(vec![0_u8; len].into_boxed_slice()).cast(), len)
    }

    pub(super) fn of(bytes: &[u8]) -> Self {
        Self(Box::into_raw(Box::<[u8]>::from(bytes)).cast(), bytes.len())
    }

    pub(super) fn request(&self, opcode: u8, fd: impl AsFd) -> Request {
        let mut request = Request::new(opcode);
        (request.fd, request.addr, request.len) = (fd.as_fd().as_raw_fd(), self.0, self.1 as u32);
        request
    }

    /// Where it lies.
    pub(super) fn addr(&self) -> *mut u8 {
        self.0
    }

    /// Writes a byte, whoever has the memory.
    pub(super) fn set(&self, at: usize, byte: u8) {
        assert!(at < self.1);
        // SAFETY: inside.
        let place = unsafe { self.0.add(at) };
        // SAFETY: nobody else writes now.
        unsafe { place.write(byte) };
    }

    /// The first `count` bytes.
    pub(super) fn get(&self, count: usize) -> Vec<u8> {
        // SAFETY: at least so many bytes lie there, and nobody writes now.
        unsafe { std::slice::from_raw_parts(self.0, count) }.to_vec()
    }
}

impl Drop for Buf {
    fn drop(&mut self) {
        // SAFETY: made of such a box.
        drop(unsafe { Box::from_raw(std::ptr::slice_from_raw_parts_mut(self.0, self.1)) });
    }
}

fn cancel(user_data: u64) -> Request {
    let mut request = Request::new(ASYNC_CANCEL);
    request.addr = std::ptr::without_provenance_mut(user_data as usize);
    request
}

#[test]
fn nops_complete_in_order_and_what_was_taken_back_does_not() {
    let mut ring = ring(4, 8);
    let positions: Vec<_> = (0..4).map(|tag| push(&mut ring, Request::new(NOP), tag)).collect();
    assert_eq!((ring.room(), ring.queued()), (0, 4));
    // SAFETY: a request without pointers.
    assert_eq!(unsafe { ring.push(&Request::new(NOP), 4) }, None);
    assert!(ring.take_back(positions[1]));
    assert_eq!(turn(&mut ring), [(0, 0, 0), (2, 0, 0), (3, 0, 0)]);
    assert!(positions.iter().all(|&position| !ring.take_back(position)));
    assert!(!ring.take_back(Position(4)));
    assert_eq!((ring.room(), ring.queued()), (4, 0));
}

#[test]
fn a_receive_writes_when_it_completes_and_only_inside_enter() {
    let mut ring = ring(4, 8);
    let (a, b) = sim::stream_pair().expect("a pair");
    let buf = Buf::new(8);
    push(&mut ring, buf.request(RECV, &a), 1);
    assert_eq!(turn(&mut ring), []);
    assert!(!ring.has_work());
    assert_eq!(sim::write(&b, b"hello").expect("room"), 5);
    assert!(ring.has_work());
    assert_eq!(buf.get(5), [0; 5], "nothing before the owner enters");
    assert_eq!(ring.enter(Wait::Flush).expect("open"), Entered::Fine);
    assert_eq!(buf.get(5), [0; 5], "a flush completes nothing");
    assert_eq!(turn(&mut ring), [(1, 5, 0)]);
    assert_eq!(buf.get(5), b"hello");
    assert!(!ring.has_work());
}

#[test]
fn neighbours_in_flight_are_written_while_others_are_used() {
    const MANY: usize = if cfg!(miri) { 3 } else { 40 };
    let mut ring = ring(64, 64);
    let pairs: Vec<_> = (0..MANY).map(|_| sim::stream_pair().expect("a pair")).collect();
    let bufs: Vec<_> = (0..MANY).map(|_| Buf::new(2)).collect();
    for (tag, ((a, _), buf)) in pairs.iter().zip(&bufs).enumerate() {
        push(&mut ring, buf.request(READ, a), tag as u64);
    }
    assert_eq!(turn(&mut ring), []);
    for tag in (0..MANY).rev() {
        sim::write(&pairs[tag].1, &[tag as u8]).expect("room");
        assert_eq!(turn(&mut ring), [(tag as u64, 1, 0)]);
        assert_eq!(bufs[tag].get(1), [tag as u8]);
    }
}

#[test]
fn bytes_sent_through_the_ring_arrive_at_the_other_end() {
    let mut ring = ring(4, 8);
    let (a, b) = sim::stream_pair().expect("a pair");
    let (out, first, second) = (Buf::of(b"abcdef"), Buf::new(4), Buf::new(4));
    push(&mut ring, out.request(SEND, &a), 1);
    push(&mut ring, first.request(RECV, &b), 2);
    push(&mut ring, second.request(RECV, &b), 3);
    const NONEMPTY: u32 = 4;
    assert_eq!(turn(&mut ring), [(1, 6, 0), (2, 4, NONEMPTY), (3, 2, 0)]);
    assert_eq!((first.get(4), second.get(2)), (b"abcd".to_vec(), b"ef".to_vec()));
}

#[test]
fn a_send_waits_for_room_and_waitall_for_all_of_it() {
    let mut ring = ring(4, 8);
    let (a, b) = sim::stream_pair().expect("a pair");
    sim::send_room(&a, 4).expect("a stream");
    let out = Buf::of(b"0123456789");
    let mut request = out.request(SEND, &a);
    request.op_flags = libc::MSG_WAITALL as u32;
    push(&mut ring, request, 1);
    assert_eq!(turn(&mut ring), []);
    assert_eq!(sim::read(&b).expect("a stream"), b"0123");
    assert_eq!(turn(&mut ring), []);
    assert_eq!(sim::read(&b).expect("a stream"), b"4567");
    assert_eq!(turn(&mut ring), [(1, 10, 0)]);
    push(&mut ring, out.request(SEND, &a), 2);
    assert_eq!(turn(&mut ring), [(2, 2, 0)], "without it a short count is the end");
    let mut request = out.request(SEND, &a);
    request.op_flags = libc::MSG_DONTWAIT as u32;
    push(&mut ring, request, 3);
    assert_eq!(turn(&mut ring), [(3, -libc::EAGAIN, 0)]);
}

#[test]
fn a_cancel_ends_what_waits_and_finds_nothing_else() {
    let mut ring = ring(8, 16);
    let (a, _b) = sim::stream_pair().expect("a pair");
    let buf = Buf::new(4);
    push(&mut ring, buf.request(RECV, &a), 1);
    push(&mut ring, cancel(1), 2);
    assert_eq!(turn(&mut ring), [(2, 0, 0), (1, -libc::ECANCELED, 0)]);
    push(&mut ring, cancel(1), 3);
    assert_eq!(turn(&mut ring), [(3, -libc::ENOENT, 0)]);
    // Before its target, it comes too early.
    push(&mut ring, cancel(4), 5);
    push(&mut ring, buf.request(RECV, &a), 4);
    assert_eq!(turn(&mut ring), [(5, -libc::ENOENT, 0)]);
    // ANY ends everything, and counts.
    let other = Buf::new(4);
    push(&mut ring, other.request(RECV, &a), 6);
    let mut any = cancel(0);
    any.op_flags = 4;
    push(&mut ring, any, 7);
    let mut got = turn(&mut ring);
    got.sort_unstable();
    assert_eq!(got, [(4, -libc::ECANCELED, 0), (6, -libc::ECANCELED, 0), (7, 2, 0)]);
}

#[test]
fn a_cancelled_gathering_receive_gives_what_it_has() {
    let mut ring = ring(8, 16);
    let (a, b) = sim::stream_pair().expect("a pair");
    let buf = Buf::new(100);
    let mut request = buf.request(RECV, &a);
    request.op_flags = libc::MSG_WAITALL as u32;
    push(&mut ring, request, 1);
    sim::write(&b, b"some").expect("room");
    assert_eq!(turn(&mut ring), []);
    push(&mut ring, cancel(1), 2);
    assert_eq!(turn(&mut ring), [(2, 0, 0), (1, 4, 0)]);
    assert_eq!(buf.get(4), b"some");
}

#[test]
fn what_is_held_can_not_be_cancelled_and_may_succeed_late() {
    for data in [true, false] {
        let mut ring = ring(8, 16);
        let (a, b) = sim::stream_pair().expect("a pair");
        let buf = Buf::new(4);
        sim::hold(&a).expect("a descriptor");
        push(&mut ring, buf.request(RECV, &a), 1);
        push(&mut ring, cancel(1), 2);
        assert_eq!(turn(&mut ring), [(2, -libc::EALREADY, 0)]);
        if data {
            sim::write(&b, b"late").expect("room");
        }
        assert_eq!(turn(&mut ring), []);
        sim::release(&a).expect("a descriptor");
        let result = if data { 4 } else { -libc::ECANCELED };
        assert_eq!(turn(&mut ring), [(1, result, 0)]);
    }
}

#[test]
fn knobs_change_order_and_length_and_close_turns_them_back() {
    let mut first = ring(8, 16);
    let (a, b) = sim::stream_pair().expect("a pair");
    sim::hold_all(true);
    push(&mut first, Request::new(NOP), 1);
    push(&mut first, Request::new(NOP), 2);
    assert_eq!(turn(&mut first), []);
    sim::hold_all(false);
    sim::reverse(true);
    assert_eq!(turn(&mut first), [(2, 0, 0), (1, 0, 0)]);
    sim::longest_transfer(1);
    let (out, buf) = (Buf::of(b"xyz"), Buf::new(3));
    push(&mut first, out.request(WRITE, &a), 3);
    assert_eq!(turn(&mut first), [(3, 1, 0)]);
    first.close();
    let mut second = ring(8, 16);
    sim::write(&b, b"abc").expect("room");
    push(&mut second, buf.request(READ, &a), 4);
    push(&mut second, Request::new(NOP), 5);
    assert_eq!(turn(&mut second), [(4, 3, 0), (5, 0, 0)]);
}

#[test]
fn files_are_read_and_written_at_offsets_and_at_the_cursor() {
    let mut ring = ring(8, 16);
    let file = sim::file(*b"0123456789").expect("a file");
    let buf = Buf::new(4);
    let at = |request: Request, off| Request { off, ..request };
    push(&mut ring, at(buf.request(READ, &file), 8), 1);
    assert_eq!(turn(&mut ring), [(1, 2, 0)]);
    assert_eq!(buf.get(2), b"89");
    push(&mut ring, at(buf.request(READ, &file), 10), 2);
    push(&mut ring, at(buf.request(READ, &file), u64::MAX - 1), 3);
    assert_eq!(turn(&mut ring), [(2, 0, 0), (3, 0, 0)]);
    for (tag, expected) in [(4, &b"0123"[..]), (5, b"4567"), (6, b"89"), (7, b"")] {
        push(&mut ring, at(buf.request(READ, &file), u64::MAX), tag);
        assert_eq!(turn(&mut ring), [(tag, expected.len() as i32, 0)]);
        assert_eq!(buf.get(expected.len()), expected);
    }
    let out = Buf::of(b"XY");
    push(&mut ring, at(out.request(WRITE, &file), 12), 8);
    push(&mut ring, at(out.request(WRITE, &file), u64::MAX - 1), 9);
    push(&mut ring, buf.request(RECV, &file), 10);
    let errors = [(9, -libc::EFBIG, 0), (10, -libc::ENOTSOCK, 0)];
    assert_eq!(turn(&mut ring), [&[(8, 2, 0)][..], &errors].concat());
    assert_eq!(sim::peek(&file).expect("a file"), b"0123456789\0\0XY");
}

#[test]
fn several_buffers_are_filled_one_after_the_other() {
    let mut ring = ring(8, 16);
    let (a, b) = sim::stream_pair().expect("a pair");
    let (first, second) = (Buf::new(2), Buf::new(4));
    let iovec = |buf: &Buf| libc::iovec { iov_base: buf.0.cast(), iov_len: buf.1 };
    let mut iovecs = [iovec(&first), iovec(&second)];
    let mut request = Request::new(READV);
    (request.fd, request.addr, request.len) = (a.as_raw_fd(), iovecs.as_mut_ptr().cast(), 2);
    sim::write(&b, b"abcde").expect("room");
    push(&mut ring, request, 1);
    assert_eq!(turn(&mut ring), [(1, 5, 0)]);
    assert_eq!((first.get(2), second.get(3)), (b"ab".to_vec(), b"cde".to_vec()));
    (request.opcode, request.fd) = (WRITEV, b.as_raw_fd());
    push(&mut ring, request, 2);
    assert_eq!(turn(&mut ring), [(2, 6, 0)]);
    assert_eq!(sim::read(&a).expect("a stream"), b"abcde\0");

    // SAFETY: a header of zeros is a header.
    let mut header: libc::msghdr = unsafe { std::mem::zeroed() };
    (header.msg_iov, header.msg_iovlen, header.msg_flags) = (iovecs.as_mut_ptr(), 2, -1);
    let header = &raw mut header;
    let mut request = Request::new(SENDMSG);
    (request.fd, request.addr, request.len) = (b.as_raw_fd(), header.cast(), 1);
    push(&mut ring, request, 3);
    (request.opcode, request.fd) = (RECVMSG, a.as_raw_fd());
    push(&mut ring, request, 4);
    assert_eq!(turn(&mut ring), [(3, 6, 0), (4, 6, 0)]);
    // SAFETY: it lives to the end of this test.
    assert_eq!(unsafe { (*header).msg_flags }, 0, "written at the completion");
}

#[test]
fn accepts_take_connections_in_order_with_the_address_cut_to_its_room() {
    let mut ring = ring(8, 16);
    let listener = sim::listener().expect("a listener");
    let (addr, len) = (Buf::of(&[0xFF; 16]), Buf::of(&4_u32.to_ne_bytes()));
    // The length is read as a number: it needs a number's alignment.
    let mut room: libc::socklen_t = 4;
    let mut request = addr.request(ACCEPT, &listener);
    request.addr2 = (&raw mut room).cast();
    push(&mut ring, request, 1);
    assert_eq!(turn(&mut ring), []);
    let client = sim::connect(&listener).expect("connected");
    let accepted = turn(&mut ring);
    let [(1, number @ 0.., 0)] = accepted[..] else { panic!("{accepted:?}") };
    // SAFETY: the completion gave it to us.
    let server = unsafe { OwnedFd::from_raw_fd(number) };
    assert_eq!(addr.get(6), [2, 0, 0, 1, 0xFF, 0xFF]);
    // SAFETY: the accept has completed.
    assert_eq!(unsafe { (&raw const room).read() }, 16);
    assert_eq!(len.get(1).len(), 1);

    sim::write(&client, b"hi").expect("room");
    assert_eq!(sim::read(&server).expect("a stream"), b"hi");
    let mut multishot = Request::new(ACCEPT);
    (multishot.fd, multishot.ioprio) = (listener.as_raw_fd(), 1);
    push(&mut ring, multishot, 2);
    let _clients = [(); 3].map(|()| sim::connect(&listener).expect("connected"));
    let got = turn(&mut ring);
    assert_eq!(got.len(), 3);
    for (tag, number, flags) in got {
        assert_eq!((tag, flags), (2, F_MORE));
        // SAFETY: the completion gave it to us.
        drop(unsafe { OwnedFd::from_raw_fd(number) });
    }
    push(&mut ring, cancel(2), 3);
    assert_eq!(turn(&mut ring), [(3, 0, 0), (2, -libc::ECANCELED, 0)]);
}

/// A ring of provided buffers, published as the runtime does it.
struct Provided {
    ring: *mut u64,
    entries: u16,
    tail: u16,
    bufs: Vec<Buf>,
}

impl Provided {
    fn new(entries: u16, len: usize) -> Self {
        let words = vec![0_u64; 2 * usize::from(entries)].into_boxed_slice();
        let bufs = (0..entries).map(|_| Buf::new(len)).collect();
        Self { ring: Box::into_raw(words).cast(), entries, tail: 0, bufs }
    }

    fn publish(&mut self, bid: u16) {
        let buf = &self.bufs[usize::from(bid)];
        let index = usize::from(self.tail & (self.entries - 1));
        let words = [buf.0.expose_provenance() as u64, buf.1 as u64 | u64::from(bid) << 32];
        for (at, word) in words.into_iter().enumerate() {
            // SAFETY: within the ring.
            let place = unsafe { self.ring.add(2 * index + at) };
            // The tail lies in the upper half of the first entry's second word.
            if at == 1 {
                // SAFETY: as above.
                unsafe { place.cast::<u32>().write(word as u32) };
                // SAFETY: as above.
                let place = unsafe { place.cast::<u16>().add(2) };
                // SAFETY: as above.
                unsafe { place.write((word >> 32) as u16) };
            } else {
                // SAFETY: as above.
                unsafe { place.write(word) };
            }
        }
        self.tail = self.tail.wrapping_add(1);
        // SAFETY: the first entry's tail.
        let place = unsafe { self.ring.cast::<u16>().add(7) };
        // SAFETY: aligned and valid.
        unsafe { AtomicU16::from_ptr(place) }.store(self.tail, Ordering::Release);
    }
}

impl Drop for Provided {
    fn drop(&mut self) {
        let words = 2 * usize::from(self.entries);
        // SAFETY: made of such a box.
        drop(unsafe { Box::from_raw(std::ptr::slice_from_raw_parts_mut(self.ring, words)) });
    }
}

fn multishot(fd: impl AsFd) -> Request {
    let mut request = Request::new(RECV);
    (request.fd, request.flags, request.ioprio) = (fd.as_fd().as_raw_fd(), 1 << 5, 2);
    (request.buf, request.len) = (9, 0);
    request
}

#[test]
fn a_multishot_receive_fills_provided_buffers_until_they_run_out() {
    let mut provided = Provided::new(4, 4);
    let mut ring = ring(8, 16);
    let (a, b) = sim::stream_pair().expect("a pair");
    push(&mut ring, multishot(&a), 1);
    assert_eq!(turn(&mut ring), [(1, -libc::ENOBUFS, 0)], "no such group");
    // SAFETY: it outlives the ring.
    unsafe { ring.register_buf_ring(9, provided.ring.cast(), 4, false) }.expect("registered");
    // SAFETY: it is refused.
    unsafe { ring.register_buf_ring(9, provided.ring.cast(), 4, false) }.expect_err("twice");
    provided.publish(2);
    provided.publish(0);
    push(&mut ring, multishot(&a), 2);
    assert_eq!(turn(&mut ring), []);
    sim::write(&b, b"abcdef").expect("room");
    let nonempty = 4;
    assert_eq!(
        turn(&mut ring),
        [(2, 4, F_BUFFER | F_MORE | nonempty | 2 << 16), (2, 2, F_BUFFER | F_MORE),]
    );
    assert_eq!(provided.bufs[2].get(4), b"abcd");
    assert_eq!(provided.bufs[0].get(2), b"ef");
    sim::write(&b, b"gh").expect("room");
    assert_eq!(turn(&mut ring), [(2, -libc::ENOBUFS, 0)]);
    for bid in [0, 2, 1, 3] {
        provided.publish(bid);
    }
    push(&mut ring, multishot(&a), 3);
    assert_eq!(turn(&mut ring), [(3, 2, F_BUFFER | F_MORE)]);
    assert_eq!(provided.bufs[0].get(2), b"gh");
    sim::shutdown_write(&b).expect("a stream");
    assert_eq!(turn(&mut ring), [(3, 0, 0)]);
    ring.unregister_buf_ring(9).expect("registered");
    ring.unregister_buf_ring(9).expect_err("not any more");
}

#[test]
fn an_overflow_keeps_order_loses_nothing_and_ends_multishots() {
    let mut provided = Provided::new(8, 1);
    let mut ring = ring(2, 2);
    // SAFETY: it outlives the ring.
    unsafe { ring.register_buf_ring(9, provided.ring.cast(), 8, false) }.expect("registered");
    (0..8).for_each(|bid| provided.publish(bid));
    let (a, b) = sim::stream_pair().expect("a pair");
    push(&mut ring, multishot(&a), 1);
    sim::write(&b, b"abcde").expect("room");
    assert_eq!(ring.enter(Wait::No).expect("open"), Entered::Fine);
    assert!(ring.overflowed());
    let mut got = Vec::new();
    while ring.has_work() {
        ring.reap(&mut got, 1);
        assert_eq!(ring.enter(Wait::No).expect("open"), Entered::Fine);
    }
    let more: Vec<_> = got.iter().map(|cqe| cqe.flags & F_MORE != 0).collect();
    assert_eq!(more, [true, true, false], "the third did not fit, and keeps its data");
    assert_eq!(got.iter().map(|cqe| cqe.flags >> 16).collect::<Vec<_>>(), [0, 1, 2]);
    assert_eq!(sim::peek(&a).expect("a stream"), b"de", "the rest stays in the socket");
}

#[test]
fn closing_the_last_descriptor_ends_the_stream_after_its_operations() {
    let mut ring = ring(8, 16);
    let (a, b) = sim::stream_pair().expect("a pair");
    let (ours, theirs) = (Buf::new(4), Buf::new(4));
    push(&mut ring, ours.request(RECV, &a), 1);
    push(&mut ring, theirs.request(RECV, &b), 2);
    assert_eq!(turn(&mut ring), []);
    let copy = a.try_clone().expect("a copy");
    drop(a);
    assert_eq!(turn(&mut ring), [], "an operation and a copy have it");
    push(&mut ring, cancel(1), 3);
    assert_eq!(turn(&mut ring), [(3, 0, 0), (1, -libc::ECANCELED, 0)]);
    drop(copy);
    assert!(ring.has_work());
    assert_eq!(turn(&mut ring), [(2, 0, 0)]);
    let out = Buf::of(b"x");
    push(&mut ring, out.request(SEND, &b), 4);
    assert_eq!(turn(&mut ring), [(4, -libc::EPIPE, 0)]);
}

#[test]
fn a_number_that_is_used_again_reaches_neither_operation_nor_owner_of_old() {
    let mut ring = ring(8, 16);
    let (mut a, b) = sim::stream_pair().expect("a pair");
    let (old, new) = (Buf::new(4), Buf::new(4));
    push(&mut ring, old.request(RECV, &a), 1);
    assert_eq!(turn(&mut ring), []);
    // At once, so that no other thread takes the number in between.
    let stranger = rustix::event::eventfd(0, rustix::event::EventfdFlags::CLOEXEC).expect("made");
    rustix::io::dup2(&stranger, &mut a).expect("the number is another's now");
    push(&mut ring, new.request(RECV, &a), 2);
    assert_eq!(turn(&mut ring), [(2, -libc::EBADF, 0)]);
    sim::write(&b, b"mine").expect("the old operation still reads");
    assert_eq!(turn(&mut ring), [(1, 4, 0)]);
}

#[test]
fn a_close_through_the_ring_closes() {
    let mut ring = ring(8, 16);
    let (a, b) = sim::stream_pair().expect("a pair");
    let mut request = Request::new(CLOSE);
    request.fd = std::os::fd::IntoRawFd::into_raw_fd(a);
    request.flags = CQE_SKIP_SUCCESS;
    push(&mut ring, request, 1);
    assert_eq!(turn(&mut ring), []);
    assert!(sim::is_ended(&b).expect("a stream"));
}

#[test]
fn injected_errors_and_resets_come_out_as_results() {
    let mut ring = ring(8, 16);
    let (a, b) = sim::stream_pair().expect("a pair");
    let buf = Buf::new(4);
    sim::fail_next(&a, libc::ETIMEDOUT).expect("a descriptor");
    push(&mut ring, buf.request(RECV, &a), 1);
    sim::write(&b, b"x").expect("room");
    assert_eq!(turn(&mut ring), [(1, -libc::ETIMEDOUT, 0)]);
    sim::reset(&a).expect("a stream");
    for tag in 2..5 {
        push(&mut ring, buf.request(RECV, &a), tag);
    }
    push(&mut ring, buf.request(SEND, &a), 5);
    let told = [(2, 1, 0), (3, -libc::ECONNRESET, 0), (4, 0, 0), (5, -libc::EPIPE, 0)];
    assert_eq!(turn(&mut ring), told);
    let mut nowhere = buf.request(RECV, &a);
    nowhere.addr = std::ptr::null_mut();
    push(&mut ring, nowhere, 4);
    push(&mut ring, Request::new(200), 5);
    assert_eq!(turn(&mut ring), [(4, -libc::EFAULT, 0), (5, -libc::EINVAL, 0)]);
}

#[test]
fn polls_say_what_is_ready() {
    let mut ring = ring(8, 16);
    let (a, b) = sim::stream_pair().expect("a pair");
    let mut request = Request::new(POLL_ADD);
    (request.fd, request.op_flags) = (a.as_raw_fd(), libc::POLLIN as u32);
    push(&mut ring, request, 1);
    assert_eq!(turn(&mut ring), []);
    sim::write(&b, b"x").expect("room");
    assert_eq!(turn(&mut ring), [(1, libc::POLLIN.into(), 0)]);
    request.op_flags = libc::POLLOUT as u32;
    push(&mut ring, request, 2);
    assert_eq!(turn(&mut ring), [(2, libc::POLLOUT.into(), 0)]);
}

#[test]
fn a_timeout_ends_a_wait_and_a_wait_ends_by_its_own_time() {
    let mut ring = ring(8, 16);
    let mut time = [0_i64, 3_000_000];
    let mut request = Request::new(TIMEOUT);
    (request.addr, request.len) = (time.as_mut_ptr().cast(), 1);
    let start = Instant::now();
    push(&mut ring, request, 1);
    assert_eq!(
        ring.enter(Wait::Until(Some(Duration::from_millis(1)))).expect("open"),
        Entered::Fine
    );
    assert!(start.elapsed() >= Duration::from_millis(1));
    while !ring.has_work() {
        assert_eq!(ring.enter(Wait::Until(Some(Duration::MAX))).expect("open"), Entered::Fine);
    }
    assert!(start.elapsed() >= Duration::from_millis(3));
    assert_eq!(turn(&mut ring), [(1, -libc::ETIME, 0)]);
    time = [0, -1];
    request.addr = time.as_mut_ptr().cast();
    push(&mut ring, request, 2);
    assert_eq!(turn(&mut ring), [(2, -libc::EINVAL, 0)]);
}

#[test]
fn a_waker_ends_a_wait_from_another_thread_and_is_harmless_afterwards() {
    let mut ring = ring(8, 16);
    let waker = ring.waker();
    waker.wake();
    assert_eq!(ring.enter(Wait::Until(None)).expect("open"), Entered::Fine);
    let other = thread::spawn(move || {
        waker.wake();
        waker
    });
    assert_eq!(ring.enter(Wait::Until(None)).expect("open"), Entered::Fine);
    let waker = other.join().expect("no panic");
    drop(ring);
    waker.wake();
}

#[test]
fn a_closed_ring_writes_nothing_more() {
    let mut ring = ring(8, 16);
    let (a, b) = sim::stream_pair().expect("a pair");
    let buf = Buf::new(4);
    push(&mut ring, buf.request(RECV, &a), 1);
    assert_eq!(turn(&mut ring), []);
    ring.close();
    ring.close();
    drop(buf);
    sim::write(&b, b"late").expect("room");
    assert!(ring.enter(Wait::No).is_err());
    assert!(!ring.has_work());
    assert_eq!(ring.room(), 0);
}
