//! Building a runtime, running a future on it, and ending it.

use crate::affinity;
use crate::blocking::{BlockingConfig, BlockingPool};
use crate::config::Config;
use crate::context;
use crate::door::{Door, Message};
use crate::executor::{Core, Drained};
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sys::threads::{self, Giver, Taker, Thread, handoff};
use std::future::Future;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

/// What the cores of one runtime share.
#[derive(Debug)]
pub(crate) struct Shared {
    config: Config,
    doors: Vec<Arc<Door>>,
    blocking: BlockingPool,
    stopping: AtomicBool,
}

impl Shared {
    fn new(config: Config, cores: usize) -> Arc<Self> {
        let limits =
            BlockingConfig { max_threads: config.blocking_threads, idle: config.blocking_idle };
        // A blocking thread may run anywhere that the process may: a pin is its core's alone. If
        // that is refused, it runs pinned, which is slower and nothing worse.
        let blocking = BlockingPool::new(limits, || drop(affinity::unpin()));
        Arc::new(Self {
            doors: (0..cores).map(|_| Arc::new(Door::new())).collect(),
            blocking,
            stopping: AtomicBool::new(false),
            config,
        })
    }

    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    pub(crate) fn door(&self, core: usize) -> &Arc<Door> {
        &self.doors[core]
    }

    pub(crate) fn cores(&self) -> usize {
        self.doors.len()
    }

    pub(crate) fn blocking(&self) -> &BlockingPool {
        &self.blocking
    }

    fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
        for door in &self.doors {
            // A core that has ended needs no telling.
            drop(door.send(Message::Nudge));
        }
    }
}

/// Sets up a [`Runtime`].
///
/// ```
/// let runtime = sexton_runtime::Builder::new().cores(1).build()?;
/// assert_eq!(runtime.block_on(async { 1 + 1 }), 2);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "a builder does nothing before `build`"]
pub struct Builder {
    config: Config,
    cores: Option<usize>,
    pin: bool,
}

impl Builder {
    /// One core, default limits.
    pub fn new() -> Self {
        Self { config: Config::default(), cores: Some(1), pin: false }
    }

    /// So many cores, each with a thread of its own; the first one is the thread that builds.
    pub fn cores(mut self, cores: usize) -> Self {
        self.cores = Some(cores);
        self
    }

    /// As many cores as this process may use: its affinity mask, limited by its cgroup's CPU quota.
    pub fn all_cores(mut self) -> Self {
        self.cores = None;
        self
    }

    /// Pins each core's thread to a CPU of the process's affinity mask. Not by default.
    pub fn pin(mut self, pin: bool) -> Self {
        self.pin = pin;
        self
    }

    /// Entries of each core's submission queue.
    pub fn entries(mut self, entries: u32) -> Self {
        self.config.entries = entries;
        self
    }

    /// Entries of each core's completion queue.
    pub fn completions(mut self, completions: u32) -> Self {
        self.config.completions = Some(completions);
        self
    }

    /// How long the end of the runtime waits for operations that the kernel does not give back.
    pub fn grace(mut self, grace: Duration) -> Self {
        self.config.grace = grace;
        self
    }

    /// How many cancelled operations, and bytes of their buffers, may wait for the kernel on each
    /// core before new operations have to wait. As many zero-copy sends beside them may wait for
    /// their notification only; what exceeds that holds back further ones.
    pub fn graveyard(mut self, operations: usize, bytes: usize) -> Self {
        self.config.graveyard_ops = operations;
        self.config.graveyard_bytes = bytes;
        self
    }

