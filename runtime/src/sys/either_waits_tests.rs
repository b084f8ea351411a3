//! Waits for several completions on both bodies: what ends them, and when.

use std::os::fd::AsRawFd;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use io_uring::types::Timespec;

use super::tests::Stage;
use super::*;
use crate::caps::feature;
use crate::sys::Several;
use crate::sys::sim::{Kernel, hand};

const NOP: u8 = 0;
const TIMEOUT: u8 = 11;
const LONG: Duration = Duration::from_secs(100);

fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// Rings of both bodies that can wait for several.
fn each(story: impl Fn(&mut Stage)) {
    for body in [Body::Kernel, Body::Simulated] {
        let mut stage = Stage::of(body);
        if stage.ring.caps().feature_bits & feature::MIN_TIMEOUT != 0 {
            story(&mut stage);
        } else {
            assert_eq!(body, Body::Kernel, "an old kernel");
        }
    }
}

fn nop(stage: &mut Stage) {
    stage.push(NOP, &[], 1, |request| request.fd = -1);
}

/// Fires after so long.
fn timer(stage: &mut Stage, after: Duration) {
    let time: &'static Timespec = Box::leak(Box::new(after.into()));
    stage.push(TIMEOUT, &[], 2, |request| {
        (request.fd, request.len) = (-1, 1);
        request.addr = std::ptr::from_ref(time).cast_mut().cast();
    });
}

/// Hears of being woken, where the body has a bell for that.
fn listen(stage: &mut Stage) {
    if let Some(bell) = stage.ring.wake_fd().map(|bell| bell.as_raw_fd()) {
        stage.push(super::tests::READ, &[0; 8], 3, |request| request.fd = bell);
    }
}

/// Waits for two, and says for how long it did and how many there are.
fn wait(stage: &mut Stage, least: Duration, longest: Option<Duration>) -> (Duration, usize) {
    let began = Instant::now();
    let two = Several { count: 2, least, longest };
    assert_eq!(stage.ring.enter(Wait::Batch(&two)).expect("open"), Entered::Fine);
    let waited = began.elapsed();
    (waited, stage.ring.reap(&mut Vec::new(), usize::MAX))
}

#[test]
fn several_that_are_there_end_it_at_once_and_one_ends_it_after_the_least_time() {
    each(|stage| {
        nop(stage);
        nop(stage);
        let (waited, count) = wait(stage, LONG, None);
        assert!(waited < LONG, "{waited:?}");
        assert_eq!(count, 2);

        nop(stage);
        let (waited, count) = wait(stage, ms(30), None);
        assert!(waited >= ms(30), "{waited:?}");
        assert_eq!(count, 1);
    });
}

#[test]
fn a_timeout_ends_it_alone() {
    each(|stage| {
        timer(stage, ms(10));
        let (waited, count) = wait(stage, LONG, None);
        assert!(waited >= ms(9) && waited < LONG, "{waited:?}");
        assert_eq!(count, 1);
    });
}

#[test]
fn after_the_least_time_one_is_waited_for_to_the_end() {
    each(|stage| {
        let (waited, count) = wait(stage, ms(5), Some(ms(30)));
        assert!(waited >= ms(29), "{waited:?}");
        assert_eq!(count, 0);

        let (waited, count) = wait(stage, LONG, Some(ms(20)));
        assert!(waited < LONG, "the end comes first: {waited:?}");
        assert_eq!(count, 0);

        let (waited, _) = wait(stage, LONG, Some(Duration::ZERO));
        assert!(waited < LONG, "it does not wait: {waited:?}");
    });
}

#[test]
fn without_an_end_it_goes_on_beyond_the_least_time() {
    each(|stage| {
        listen(stage);
        let waker = stage.ring.waker();
        let (keep, gone) = mpsc::channel::<()>();
        let other = thread::spawn(move || {
            let _late = gone.recv_timeout(ms(30));
            waker.wake();
        });
        let (waited, _) = wait(stage, ms(5), None);
        assert!(waited >= ms(25), "{waited:?}");
        drop(keep);
        other.join().expect("nothing panics there");
    });
}

#[test]
fn whoever_wakes_the_owner_waits_for_the_least_time() {
    each(|stage| {
        listen(stage);
        stage.ring.waker().wake();
        let (waited, _) = wait(stage, ms(30), None);
        assert!(waited >= ms(30), "{waited:?}");
    });
}

#[test]
fn an_old_kernel_knows_no_such_wait() {
    for kernel in [Kernel::V6_1, Kernel::V6_6] {
        let mut stage = Stage::of(Body::Simulated);
        hand::kernel(kernel);
        let two = Several { count: 2, least: ms(1), longest: None };
        let refused = stage.ring.enter(Wait::Batch(&two)).expect_err("the field had to be zero");
        assert_eq!(refused.raw_os_error(), Some(libc::EINVAL));
    }
}
