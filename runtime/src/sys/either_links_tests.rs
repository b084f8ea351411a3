//! Chains and link timeouts on both bodies: the same submissions, the same ends.

use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;

use super::tests::{
    ASYNC_CANCEL, POLL_ADD, READ, RECV, SEND, SHUTDOWN, SKIP_SUCCESS, Stage, WRITE, alike, msg,
};
use super::*;
use crate::sys::sim::hand as sim;

const NOP: u8 = 0;
const FSYNC: u8 = 3;
const TIMEOUT: u8 = 11;
const LINK_TIMEOUT: u8 = 15;
/// No operation.
const NOTHING: u8 = 200;

const LINK: u8 = 1 << 2;
const HARD: u8 = 1 << 3;

/// A request with flags and nothing else.
fn flags(flags: u8) -> impl Fn(&mut Request) {
    move |request| request.flags = flags
}

/// A no-op that fails.
fn fails(with: u8) -> impl Fn(&mut Request) {
    move |request| {
        (request.flags, request.op_flags, request.len) = (with, 1, (-libc::EIO) as u32);
    }
}

/// What a timeout of so many milliseconds points to.
fn time(ms: i64) -> [u8; 16] {
    let [seconds, nanos] = [(ms / 1000).to_ne_bytes(), (ms % 1000 * 1_000_000).to_ne_bytes()];
    std::array::from_fn(|at| if at < 8 { seconds[at] } else { nanos[at - 8] })
}

/// Either timeout.
fn timeout(flags: u8) -> impl Fn(&mut Request) {
    move |request| (request.fd, request.flags, request.len) = (-1, flags, 1)
}

/// Soon, and never as far as a story goes.
const SOON: i64 = 2;
const LATE: i64 = 60_000;

#[test]
fn a_chain_goes_on_one_by_one_behind_what_is_submitted_beside_it() {
    alike(|stage| {
        stage.push(NOP, &[], 1, flags(LINK));
        stage.push(NOP, &[], 2, flags(LINK));
        stage.push(NOP, &[], 3, flags(0));
        stage.push(NOP, &[], 4, flags(HARD));
        stage.push(NOP, &[], 5, flags(0));
        stage.push(NOP, &[], 6, flags(0));
        stage.turn();
        stage.push(RECV, &[0; 4], 7, flags(LINK));
        stage.push(SEND, b"after", 8, flags(0));
        stage.push(NOP, &[], 9, flags(0));
        stage.turn();
        stage.feed(b"abc");
        stage.until(9);
    });
}

#[test]
fn the_first_failure_cancels_the_rest_and_a_hard_link_goes_on() {
    alike(|stage| {
        stage.push(NOP, &[], 1, flags(LINK));
        stage.push(NOP, &[], 2, fails(LINK));
        stage.push(RECV, &[0; 4], 3, flags(LINK));
        stage.push(NOP, &[], 4, flags(0));
        stage.push(NOP, &[], 5, flags(0));
        stage.turn();
        stage.push(NOP, &[], 6, fails(HARD));
        stage.push(NOP, &[], 7, fails(LINK | HARD));
        stage.push(NOP, &[], 8, fails(LINK));
        stage.push(NOP, &[], 9, flags(HARD));
        stage.push(NOP, &[], 10, flags(0));
        stage.until(10);
    });
}

#[test]
fn a_short_read_breaks_a_link_and_a_short_receive_only_if_it_waits_for_all() {
    alike(|stage| {
        for (tag, opcode, link, how) in [
            (10, READ, LINK, 0),
            (20, READ, HARD, 0),
            (30, RECV, LINK, 0),
            (40, RECV, LINK, libc::MSG_WAITALL),
        ] {
            stage.push(opcode, &[0; 8], tag, |request| {
                (request.flags, request.op_flags) = (link, how as u32);
            });
            stage.push(NOP, &[], tag + 1, flags(0));
            stage.turn();
            if how != 0 {
                stage.feed(b"abc");
                stage.turn();
                stage.cancel(tag, tag + 2);
                stage.turn();
                continue;
            }
            stage.feed(b"abc");
            stage.turn();
            stage.push(opcode, &[0; 3], tag + 3, flags(link));
            stage.push(NOP, &[], tag + 4, flags(0));
            stage.feed(b"def");
            stage.turn();
        }
    });
}

