//! Threads, and what they wait on beside a ring: in a simulation the seed decides here, too.

use std::io;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use crate::sync::{self, Mutex, MutexGuard, thread};

#[cfg(feature = "sim")]
use super::sim::Place;

/// Starts a thread.
///
/// # Errors
/// The system's: no thread is left.
pub(crate) fn spawn(name: String, run: impl FnOnce() + Send + 'static) -> io::Result<Thread> {
    #[cfg(feature = "sim")]
    if let Some(child) = super::sim::Child::new() {
        let number = child.number();
        let thread = thread::Builder::new().name(name).spawn(move || child.run(run))?;
        return Ok(Thread { thread, number: Some(number) });
    }
    let thread = thread::Builder::new().name(name).spawn(run)?;
    Ok(Thread { thread, number: None })
}

/// A thread that was started. Dropping it lets the thread go on.
#[derive(Debug)]
pub(crate) struct Thread {
    thread: thread::JoinHandle<()>,
    #[cfg_attr(not(feature = "sim"), expect(dead_code, reason = "only a simulation has numbers"))]
    number: Option<usize>,
}

impl Thread {
    /// Waits for the thread's end.
    pub(crate) fn join(self) {
        #[cfg(feature = "sim")]
        if let Some(number) = self.number
            && !super::sim::await_end(number)
        {
            // The simulation has failed, and that thread will never run again.
            return;
        }
        // What it panicked with was reported by the panic hook.
        drop(self.thread.join());
    }
}

/// Tells people, on the standard error stream. (Where a seed decides, it has asked for the leak.)
pub(crate) fn report(leak: &dyn std::fmt::Display) {
    #[cfg(feature = "sim")]
    if super::sim::scheduled().is_some() {
        return;
    }
    eprintln!("{leak}");
}

/// Keeps this thread, which ends with the process. (A simulated kernel lets it end.)
pub(crate) fn stay() {
    #[cfg(feature = "sim")]
    if super::sim::scheduled().is_some() {
        return;
    }
    loop {
        thread::park();
    }
}

/// `std::sync::Condvar`, with the mutex named again.
#[derive(Debug, Default)]
pub(crate) struct Condvar {
    real: sync::Condvar,
    #[cfg(feature = "sim")]
    place: Place,
}

impl Condvar {
    /// Waits to be notified, at most so long; true if the time is over.
    pub(crate) fn wait<'a, T>(
        &self,
        mutex: &'a Mutex<T>,
        guard: MutexGuard<'a, T>,
        longest: Option<Duration>,
    ) -> (MutexGuard<'a, T>, bool) {
        #[cfg(feature = "sim")]
        if let Some(here) = super::sim::scheduled() {
            drop(guard);
            let over = !self.place.wait(&here, longest);
            return (mutex.lock().unwrap_or_else(PoisonError::into_inner), over);
        }
        match longest {
            Some(longest) => sync::wait_timeout(&self.real, mutex, guard, longest),
            None => (self.real.wait(guard).unwrap_or_else(PoisonError::into_inner), false),
        }
    }

    pub(crate) fn notify_one(&self) {
        #[cfg(feature = "sim")]
        if let Some(here) = super::sim::scheduled() {
            self.place.notify(&here, false);
        }
        self.real.notify_one();
    }

    pub(crate) fn notify_all(&self) {
        #[cfg(feature = "sim")]
        if let Some(here) = super::sim::scheduled() {
            self.place.notify(&here, true);
        }
        self.real.notify_all();
    }
}

/// A way for one value from one thread to another.
pub(crate) fn handoff<T>() -> (Giver<T>, Taker<T>) {
    let shared = Arc::new(Shared { given: Mutex::new(Given::Not), changed: Condvar::default() });
    (Giver(Arc::clone(&shared)), Taker(shared))
}

/// Gives the value, or none if it is dropped.
#[derive(Debug)]
pub(crate) struct Giver<T>(Arc<Shared<T>>);

/// Takes the value.
#[derive(Debug)]
pub(crate) struct Taker<T>(Arc<Shared<T>>);

#[derive(Debug)]
struct Shared<T> {
    given: Mutex<Given<T>>,
    changed: Condvar,
}

#[derive(Debug)]
enum Given<T> {
    Not,
    Value(T),
    Never,
}

impl<T> Shared<T> {
    fn lock(&self) -> MutexGuard<'_, Given<T>> {
        self.given.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Giver<T> {
    pub(crate) fn give(self, value: T) {
        *self.0.lock() = Given::Value(value);
    }
}

impl<T> Drop for Giver<T> {
    fn drop(&mut self) {
        let mut given = self.0.lock();
        if matches!(*given, Given::Not) {
            *given = Given::Never;
        }
        drop(given);
        self.0.changed.notify_all();
    }
}

impl<T> Taker<T> {
    /// Waits for the value; none if it will never come.
    pub(crate) fn take(self) -> Option<T> {
        let mut given = self.0.lock();
        loop {
            match std::mem::replace(&mut *given, Given::Never) {
                Given::Not => *given = Given::Not,
                Given::Value(value) => return Some(value),
                Given::Never => return None,
            }
            #[cfg(feature = "sim")]
            if super::sim::has_failed() {
                return None;
            }
            given = self.0.changed.wait(&self.0.given, given, None).0;
        }
    }
}

#[cfg(all(test, loom))]
mod loom_tests;
#[cfg(test)]
mod tests {
    use super::{handoff, spawn};

    #[test]
    fn a_value_is_handed_over_and_its_absence_is_known() {
        let (giver, taker) = handoff();
        let thread = spawn("giver".into(), || giver.give(7)).unwrap();
        assert_eq!(taker.take(), Some(7));
        thread.join();
        let (giver, taker) = handoff::<u8>();
        spawn("forgetful".into(), || drop(giver)).unwrap().join();
        assert_eq!(taker.take(), None);
    }
}
