//! The ring on the kernel of this machine.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use super::*;
use crate::sys::{Body, IGNORE};

const NOP: u8 = 0;
const POLL_ADD: u8 = 6;
const TIMEOUT: u8 = 11;
const READ: u8 = 22;
const ACCEPT: u8 = 13;
/// `IORING_OP_NOP` with `IORING_NOP_INJECT_RESULT`: the completion carries `len`.
const NOP_INJECT: u32 = 1;

fn ring(sq_entries: u32, cq_entries: u32) -> Ring {
    let io_workers = [2, 2];
    let config = RingConfig { body: Body::Kernel, sq_entries, cq_entries, io_workers, napi_us: 0 };
    Ring::start(&config).expect("this machine has io_uring")
}

fn push(ring: &mut Ring, request: &Request, user_data: u64) -> Option<Position> {
    // SAFETY: the requests of these tests point to nothing, or to what outlives the ring.
    unsafe { ring.push(request, user_data) }
}

/// Rings after no step down, one, two, and so on to the last.
fn rungs() -> impl Iterator<Item = Ring> {
    (0..=setup::STEPS_DOWN).map(|steps| {
        let io_workers = [2, 2];
        let config = RingConfig {
            body: Body::Kernel,
            sq_entries: 8,
            cq_entries: 16,
            io_workers,
            napi_us: 0,
        };
        let made = setup::make_after(&config, steps).expect("the kernel grants less as well");
        Ring::of(made, &config).expect("this machine has io_uring")
    })
}

/// Enters without waiting until `count` completions have come.
fn collect(ring: &mut Ring, count: usize) -> Vec<Cqe> {
    let mut got = Vec::new();
    while got.len() < count {
        let left = Duration::from_secs(10);
        assert_eq!(ring.enter(Wait::Until(Some(left))).expect("entered"), Entered::Fine);
        let more = ring.reap(&mut got, usize::MAX);
        assert!(more > 0, "only {} of {count} came", got.len());
    }
    got
}

#[test]
fn nops_come_back_in_batches_of_every_size_around_the_ring() {
    let mut ring = ring(8, 16);
    assert_eq!((ring.room(), ring.queued()), (8, 0));
    let mut tag = 0;
    for batch in (0..=8).cycle().take(90) {
        for offset in 0..batch {
            let position = push(&mut ring, &Request::new(NOP), tag + offset);
            assert_eq!(position, Some(Position(tag + offset)));
        }
        assert_eq!(ring.queued(), batch as u32);
        assert_eq!(ring.enter(Wait::No).expect("entered"), Entered::Fine);
        assert_eq!(ring.queued(), 0);
        assert_eq!(ring.has_work(), batch > 0);
        let mut got = Vec::new();
        assert_eq!(ring.reap(&mut got, usize::MAX), batch as usize);
        let tags: Vec<_> = got.iter().map(|cqe| cqe.user_data).collect();
        assert_eq!(tags, (tag..tag + batch).collect::<Vec<_>>());
        tag += batch;
    }
}

/// Completions come, and `has_work` tells of them, with whatever flags the ring has.
#[test]
fn every_step_down_gives_a_ring_that_works() {
    for mut ring in rungs() {
        let flags: Vec<_> = ring.caps().flags().collect();
        for tag in 0..40 {
            push(&mut ring, &Request::new(NOP), tag);
            let position = push(&mut ring, &Request::new(NOP), tag).expect("there is room");
            assert!(ring.take_back(position));
            assert_eq!(collect(&mut ring, 1)[0].user_data, tag, "{flags:?}");
        }
        let (reader, mut writer) = std::io::pipe().expect("a pipe");
        let mut request = Request::new(POLL_ADD);
        request.fd = reader.as_raw_fd();
        request.op_flags = libc::POLLIN as u32;
        push(&mut ring, &request, 9);
        assert_eq!(ring.enter(Wait::No).expect("entered"), Entered::Fine);
        assert!(!ring.has_work(), "{flags:?}");
        writer.write_all(b"x").expect("written");
        assert!(ring.has_work(), "{flags:?}");
        assert_eq!(collect(&mut ring, 1)[0].user_data, 9, "{flags:?}");
    }
}

