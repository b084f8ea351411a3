//! What is refused, and what comes of it: set-up flags, memory, rings, operations, by hand.

use std::os::fd::{AsRawFd, IntoRawFd};

use super::by_hand_tests::{Buf, push, turn};
use super::faults::{Fault, Faults};
use super::hand as sim;
use super::operation::How;
use super::operation::opcode::{CLOSE, FSYNC, NOP, POLL_ADD, READ, RECV};
use super::profile::Kernel;
use super::ring::Ring;
use super::world::{Here, World};
use crate::caps::setup;
use crate::start_error::StartError;
use crate::sys::{Body, Entered, Request, RingConfig, Wait};

/// A world that a seed decides; left at the end of a test.
struct Stage(Here);

impl Stage {
    fn new(seed: u64, kernel: Kernel, faults: Faults) -> Self {
        let here = Here { world: World::new(seed, kernel, faults, true), thread: 0, host: 0 };
        here.with(|state| {
            state.hosts.add(None);
            state.schedule.add_thread();
        });
        here.clone().settle();
        Self(here)
    }

    fn ring(&self, sq_entries: u32) -> Result<Ring, StartError> {
        let (body, cq_entries) = (Body::Simulated, 4 * sq_entries);
        Ring::start(&RingConfig { body, sq_entries, cq_entries, io_workers: [1, 1], napi_us: 0 })
    }

    /// A ring without one of the flags, by the first seed that refuses it.
    fn without(flag: u32) -> (Self, Ring) {
        for seed in 0..100 {
            let stage = Self::new(seed, Kernel::V6_18, Faults::none().refused_flags(1.0));
            let ring = stage.ring(8).expect("flags can be done without");
            if ring.caps.flags_refused & flag != 0 {
                return (stage, ring);
            }
        }
        panic!("no seed refuses {flag:#x}");
    }

    fn complaints(&self) -> String {
        self.0.with(|state| state.complaints.join("; "))
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        Here::leave();
    }
}

#[test]
fn an_old_kernel_refuses_a_flag_and_any_seed_may_refuse_any() {
    for kernel in Kernel::ALL {
        let stage = Stage::new(0, *kernel, Faults::none());
        let refused = stage.ring(8).expect("granted").caps.flags_refused;
        let expected = if *kernel == Kernel::V6_1 { setup::NO_SQARRAY } else { 0 };
        assert_eq!(refused, expected, "{kernel:?}");
    }
    let mut granted = std::collections::BTreeSet::new();
    for seed in 0..100 {
        let stage = Stage::new(seed, Kernel::V6_18, Faults::none().refused_flags(1.0));
        let caps = stage.ring(8).expect("flags can be done without").caps.clone();
        assert!(!caps.tried.incremental || caps.flags_granted & setup::DEFER_TASKRUN != 0);
        granted.insert(caps.flags_granted);
    }
    assert_eq!(granted.len(), 5, "every step of the ladder: {granted:x?}");
}

#[test]
fn memory_that_is_short_is_waited_for_or_makes_a_smaller_ring() {
    let (mut waited, mut smaller) = (0, 0);
    for seed in 0..50 {
        let stage = Stage::new(seed, Kernel::V6_12, Faults::none().scarce_memory(1.0));
        let caps = stage.ring(256).expect("it comes back").caps.clone();
        let paused = stage.0.with(|state| state.now()) > 0;
        waited += usize::from(paused && !caps.is_reduced());
        smaller += usize::from(caps.is_reduced());
    }
    assert!(waited > 0 && smaller > 0, "{waited} waited, {smaller} are smaller");
}

#[test]
fn a_ring_that_can_not_be_had_says_why() {
    let (mut memory, mut refused, mut missing, mut descriptors) = (0, 0, 0, 0);
    for seed in 0..50 {
        let stage = Stage::new(seed, Kernel::V6_6, Faults::none().start_errors(1.0));
        match stage.ring(64).map(drop).expect_err("every start fails") {
            StartError::Memory { needed, .. } => {
                assert!(needed > 0, "bytes of the smallest ring");
                memory += 1;
            }
            StartError::Refused { errno: libc::EPERM } => refused += 1,
            StartError::Missing { release } => {
                assert!(release.starts_with("6.6"), "{release}");
                missing += 1;
            }
            StartError::Descriptors { .. } => descriptors += 1,
            other => panic!("{other}"),
        }
    }
    assert!([memory, refused, missing, descriptors].iter().all(|count| *count > 0));
}