/// What a file or a socket says of a sync or a shutdown is told, and no failure to the chain; that
/// there is no such thing is one.
#[test]
fn syncs_and_shutdowns_break_no_link_by_what_they_come_to() {
    alike(|stage| {
        stage.push(FSYNC, &[], 1, flags(LINK));
        stage.push(SHUTDOWN, &[], 2, |request| (request.flags, request.len) = (LINK, 9));
        stage.push(NOP, &[], 3, flags(0));
        stage.until(3);
        for (tag, opcode) in [(10, FSYNC), (20, SHUTDOWN), (30, SEND), (40, WRITE), (50, POLL_ADD)]
        {
            stage.push(opcode, &[], tag, |request| (request.flags, request.fd) = (LINK, -1));
            stage.push(NOP, &[], tag + 1, flags(0));
            stage.until(stage.seen.len() + 2);
        }
    });
}

#[test]
fn a_refused_submission_ends_its_chain_before_it_begins_hard_or_not() {
    alike(|stage| {
        for (tag, link) in [(10, LINK), (20, HARD)] {
            stage.push(SEND, b"never", tag, flags(link));
            stage.push(NOTHING, &[], tag + 1, flags(link));
            stage.push(NOP, &[], tag + 2, flags(0));
            stage.push(NOP, &[], tag + 3, flags(0));
            stage.turn();
            stage.push(NOTHING, &[], tag + 4, flags(link));
            stage.push(NOP, &[], tag + 5, flags(0));
            stage.turn();
        }
        // Nothing was sent.
        let theirs = stage.theirs.as_raw_fd();
        stage.push(RECV, &[0; 8], 1, |request| {
            msg(libc::MSG_DONTWAIT)(request);
            request.fd = theirs;
        });
        stage.turn();
    });
}

#[test]
fn a_chain_ends_with_what_is_submitted_at_once_and_outlives_what_is_taken_back() {
    alike(|stage| {
        stage.push(NOP, &[], 1, fails(LINK));
        stage.turn();
        stage.push(NOP, &[], 2, flags(0));
        stage.turn();
        stage.push(NOP, &[], 3, fails(LINK));
        let back = stage.push(NOP, &[], 4, flags(LINK));
        stage.push(NOP, &[], 5, flags(0));
        assert!(stage.ring.take_back(back));
        stage.turn();
        let back = stage.push(NOP, &[], 6, fails(LINK));
        stage.push(NOP, &[], 7, flags(0));
        assert!(stage.ring.take_back(back));
        stage.turn();
    });
}

#[test]
fn a_silent_failure_speaks_and_silences_what_it_cancels() {
    alike(|stage| {
        stage.push(NOP, &[], 1, fails(LINK | SKIP_SUCCESS));
        stage.push(NOP, &[], 2, flags(LINK));
        stage.push(NOP, &[], 3, flags(0));
        stage.turn();
        stage.push(NOP, &[], 4, flags(LINK | SKIP_SUCCESS));
        stage.push(NOP, &[], 5, fails(LINK));
        stage.push(NOP, &[], 6, flags(SKIP_SUCCESS));
        stage.turn();
        stage.push(NOP, &[], 7, flags(LINK | SKIP_SUCCESS));
        stage.push(NOTHING, &[], 8, flags(LINK));
        stage.push(NOP, &[], 9, flags(0));
        stage.turn();
    });
}

/// A short count is a failure, too; what a file says of a sync is none, and not even told.
#[test]
fn what_is_silent_tells_of_what_would_break_a_link_and_of_nothing_else() {
    alike(|stage| {
        stage.feed(b"abc");
        stage.push(READ, &[0; 8], 1, flags(SKIP_SUCCESS));
        stage.turn();
        stage.feed(b"abc");
        stage.push(RECV, &[0; 8], 2, flags(SKIP_SUCCESS));
        stage.turn();
        stage.push(FSYNC, &[], 3, flags(SKIP_SUCCESS));
        stage.push(SHUTDOWN, &[], 4, |request| (request.flags, request.len) = (SKIP_SUCCESS, 9));
        (0..5).for_each(|_| stage.turn());
        stage.push(FSYNC, &[], 5, |request| (request.flags, request.fd) = (SKIP_SUCCESS, -1));
        stage.until(2);
    });
}

