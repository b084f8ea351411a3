//! A small pool of threads for calls that have no opcode.
//!
//! ```text
//!  execute ─▶ queue, first in, first out ─▶ thread ─▶ runs the job ─▶ looks again ─▶ waits
//!                │                            ▲                                      │
//!                └ nobody waits: start one ───┘ (up to the bound)     `idle` long, no job: ends
//! ```
//!
//! # Invariants
//!
//! - **I1** `threads` counts the threads from their start to the moment they decide to end; under
//!   one lock with the queue, so a job in the queue always has a thread that will look there.
//! - **I2** `waiting` counts those of them that look at the queue next: they wait for `work`, have
//!   been notified and not got the lock yet, or have just been started. So a queue that is not
//!   longer than that needs no further thread.
//! - **I3** No job runs, and none is dropped, under the lock: both are foreign code.

use crate::sync::{Mutex, MutexGuard};
use crate::sys::threads::{self, Condvar};
use crate::sys::{elapsed, now};
use std::any::Any;
use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

#[cfg(all(test, loom))]
mod loom_tests;
#[cfg(test)]
mod tests;

/// What a thread of the pool runs. Who wants its result, or its panic, wraps it.
pub(crate) type Job = Box<dyn FnOnce() + Send>;

/// Starts a thread that runs the job given. Only tests give another one than `start_thread`.
type Launch = fn(name: String, run: Job) -> io::Result<()>;

/// The pool's bounds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BlockingConfig {
    /// Threads at most; 0 counts as 1. The queue before them has no bound.
    pub(crate) max_threads: usize,
    /// How long a thread waits for a job before it ends.
    pub(crate) idle: Duration,
}

/// Why a job was not taken. It has been dropped without having run.
#[derive(Debug)]
pub(crate) enum Refused {
    /// The pool is shut down.
    ShutDown,
    /// There is no thread, and starting one failed.
    NoThread(io::Error),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ShutDown => f.write_str("the pool of blocking threads is shut down"),
            Self::NoThread(error) => write!(f, "no thread can be started for it: {error}"),
        }
    }
}

/// A handle to the pool, to be cloned for every core.
///
/// Threads start when jobs need them. If all handles are dropped, what was taken is still run, and
/// the threads end after their idle time.
#[derive(Clone)]
pub(crate) struct BlockingPool {
    shared: Arc<Shared>,
}

struct Shared {
    config: BlockingConfig,
    /// What a new thread does first.
    on_start: Box<dyn Fn() + Send + Sync>,
    launch: Launch,
    state: Mutex<State>,
    /// One more job, or the shut-down.
    work: Condvar,
    /// One thread less.
    ended: Condvar,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Job>,
    threads: usize,
    waiting: usize,
    /// How many threads were started ever: the next one's number.
    started: u64,
    shut_down: bool,
}

impl BlockingPool {
    /// A pool without threads. `on_start` runs first on each of them; a panic in it is ignored.
    pub(crate) fn new(config: BlockingConfig, on_start: impl Fn() + Send + Sync + 'static) -> Self {
        Self::with_launch(config, on_start, start_thread)
    }