#[test]
fn a_full_queue_refuses_and_takes_again_after_a_flush() {
    let mut ring = ring(4, 16);
    for tag in 0..4 {
        assert!(push(&mut ring, &Request::new(NOP), tag).is_some());
    }
    assert_eq!(push(&mut ring, &Request::new(NOP), 4), None);
    assert_eq!(ring.enter(Wait::Flush).expect("entered"), Entered::Fine);
    assert_eq!(ring.room(), 4);
    assert!(push(&mut ring, &Request::new(NOP), 4).is_some());
    let tags: Vec<_> = collect(&mut ring, 5).iter().map(|cqe| cqe.user_data).collect();
    assert_eq!(tags, [0, 1, 2, 3, 4]);
}

#[test]
fn a_reap_takes_no_more_than_it_is_told() {
    let mut ring = ring(8, 16);
    for tag in 0..5 {
        push(&mut ring, &Request::new(NOP), tag);
    }
    assert_eq!(ring.enter(Wait::No).expect("entered"), Entered::Fine);
    let mut got = Vec::new();
    assert_eq!(ring.reap(&mut got, 3), 3);
    assert!(ring.has_work());
    assert_eq!(ring.reap(&mut got, 3), 2);
    assert_eq!(ring.reap(&mut got, 3), 0);
    assert!(!ring.has_work());
}

#[test]
fn completions_beyond_a_tiny_queue_arrive_all_and_in_order() {
    let mut ring = ring(4, 4);
    let mut sent = 0;
    while sent < 40 {
        while push(&mut ring, &Request::new(NOP), sent).is_some() {
            sent += 1;
        }
        assert_eq!(ring.enter(Wait::Flush).expect("entered"), Entered::Fine);
    }
    assert!(ring.overflowed() && ring.has_work());
    let mut tags = VecDeque::new();
    let mut got = Vec::new();
    while ring.has_work() {
        ring.reap(&mut got, usize::MAX);
        tags.extend(got.drain(..).map(|cqe| cqe.user_data));
        assert_ne!(ring.enter(Wait::No).expect("entered"), Entered::Poisoned);
    }
    assert!(!ring.overflowed());
    assert_eq!(tags, (0..sent).collect::<Vec<_>>());
}

#[test]
fn what_is_taken_back_in_time_never_completes_and_its_neighbours_do() {
    let mut ring = ring(8, 16);
    let positions: Vec<_> = (0..4)
        .map(|tag| push(&mut ring, &Request::new(NOP), tag).expect("there is room"))
        .collect();
    assert!(ring.take_back(positions[1]));
    assert!(ring.take_back(positions[3]));
    assert_eq!(ring.queued(), 4, "a submission that does nothing is one all the same");
    let tags: Vec<_> = collect(&mut ring, 2).iter().map(|cqe| cqe.user_data).collect();
    assert_eq!(tags, [0, 2]);
    assert!(!ring.has_work());
    for position in positions {
        assert!(!ring.take_back(position), "the kernel has seen it");
    }
    assert!(!ring.take_back(Position(4)), "never pushed");
}

#[test]
fn a_position_of_long_ago_is_not_taken_for_a_new_one() {
    let mut ring = ring(4, 8);
    let old = push(&mut ring, &Request::new(NOP), 1).expect("there is room");
    collect(&mut ring, 1);
    let open = ring.open.as_mut().expect("open");
    // As if 2^32 - 1 more had been pushed since: the kernel's counters are where they were.
    open.queues.pretend_pushed(1 << 32);
    let new = push(&mut ring, &Request::new(NOP), 2).expect("there is room");
    assert_ne!(old, new);
    assert!(!ring.take_back(old));
    assert_eq!(collect(&mut ring, 1)[0].user_data, 2);
}

#[test]
fn a_wait_ends_when_its_time_is_over_and_not_before() {
    let mut ring = ring(8, 16);
    for wait in [Duration::ZERO, Duration::from_nanos(1), Duration::from_millis(5)] {
        let start = Instant::now();
        assert_eq!(ring.enter(Wait::Until(Some(wait))).expect("entered"), Entered::Fine);
        assert!(start.elapsed() >= wait);
    }
    let mut got = Vec::new();
    assert_eq!(ring.reap(&mut got, 1), 0);
    // The longest wait there is does not end at once, and does not fail: a completion ends it.
    push(&mut ring, &Request::new(NOP), 1);
    assert_eq!(ring.enter(Wait::Until(Some(Duration::MAX))).expect("entered"), Entered::Fine);
    assert_eq!(ring.reap(&mut got, 1), 1);
}