#[test]
fn a_ring_that_is_not_deferred_posts_whenever_it_likes() {
    let (_stage, mut ring) = Stage::without(setup::DEFER_TASKRUN);
    let (a, b) = sim::stream_pair().expect("a pair");
    let buf = Buf::new(4);
    push(&mut ring, buf.request(RECV, &a), 1);
    sim::write(&b, b"abcd").expect("room");
    assert_eq!(ring.enter(Wait::Flush).expect("open"), Entered::Fine);
    assert!(ring.has_work());
    let mut got = Vec::new();
    ring.reap(&mut got, 8);
    assert_eq!(got.len(), 1, "posted by a flush");
    push(&mut ring, buf.request(RECV, &a), 2);
    assert_eq!(ring.enter(Wait::Flush).expect("open"), Entered::Fine);
    sim::write(&b, b"e").expect("room");
    ring.reap(&mut got, 8);
    assert_eq!(got.len(), 2, "posted without any call");
}

#[test]
fn without_submit_all_a_batch_stops_behind_what_is_refused() {
    let (_stage, mut ring) = Stage::without(setup::SUBMIT_ALL);
    push(&mut ring, Request::new(NOP), 1);
    push(&mut ring, Request::new(200), 2);
    push(&mut ring, Request::new(NOP), 3);
    assert_eq!(ring.enter(Wait::Until(None)).expect("open"), Entered::Fine, "it does not wait");
    assert_eq!(ring.queued(), 1);
    assert_eq!(turn(&mut ring), [(1, 0, 0), (2, -libc::EINVAL, 0), (3, 0, 0)]);
}

#[test]
fn a_close_that_fails_has_closed() {
    let stage = Stage::new(1, Kernel::V6_18, Faults::none().interrupted(1.0));
    let mut ring = stage.ring(8).expect("granted");
    let (a, b) = sim::stream_pair().expect("a pair");
    let mut request = Request::new(CLOSE);
    request.fd = a.into_raw_fd();
    push(&mut ring, request, 1);
    let [(1, result, 0)] = turn(&mut ring)[..] else { panic!("one completion") };
    assert!([-libc::EINTR, -libc::EIO].contains(&result), "{result}");
    assert!(sim::is_ended(&b).expect("a stream"));
}

#[test]
fn a_failed_read_leaves_its_buffer_in_any_state_and_its_bytes_where_they_were() {
    let mut errnos = std::collections::BTreeSet::new();
    for seed in 0..60 {
        let stage = Stage::new(seed, Kernel::V6_18, Faults::none().failures(1.0));
        let mut ring = stage.ring(8).expect("granted");
        let (a, b) = sim::stream_pair().expect("a pair");
        sim::write(&b, b"abcd").expect("room");
        let buf = Buf::new(64);
        push(&mut ring, buf.request(RECV, &a), 1);
        let [(1, result @ ..0, 0)] = turn(&mut ring)[..] else { panic!("one error") };
        errnos.insert(-result);
        assert_eq!(sim::peek(&a).expect("a stream"), b"abcd");
        assert_ne!(buf.get(1), [0], "written to");
        assert_eq!(stage.complaints(), "");
    }
    assert_eq!(errnos.len(), 8, "{errnos:?}");
}

#[test]
fn a_file_fails_with_every_errno_of_its_list() {
    let faults = Faults::none().read_errors(1.0).write_errors(1.0).sync_errors(1.0);
    let mut errnos = [const { std::collections::BTreeSet::new() }; 3];
    for seed in 0..200 {
        let stage = Stage::new(seed, Kernel::V6_18, faults);
        let mut ring = stage.ring(8).expect("granted");
        let file = sim::file(*b"0123").expect("a file");
        let buf = Buf::new(4);
        let write = super::operation::opcode::WRITE;
        for (opcode, told) in [READ, write, FSYNC].into_iter().zip(&mut errnos) {
            push(&mut ring, buf.request(opcode, &file), 1);
            let [(1, result @ ..0, 0)] = turn(&mut ring)[..] else { panic!("one error") };
            told.insert(-result);
        }
        assert_eq!(sim::peek(&file).expect("a file"), b"0123");
    }
    assert_eq!(errnos.map(|told| told.len()), [4, 7, 4]);
}

#[test]
fn a_sync_by_a_worker_of_a_late_kernel_finds_what_the_number_stands_for_then() {
    for kernel in [Kernel::V6_12, Kernel::V6_18] {
        let stage = Stage::new(3, kernel, Faults::none());
        let mut ring = stage.ring(8).expect("granted");
        let file = sim::file(*b"x").expect("a file");
        let mut sync = Request::new(FSYNC);
        sync.fd = file.as_raw_fd();
        push(&mut ring, sync, 1);
        assert_eq!(ring.enter(Wait::Flush).expect("open"), Entered::Fine);
        drop(file);
        let late = kernel == Kernel::V6_18;
        let result = if late { -libc::EBADF } else { 0 };
        assert_eq!(turn(&mut ring), [(1, result, 0)], "{kernel:?}");
        let told = stage.complaints().contains("another one when its operation began");
        assert_eq!(told, late, "{}", stage.complaints());
    }
}