    /// Looks for work for so long before a core with nothing to do sleeps, a second at most. Off
    /// (zero) by default.
    ///
    /// A core that sleeps is woken by the system, which takes some microseconds to tens of them;
    /// one that looks sees an answer of the kernel, or a message of another core, at once, and
    /// nobody pays for waking it. It is busy meanwhile: for processors that the cores have for
    /// themselves ([`pin`](Self::pin)). Where looks find nothing a core looks less and less often,
    /// before one wait in 64 at last, so an idle core sleeps; some waits after that it looks each
    /// time again.
    ///
    /// ```
    /// use std::time::Duration;
    /// let builder = sexton_runtime::Builder::new().spin(Duration::from_micros(50));
    /// assert_eq!(builder.build()?.block_on(async { 1 + 1 }), 2);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn spin(mut self, spin: Duration) -> Self {
        self.config.spin = spin;
        self
    }

    /// Lets a busy core that sleeps wait for as many answers as its last turn had, for so long, a
    /// second at most; then for one, as ever. Off (zero) by default.
    ///
    /// So a core under load does more in each turn and wakes less often, and each answer may be
    /// late by so much. A message of another core, too, then wakes it only at the end of that time.
    /// A core whose last turn had one answer or none waits for the next one alone: who asks and
    /// waits is not delayed.
    ///
    /// # Kernel
    /// `min_wait_usec` of `io_uring_enter`, since Linux 6.12. Where the ring has not the feature
    /// (`MIN_TIMEOUT` in [`Caps::features`](crate::Caps::features)) this changes nothing.
    ///
    /// ```
    /// use std::time::Duration;
    /// let builder = sexton_runtime::Builder::new().min_wait(Duration::from_micros(20));
    /// assert_eq!(builder.build()?.block_on(async { 1 + 1 }), 2);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn min_wait(mut self, min_wait: Duration) -> Self {
        self.config.min_wait = min_wait;
        self
    }

    /// Lets a core that sleeps poll the devices of the connections on its ring for so long instead
    /// of waiting for their interrupts, a second at most. Off (zero) by default.
    ///
    /// A packet is then seen some microseconds earlier, and the processor is busy meanwhile. There
    /// is nothing to be polled behind loopback and local sockets.
    ///
    /// # Kernel
    /// `IORING_REGISTER_NAPI`, since Linux 6.9, in kernels built with `CONFIG_NET_RX_BUSY_POLL`;
    /// elsewhere [`build`](Self::build) fails with [`StartError::Napi`](crate::StartError::Napi).
    ///
    /// ```
    /// use std::time::Duration;
    /// let builder = sexton_runtime::Builder::new().napi(Duration::from_micros(50));
    /// match builder.build() {
    ///     Ok(runtime) => assert_eq!(runtime.block_on(async { 1 + 1 }), 2),
    ///     Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::Unsupported),
    /// }
    /// ```
    pub fn napi(mut self, napi: Duration) -> Self {
        self.config.napi = napi;
        self
    }

    /// All other limits.
    pub fn config(mut self, set: impl FnOnce(&mut Config)) -> Self {
        set(&mut self.config);
        self
    }

    /// Starts the cores.
    ///
    /// # Errors
    /// A [`StartError`](crate::StartError) in an `io::Error` if a ring cannot be had: what
    /// happened, and the remedy. `InvalidInput` for no cores at all, and for a time of more than a
    /// second to look for work, to wait for more of it, or to poll devices.
    pub fn build(self) -> io::Result<Runtime> {
        self.config.check()?;
        // Files of the cgroup are read only where the answer counts.
        let asked = self.pin || self.cores.is_none();
        let cpus = if asked { affinity::available() } else { Vec::new() };
        let cores = self.cores.unwrap_or(cpus.len());
        if cores == 0 {
            let what = "a runtime needs at least one core";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, what));
        }
        // Under a quota that allows fewer cores than there are, a pin would put every container of
        // the host on the same first ones.
        let pin = self.pin && cpus.len() == affinity::allowed().len();
        let cpu = |core: usize| if pin { cpus.get(core % cpus.len().max(1)) } else { None };
        let grace = self.config.grace;
        let shared = Shared::new(self.config, cores);
        if let Some(cpu) = cpu(0) {
            affinity::pin_current_thread(*cpu)?;
        }
        let core = Core::start(0, &shared)?;
        let mut runtime = Runtime { core, shared, workers: Vec::new(), grace };
        for index in 1..cores {
            let worker = Worker::start(index, cpu(index).copied(), &runtime.shared)?;
            runtime.workers.push(worker);
        }
        Ok(runtime)
    }
}

/// Some cores, and what they share. The thread that built it is its first core.
///
/// # If dropped
/// Tasks are dropped, operations in flight are cancelled and awaited; after the grace period
/// ([`Builder::grace`]) what the kernel has not given back is leaked, and the leak is reported on
/// the standard error stream.
#[derive(Debug)]
pub struct Runtime {
    core: Rc<Core>,
    shared: Arc<Shared>,
    workers: Vec<Worker>,
    grace: Duration,
}

impl Runtime {
    /// Runs a future on this thread, and tasks beside it, until the future is ready.
    ///
    /// Tasks that are not finished then stay, and go on with the next call.
    ///
    /// # Panics
    /// If the future panics; if this thread is inside a runtime already.
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        let entered = context::enter(Rc::clone(&self.core));
        let _entered = entered.expect(
            "`block_on` inside a runtime would stop all its tasks: await the future, or call it on \
             another thread",
        );
        self.core.run_root(future)
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        self.shared.stop();
        let entered = context::enter_within(Rc::clone(&self.core));
        let drained = self.core.shut_down(entered, self.grace);
        if let Drained::Leaked(leak) = drained {
            threads::report(&leak);
        }
        for worker in self.workers.drain(..) {
            worker.wait();
        }
        self.shared.blocking.shutdown(self.grace);
    }
}

/// A core's thread.
#[derive(Debug)]
struct Worker {
    ended: Taker<Drained>,
    thread: Thread,
}

