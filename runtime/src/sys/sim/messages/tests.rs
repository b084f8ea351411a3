//! Messages in a world that a seed decides: from core to core, and what may go wrong.

use std::os::fd::AsRawFd;
use std::time::Duration;

use super::super::by_hand_tests::ring;
use super::super::faults::{Fault, Faults};
use super::super::links::tests::Stage;
use super::super::operation::opcode::MSG_RING;
use super::super::profile::Kernel;
use super::super::threads::{Child, await_end};
use crate::sys::{Request, Wait};

fn message(to: &impl AsRawFd, tag: u64, result: u32) -> Request {
    let mut request = Request::new(MSG_RING);
    (request.fd, request.off, request.len) = (to.as_raw_fd(), tag, result);
    request
}

/// What a ring with these faults has sent, and what arrived at another one.
fn sent(faults: Faults) -> (Stage, Vec<(u64, i32)>) {
    let mut stage = Stage::new(1, Kernel::V6_18, faults);
    let mut other = ring(4, 4);
    let to = other.descriptor().expect("a descriptor");
    stage.push(message(&to, 100, 7), 0, 1);
    stage.enter(Wait::No);
    std::mem::swap(&mut stage.ring, &mut other);
    let told = std::mem::take(&mut stage.seen);
    stage.enter(Wait::No);
    (stage, told)
}

#[test]
fn a_message_that_finds_no_memory_says_so_and_does_not_arrive() {
    let (stage, told) = sent(Faults::none().message_overflows(1.0));
    assert_eq!(told, [(1, -libc::EOVERFLOW)]);
    assert_eq!(stage.seen, []);
    assert_eq!(stage.here.with(|state| state.counts.get(Fault::MessageOverflow)), 1);
}

#[test]
fn a_message_wakes_once_and_where_the_seed_says_so_once_more() {
    for (rate, again) in [(0.0, false), (1.0, true)] {
        let (mut stage, told) = sent(Faults::none().duplicate_wakes(rate));
        assert_eq!((told.as_slice(), stage.seen.as_slice()), (&[(1, 0)][..], &[(100, 7)][..]));
        let mut waited = || {
            let began = stage.now();
            stage.enter(Wait::Until(Some(Duration::from_millis(1))));
            stage.now() - began >= 1_000_000
        };
        assert_eq!([waited(), waited()], [!again, true]);
        assert_eq!(stage.seen, [(100, 7)], "with nothing");
    }
}

#[test]
fn older_kernels_pass_no_flags() {
    for kernel in Kernel::ALL {
        let mut stage = Stage::new(1, *kernel, Faults::none());
        let own = stage.ring.descriptor().expect("a descriptor");
        let request = Request { op_flags: 2, file_index: 1, ..message(&own, 100, 7) };
        stage.push(request, 0, 1);
        stage.enter(Wait::No);
        let passed: &[_] = &[(1, 0), (100, 7)];
        let refused: &[_] = &[(1, -libc::EINVAL)];
        assert_eq!(stage.seen, if *kernel == Kernel::V6_1 { refused } else { passed });
    }
}

#[test]
fn messages_of_another_core_wake_a_ring_that_waits_and_none_is_lost() {
    const COUNT: u64 = 5;
    let seeds = if cfg!(miri) { 2 } else { 50 };
    for seed in 0..seeds {
        let mut stage = Stage::new(seed, Kernel::V6_18, Faults::scheduling().duplicate_wakes(0.5));
        let to = stage.ring.descriptor().expect("a descriptor");
        let child = Child::on(&stage.here, 0);
        let number = child.number();
        let other = std::thread::spawn(move || {
            child.run(|| {
                let mut ring = ring(4, 4);
                let mut got = Vec::new();
                for tag in 0..COUNT {
                    super::super::by_hand_tests::push(&mut ring, message(&to, tag, 7), tag);
                    while got.len() as u64 <= tag {
                        let _ = ring.enter(Wait::Until(None)).expect("open");
                        ring.reap(&mut got, usize::MAX);
                    }
                }
                assert!(got.iter().all(|cqe| cqe.result == 0), "{got:?}");
            });
        });
        while (stage.seen.len() as u64) < COUNT {
            stage.enter(Wait::Until(None));
        }
        let all: Vec<_> = (0..COUNT).map(|tag| (tag, 7)).collect();
        assert_eq!(stage.seen, all, "seed {seed}");
        assert!(await_end(number));
        other.join().expect("no panic");
        assert_eq!(stage.complaints(), "", "seed {seed}");
    }
}

#[test]
fn what_a_ring_has_not_seen_is_lost_with_it() {
    let mut stage = Stage::new(1, Kernel::V6_18, Faults::none());
    let mut other = ring(4, 4);
    let to = other.descriptor().expect("a descriptor");
    stage.push(message(&to, 100, 7), 0, 1);
    stage.enter(Wait::No);
    drop(other);
    stage.push(message(&to, 101, 7), 0, 2);
    stage.enter(Wait::No);
    drop(to);
    // Its number stands for nothing any more.
    stage.push(message(&-1, 102, 7), 0, 3);
    stage.enter(Wait::No);
    assert_eq!(stage.seen, [(1, 0), (2, 0), (3, -libc::EBADF)]);
    assert_eq!(stage.complaints(), "");
}
