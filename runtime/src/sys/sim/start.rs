//! How a simulated ring is had: down the same ladder as a real one, past what the seed refuses.

use std::io;

use super::faults::Fault;
use super::profile::Kernel;
use super::schedule::On;
use super::world::{Here, State, nanos};
use crate::caps::{Caps, setup};
use crate::config::START_PAUSE;
use crate::start_error::StartError;
use crate::sys::ladder::{Ask, negotiate};
use crate::sys::{Host, RingConfig, Seccomp};

/// Memory that is short comes back after so many tries at most. The ladder has more.
const SCARCE_TRIES: u64 = 12;

/// What one start finds.
#[derive(Clone, Copy, Debug)]
struct Obstacles {
    kernel: Kernel,
    /// Flags that are refused, whatever the kernel's version (`EINVAL`).
    refused: u32,
    /// Tries that find no memory (`ENOMEM`).
    scarce: u64,
    /// What every try fails with.
    error: Option<i32>,
}

impl Obstacles {
    fn new(state: &mut State) -> Self {
        let flags = [
            setup::NO_SQARRAY,
            setup::DEFER_TASKRUN,
            setup::SINGLE_ISSUER,
            setup::TASKRUN_FLAG,
            setup::SUBMIT_ALL,
        ];
        let refuses = state.fault(Fault::RefusedFlag);
        let short = state.fault(Fault::ScarceMemory);
        let fails = state.fault(Fault::StartError);
        let errnos = [libc::ENOMEM, libc::EPERM, libc::ENOSYS, libc::EMFILE, libc::ENFILE];
        Self {
            kernel: state.kernel,
            refused: if refuses { flags[state.rng.below(flags.len() as u64) as usize] } else { 0 },
            scarce: if short { 1 + state.rng.below(SCARCE_TRIES) } else { 0 },
            error: fails.then(|| state.one_of(&errnos)),
        }
    }

    /// What the kernel answers to one try.
    fn answer(&mut self, ask: &Ask) -> Result<(), i32> {
        if let Some(errno) = self.error {
            return Err(errno);
        }
        if ask.flags & (self.kernel.unknown_flags() | self.refused) != 0 {
            return Err(libc::EINVAL);
        }
        match self.scarce.checked_sub(1) {
            Some(fewer) => {
                self.scarce = fewer;
                Err(libc::ENOMEM)
            }
            None => Ok(()),
        }
    }
}

/// Asks for a ring.
pub(super) fn start(here: &Here, config: &RingConfig) -> Result<Caps, StartError> {
    let mut obstacles = here.with(Obstacles::new);
    let attempt = |ask: &Ask| {
        let answer = obstacles.answer(ask);
        here.with(|state| {
            state.record(
                "asks for a ring",
                ask.flags.into(),
                answer.map_or_else(i64::from, |()| 0),
            );
        });
        answer.map_err(io::Error::from_raw_os_error)
    };
    match negotiate(config, attempt, || pause(here)) {
        Ok(_) if config.napi_us > 0 && !obstacles.kernel.has_napi() => Err(StartError::Napi {
            release: obstacles.kernel.release().name,
            source: io::Error::from_raw_os_error(libc::EINVAL),
        }),
        Ok(((), ask)) => Ok(obstacles.kernel.caps(&ask, config)),
        Err(failed) => {
            let host = host(obstacles.kernel);
            Err(StartError::explain("io_uring_setup", failed.error, &host, failed.smallest_bytes))
        }
    }
}

fn pause(here: &Here) {
    if here.world.scheduled {
        let until = here.with(|state| state.now().saturating_add(nanos(START_PAUSE)));
        // Nothing else ends it: the thread has not ended while it waits.
        here.wait(Some(until), On::End(here.thread));
    }
}

/// What a simulated machine says about itself.
fn host(kernel: Kernel) -> Host {
    Host {
        release: kernel.release(),
        seccomp: Seccomp::Off,
        disabled: Some(0),
        group: None,
        memlock_limit: Some(8 << 20),
        memlock_used: None,
        files_limit: Some(1024),
    }
}
