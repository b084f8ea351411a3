//! Chains in a world that a seed decides: races, what is watched, and random ones.

mod random;

use std::collections::BTreeSet;
use std::os::fd::AsRawFd;
use std::time::Duration;

use super::super::by_hand_tests::{Buf, push, ring};
use super::super::faults::{Fault, Faults};
use super::super::hand as sim;
use super::super::operation::opcode::{LINK_TIMEOUT, NOP, RECV, TIMEOUT};
use super::super::profile::Kernel;
use super::super::ring::Ring;
use super::super::world::{Here, World};
use super::{IO_HARDLINK, IO_LINK, TICK};
use crate::sys::{Request, Wait};

const SEEDS: u64 = if cfg!(miri) { 8 } else { 200 };
const MS: u64 = 1_000_000;

type Seen = Vec<(u64, i32)>;

/// A ring in a world of its own, which a seed decides; it goes first.
pub(in super::super) struct Stage {
    pub(in super::super) ring: Ring,
    pub(in super::super) here: Here,
    pub(in super::super) seen: Seen,
}

impl Stage {
    pub(in super::super) fn new(seed: u64, kernel: Kernel, faults: Faults) -> Self {
        let here = Here { world: World::new(seed, kernel, faults, true), thread: 0, host: 0 };
        here.with(|state| {
            state.hosts.add(None);
            state.schedule.add_thread();
        });
        here.clone().settle();
        Self { ring: ring(16, 64), here, seen: Vec::new() }
    }

    pub(in super::super) fn push(&mut self, request: Request, flags: u8, tag: u64) {
        push(&mut self.ring, Request { flags, ..request }, tag);
    }

    pub(in super::super) fn enter(&mut self, wait: Wait<'_>) {
        let _ = self.ring.enter(wait).expect("open");
        let mut got = Vec::new();
        self.ring.reap(&mut got, usize::MAX);
        self.seen.extend(got.iter().map(|cqe| (cqe.user_data, cqe.result)));
    }

    pub(in super::super) fn now(&self) -> u64 {
        self.here.with(|state| state.now())
    }

    pub(in super::super) fn complaints(&self) -> String {
        self.here.with(|state| state.complaints.join("; "))
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        Here::leave();
    }
}

/// A timeout of either kind, and the time that it points to.
fn timeout(opcode: u8, nanos: u64) -> (Request, Buf) {
    let time = Buf::of(&[[0; 8], nanos.to_ne_bytes()].concat());
    let mut request = Request::new(opcode);
    (request.addr, request.len) = (time.addr(), 1);
    (request, time)
}

/// A receive that a link timeout of a millisecond limits. What completed until both had: data comes
/// before they begin, or never, or after the link timeout if the receive is still there then.
fn receive_in_time(seed: u64, faults: Faults, data: bool) -> Seen {
    let mut stage = Stage::new(seed, Kernel::V6_18, faults);
    let (a, b) = sim::stream_pair().expect("a pair");
    let buf = Buf::of(&[0; 4]);
    let (limit, _time) = timeout(LINK_TIMEOUT, MS);
    if data {
        sim::write(&b, b"abc").expect("room");
    }
    stage.push(buf.request(RECV, &a), IO_LINK, 1);
    stage.push(limit, 0, 2);
    while stage.seen.is_empty() {
        stage.enter(Wait::Until(None));
    }
    stage.enter(Wait::No);
    if stage.seen.len() == 1 {
        sim::write(&b, b"abc").expect("room");
        stage.enter(Wait::Until(None));
    }
    assert!(stage.ring.flying.is_empty());
    assert_eq!(stage.complaints(), "");
    std::mem::take(&mut stage.seen)
}

#[test]
#[cfg_attr(miri, ignore = "needs many seeds")]
fn a_link_timeout_and_what_it_limits_end_in_every_way_that_the_kernel_has() {
    let faults = Faults::none().cancel_last(0.3).cancel_misses(0.3).cancel_busy(0.3);
    let seen: BTreeSet<Seen> =
        (0..SEEDS).map(|seed| receive_in_time(seed, faults, false)).collect();
    let all = [
        vec![(1, -libc::ECANCELED), (2, -libc::ETIME)],
        vec![(2, -libc::ETIME), (1, -libc::ECANCELED)],
        // It was nowhere to be found, and goes on.
        vec![(2, -libc::ENOENT), (1, 3)],
        // It could not be ended, but has heard of it.
        vec![(2, -libc::EALREADY), (1, -libc::ECANCELED)],
        vec![(2, -libc::EALREADY), (1, -libc::EINTR)],
    ];
    let all = BTreeSet::from(all);
    assert!(if cfg!(miri) { seen.is_subset(&all) } else { seen == all }, "{seen:?}");
}

