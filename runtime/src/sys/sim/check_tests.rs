//! What the simulated kernel notices: each rule is broken on purpose, and told.
#![allow(unsafe_code, reason = "the tests play a driver that breaks its promises")]

use std::os::fd::AsRawFd;

use super::faults::Faults;
use super::hand::{hold_notifications, stream_pair, tcp_pair};
use super::operation::opcode::{NOP, READ_FIXED, RECV, SEND, SEND_ZC};
use super::profile::Kernel;
use super::ring::Ring;
use super::world::{Here, World};
use crate::sys::{Body, Request, RingConfig, Wait};

/// A world that a seed decides, and a ring in it.
struct Stage {
    here: Here,
    ring: Ring,
}

impl Stage {
    fn new() -> Self {
        Self::with(Faults::none())
    }

    fn with(faults: Faults) -> Self {
        let here = Here { world: World::new(1, Kernel::V6_18, faults, true), thread: 0, host: 0 };
        here.with(|state| {
            state.hosts.add(None);
            state.schedule.add_thread();
        });
        here.clone().settle();
        let body = Body::Simulated;
        let ring = Ring::start(&RingConfig {
            body,
            sq_entries: 8,
            cq_entries: 8,
            io_workers: [1, 1],
            napi_us: 0,
        })
        .expect("nothing is refused here");
        Self { here, ring }
    }

    fn push(&mut self, opcode: u8, fd: i32, memory: &mut [u8]) {
        let mut request = Request::new(opcode);
        (request.fd, request.addr, request.len) = (fd, memory.as_mut_ptr(), memory.len() as u32);
        // SAFETY: the memory outlives the ring in each test; what is done to it is the test.
        unsafe { self.ring.push(&request, 1) }.expect("there is room");
        self.enter();
    }

    fn enter(&mut self) {
        let _ = self.ring.enter(Wait::No).expect("open");
    }

    fn complaints(&self) -> String {
        self.here.with(|state| state.complaints.join("; "))
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        Here::leave();
    }
}

#[test]
fn memory_that_is_written_to_while_a_receive_owns_it_is_told() {
    let mut memory = vec![0_u8; 16];
    let mut stage = Stage::new();
    let (ours, theirs) = stream_pair().expect("a pair");
    stage.push(RECV, ours.as_raw_fd(), &mut memory);
    super::hand::write(&theirs, b"hello").expect("room");
    memory[9] = 1;
    stage.enter();
    assert!(stage.complaints().contains("changed while a receive"), "{}", stage.complaints());
}

#[test]
fn memory_that_is_written_to_while_a_send_owns_it_is_told() {
    let mut memory = vec![7_u8; 16];
    let mut stage = Stage::new();
    let (ours, _theirs) = stream_pair().expect("a pair");
    super::hand::send_room(&ours, 0).expect("a stream");
    stage.push(SEND, ours.as_raw_fd(), &mut memory);
    memory[3] = 1;
    super::hand::send_room(&ours, 99).expect("a stream");
    stage.enter();
    assert!(stage.complaints().contains("changed while a send"), "{}", stage.complaints());
}

#[test]
fn memory_that_is_written_to_between_a_result_and_its_notification_is_told() {
    let mut memory = vec![7_u8; 16];
    let mut stage = Stage::new();
    let (ours, theirs) = tcp_pair().expect("a pair");
    hold_notifications(true);
    stage.push(SEND_ZC, ours.as_raw_fd(), &mut memory);
    assert_eq!(super::hand::read(&theirs).expect("a stream"), [7; 16], "it was sent");
    assert_eq!(stage.complaints(), "");
    memory[3] = 1;
    hold_notifications(false);
    stage.enter();
    assert!(stage.complaints().contains("changed while a zero-copy"), "{}", stage.complaints());
}