#[test]
fn a_cancel_finds_the_head_of_a_chain_and_nothing_behind_it() {
    alike(|stage| {
        let chain = |stage: &mut Stage, tag| {
            stage.push(RECV, &[0; 4], tag, flags(LINK));
            stage.push(RECV, &[0; 4], tag + 1, flags(LINK));
            stage.push(NOP, &[], tag + 2, flags(0));
            stage.turn();
        };
        chain(stage, 10);
        stage.cancel(11, 1);
        stage.turn();
        stage.cancel(10, 2);
        stage.turn();
        chain(stage, 20);
        stage.push(ASYNC_CANCEL, &[], 3, |request| request.op_flags = 4);
        stage.turn();
        stage.push(RECV, &[0; 4], 30, flags(HARD));
        stage.push(NOP, &[], 31, flags(0));
        stage.turn();
        stage.cancel(30, 4);
        stage.turn();
        // Linked to its cancel: it comes too late for it.
        stage.push(ASYNC_CANCEL, &[], 5, |request| {
            (request.fd, request.flags) = (-1, LINK);
            request.addr = std::ptr::without_provenance_mut(40);
        });
        stage.push(RECV, &[0; 4], 40, flags(0));
        stage.turn();
    });
}

#[test]
fn a_timeout_breaks_a_link_and_a_hard_one_waits_for_it() {
    alike(|stage| {
        stage.push(TIMEOUT, &time(SOON), 1, timeout(LINK));
        stage.push(NOP, &[], 2, flags(0));
        stage.until(2);
        stage.push(TIMEOUT, &time(SOON), 3, timeout(HARD));
        stage.push(TIMEOUT, &time(SOON), 4, timeout(HARD));
        stage.push(NOP, &[], 5, flags(0));
        stage.until(5);
    });
}

#[test]
fn a_link_timeout_cancels_what_takes_too_long_and_tells_of_it_first() {
    alike(|stage| {
        stage.push(RECV, &[0; 4], 1, flags(LINK));
        stage.push(LINK_TIMEOUT, &time(SOON), 2, timeout(LINK));
        stage.push(NOP, &[], 3, flags(0));
        stage.until(3);
        stage.push(RECV, &[0; 4], 4, flags(HARD));
        stage.push(LINK_TIMEOUT, &time(SOON), 5, timeout(LINK));
        stage.push(NOP, &[], 6, flags(0));
        stage.until(6);
        stage.feed(b"ab");
        stage.push(NOP, &[], 7, flags(LINK));
        stage.push(RECV, &[0; 4], 8, |request| {
            msg(libc::MSG_WAITALL)(request);
            request.flags = LINK;
        });
        stage.push(LINK_TIMEOUT, &time(SOON), 9, timeout(0));
        stage.until(9);
    });
}

#[test]
fn what_ends_in_time_cancels_its_link_timeout_begun_or_not() {
    alike(|stage| {
        stage.push(RECV, &[0; 4], 1, flags(LINK));
        stage.push(LINK_TIMEOUT, &time(LATE), 2, timeout(LINK));
        stage.push(NOP, &[], 3, flags(0));
        stage.turn();
        stage.feed(b"abc");
        stage.until(3);
        stage.push(NOP, &[], 4, flags(LINK));
        stage.push(LINK_TIMEOUT, &time(LATE), 5, timeout(LINK));
        stage.push(NOP, &[], 6, flags(0));
        stage.push(NOP, &[], 7, flags(0));
        stage.until(7);
        // What fails by itself, and what is cancelled.
        stage.push(NOP, &[], 8, fails(LINK));
        stage.push(LINK_TIMEOUT, &time(LATE), 9, timeout(LINK));
        stage.push(NOP, &[], 10, flags(0));
        stage.until(10);
        stage.push(RECV, &[0; 4], 11, flags(LINK));
        stage.push(LINK_TIMEOUT, &time(LATE), 12, timeout(LINK));
        stage.push(NOP, &[], 13, flags(0));
        stage.turn();
        stage.cancel(12, 14);
        stage.turn();
        stage.cancel(11, 15);
        stage.until(15);
    });
}

/// Linux 6.18 says `ENOENT` of a link timeout without any time: it has fired, and found nothing. In
/// a simulation it is the seed that says so.
#[test]
fn a_link_timeout_may_fire_although_what_it_limits_has_ended_at_once() {
    for body in [Body::Kernel, Body::Simulated] {
        let mut stage = Stage::of(body);
        for _ in 0..10 {
            stage.push(NOP, &[], 1, flags(LINK));
            stage.push(LINK_TIMEOUT, &time(0), 2, timeout(LINK));
            stage.push(NOP, &[], 3, flags(0));
            stage.until(3);
            let result = stage.seen.iter().find(|seen| seen.0 == 2).map_or(0, |seen| seen.1);
            assert!([libc::ENOENT, libc::ETIME, libc::ECANCELED].contains(&-result), "{result}");
            stage.seen.sort_unstable();
            assert_eq!(stage.seen, [(1, 0, 0), (2, result, 0), (3, 0, 0)]);
            stage.seen.clear();
        }
    }
}

