//! What all simulated cores share: one state behind one lock, and the thread's way to it.
//!
//! A world is either *scheduled* (a seed decides which of its threads runs, and time is made up) or
//! *free* (tests play the kernel by hand, on one thread, by the real clock).

use std::cell::RefCell;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::faults::{Fault, FaultCounts, Faults};
use super::hosts::Hosts;
use super::objects::Objects;
use super::profile::Kernel;
use super::rng::Rng;
use super::schedule::Schedule;
use super::touch::Memory;
use super::trace::{Step, Trace};

thread_local! {
    static HERE: RefCell<Option<Here>> = const { RefCell::new(None) };
}

/// A tick of the kernel's clock, in nanoseconds: that of 250 a second.
pub(super) const TICK: u64 = 4_000_000;

/// Where a thread is.
#[derive(Clone, Debug)]
pub(in crate::sys) struct Here {
    pub(super) world: Arc<World>,
    pub(super) thread: usize,
    pub(super) host: usize,
}

/// One world.
#[derive(Debug)]
pub(super) struct World {
    pub(super) scheduled: bool,
    state: Mutex<State>,
    /// Free worlds wait here.
    pub(super) changed: Condvar,
}

/// Everything in it.
#[derive(Debug)]
pub(super) struct State {
    pub(super) scheduled: bool,
    pub(super) kernel: Kernel,
    pub(super) rng: Rng,
    pub(super) faults: Faults,
    pub(super) counts: FaultCounts,
    pub(super) trace: Trace,
    pub(super) schedule: Schedule,
    pub(super) objects: Objects,
    pub(super) hosts: Hosts,
    pub(super) knobs: Knobs,
    /// Memory of operations whose ring was closed: the kernel may still write there.
    pub(super) ghosts: Vec<Memory>,
    /// What was seen that must not be; the first ones.
    pub(super) complaints: Vec<String>,
}

/// What tests turn by hand; turned back when a ring closes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Knobs {
    /// The latest submission completes first.
    pub(super) reverse: bool,
    /// Nothing completes except cancels and timeouts.
    pub(super) hold: bool,
    /// Zero-copy sends do not notify.
    pub(super) hold_notifications: bool,
    /// The most bytes that one transfer moves.
    pub(super) longest: usize,
}

impl Default for Knobs {
    fn default() -> Self {
        Self { reverse: false, hold: false, hold_notifications: false, longest: usize::MAX }
    }
}

impl World {
    pub(super) fn new(seed: u64, kernel: Kernel, faults: Faults, scheduled: bool) -> Arc<Self> {
        let state = State {
            scheduled,
            kernel,
            rng: Rng::new(seed),
            faults,
            counts: FaultCounts::default(),
            trace: Trace::default(),
            schedule: Schedule::new(),
            objects: Objects::default(),
            hosts: Hosts::default(),
            knobs: Knobs::default(),
            ghosts: Vec::new(),
            complaints: Vec::new(),
        };
        Arc::new(Self { scheduled, state: Mutex::new(state), changed: Condvar::new() })
    }

    /// A poisoned lock is as good as any: what panicked was a test's, or is told.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Here {
    /// Where this thread is, if it is in a world.
    pub(super) fn get() -> Option<Self> {
        HERE.try_with(|here| here.borrow().clone()).ok().flatten()
    }

    /// Where this thread is: if it is nowhere, in a free world of its own from now on.
    pub(super) fn or_free() -> Self {
        Self::get().unwrap_or_else(|| {
            let world = World::new(0, Kernel::V6_1, Faults::none(), false);
            let here = Self { world, thread: 0, host: 0 };
            here.world.lock().hosts.add("127.0.0.1".parse().ok());
            here.clone().settle();
            here
        })
    }

    /// Says where this thread is from now on.
    pub(super) fn settle(self) {
        HERE.set(Some(self));
    }

    /// The thread is nowhere any more.
    pub(super) fn leave() {
        let here = HERE.try_with(|here| here.borrow_mut().take());
        drop(here);
    }

    /// Does something with the state.
    pub(super) fn with<R>(&self, act: impl FnOnce(&mut State) -> R) -> R {
        let mut state = self.world.lock();
        state.schedule.here = self.thread;
        act(&mut state)
    }
}

impl State {
    /// Whether the fault occurs now. If so it is counted.
    pub(super) fn fault(&mut self, fault: Fault) -> bool {
        let occurs = self.rng.chance(self.faults.get(fault));
        if occurs {
            self.counts.count(fault);
        }
        occurs
    }

    /// One of several.
    pub(super) fn one_of(&mut self, errnos: &[i32]) -> i32 {
        errnos[self.rng.below(errnos.len() as u64) as usize]
    }

    /// A length of time as a timer of the kernel's measures it: a tick more or less.
    pub(super) fn skewed(&mut self, length: u64) -> u64 {
        if length > u64::MAX / 2 || !self.fault(Fault::TimerSkew) {
            return length;
        }
        length.saturating_add(self.rng.below(2 * TICK)).saturating_sub(TICK)
    }

    /// Records a step of the running thread.
    pub(super) fn record(&mut self, what: &'static str, whom: u64, result: i64) {
        if self.scheduled {
            let (at, thread) = (self.schedule.now, self.schedule.here);
            self.trace.record(Step { at, thread, what, whom, result });
        }
    }

    /// Something was seen that must not be.
    pub(super) fn complain(&mut self, what: String) {
        if self.complaints.len() < 16 {
            self.complaints.push(what);
        }
    }

    /// Says that something may have become ready.
    pub(super) fn touch(&mut self) {
        self.schedule.changes += 1;
    }

    /// Nanoseconds since the world began.
    pub(super) fn now(&self) -> u64 {
        if self.scheduled { self.schedule.now } else { nanos(self.schedule.began.elapsed()) }
    }

    /// The same as an instant of std's.
    pub(super) fn instant(&self) -> Instant {
        if self.scheduled {
            self.schedule.began + Duration::from_nanos(self.schedule.now)
        } else {
            Instant::now()
        }
    }

    /// An instant as nanoseconds since the world began.
    pub(super) fn since_began(&self, instant: Instant) -> u64 {
        nanos(instant.saturating_duration_since(self.schedule.began))
    }
}

/// Nanoseconds, five hundred years at most.
pub(super) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