impl Worker {
    fn start(index: usize, cpu: Option<usize>, shared: &Arc<Shared>) -> io::Result<Self> {
        let (give_started, started) = handoff();
        let (give_ended, ended) = handoff();
        let shared = Arc::clone(shared);
        let run = move || Self::run(index, cpu, &shared, give_started, give_ended);
        let thread = threads::spawn(format!("sexton-{index}"), run)?;
        match started.take() {
            Some(Ok(())) => Ok(Self { ended, thread }),
            Some(Err(error)) => Err(error),
            None => Err(io::Error::other("a core's thread ended before it had started")),
        }
    }

    fn run(
        index: usize,
        cpu: Option<usize>,
        shared: &Arc<Shared>,
        started: Giver<io::Result<()>>,
        ended: Giver<Drained>,
    ) {
        let pinned = cpu.map_or(Ok(()), affinity::pin_current_thread);
        let core = pinned.and_then(|()| Core::start(index, shared).map_err(io::Error::from));
        let core = match core {
            Ok(core) => core,
            Err(error) => {
                started.give(Err(error));
                return;
            }
        };
        started.give(Ok(()));
        let entered = context::enter_within(Rc::clone(&core));
        let run = || core.run_until(&|| shared.stopping.load(Ordering::Acquire));
        // A panic of the loop itself: the core ends, but it ends in order.
        let panicked = catch_unwind(AssertUnwindSafe(run)).is_err();
        if panicked {
            eprintln!("sexton: core {index} failed and is shut down");
        }
        let drained = core.shut_down(entered, shared.config.grace);
        let leaked = matches!(drained, Drained::Leaked(_));
        ended.give(drained);
        if leaked {
            // An operation that is stuck in a kernel worker would block this thread's exit.
            threads::stay();
        }
    }

    fn wait(self) {
        match self.ended.take() {
            // The thread is parked with its leak, and never joined.
            Some(Drained::Leaked(leak)) => threads::report(&leak),
            Some(Drained::Fully) | None => self.thread.join(),
        }
    }
}

/// Runs a future on a runtime of one core, made for this call, on this thread.
///
/// # Panics
/// If the future panics; if a ring cannot be had (the message says why, and what to do); if this
/// thread is inside a runtime already.
///
/// With the cargo feature `sim` and a seed in the environment's `SEXTON_SIM` the runtime is on the
/// simulated kernel; so are tests (`#[sexton::test]`).
///
/// ```
/// assert_eq!(sexton_runtime::block_on(async { 40 + 2 }), 42);
/// ```
pub fn block_on<F: Future>(future: F) -> F::Output {
    #[cfg(feature = "sim")]
    if let Some(sim) = crate::sim::asked_for() {
        return sim.run(|| future);
    }
    match Builder::new().build() {
        Ok(runtime) => runtime.block_on(future),
        Err(error) => panic!("{error}"),
    }
}

/// What the attributes expand to.
pub mod rt {
    use super::{AssertUnwindSafe, Builder, Future, catch_unwind, channel, resume_unwind, thread};

    /// `#[sexton::main]`: one pinned thread a core, none of them this one; `body` runs on the
    /// first.
    pub fn main<F, Fut>(cores: Option<usize>, body: F) -> Fut::Output
    where
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future + 'static,
        Fut::Output: Send + 'static,
    {
        let (ended, wait) = channel();
        let run = move || {
            let builder = Builder::new().all_cores().pin(true);
            let builder = if let Some(cores) = cores { builder.cores(cores) } else { builder };
            let runtime = match builder.build() {
                Ok(runtime) => runtime,
                Err(error) => return drop(ended.send(Err(error))),
            };
            let output =
                catch_unwind(AssertUnwindSafe(|| runtime.block_on(async { body().await })));
            drop(runtime);
            drop(ended.send(Ok(output)));
        };
        let thread = thread::Builder::new().name("sexton-0".into()).spawn(run);
        let error = match (thread, wait.recv()) {
            (Ok(_), Ok(Ok(Ok(output)))) => return output,
            (Ok(_), Ok(Ok(Err(panic)))) => resume_unwind(panic),
            (Ok(_), Ok(Err(error))) | (Err(error), _) => error,
            (Ok(_), Err(_)) => std::io::Error::other("the first core's thread ended unheard"),
        };
        eprintln!("Error: {error}");
        std::process::exit(1)
    }

    /// `#[sexton::test]`: one core by default, which is this thread.
    ///
    /// # Panics
    /// If a ring cannot be had, or the test panics.
    pub fn test<F, Fut>(cores: Option<usize>, body: F) -> Fut::Output
    where
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future + 'static,
        Fut::Output: Send + 'static,
    {
        #[cfg(feature = "sim")]
        if let Some(sim) = crate::sim::asked_for() {
            return sim.cores(cores.unwrap_or(1)).run(body);
        }
        match Builder::new().cores(cores.unwrap_or(1)).build() {
            Ok(runtime) => runtime.block_on(async { body().await }),
            Err(error) => panic!("{error}"),
        }
    }
}