#[test]
fn the_longest_wait_really_waits() {
    let mut ring = ring(8, 16);
    // `TIMEOUT` of 20 ms.
    let time = Box::new([0_i64, 20_000_000]);
    let mut request = Request::new(TIMEOUT);
    request.addr = Box::leak(time).as_mut_ptr().cast();
    request.len = 1;
    let start = Instant::now();
    push(&mut ring, &request, 7);
    let mut got = Vec::new();
    while ring.reap(&mut got, 1) == 0 {
        assert_eq!(ring.enter(Wait::Until(Some(Duration::MAX))).expect("entered"), Entered::Fine);
    }
    assert!(start.elapsed() >= Duration::from_millis(20));
    assert_eq!(got, [Cqe { user_data: 7, result: -libc::ETIME, flags: 0 }]);
}

#[test]
fn a_flush_posts_nothing_that_waits_for_the_owner() {
    let mut ring = ring(8, 16);
    let (reader, mut writer) = std::io::pipe().expect("a pipe");
    let mut request = Request::new(POLL_ADD);
    request.fd = reader.as_raw_fd();
    request.op_flags = libc::POLLIN as u32;
    push(&mut ring, &request, 9);
    assert_eq!(ring.enter(Wait::Flush).expect("entered"), Entered::Fine);
    writer.write_all(b"x").expect("written");
    assert!(ring.has_work(), "the flag says that work waits");
    let mut got = Vec::new();
    assert_eq!(ring.enter(Wait::Flush).expect("entered"), Entered::Fine);
    assert_eq!(ring.reap(&mut got, 1), 0);
    assert_eq!(ring.enter(Wait::No).expect("entered"), Entered::Fine);
    assert_eq!(ring.reap(&mut got, 1), 1);
    assert_eq!(got[0].user_data, 9);
}

#[test]
fn a_waker_ends_a_wait_from_another_thread_and_is_harmless_afterwards() {
    let mut ring = ring(8, 16);
    let woken = Box::leak(Box::new([0_u8; 8]));
    let mut request = Request::new(READ);
    request.fd = ring.wake_fd().expect("the kernel's body wakes by a descriptor").as_raw_fd();
    request.addr = woken.as_mut_ptr();
    request.len = 8;
    let waker = ring.waker();
    let (go, may_go) = mpsc::channel();
    let other = thread::spawn(move || {
        for () in may_go {
            waker.wake();
        }
        waker
    });
    for round in 0..50 {
        push(&mut ring, &request, round);
        assert_eq!(ring.enter(Wait::Flush).expect("entered"), Entered::Fine);
        go.send(()).expect("the other thread listens");
        let mut got = Vec::new();
        while ring.reap(&mut got, 8) == 0 {
            assert_eq!(ring.enter(Wait::Until(None)).expect("entered"), Entered::Fine);
        }
        assert_eq!((got[0].user_data, got[0].result), (round, 8));
    }
    drop((go, ring));
    other.join().expect("no panic").wake();
}

#[test]
fn a_wake_before_the_wait_is_not_lost() {
    let mut ring = ring(8, 16);
    let waker = ring.waker();
    waker.wake();
    waker.wake();
    let woken = Box::leak(Box::new([0_u8; 8]));
    let mut request = Request::new(READ);
    request.fd = ring.wake_fd().expect("by a descriptor").as_raw_fd();
    request.addr = woken.as_mut_ptr();
    request.len = 8;
    push(&mut ring, &request, 1);
    assert_eq!(collect(&mut ring, 1)[0].result, 8);
}

/// The trap of registered descriptors: each holds its ring, and a thread has room for sixteen.
#[test]
fn forty_rings_in_a_row_on_one_thread_are_each_torn_down() {
    for round in 0..40 {
        let mut ring = ring(8, 16);
        assert!(ring.caps().ring_fd_registered(), "round {round}: an old registration is left");
        let listener = TcpListener::bind("127.0.0.1:0").expect("bound");
        let addr = listener.local_addr().expect("has an address");
        let mut request = Request::new(ACCEPT);
        request.fd = listener.as_raw_fd();
        push(&mut ring, &request, 1);
        assert_eq!(ring.enter(Wait::No).expect("entered"), Entered::Fine);
        ring.close();
        ring.close();
        drop(listener);
        // The ring releases the listener asynchronously, some milliseconds later at worst.
        let deadline = Instant::now() + Duration::from_secs(5);
        while let Err(error) = TcpListener::bind(addr) {
            assert!(Instant::now() < deadline, "round {round}: {error}");
            thread::yield_now();
        }
    }
}