#[test]
fn a_ring_that_is_closed_before_a_notification_is_told() {
    let mut memory = vec![7_u8; 16];
    let mut stage = Stage::new();
    let (ours, _theirs) = tcp_pair().expect("a pair");
    hold_notifications(true);
    stage.push(SEND_ZC, ours.as_raw_fd(), &mut memory);
    stage.ring.close();
    assert!(stage.complaints().contains("1 operations in flight"), "{}", stage.complaints());
}

#[test]
fn registered_memory_that_is_let_go_of_under_an_operation_is_told() {
    let mut memory = vec![0_u8; 16];
    let mut stage = Stage::new();
    let (ours, _theirs) = stream_pair().expect("a pair");
    // SAFETY: the memory outlives the ring.
    unsafe { stage.ring.register_fixed(0, &raw mut memory[..]) }.expect("no faults");
    stage.push(READ_FIXED, ours.as_raw_fd(), &mut memory);
    assert_eq!(stage.complaints(), "");
    stage.ring.unregister_fixed(0).expect("no faults");
    assert!(stage.complaints().contains("while an operation named it"), "{}", stage.complaints());
}

#[test]
fn an_operation_on_memory_that_is_not_registered_is_told() {
    let mut memory = vec![0_u8; 16];
    let mut stage = Stage::new();
    let (ours, _theirs) = stream_pair().expect("a pair");
    // SAFETY: the memory outlives the ring.
    unsafe { stage.ring.register_fixed(0, &raw mut memory[..15]) }.expect("no faults");
    stage.push(READ_FIXED, ours.as_raw_fd(), &mut memory);
    assert!(stage.complaints().contains("that is not there"), "{}", stage.complaints());
}

#[test]
fn registered_memory_that_is_freed_or_whose_place_is_taken_is_told() {
    let mut memory = [0_u8; 32];
    for (place, second) in [(1, 8..24), (0, 16..32)] {
        let mut stage = Stage::new();
        // SAFETY: the memory outlives the ring.
        unsafe { stage.ring.register_fixed(0, &raw mut memory[..16]) }.expect("no faults");
        assert_eq!(stage.complaints(), "");
        // SAFETY: as above.
        unsafe { stage.ring.register_fixed(place, &raw mut memory[second]) }.expect("no faults");
        assert!(stage.complaints().contains("before it was unreg"), "{}", stage.complaints());
    }
}

#[test]
fn a_descriptor_that_is_closed_under_an_operation_is_told() {
    let mut memory = vec![0_u8; 16];
    let mut stage = Stage::new();
    let (ours, _theirs) = stream_pair().expect("a pair");
    stage.push(RECV, ours.as_raw_fd(), &mut memory);
    drop(ours);
    stage.enter();
    assert!(stage.complaints().contains("closed under an operation"), "{}", stage.complaints());
}

#[test]
fn a_ring_that_is_closed_too_early_is_told() {
    let mut memory = vec![0_u8; 16];
    let mut stage = Stage::new();
    let (ours, _theirs) = stream_pair().expect("a pair");
    stage.push(RECV, ours.as_raw_fd(), &mut memory);
    stage.ring.close();
    assert!(stage.complaints().contains("1 operations in flight"), "{}", stage.complaints());
}

/// A registered ring of four entries with two published buffers, as the kernel reads it.
fn provided(buffers: &mut [Vec<u8>; 2], bids: [u16; 2]) -> Box<[u64; 8]> {
    let mut ring = Box::new([0_u64; 8]);
    for (index, (buffer, bid)) in buffers.iter_mut().zip(bids).enumerate() {
        ring[2 * index] = buffer.as_mut_ptr().expose_provenance() as u64;
        ring[2 * index + 1] = buffer.len() as u64 | u64::from(bid) << 32;
    }
    // The tail lies in the first entry's last two bytes.
    ring[1] |= 2 << 48;
    ring
}