#[test]
#[cfg_attr(miri, ignore = "needs many seeds")]
fn what_takes_its_time_races_with_its_link_timeout_in_both_orders() {
    let faults = Faults::none().delay(1.0).cancel_late(0.5).link_timeout_races(0.7);
    let seen: BTreeSet<Seen> = (0..SEEDS).map(|seed| receive_in_time(seed, faults, true)).collect();
    let all = [
        vec![(1, 3), (2, -libc::ECANCELED)],
        // It fired meanwhile.
        vec![(1, 3), (2, -libc::ETIME)],
        vec![(1, 3), (2, -libc::ENOENT)],
        vec![(1, 3), (2, -libc::EALREADY)],
        // Cancelled in time, and too late.
        vec![(2, -libc::ETIME), (1, -libc::ECANCELED)],
        vec![(2, -libc::ETIME), (1, 3)],
    ];
    let all = BTreeSet::from(all);
    assert!(if cfg!(miri) { seen.is_subset(&all) } else { seen == all }, "{seen:?}");
}

#[test]
fn a_link_timeout_that_is_far_away_does_not_race() {
    let mut stage = Stage::new(1, Kernel::V6_18, Faults::none().link_timeout_races(1.0));
    let (a, b) = sim::stream_pair().expect("a pair");
    let buf = Buf::of(&[0; 4]);
    let (limit, _time) = timeout(LINK_TIMEOUT, 100 * MS);
    stage.push(buf.request(RECV, &a), IO_LINK, 1);
    stage.push(limit, 0, 2);
    stage.enter(Wait::No);
    sim::write(&b, b"abc").expect("room");
    stage.enter(Wait::No);
    assert_eq!(stage.seen, [(1, 3), (2, -libc::ECANCELED)]);
}

/// How much later than its time a link timeout of 10 ms fires.
fn lateness(seed: u64, faults: Faults) -> i64 {
    let mut stage = Stage::new(seed, Kernel::V6_18, faults);
    let (a, _b) = sim::stream_pair().expect("a pair");
    let buf = Buf::of(&[0; 4]);
    let (limit, _time) = timeout(LINK_TIMEOUT, 10 * MS);
    stage.push(buf.request(RECV, &a), IO_LINK, 1);
    stage.push(limit, 0, 2);
    stage.enter(Wait::No);
    let began = stage.now();
    stage.enter(Wait::Until(None));
    assert_eq!(stage.seen, [(2, -libc::ETIME), (1, -libc::ECANCELED)]);
    (stage.now() - began).cast_signed() - (10 * MS).cast_signed()
}

#[test]
#[cfg_attr(miri, ignore = "needs many seeds")]
fn a_link_timeout_fires_in_time_or_off_by_a_tick() {
    let tick = TICK.cast_signed();
    for seed in 0..SEEDS {
        let late = lateness(seed, Faults::none());
        assert_eq!(late, 0, "seed {seed}: {late} ns");
    }
    let off = |seed| lateness(seed, Faults::none().skewed_timers(1.0));
    let all: Vec<_> = (0..SEEDS).map(off).collect();
    assert!(all.iter().all(|late| (-tick..=tick).contains(late)), "{all:?}");
    assert!(all.iter().any(|late| *late < 0) && all.iter().any(|late| *late > 0), "{all:?}");
}

#[test]
fn the_time_of_what_is_behind_begins_with_it() {
    for opcode in [TIMEOUT, LINK_TIMEOUT] {
        let mut stage = Stage::new(1, Kernel::V6_18, Faults::none());
        let (a, b) = sim::stream_pair().expect("a pair");
        let (first, second) = (Buf::of(&[0; 4]), Buf::of(&[0; 4]));
        let (ends, _time) = timeout(opcode, 10 * MS);
        stage.push(first.request(RECV, &a), IO_LINK, 1);
        if opcode == LINK_TIMEOUT {
            stage.push(second.request(RECV, &a), IO_LINK, 2);
        }
        stage.push(ends, 0, 3);
        stage.enter(Wait::Until(Some(Duration::from_millis(50))));
        assert_eq!(stage.seen, []);
        sim::write(&b, b"abc").expect("room");
        stage.enter(Wait::No);
        let began = stage.now();
        assert_eq!(stage.seen, [(1, 3)]);
        stage.enter(Wait::Until(None));
        assert_eq!(stage.seen[1], (3, -libc::ETIME));
        assert_eq!(stage.now() - began, 10 * MS);
    }
}

