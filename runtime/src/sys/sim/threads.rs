//! The simulation's side of threads and of what they wait on.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::schedule::On;
use super::world::{Here, nanos};

/// Where this thread is, if a seed decides there.
pub(in crate::sys) fn scheduled() -> Option<Here> {
    Here::get().filter(|here| here.world.scheduled)
}

/// Whether this thread's simulation has failed: what it waits for may never come.
pub(in crate::sys) fn has_failed() -> bool {
    scheduled().is_some_and(|here| here.with(|state| state.schedule.failure.is_some()))
}

/// Waits for the end of a simulated thread; false if it never comes.
pub(in crate::sys) fn await_end(number: usize) -> bool {
    let Some(here) = scheduled() else { return true };
    loop {
        let (ended, failed) =
            here.with(|state| (state.schedule.is_ended(number), state.schedule.failure.is_some()));
        if ended || failed {
            return ended;
        }
        here.wait(None, On::End(number));
    }
}

/// A thread that is about to start.
#[derive(Debug)]
pub(in crate::sys) struct Child {
    here: Here,
}

impl Child {
    /// One in the world of this thread; none if no seed decides here.
    pub(in crate::sys) fn new() -> Option<Self> {
        let here = scheduled()?;
        Some(Self::on(&here, here.host))
    }

    /// One on another host.
    pub(super) fn on(parent: &Here, host: usize) -> Self {
        let thread = parent.with(|state| {
            let thread = state.schedule.add_thread();
            state.record("starts", thread as u64, host as i64);
            thread
        });
        Self { here: Here { world: parent.world.clone(), thread, host } }
    }

    pub(in crate::sys) fn number(&self) -> usize {
        self.here.thread
    }

    /// What the new thread runs, when it is its turn.
    pub(in crate::sys) fn run(self, run: impl FnOnce()) {
        /// Also if what it runs panics.
        struct Ends(Here);
        impl Drop for Ends {
            fn drop(&mut self) {
                Here::leave();
                self.0.end();
            }
        }
        self.here.clone().settle();
        self.here.begin();
        let _ends = Ends(self.here);
        run();
    }
}

/// A place where threads wait; it has a number from its first use on.
#[derive(Debug, Default)]
pub(in crate::sys) struct Place(AtomicUsize);

impl Place {
    fn number(&self) -> usize {
        static NEXT: AtomicUsize = AtomicUsize::new(1);
        match self.0.load(Ordering::Relaxed) {
            0 => {
                let number = NEXT.fetch_add(1, Ordering::Relaxed);
                let raced =
                    self.0.compare_exchange(0, number, Ordering::Relaxed, Ordering::Relaxed);
                raced.err().unwrap_or(number)
            }
            number => number,
        }
    }

    /// Waits to be notified; false if the time is over.
    pub(in crate::sys) fn wait(&self, here: &Here, longest: Option<Duration>) -> bool {
        let now = here.with(|state| state.now());
        let until = longest.and_then(|longest| now.checked_add(nanos(longest)));
        here.wait(until, On::Place(self.number()))
    }

    /// Ends the waiting of one, or of all.
    pub(in crate::sys) fn notify(&self, here: &Here, all: bool) {
        let place = self.number();
        here.with(|state| state.schedule.notify(place, all));
    }
}