#[test]
fn a_closed_ring_answers_without_harm() {
    let mut ring = ring(8, 16);
    ring.close();
    assert_eq!(push(&mut ring, &Request::new(NOP), 1), None);
    assert_eq!((ring.room(), ring.queued()), (0, 0));
    assert!(!ring.has_work() && !ring.overflowed());
    assert!(!ring.take_back(Position(0)));
    assert_eq!(ring.enter(Wait::No).expect_err("closed").raw_os_error(), Some(libc::EBADF));
    assert_eq!(ring.reap(&mut Vec::new(), 1), 0);
    assert!(ring.unregister_buf_ring(0).is_err());
    ring.waker().wake();
}

#[test]
fn what_was_granted_is_what_this_kernel_has() {
    let ring = ring(100, 300);
    let caps = ring.caps();
    assert_eq!((caps.sq_entries(), caps.cq_entries()), (128, 512), "rounded up");
    assert!(caps.supports(NOP) && !caps.supports(255));
    assert!(caps.flags().any(|flag| flag == "SUBMIT_ALL"));
    assert!(!caps.is_reduced());
    assert!(caps.to_string().contains(caps.kernel()));
}

#[test]
fn any_result_passes_through_the_queue_unchanged() {
    let mut ring = ring(8, 16);
    let results = [i32::MIN, -libc::ECANCELED, -1, 0, 1, i32::MAX];
    for (tag, result) in results.into_iter().enumerate() {
        let mut request = Request::new(NOP);
        (request.op_flags, request.len) = (NOP_INJECT, result as u32);
        push(&mut ring, &request, tag as u64);
    }
    let got = collect(&mut ring, results.len());
    if got[0].result == -libc::EINVAL {
        return; // Before Linux 6.10.
    }
    for (tag, result) in results.into_iter().enumerate() {
        assert_eq!((got[tag].user_data, got[tag].result), (tag as u64, result));
    }
    assert!(!got.iter().any(|cqe| cqe.user_data == IGNORE));
}

#[test]
fn the_kernel_picks_a_buffer_of_a_registered_ring() {
    const RECV: u8 = 27;
    const BUFFER_SELECT: u8 = 1 << 5;
    /// `struct io_uring_buf`; the tail lies in `reserved` of the first.
    #[repr(C, align(4096))]
    struct Entries([(u64, u32, u16, u16); 4]);
    let mut ring = ring(8, 16);
    let data: &'static mut [u8; 64] = Box::leak(Box::new([0; 64]));
    let data_at = data.as_mut_ptr();
    let entries = Box::leak(Box::new(Entries([(0, 0, 0, 0); 4])));
    entries.0[0] = (data_at.expose_provenance() as u64, 64, 3, 1);
    let entries: *mut u8 = (&raw mut *entries).cast();
    // SAFETY: both were leaked.
    unsafe { ring.register_buf_ring(1, entries, 4, false) }.expect("registered");

    let listener = TcpListener::bind("127.0.0.1:0").expect("bound");
    let mut client = TcpStream::connect(listener.local_addr().expect("bound")).expect("connected");
    let (mut server, _) = listener.accept().expect("accepted");
    client.write_all(b"hello").expect("written");
    let mut request = Request::new(RECV);
    (request.fd, request.flags, request.buf) = (server.as_raw_fd(), BUFFER_SELECT, 1);
    push(&mut ring, &request, 5);
    let got = collect(&mut ring, 1)[0];
    assert_eq!((got.user_data, got.result), (5, 5));
    assert_eq!(got.flags >> 16, 3, "the buffer's number");
    // SAFETY: the kernel has given the buffer back, and it was leaked.
    let data = unsafe { std::slice::from_raw_parts(data_at, 5) };
    assert_eq!(data, b"hello");
    ring.unregister_buf_ring(1).expect("unregistered");
    assert!(ring.unregister_buf_ring(1).is_err(), "only once");
    client.shutdown(std::net::Shutdown::Write).expect("shut down");
    assert_eq!(server.read(&mut [0; 1]).expect("the end"), 0);
}

#[test]
fn waits_poll_devices_for_as_long_as_they_were_told() {
    let (body, io_workers) = (Body::Kernel, [1, 1]);
    let config = RingConfig { body, sq_entries: 8, cq_entries: 16, io_workers, napi_us: 70 };
    match Ring::start(&config) {
        Ok(ring) => assert_eq!(ring.stop_polling_devices().expect("registered"), 70),
        // Linux 6.9, and a kernel that has network devices.
        Err(error) => assert!(matches!(error, StartError::Napi { .. }), "{error}"),
    }
}