#[test]
fn no_set_has_the_faults_that_no_program_meets() {
    let ours = [Fault::LinkTimeoutRace, Fault::MessageOverflow, Fault::DuplicateWake];
    for set in ["none", "scheduling", "network", "disk", "all"] {
        let faults = Faults::named(set).expect("a set");
        assert!(ours.iter().all(|fault| faults.get(*fault) == 0.0), "{set}: {faults:?}");
    }
}

#[test]
fn memory_of_what_waits_in_a_chain_is_watched() {
    for touches in [false, true] {
        let memory = Buf::of(&[0; 4]);
        let mut stage = Stage::new(1, Kernel::V6_18, Faults::none());
        let (a, b) = sim::stream_pair().expect("a pair");
        let buf = Buf::of(&[0; 4]);
        let mut behind = Request::new(RECV);
        (behind.fd, behind.addr, behind.len) = (a.as_raw_fd(), memory.addr(), 4);
        stage.push(buf.request(RECV, &a), IO_LINK, 1);
        stage.push(behind, 0, 2);
        stage.enter(Wait::No);
        if touches {
            memory.set(2, 1);
        }
        sim::write(&b, b"abcdefg").expect("room");
        stage.enter(Wait::No);
        assert_eq!(stage.seen, [(1, 4), (2, 3)]);
        let told = stage.complaints().contains("changed while a receive");
        assert_eq!(told, touches, "{}", stage.complaints());
    }
}

#[test]
fn a_ring_that_is_closed_with_a_chain_in_flight_is_told_of_all_of_it() {
    for (stuck, told) in [(0.0, "3 operations in flight"), (1.0, "")] {
        let buf = Buf::of(&[0; 4]);
        let mut stage = Stage::new(1, Kernel::V6_18, Faults::none().stuck_operations(stuck));
        let (a, _b) = sim::stream_pair().expect("a pair");
        stage.push(buf.request(RECV, &a), IO_LINK, 1);
        stage.push(Request::new(NOP), IO_HARDLINK, 2);
        stage.push(Request::new(NOP), 0, 3);
        stage.enter(Wait::No);
        assert_eq!(stage.seen, []);
        stage.ring.close();
        let complaints = stage.complaints();
        assert!(complaints.contains(told) && complaints.is_empty() == told.is_empty());
    }
}

#[test]
fn a_descriptor_that_is_closed_under_what_waits_in_a_chain_is_told() {
    for kernel in Kernel::ALL {
        // They outlive the ring: one of them is in flight when it is closed.
        let (buf, behind) = (Buf::of(&[0; 4]), Buf::of(&[0; 4]));
        let mut stage = Stage::new(1, *kernel, Faults::none());
        let (a, b) = sim::stream_pair().expect("a pair");
        let (c, d) = sim::stream_pair().expect("a pair");
        stage.push(buf.request(RECV, &a), IO_LINK, 1);
        stage.push(behind.request(RECV, &c), 0, 2);
        stage.enter(Wait::No);
        drop(c);
        let late = *kernel == Kernel::V6_18;
        assert_eq!(sim::is_ended(&d).expect("a stream"), late, "what waits does not keep it");
        sim::write(&b, b"abc").expect("room");
        stage.enter(Wait::No);
        let behind: &[_] = if late { &[(1, 3), (2, -libc::EBADF)] } else { &[(1, 3)] };
        assert_eq!(stage.seen, behind);
        let complaints = stage.complaints();
        assert!(complaints.contains("closed under an operation"), "{complaints}");
    }
}

#[test]
fn a_short_submit_ends_a_chain() {
    let mut stage = Stage::new(1, Kernel::V6_18, Faults::none().short_submits(1.0));
    let mut fails = Request::new(NOP);
    (fails.op_flags, fails.len) = (1, (-libc::EIO).cast_unsigned());
    stage.push(fails, IO_LINK, 1);
    stage.push(Request::new(NOP), 0, 2);
    stage.enter(Wait::No);
    assert_eq!(stage.ring.queued(), 1, "the first one was taken, and the other one was not");
    stage.enter(Wait::No);
    assert_eq!(stage.seen, [(1, -libc::EIO), (2, 0)]);
}
