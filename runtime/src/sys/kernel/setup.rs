//! Asking the kernel for a ring, down the ladder.

use std::{io, thread};

use io_uring::IoUring;

use crate::caps::setup;
use crate::config::START_PAUSE;
use crate::sys::RingConfig;
use crate::sys::ladder::{Ask, Failed, bytes, negotiate};

/// A ring, and about how much memory it takes.
pub(super) struct Made {
    pub(super) ring: IoUring,
    pub(super) bytes: u64,
}

/// Asks the kernel for a ring.
pub(super) fn make(config: &RingConfig) -> Result<Made, Failed> {
    let (ring, granted) = negotiate(config, build, || thread::sleep(START_PAUSE))?;
    Ok(Made { ring, bytes: bytes(&granted) })
}

/// Asks the kernel for a ring after `steps` steps down.
#[cfg(all(test, not(miri)))]
pub(super) fn make_after(config: &RingConfig, steps: usize) -> io::Result<Made> {
    let mut left = steps;
    let made = negotiate(
        config,
        |ask| match left.checked_sub(1) {
            None => build(ask),
            Some(fewer) => {
                left = fewer;
                Err(io::Error::from_raw_os_error(libc::EINVAL))
            }
        },
        || {},
    );
    made.map(|(ring, ask)| Made { ring, bytes: bytes(&ask) }).map_err(|failed| failed.error)
}

/// How many steps down there are.
#[cfg(all(test, not(miri)))]
pub(super) const STEPS_DOWN: usize = crate::sys::ladder::STEPS.len();

/// One try, by the crate.
fn build(ask: &Ask) -> io::Result<IoUring> {
    let mut builder = IoUring::builder();
    builder.dontfork();
    let has = |flag| ask.flags & flag != 0;
    if has(setup::SINGLE_ISSUER) {
        builder.setup_single_issuer();
    }
    if has(setup::DEFER_TASKRUN) {
        builder.setup_defer_taskrun();
    }
    if has(setup::COOP_TASKRUN) {
        builder.setup_coop_taskrun();
    }
    if has(setup::TASKRUN_FLAG) {
        builder.setup_taskrun_flag();
    }
    if has(setup::SUBMIT_ALL) {
        builder.setup_submit_all();
    }
    if has(setup::NO_SQARRAY) {
        builder.setup_no_sqarray();
    }
    builder.setup_clamp().setup_cqsize(ask.cq_entries).build(ask.sq_entries)
}
