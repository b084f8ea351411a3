//! How a ring is asked for: with everything, then step by step with less. Both bodies ask so.

use std::io;

use crate::caps::setup;
use crate::config::{
    CQ_ENTRIES_FLOOR, CQ_ENTRIES_MAX, SQ_ENTRIES_FLOOR, SQ_ENTRIES_MAX, START_TRIES,
    START_TRIES_AT_FLOOR,
};
use crate::sys::RingConfig;

/// What is asked for first.
const WANTED: u32 = setup::SINGLE_ISSUER
    | setup::DEFER_TASKRUN
    | setup::TASKRUN_FLAG
    | setup::SUBMIT_ALL
    | setup::CQSIZE
    | setup::CLAMP
    | setup::NO_SQARRAY;

/// What is given up when flags are refused (`EINVAL`), in this order, and what is asked for
/// instead.
pub(super) const STEPS: [(u32, u32); 5] = [
    // Linux 6.6.
    (setup::NO_SQARRAY, 0),
    // Needs 6.1, and SINGLE_ISSUER. Without it the kernel interrupts less if we promise to come by.
    (setup::DEFER_TASKRUN, setup::COOP_TASKRUN),
    (setup::SINGLE_ISSUER, 0),
    // Together: who isn't interrupted must be told by the flag that work waits.
    (setup::COOP_TASKRUN | setup::TASKRUN_FLAG, 0),
    // Without it a batch stops at a submission that is refused; the next `enter` goes on.
    (setup::SUBMIT_ALL, 0),
];

/// Flags and sizes of one try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ask {
    pub(super) flags: u32,
    pub(super) sq_entries: u32,
    pub(super) cq_entries: u32,
}

/// The last answer, and the size of the smallest ring that was tried.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) error: io::Error,
    pub(super) smallest_bytes: u64,
}

/// The flags that were asked for first and are not in `granted`.
pub(super) fn refused(granted: u32) -> u32 {
    WANTED & !granted
}

/// The ladder: `attempt` is tried with less and less, `pause` lets the kernel release old rings.
pub(super) fn negotiate<R>(
    config: &RingConfig,
    mut attempt: impl FnMut(&Ask) -> io::Result<R>,
    mut pause: impl FnMut(),
) -> Result<(R, Ask), Failed> {
    let sq_entries = config.sq_entries.clamp(1, SQ_ENTRIES_MAX).next_power_of_two();
    let cq_entries = config.cq_entries.clamp(sq_entries, CQ_ENTRIES_MAX).next_power_of_two();
    let mut ask = Ask { flags: WANTED, sq_entries, cq_entries };
    let mut steps = STEPS.iter();
    let mut tries = 0;
    loop {
        let error = match attempt(&ask) {
            Ok(ring) => return Ok((ring, ask)),
            Err(error) => error,
        };
        match error.raw_os_error() {
            // Some flag is unknown here, and the kernel doesn't say which.
            Some(libc::EINVAL) => match steps.next() {
                Some(&(given_up, instead)) => ask.flags = ask.flags & !given_up | instead,
                None => return Err(Failed { error, smallest_bytes: bytes(&ask) }),
            },
            // Lockable memory is short, perhaps only until a ring that was just closed is gone.
            Some(libc::ENOMEM) => {
                tries += 1;
                let smaller = smaller(&ask);
                let enough = if smaller == ask { START_TRIES_AT_FLOOR } else { START_TRIES };
                if tries < enough {
                    pause();
                } else if smaller == ask {
                    return Err(Failed { error, smallest_bytes: bytes(&ask) });
                } else {
                    (ask, tries) = (smaller, 0);
                }
            }
            // A signal, nothing else.
            Some(libc::EINTR) => {}
            _ => return Err(Failed { error, smallest_bytes: bytes(&ask) }),
        }
    }
}

/// Half of it, or the same at the floor.
fn smaller(ask: &Ask) -> Ask {
    let halve = |entries: u32, floor: u32| (entries / 2).max(floor).min(entries);
    let sq_entries = halve(ask.sq_entries, SQ_ENTRIES_FLOOR);
    let cq_entries = halve(ask.cq_entries, CQ_ENTRIES_FLOOR);
    Ask { sq_entries, cq_entries, ..*ask }
}

