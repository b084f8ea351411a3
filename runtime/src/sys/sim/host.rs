//! More hosts than one: their addresses, what lies between them, and what happens to them.

use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::api::run_on;
use super::threads::{Child, scheduled};
use super::tree::Tree;
use super::world::{Here, nanos};
use crate::runtime::Builder;

/// A host of the simulation: an address, a file system, programs.
///
/// ```
/// use sexton_runtime::sim::{Host, Sim};
///
/// let sum = Sim::new(1).run(|| async {
///     let other = Host::new([10, 0, 0, 2]);
///     other.run(|| async { 1 + 2 }).await.unwrap()
/// });
/// assert_eq!(sum, 3);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Host {
    number: usize,
}

/// A program that runs on another host: a future of its output. Dropping it lets the program go on.
#[derive(Debug)]
#[must_use = "dropping it lets the program go on, but nobody hears of its end"]
pub struct Running<T> {
    shared: Arc<Mutex<Shared<T>>>,
}

#[derive(Debug)]
struct Shared<T> {
    output: Option<io::Result<T>>,
    waker: Option<Waker>,
}

/// The file system of a host at one moment.
#[derive(Clone, Debug)]
pub struct Snapshot(Tree);

/// What unwinds the program of a host that loses its power.
struct PowerLoss;

impl Host {
    /// A new host with this address.
    ///
    /// # Panics
    /// Outside a simulation.
    #[must_use]
    pub fn new(addr: impl Into<IpAddr>) -> Self {
        let addr = addr.into();
        Self { number: here().with(|state| state.hosts.add(Some(addr))) }
    }

    /// The host of the program that asks.
    ///
    /// # Panics
    /// Outside a simulation.
    #[must_use]
    pub fn current() -> Self {
        Self { number: here().host }
    }

    /// Its address.
    ///
    /// # Panics
    /// Outside the simulation that it belongs to; so do all other methods.
    #[must_use]
    pub fn addr(self) -> IpAddr {
        let addr = here().with(|state| state.hosts.get(self.number).addr);
        addr.unwrap_or_else(|| [127, 0, 0, 1].into())
    }

    /// From now on `name` stands for this host, on all hosts.
    pub fn name(self, name: &str) {
        let addr = self.addr();
        here().with(|state| {
            state.hosts.names.entry(name.to_owned()).or_default().push(addr);
        });
    }

    /// Runs a program on it, beside those that run there: on a runtime of one core. It ends with
    /// the simulation's own program, at the latest.
    ///
    /// # Errors
    /// Of the output: no thread was left. `ConnectionAborted` if the host lost its power.
    pub fn run<F, Fut>(self, body: F) -> Running<Fut::Output>
    where
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future,
        Fut::Output: Send + 'static,
    {
        let here = here();
        here.with(|state| state.hosts.at(self.number).is_down = false);
        let shared = Arc::new(Mutex::new(Shared { output: None, waker: None }));
        let child = Child::on(&here, self.number);
        let number = child.number();
        here.with(|state| state.hosts.at(self.number).programs.push(number));
        let ours = Arc::clone(&shared);
        let body = || async {
            let output = body().await;
            self::here().with(|state| state.schedule.program_is_over());
            output
        };
        let run = move || {
            let ended = catch_unwind(AssertUnwindSafe(|| run_on(Builder::new(), body)));
            match ended {
                Ok(output) => give(&ours, Ok(output)),
                Err(panic) if panic.is::<PowerLoss>() => give(&ours, Err(lost())),
                Err(panic) => {
                    // A program that panics has failed the simulation.
                    self::here().with(|state| {
                        state.schedule.fail("a program on another host panicked".into());
                    });
                    give(&ours, Err(io::Error::other("the program panicked")));
                    drop(panic);
                }
            }
        };
        let thread = std::thread::Builder::new().name(format!("host-{}", self.number));
        if let Err(error) = thread.spawn(move || child.run(run)) {
            here.with(|state| state.schedule.forget(number));
            give(&shared, Err(error));
        }
        Running { shared }
    }

    /// From now on nothing that one sends reaches the other. Connections stay, and what is sent
    /// waits; a connect gives up after 127 s.
    pub fn cut_from(self, other: Self) {
        set_cut(self, other, true);
    }

    /// Ends [`cut_from`](Self::cut_from): what was sent arrives now.
    pub fn heal(self, other: Self) {
        set_cut(self, other, false);
    }

    /// The host loses its power: its programs are gone (their destructors run, and reach nothing),
    /// and of what they wrote to files only what was synced is certain to be there afterwards. It
    /// has power again when the next program [runs](Self::run) on it.
    ///
    /// # Panics
    /// On the program's own host.
    pub fn lose_power(self) {
        let here = here();
        assert_ne!(self.number, here.host, "a program can't cut its own power");
        here.with(|state| {
            let host = state.hosts.at(self.number);
            host.is_down = true;
            let programs = std::mem::take(&mut host.programs);
            let mut rng = state.rng.clone();
            state.hosts.at(self.number).tree.crash(&mut |bound| rng.below(bound));
            state.rng = rng;
            for program in programs {
                state.schedule.kill(program);
            }
            state.record("loses power", self.number as u64, 0);
            state.touch();
        });
    }

    /// The file system as it is now, with what was not synced.
    #[must_use]
    pub fn snapshot(self) -> Snapshot {
        Snapshot(here().with(|state| state.hosts.get(self.number).tree.clone()))
    }

    /// Puts a file system back. Files that are open stay what they were in it.
    pub fn restore(self, snapshot: &Snapshot) {
        here().with(|state| state.hosts.at(self.number).tree = snapshot.0.clone());
    }

    /// The disk holds at most so many bytes (`ENOSPC`).
    pub fn disk_size(self, bytes: u64) {
        here().with(|state| state.hosts.at(self.number).tree.set_disk_full(bytes));
    }
}

/// Sets the clock forward: everything that was due by then is due now.
///
/// # Panics
/// Outside a simulation.
pub fn advance(by: Duration) {
    here().with(|state| {
        state.schedule.now = state.schedule.now.saturating_add(nanos(by));
        state.touch();
    });
}

/// A number that the seed decides, for choices of the program's own.
///
/// # Panics
/// Outside a simulation.
#[must_use]
pub fn random() -> u64 {
    here().with(|state| state.rng.next())
}

/// Unwinds this thread's program if its host has lost its power.
pub(super) fn unwind_if_killed(here: &Here) {
    if here.world.scheduled && !std::thread::panicking() {
        let killed = here.with(|state| state.schedule.take_killed(here.thread));
        if killed {
            resume_unwind(Box::new(PowerLoss));
        }
    }
}

fn here() -> Here {
    scheduled().expect("hosts, and what happens to them, are of a simulation: see `Sim::run`")
}

fn set_cut(one: Host, other: Host, cut: bool) {
    here().with(|state| {
        state.hosts.set_cut(one.number, other.number, cut);
        state.touch();
    });
}

fn lost() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, "the simulated host has lost its power")
}

fn lock<T>(shared: &Mutex<Shared<T>>) -> MutexGuard<'_, Shared<T>> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

fn give<T>(shared: &Mutex<Shared<T>>, output: io::Result<T>) {
    let mut shared = lock(shared);
    shared.output = Some(output);
    let waker = shared.waker.take();
    drop(shared);
    if let Some(waker) = waker {
        waker.wake();
    }
}

impl<T> Future for Running<T> {
    type Output = io::Result<T>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut shared = lock(&self.shared);
        match shared.output.take() {
            Some(output) => Poll::Ready(output),
            None => {
                shared.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}