#[test]
fn a_provided_buffer_that_is_in_the_ring_twice_is_told() {
    let mut buffers = [vec![0; 8], vec![0; 8]];
    let mut ring = provided(&mut buffers, [3, 3]);
    let mut stage = Stage::new();
    // SAFETY: ring and buffers outlive the registration.
    unsafe { stage.ring.register_buf_ring(1, ring.as_mut_ptr().cast(), 4, false) }
        .expect("registered");
    stage.enter();
    assert!(stage.complaints().contains("3 was given back twice"), "{}", stage.complaints());
}

#[test]
fn a_provided_buffer_that_is_written_to_in_the_ring_is_told() {
    let mut buffers = [vec![0; 8], vec![0; 8]];
    let mut ring = provided(&mut buffers, [3, 4]);
    let mut stage = Stage::new();
    // SAFETY: ring and buffers outlive the registration.
    unsafe { stage.ring.register_buf_ring(1, ring.as_mut_ptr().cast(), 4, false) }
        .expect("registered");
    stage.enter();
    assert_eq!(stage.complaints(), "");
    buffers[1][2] = 9;
    stage.ring.unregister_buf_ring(1).expect("registered");
    assert!(stage.complaints().contains("lay in the ring"), "{}", stage.complaints());
}

/// Pieces of it may be with users, but the kernel keeps the rest.
#[test]
fn a_provided_buffer_that_comes_back_although_the_kernel_keeps_it_is_told() {
    let mut buffers = [vec![0; 8], vec![0; 8]];
    let mut ring = provided(&mut buffers, [3, 4]);
    let mut stage = Stage::new();
    let words = ring.as_mut_ptr();
    // SAFETY: ring and buffers outlive the registration.
    unsafe { stage.ring.register_buf_ring(1, words.cast(), 4, true) }.expect("registered");
    stage.enter();
    let consumed = stage.ring.groups.consume(1, 5);
    assert_eq!((consumed.intact, consumed.kept), (true, true));
    // SAFETY: within the ring.
    let [rest, len] = unsafe { words.cast::<[u64; 2]>().read() };
    assert_eq!((rest, len as u32), (buffers[0].as_ptr().addr() as u64 + 5, 3));
    assert_eq!(stage.complaints(), "");
    // SAFETY: the third entry, after the two that were published.
    unsafe { words.wrapping_add(5).write(8 | 3 << 32) };
    // SAFETY: as above.
    unsafe { words.wrapping_add(4).write(buffers[0].as_ptr().addr() as u64) };
    // SAFETY: the tail, in the first entry's last two bytes.
    unsafe { words.cast::<u16>().wrapping_add(7).write(3) };
    stage.enter();
    assert!(stage.complaints().contains("3 was given back twice"), "{}", stage.complaints());
}

#[test]
fn older_kernels_refuse_pieces_and_bundles() {
    let refuses =
        |kernel: Kernel| [kernel.is_incremental(), kernel.bundles(false), kernel.bundles(true)];
    assert_eq!(refuses(Kernel::V6_6), [false; 3]);
    assert_eq!(refuses(Kernel::V6_12), [true, true, false]);
    assert_eq!(refuses(Kernel::V6_18), [true; 3]);
}

/// A short submit takes the first of two submissions and completes nothing: that one is in flight
/// when the ring is closed. What was taken back is a no-op by then, which holds nothing.
#[test]
fn what_was_taken_back_may_be_in_flight_when_its_ring_is_closed_and_other_things_may_not() {
    for takes_back in [true, false] {
        let mut stage = Stage::with(Faults::none().short_submits(1.0));
        let mut push = |user_data| {
            // SAFETY: a request without pointers.
            unsafe { stage.ring.push(&Request::new(NOP), user_data) }.expect("there is room")
        };
        let first = push(1);
        push(2);
        assert!(!takes_back || stage.ring.take_back(first));
        stage.enter();
        assert_eq!(stage.ring.queued(), 1, "the first one was taken, and the other one was not");
        stage.ring.close();
        let complaints = stage.complaints();
        let told = complaints.contains("closed with 1 operations in flight");
        assert_eq!(told, !takes_back, "{complaints}");
    }
}