#[test]
fn the_time_of_a_link_timeout_begins_with_what_it_limits() {
    alike(|stage| {
        stage.push(RECV, &[0; 4], 1, flags(LINK));
        stage.push(RECV, &[0; 4], 2, flags(LINK));
        stage.push(LINK_TIMEOUT, &time(SOON), 3, timeout(0));
        (0..5).for_each(|_| stage.turn());
        assert_eq!(stage.seen, [], "it has not begun");
        stage.feed(b"abc");
        stage.until(3);
    });
}

#[test]
fn a_link_timeout_that_limits_nothing_is_refused() {
    alike(|stage| {
        stage.push(LINK_TIMEOUT, &time(SOON), 1, timeout(0));
        stage.turn();
        stage.push(LINK_TIMEOUT, &time(SOON), 2, timeout(LINK));
        stage.push(NOP, &[], 3, flags(0));
        stage.turn();
        stage.push(NOP, &[], 4, flags(LINK));
        stage.push(LINK_TIMEOUT, &time(SOON), 5, timeout(LINK));
        stage.push(LINK_TIMEOUT, &time(SOON), 6, timeout(0));
        stage.turn();
        stage.push(NOP, &[], 7, flags(LINK));
        stage.push(LINK_TIMEOUT, &time(-1000), 8, timeout(0));
        stage.turn();
        stage.push(NOP, &[], 9, flags(LINK));
        stage.push(LINK_TIMEOUT, &time(SOON), 10, |request| {
            timeout(0)(request);
            request.len = 2;
        });
        stage.turn();
    });
}

#[test]
fn a_silent_link_timeout_says_nothing_unless_it_is_refused() {
    alike(|stage| {
        stage.push(RECV, &[0; 4], 1, flags(LINK));
        stage.push(LINK_TIMEOUT, &time(SOON), 2, timeout(SKIP_SUCCESS));
        stage.until(1);
        stage.push(NOP, &[], 3, flags(LINK));
        stage.push(LINK_TIMEOUT, &time(SOON), 4, timeout(SKIP_SUCCESS));
        stage.turn();
        stage.push(NOP, &[], 5, fails(LINK));
        stage.push(LINK_TIMEOUT, &time(SOON), 6, timeout(LINK | SKIP_SUCCESS));
        stage.push(NOP, &[], 7, flags(SKIP_SUCCESS));
        stage.turn();
        stage.push(LINK_TIMEOUT, &time(SOON), 8, timeout(SKIP_SUCCESS));
        stage.turn();
        // The limit of a silent one speaks, though what is behind does not.
        stage.push(NOP, &[], 9, fails(LINK | SKIP_SUCCESS));
        stage.push(LINK_TIMEOUT, &time(SOON), 10, timeout(LINK));
        stage.push(NOP, &[], 11, flags(0));
        stage.turn();
        // One that is cancelled with what it would have limited.
        stage.push(NOP, &[], 12, fails(LINK));
        stage.push(NOP, &[], 13, flags(LINK));
        stage.push(LINK_TIMEOUT, &time(SOON), 14, timeout(SKIP_SUCCESS));
        stage.turn();
    });
}

/// Two more connected ends.
fn pair(stage: &Stage) -> (OwnedFd, OwnedFd) {
    match &stage.ring {
        Ring::Kernel(_) => {
            let (one, other) = UnixStream::pair().expect("a pair");
            (one.into(), other.into())
        }
        Ring::Simulated(_) => sim::stream_pair().expect("a pair"),
    }
}

/// On Linux 6.18. The number is given to something that no operation can use, and not just closed:
/// another test could get it.
#[test]
fn a_descriptor_behind_a_link_is_looked_up_when_its_operation_begins() {
    alike(|stage| {
        let (mut reads, writes) = pair(stage);
        let number = reads.as_raw_fd();
        stage.push(RECV, &[0; 4], 2, flags(LINK));
        stage.push(RECV, &[0; 4], 3, |request| request.fd = number);
        stage.turn();
        let flags = rustix::fs::OFlags::PATH | rustix::fs::OFlags::CLOEXEC;
        let root = rustix::fs::open("/", flags, rustix::fs::Mode::empty()).expect("opened");
        rustix::io::dup2(&root, &mut reads).expect("the number is another's now");
        // Nothing keeps what it stood for.
        stage.push(RECV, &[0; 4], 4, |request| request.fd = writes.as_raw_fd());
        stage.until(1);
        stage.feed(b"abc");
        stage.until(3);
    });
}
