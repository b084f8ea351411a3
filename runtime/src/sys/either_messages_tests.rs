//! Messages from ring to ring on both bodies: the same requests, the same completions.

use std::os::fd::{AsRawFd, OwnedFd, RawFd};

use super::tests::{RECV, SKIP_SUCCESS, Stage, alike};
use super::*;

const NOP: u8 = 0;
const MSG_RING: u8 = 40;

const LINK: u8 = 1 << 2;
/// `IORING_MSG_RING_FLAGS_PASS`.
const PASS: u32 = 1 << 1;

/// A message: a tag and a result for a completion there.
fn message(to: RawFd, tag: u64, result: u32) -> impl Fn(&mut Request) {
    move |request| (request.fd, request.off, request.len) = (to, tag, result)
}

/// One more ring of the same body, and its descriptor.
fn other(stage: &Stage) -> (Ring, OwnedFd) {
    let body = match &stage.ring {
        Ring::Kernel(_) => Body::Kernel,
        Ring::Simulated(_) => Body::Simulated,
    };
    let config = RingConfig { body, sq_entries: 4, cq_entries: 4, io_workers: [1, 1], napi_us: 0 };
    let mut ring = Ring::start(&config).expect("both bodies are here");
    let fd = ring.descriptor().expect("a descriptor");
    (ring, fd)
}

/// Everything that the other ring has, told as the stage's own.
fn listen(stage: &mut Stage, other: &mut Ring) {
    let mut got = Vec::new();
    for _ in 0..8 {
        assert_eq!(other.enter(Wait::No).expect("open"), Entered::Fine);
        other.reap(&mut got, 3);
    }
    stage.seen.extend(got.iter().map(|cqe| (cqe.user_data, cqe.result, cqe.flags)));
}

#[test]
fn a_message_is_a_completion_on_the_other_ring() {
    alike(|stage| {
        let (mut other, to) = other(stage);
        stage.seen.push((0, i32::from(other.has_work()), 0));
        stage.push(MSG_RING, &[], 1, message(to.as_raw_fd(), 100, 7));
        stage.push(MSG_RING, &[], 2, message(to.as_raw_fd(), u64::MAX - 1, u32::MAX));
        stage.push(MSG_RING, &[], 3, |request| {
            message(to.as_raw_fd(), 102, 9)(request);
            (request.op_flags, request.file_index) = (PASS, 0x0003_0001);
        });
        stage.push(MSG_RING, &[], 4, |request| {
            message(to.as_raw_fd(), 103, 0)(request);
            request.flags = SKIP_SUCCESS;
        });
        stage.turn();
        stage.seen.push((0, i32::from(other.has_work()), 0));
        listen(stage, &mut other);
        stage.seen.push((0, i32::from(other.has_work()), 0));
    });
}

#[test]
fn a_message_that_waits_ends_a_wait_at_once() {
    alike(|stage| {
        let (mut other, to) = other(stage);
        stage.push(MSG_RING, &[], 1, message(to.as_raw_fd(), 100, 7));
        stage.turn();
        assert_eq!(other.enter(Wait::Until(None)).expect("open"), Entered::Fine);
        listen(stage, &mut other);
    });
}

#[test]
fn a_ring_tells_itself_something() {
    alike(|stage| {
        let own = stage.ring.descriptor().expect("a descriptor");
        stage.push(MSG_RING, &[], 1, message(own.as_raw_fd(), 100, 7));
        stage.push(NOP, &[], 2, |_| {});
        stage.turn();
    });
}

#[test]
fn more_messages_than_the_queue_has_room_for_all_arrive_in_order() {
    alike(|stage| {
        let (mut other, to) = other(stage);
        for round in 0..3 {
            for tag in 0..6 {
                stage.push(MSG_RING, &[], tag, message(to.as_raw_fd(), 100 + 10 * round + tag, 1));
            }
            stage.turn();
        }
        listen(stage, &mut other);
        assert_eq!(stage.seen.len(), 36);
    });
}

#[test]
fn what_is_no_ring_and_no_message_is_refused() {
    alike(|stage| {
        let (mut other, to) = other(stage);
        let to = to.as_raw_fd();
        stage.push(MSG_RING, &[], 1, message(-1, 100, 7));
        let ours = stage.ours.as_raw_fd();
        stage.push(MSG_RING, &[], 2, message(ours, 100, 7));
        let odd: [fn(&mut Request); 5] = [
            |request| request.op_flags = 1,
            |request| request.op_flags = 1 << 5,
            |request| request.file_index = 1,
            |request| request.addr3 = 1,
            |request| request.addr = std::ptr::without_provenance_mut(9),
        ];
        for (tag, set) in (3..).zip(odd) {
            stage.push(MSG_RING, &[], tag, |request| {
                message(to, 100, 7)(request);
                set(request);
            });
            stage.turn();
        }
        // Nor is a ring what else there is.
        stage.push(RECV, &[0; 4], 20, |request| request.fd = to);
        stage.turn();
        listen(stage, &mut other);
    });
}

#[test]
fn a_message_to_a_ring_whose_owner_is_gone_succeeds_and_is_lost() {
    alike(|stage| {
        let (mut other, to) = other(stage);
        other.close();
        stage.push(MSG_RING, &[], 1, message(to.as_raw_fd(), 100, 7));
        stage.turn();
        drop(other);
        stage.push(MSG_RING, &[], 2, message(to.as_raw_fd(), 100, 7));
        stage.turn();
    });
}

#[test]
fn a_message_goes_out_when_what_it_is_linked_to_has_ended() {
    alike(|stage| {
        let (mut other, to) = other(stage);
        stage.push(RECV, &[0; 4], 1, |request| request.flags = LINK);
        stage.push(MSG_RING, &[], 2, message(to.as_raw_fd(), 100, 7));
        stage.turn();
        listen(stage, &mut other);
        stage.feed(b"abc");
        stage.until(2);
        listen(stage, &mut other);
        stage.push(MSG_RING, &[], 3, |request| {
            message(-1, 101, 7)(request);
            request.flags = LINK;
        });
        stage.push(MSG_RING, &[], 4, message(to.as_raw_fd(), 102, 7));
        stage.until(5);
        listen(stage, &mut other);
    });
}