#[test]
fn a_pipe_whose_writer_is_gone_is_ready_and_hung_up() {
    let stage = Stage::new(1, Kernel::V6_18, Faults::none());
    let mut ring = stage.ring(8).expect("granted");
    let (from, to) = stage.0.pipe().expect("a pipe");
    sim::write(&to, b"x").expect("room");
    drop(to);
    let mut poll = Request::new(POLL_ADD);
    (poll.fd, poll.op_flags) = (from.as_raw_fd(), libc::POLLIN as u32);
    push(&mut ring, poll, 1);
    assert_eq!(turn(&mut ring), [(1, i32::from(libc::POLLIN | libc::POLLHUP), 0)]);
}

#[test]
fn a_poll_that_lies_names_some_of_what_was_asked_for() {
    let mut masks = std::collections::BTreeSet::new();
    for seed in 0..60 {
        let stage = Stage::new(seed, Kernel::V6_18, Faults::none().spurious_polls(1.0));
        let mut ring = stage.ring(8).expect("granted");
        let (a, _b) = sim::stream_pair().expect("a pair");
        let mut poll = Request::new(POLL_ADD);
        (poll.fd, poll.op_flags) = (a.as_raw_fd(), (libc::POLLIN | libc::POLLPRI) as u32);
        push(&mut ring, poll, 1);
        let [(1, mask, 0)] = turn(&mut ring)[..] else { panic!("one completion") };
        masks.insert(mask);
    }
    let both = libc::POLLIN | libc::POLLPRI;
    assert_eq!(masks, [libc::POLLIN, libc::POLLPRI, both].map(i32::from).into());
}

#[test]
fn what_could_not_be_cancelled_may_end_as_if_by_a_signal() {
    let mut ends = std::collections::BTreeSet::new();
    for seed in 0..40 {
        let stage = Stage::new(seed, Kernel::V6_18, Faults::none().cancel_busy(1.0));
        let mut ring = stage.ring(8).expect("granted");
        let (a, _b) = sim::stream_pair().expect("a pair");
        let buf = Buf::new(4);
        push(&mut ring, buf.request(RECV, &a), 1);
        let mut cancel = Request::new(super::operation::opcode::ASYNC_CANCEL);
        cancel.addr = std::ptr::without_provenance_mut(1);
        push(&mut ring, cancel, 2);
        let mut got = turn(&mut ring);
        got.sort_unstable();
        let [(1, end, 0), (2, answer, 0)] = got[..] else { panic!("{got:?}") };
        assert_eq!(answer, -libc::EALREADY);
        ends.insert(-end);
    }
    assert_eq!(ends, [libc::EINTR, libc::ECANCELED].into());
}

#[test]
fn a_file_around_the_cache_refuses_what_is_no_block() {
    let stage = Stage::new(1, Kernel::V6_18, Faults::none());
    let mut ring = stage.ring(8).expect("granted");
    let flags = libc::O_RDWR | libc::O_CREAT | libc::O_DIRECT;
    let opened =
        stage.0.with(|state| state.open_file(0, b"/tmp/direct", How::plain(flags, 0o600), None));
    let (_, file) = opened.expect("opened");
    let (part, block) = (Buf::of(&[1; 100]), Buf::of(&[2; 512]));
    let write = super::operation::opcode::WRITE;
    push(&mut ring, part.request(write, &file), 1);
    push(&mut ring, Request { off: 7, ..block.request(write, &file) }, 2);
    push(&mut ring, Request { off: 512, ..block.request(write, &file) }, 3);
    push(&mut ring, part.request(READ, &file), 4);
    push(&mut ring, block.request(READ, &file), 5);
    let refused = -libc::EINVAL;
    let expected = [(1, refused, 0), (2, refused, 0), (3, 512, 0), (4, refused, 0), (5, 512, 0)];
    assert_eq!(turn(&mut ring), expected);
}

#[test]
fn a_wait_may_be_a_tick_too_long_or_too_short() {
    let length = std::time::Duration::from_millis(20);
    let (mut early, mut late) = (0, 0);
    for seed in 0..40 {
        let stage = Stage::new(seed, Kernel::V6_18, Faults::none().skewed_timers(1.0));
        let mut ring = stage.ring(8).expect("granted");
        let began = super::now();
        assert_eq!(ring.enter(Wait::Until(Some(length))).expect("open"), Entered::Fine);
        let took = super::now() - began;
        assert!(took.abs_diff(length).as_millis() <= 4, "{took:?}");
        early += usize::from(took < length);
        late += usize::from(took > length + std::time::Duration::from_micros(10));
    }
    assert!(early > 0 && late > 0, "{early} early, {late} late");
}

#[test]
fn every_fault_of_a_set_has_a_rate_of_one_at_most() {
    for name in ["none", "scheduling", "network", "disk", "all"] {
        let faults = Faults::named(name).expect("a set");
        for fault in Fault::ALL {
            assert!((0.0..=1.0).contains(&faults.get(*fault)), "{name}: {}", fault.name());
        }
    }
}
