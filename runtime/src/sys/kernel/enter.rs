//! `io_uring_enter`, and what each of its errors means.
//!
//! # Invariants
//!
//! - **I1** Arguments and flags agree: EXT_ARG goes with `SubmitArgs` that live through the call,
//!   and without it there is no argument.
#![allow(unsafe_code, reason = "the crate leaves the arguments of `enter` to us")]

use std::io;
use std::time::Duration;

use io_uring::types::{SubmitArgs, Timespec};
use io_uring::{EnterFlags, Submitter};

use crate::sys::{Entered, Several, Wait, micros};

/// The longest wait passed on: the kernel adds it to its clock, which must not overflow. Whoever
/// waits longer comes back once in 34 years and waits again.
const LONGEST: Duration = Duration::from_secs(1 << 30);

/// Submits `queued` entries and waits as told. `idle` holds the flags for waiting.
#[inline]
pub(super) fn enter(
    submitter: &Submitter<'_>,
    queued: u32,
    wait: Wait<'_>,
    idle: EnterFlags,
) -> io::Result<Entered> {
    const NOTHING: Option<&SubmitArgs<'_, '_>> = None;
    let result = match wait {
        // SAFETY: I1: no argument.
        Wait::Flush => unsafe { submitter.enter(queued, 0, 0, NOTHING) },
        // To wait no time at all would arm a timer and sleep, for 22 µs.
        Wait::No | Wait::Until(Some(Duration::ZERO)) => {
            // SAFETY: I1: no argument.
            unsafe { submitter.enter(queued, 0, EnterFlags::GETEVENTS.bits(), NOTHING) }
        }
        Wait::Until(None) => {
            let flags = EnterFlags::GETEVENTS | idle;
            // SAFETY: I1: no argument.
            unsafe { submitter.enter(queued, 1, flags.bits(), NOTHING) }
        }
        Wait::Until(Some(longest)) => {
            let timespec = Timespec::from(longest.min(LONGEST));
            let args = SubmitArgs::new().timespec(&timespec);
            let flags = EnterFlags::GETEVENTS | EnterFlags::EXT_ARG | idle;
            // SAFETY: I1: both, and the timespec outlives the call as well.
            unsafe { submitter.enter(queued, 1, flags.bits(), Some(&args)) }
        }
        Wait::Batch(several) => enter_for(submitter, queued, several, idle),
    };
    match result {
        // How many were taken is in the queue's head. More can't be read from it: a submission
        // hides that the wait was cut short.
        Ok(_) => Ok(Entered::Fine),
        Err(error) => outcome(error),
    }
}

/// Submits, and waits for several completions.
#[cold]
fn enter_for(
    submitter: &Submitter<'_>,
    queued: u32,
    &Several { count, least, longest }: &Several,
    idle: EnterFlags,
) -> io::Result<usize> {
    // A wait without an end would be over with its least time, and nothing to show.
    let longest = longest.unwrap_or(LONGEST).min(LONGEST);
    if longest.is_zero() {
        const NOTHING: Option<&SubmitArgs<'_, '_>> = None;
        // SAFETY: I1: no argument.
        return unsafe { submitter.enter(queued, 0, EnterFlags::GETEVENTS.bits(), NOTHING) };
    }
    let timespec = Timespec::from(longest);
    // The least time is waited for in any case, also beyond the end.
    let least = micros(least.min(longest));
    let args = SubmitArgs::new().timespec(&timespec).min_wait_usec(least);
    let flags = EnterFlags::GETEVENTS | EnterFlags::EXT_ARG | idle;
    // SAFETY: I1: both, and the timespec outlives the call as well.
    unsafe { submitter.enter(queued, count, flags.bits(), Some(&args)) }
}

/// What a failed `enter` means.
fn outcome(error: io::Error) -> io::Result<Entered> {
    match error.raw_os_error() {
        // The time is over, and nothing was there to be submitted.
        Some(libc::ETIME) => Ok(Entered::Fine),
        // A signal. The loop looks at everything anyhow.
        Some(libc::EINTR) => Ok(Entered::Fine),
        // No memory for a request.
        Some(libc::EAGAIN) => Ok(Entered::ReapFirst),
        // Linux 6.1: completions overflowed and don't fit into the queue.
        Some(libc::EBUSY) => Ok(Entered::ReapFirst),
        // No memory for a completion that did not fit: it is gone.
        Some(libc::EBADR) => Ok(Entered::Poisoned),
        // Our mistakes (EEXIST: another thread; EBADF, EBADFD, ENXIO: not a ring, or not yet;
        // EFAULT, EINVAL: wrong arguments), and whatever a filter or a later kernel says.
        _ => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_errno_has_one_meaning() {
        for errno in 1..=133 {
            let expected = match errno {
                libc::ETIME | libc::EINTR => Some(Entered::Fine),
                libc::EAGAIN | libc::EBUSY => Some(Entered::ReapFirst),
                libc::EBADR => Some(Entered::Poisoned),
                _ => None,
            };
            match outcome(io::Error::from_raw_os_error(errno)) {
                Ok(entered) => assert_eq!(Some(entered), expected, "errno {errno}"),
                Err(error) => {
                    assert_eq!(expected, None, "errno {errno}");
                    assert_eq!(error.raw_os_error(), Some(errno), "the errno is passed on");
                }
            }
        }
    }
}
