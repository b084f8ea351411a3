//! What crosses threads: std's atomics, locks and threads, or loom's, which tries every
//! interleaving.
//!
//! Whoever shares memory between threads takes it from here and needs no `cfg` of its own. The
//! queue knows loom too (its feature `loom`, turned on by Cargo.toml for `--cfg loom`).

#[cfg(loom)]
pub(crate) use loom::{
    cell::Cell,
    sync::{Condvar, Mutex, MutexGuard, atomic},
    thread,
};
use std::sync::PoisonError;
use std::time::Duration;
#[cfg(not(loom))]
pub(crate) use std::{
    cell::Cell,
    sync::{Condvar, Mutex, MutexGuard, atomic},
    thread,
};

pub(crate) use concurrent_queue::ConcurrentQueue;

#[cfg(not(loom))]
thread_local! {
    /// Whose cells this thread may count without atomics; 0 is nobody.
    static OWNER: Cell<u64> = const { Cell::new(0) };
}

#[cfg(loom)]
loom::thread_local! {
    static OWNER: std::cell::Cell<u64> = std::cell::Cell::new(0);
}

/// The owner's number of this thread's executor, or 0.
#[inline]
pub(crate) fn owner() -> u64 {
    #[cfg(not(loom))]
    return OWNER.get();
    #[cfg(loom)]
    OWNER.with(std::cell::Cell::get)
}

/// This thread runs the executor of this owner now; 0 is none.
pub(crate) fn set_owner(owner: u64) {
    OWNER.with(|current| current.set(owner));
}

/// Waits to be notified, at most so long; true if the time is over.
#[cfg(not(loom))]
pub(crate) fn wait_timeout<'a, T>(
    condvar: &Condvar,
    _: &'a Mutex<T>,
    guard: MutexGuard<'a, T>,
    longest: Duration,
) -> (MutexGuard<'a, T>, bool) {
    let woken = condvar.wait_timeout(guard, longest);
    let (guard, timeout) = woken.unwrap_or_else(PoisonError::into_inner);
    (guard, timeout.timed_out())
}

/// loom knows no time: no time at all is over at once, whatever others do meanwhile, and all other
/// times never are.
#[cfg(loom)]
pub(crate) fn wait_timeout<'a, T>(
    condvar: &Condvar,
    mutex: &'a Mutex<T>,
    guard: MutexGuard<'a, T>,
    longest: Duration,
) -> (MutexGuard<'a, T>, bool) {
    if longest.is_zero() {
        drop(guard);
        thread::yield_now();
        return (mutex.lock().unwrap_or_else(PoisonError::into_inner), true);
    }
    (condvar.wait(guard).unwrap_or_else(PoisonError::into_inner), false)
}