/// About what such a ring costs, in the whole pages that the kernel counts.
pub(super) fn bytes(ask: &Ask) -> u64 {
    const PAGE: u64 = 4096;
    /// Heads, tails and flags before the entries.
    const HEADER: u64 = 320;
    let (sq, cq) = (u64::from(ask.sq_entries), u64::from(ask.cq_entries));
    let array = if ask.flags & setup::NO_SQARRAY == 0 { 4 * sq } else { 0 };
    let queues = HEADER + 16 * cq + array;
    (64 * sq).next_multiple_of(PAGE) + queues.next_multiple_of(PAGE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::Body;

    fn config(sq_entries: u32, cq_entries: u32) -> RingConfig {
        RingConfig { body: Body::Kernel, sq_entries, cq_entries, io_workers: [1, 1], napi_us: 0 }
    }

    fn refuse(errno: i32) -> io::Result<()> {
        Err(io::Error::from_raw_os_error(errno))
    }

    #[test]
    fn linux_6_1_loses_one_flag_and_nothing_else() {
        let old = |ask: &Ask| {
            if ask.flags & setup::NO_SQARRAY != 0 { refuse(libc::EINVAL) } else { Ok(()) }
        };
        let ((), ask) = negotiate(&config(256, 4096), old, || {}).expect("one step down");
        assert_eq!(refused(ask.flags), setup::NO_SQARRAY);
        assert_eq!((ask.sq_entries, ask.cq_entries), (256, 4096));
    }

    #[test]
    fn flags_are_dropped_one_by_one_and_never_leave_a_ring_that_hides_its_work() {
        let mut asked = Vec::new();
        let failed = negotiate(
            &config(256, 4096),
            |ask| {
                asked.push(ask.flags);
                refuse(libc::EINVAL)
            },
            || {},
        );
        assert_eq!(failed.expect_err("always refused").error.raw_os_error(), Some(libc::EINVAL));
        assert_eq!(asked.len(), STEPS.len() + 1);
        for flags in &asked {
            let deferred = flags & (setup::DEFER_TASKRUN | setup::COOP_TASKRUN) != 0;
            assert!(!deferred || flags & setup::TASKRUN_FLAG != 0, "{flags:#x}");
            let defer = flags & setup::DEFER_TASKRUN != 0;
            assert!(!defer || flags & setup::SINGLE_ISSUER != 0, "{flags:#x}");
        }
        assert_eq!(asked.last(), Some(&(setup::CQSIZE | setup::CLAMP)));
    }

    #[test]
    fn short_memory_halves_the_ring_after_a_few_tries() {
        let mut tries = 0;
        let mut pauses = 0;
        let ((), ask) = negotiate(
            &config(256, 4096),
            |ask| {
                tries += 1;
                if ask.sq_entries > 64 { refuse(libc::ENOMEM) } else { Ok(()) }
            },
            || pauses += 1,
        )
        .expect("small enough");
        assert_eq!((ask.sq_entries, ask.cq_entries), (64, 1024));
        assert_eq!(tries, 2 * START_TRIES + 1);
        assert_eq!(pauses, 2 * (START_TRIES - 1));
    }

    #[test]
    fn memory_of_an_old_ring_that_comes_back_late_is_waited_for() {
        let mut left = START_TRIES_AT_FLOOR - 1;
        let late = |_: &Ask| {
            if left == 0 {
                return Ok(());
            }
            left -= 1;
            refuse(libc::ENOMEM)
        };
        let ((), ask) = negotiate(&config(8, 16), late, || {}).expect("it came back");
        assert_eq!((ask.sq_entries, ask.cq_entries), (8, 16), "what is small stays as asked");
    }

    #[test]
    fn without_any_memory_it_says_what_the_smallest_ring_needs() {
        let failed = negotiate(&config(1024, 16_384), |_| refuse(libc::ENOMEM), || {});
        let failed = failed.expect_err("always refused");
        assert_eq!(failed.error.raw_os_error(), Some(libc::ENOMEM));
        assert_eq!(failed.smallest_bytes, 8192, "two pages");
    }

    #[test]
    fn other_refusals_are_final_and_signals_are_not() {
        let mut tries = 0;
        let refused = negotiate(
            &config(256, 4096),
            |_| {
                tries += 1;
                refuse(if tries < 3 { libc::EINTR } else { libc::EPERM })
            },
            || {},
        );
        assert_eq!(refused.expect_err("refused").error.raw_os_error(), Some(libc::EPERM));
        assert_eq!(tries, 3);
    }

    #[test]
    fn sizes_beyond_all_bounds_are_clamped_before_they_are_rounded() {
        for (sq, cq) in [(0, 0), (u32::MAX, u32::MAX), (3, 1), (SQ_ENTRIES_MAX, 1)] {
            let ((), ask) = negotiate(&config(sq, cq), |_| Ok(()), || {}).expect("granted");
            assert!(ask.sq_entries.is_power_of_two() && ask.sq_entries <= SQ_ENTRIES_MAX);
            assert!(ask.cq_entries >= ask.sq_entries && ask.cq_entries <= CQ_ENTRIES_MAX);
        }
    }
}