    fn with_launch(
        config: BlockingConfig,
        on_start: impl Fn() + Send + Sync + 'static,
        launch: Launch,
    ) -> Self {
        let shared = Shared {
            config,
            on_start: Box::new(on_start),
            launch,
            state: Mutex::default(),
            work: Condvar::default(),
            ended: Condvar::default(),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Runs a job on one of the pool's threads, after those that were taken before it.
    ///
    /// If no thread waits and the bound allows one more, it is started here. If that fails, the job
    /// waits for the threads that there are.
    ///
    /// # Errors
    /// After `shutdown`, and if a thread cannot be started and there is none. The job is dropped
    /// then.
    pub(crate) fn execute(&self, job: Job) -> Result<(), Refused> {
        self.push(self.shared.lock(), job)
    }

    /// `execute`, under a lock that is held already.
    fn push(&self, mut state: MutexGuard<'_, State>, job: Job) -> Result<(), Refused> {
        if state.shut_down {
            drop(state);
            // I3: `job` is dropped here, after the lock.
            return Err(Refused::ShutDown);
        }
        state.queue.push_back(job);
        if state.queue.len() <= state.waiting {
            drop(state);
            self.shared.work.notify_one();
            return Ok(());
        }
        if state.threads >= self.shared.config.max_threads.max(1) {
            return Ok(());
        }
        // Under the lock, so that on failure the job is the last one still, and nobody counts on
        // the thread meanwhile. It happens as often as a thread is started, and takes some 20 µs.
        let Err(error) = self.shared.start_one(&mut state) else { return Ok(()) };
        if state.threads > 0 {
            return Ok(());
        }
        let job = state.queue.pop_back();
        drop(state);
        drop(job);
        Err(Refused::NoThread(error))
    }

    /// Takes no more jobs, runs those that were taken for at most `grace`, and drops what has not
    /// begun by then. Says how many are still running: their threads go on with them and end after
    /// that.
    pub(crate) fn shutdown(&self, grace: Duration) -> usize {
        let mut state = self.shared.lock();
        state.shut_down = true;
        self.shared.work.notify_all();
        let started = now();
        while state.threads > 0 {
            let Some(left) = grace.checked_sub(elapsed(started)).filter(|left| !left.is_zero())
            else {
                break;
            };
            state = self.shared.ended.wait(&self.shared.state, state, Some(left)).0;
        }
        let running = state.threads - state.waiting;
        let too_late = mem::take(&mut state.queue);
        drop(state);
        too_late.into_iter().for_each(|job| contain(|| drop(job)));
        running
    }
}

impl Shared {
    /// A poisoned lock is as good as any: no foreign code runs under it, and every change is
    /// complete.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts a thread, which waits for the lock that the caller holds.
    fn start_one(self: &Arc<Self>, state: &mut State) -> io::Result<()> {
        let shared = Arc::clone(self);
        let name = format!("sexton-blocking-{}", state.started);
        (self.launch)(name, Box::new(move || shared.work()))?;
        state.started += 1;
        state.threads += 1;
        state.waiting += 1;
        Ok(())
    }

    /// The life of a thread.
    fn work(&self) {
        contain(&self.on_start);
        let mut state = self.lock();
        loop {
            state.waiting -= 1;
            while let Some(job) = state.queue.pop_front() {
                drop(state);
                contain(job);
                state = self.lock();
            }
            if state.shut_down {
                break;
            }
            state.waiting += 1;
            let over;
            (state, over) = self.work.wait(&self.state, state, Some(self.config.idle));
            if over && state.queue.is_empty() {
                state.waiting -= 1;
                break;
            }
        }
        // I1: still under the lock under which the queue was seen empty.
        state.threads -= 1;
        drop(state);
        self.ended.notify_all();
    }
}

impl fmt::Debug for BlockingPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.shared.lock();
        f.debug_struct("BlockingPool")
            .field("config", &self.shared.config)
            .field("threads", &state.threads)
            .field("waiting", &state.waiting)
            .field("queued", &state.queue.len())
            .field("shut_down", &state.shut_down)
            .finish()
    }
}

/// The system's threads.
fn start_thread(name: String, run: Job) -> io::Result<()> {
    threads::spawn(name, run).map(drop)
}

/// Runs foreign code and keeps its panic from the pool's threads. The panic hook has reported it.
fn contain(run: impl FnOnce()) {
    let dropped = |payload: Box<dyn Any + Send>| {
        // What was thrown is foreign code, too. If its destructor throws again, that is leaked.
        catch_unwind(AssertUnwindSafe(|| drop(payload))).unwrap_or_else(mem::forget);
    };
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(dropped);
}
