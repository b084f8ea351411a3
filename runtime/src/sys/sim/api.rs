//! Running a program on the simulated kernel, and what it is told of a run.

use sexton_buffers::Consumption;
use std::any::Any;
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::Duration;

use super::faults::{Fault, FaultCounts, Faults};
use super::profile::Kernel;
use super::schedule::On;
use super::world::{Here, State, World, nanos};
use crate::config::{Config, SQ_ENTRIES};
use crate::runtime::Builder;
use crate::sys::Body;

/// Turns after which a program is taken to go on for ever.
const TURNS: u64 = 20_000_000;
/// So many pieces of new memory, of half a page of the registry's and of a whole one, find what was
/// freed too early.
const NEWS: usize = 64;
const NEWS_LEN: usize = 3072;
/// How often a runtime is asked for.
const START_TRIES: u32 = 100;
/// How long threads may go on after the program has ended.
const AFTERMATH: u64 = 3_600_000_000_000;

/// A run of a program on a kernel that a seed decides.
///
/// The program runs on a host of its own, with the address 10.0.0.1, an empty file system (`/` and
/// `/tmp`) and a clock that jumps to the next time at which something happens. Everything that the
/// kernel may do in more than one way is decided by the seed, so a run with the same seed is the
/// same run. What the program takes from elsewhere (`std::fs`, `std::time`, threads of its own, the
/// seeds of `HashMap`) is not simulated.
///
/// ```
/// use sexton_runtime::sim::{Faults, Kernel, Sim};
/// use sexton_runtime::time::{Duration, Instant, sleep};
///
/// let slept = Sim::new(7).profile(Kernel::V6_1).faults(Faults::scheduling()).run(|| async {
///     let start = Instant::now();
///     sleep(Duration::from_secs(3600)).await;
///     start.elapsed()
/// });
/// assert!(slept >= Duration::from_secs(3600));
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use = "a simulation does nothing before `run`"]
pub struct Sim {
    seed: u64,
    kernel: Kernel,
    faults: Faults,
    cores: usize,
    time_limit: Duration,
}

/// What is told of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// A hash of everything that happened: the same for the same seed and program.
    pub trace_hash: u64,
    /// How much happened.
    pub steps: u64,
    /// How long the run took, by its own clock.
    pub time: Duration,
    /// Descriptors that were still open when everything had ended: the program has leaked them, or
    /// given them away.
    pub descriptors: usize,
    /// How often each fault occurred.
    pub faults: FaultCounts,
}

/// Why a run failed: the program panicked, or it did what no program on Sexton may make happen.
pub struct Failure(Box<Details>);

struct Details {
    sim: Sim,
    report: Report,
    reasons: Vec<String>,
    tail: String,
    panic: Option<Box<dyn Any + Send>>,
}

impl Sim {
    /// A run that this seed decides: on Linux 6.18, one core, without faults, of a day at most.
    pub const fn new(seed: u64) -> Self {
        Self {
            seed,
            kernel: Kernel::V6_18,
            faults: Faults::none(),
            cores: 1,
            time_limit: Duration::from_secs(86_400),
        }
    }

    /// Which kernel is simulated.
    pub const fn profile(mut self, kernel: Kernel) -> Self {
        self.kernel = kernel;
        self
    }

    /// What goes wrong, and how often.
    pub const fn faults(mut self, faults: Faults) -> Self {
        self.faults = faults;
        self
    }

    /// Cores of the program's host: a thread each, of which one runs at a time.
    pub const fn cores(mut self, cores: usize) -> Self {
        self.cores = cores;
        self
    }

    /// After so much simulated time the run has failed.
    pub const fn time_limit(mut self, limit: Duration) -> Self {
        self.time_limit = limit;
        self
    }

    /// Runs a program, and gives its output.
    ///
    /// # Panics
    /// If the program panics, waits for ever, or breaks a rule of the kernel's. What happened, the
    /// seed and the end of the trace are printed first.
    pub fn run<F, Fut>(self, body: F) -> Fut::Output
    where
        F: FnOnce() -> Fut,
        Fut: Future,
    {
        match self.try_run(body) {
            Ok((output, _)) => output,
            Err(failure) => failure.raise(),
        }
    }

    /// As [`run`](Self::run), and says what happened.
    ///
    /// # Errors
    /// Where `run` panics.
    ///
    /// # Panics
    /// Inside another simulation.
    pub fn try_run<F, Fut>(self, body: F) -> Result<(Fut::Output, Report), Failure>
    where
        F: FnOnce() -> Fut,
        Fut: Future,
    {
        self.try_run_on(Builder::new().cores(self.cores), body)
    }

    /// As [`try_run`](Self::try_run), on a runtime that is set up so; its own number of cores
    /// counts.
    ///
    /// # Errors
    /// Where `run` panics.
    ///
    /// # Panics
    /// Inside another simulation.
    pub fn try_run_on<F, Fut>(
        self,
        builder: Builder,
        body: F,
    ) -> Result<(Fut::Output, Report), Failure>
    where
        F: FnOnce() -> Fut,
        Fut: Future,
    {
        assert!(Here::get().is_none(), "a simulation inside a simulation: run it outside");
        let world = World::new(self.seed, self.kernel, self.faults, true);
        let here = Here { world, thread: 0, host: 0 };
        here.with(|state| {
            state.hosts.add(Some([10, 0, 0, 1].into()));
            state.schedule.add_thread();
            state.schedule.limits = (TURNS, nanos(self.time_limit));
        });
        here.clone().settle();
        let ended = catch_unwind(AssertUnwindSafe(|| run_on(builder, body)));
        await_others(&here);
        Here::leave();
        here.with(|state| self.judge(state, ended))
    }

    fn judge<T>(
        self,
        state: &mut State,
        ended: Result<T, Box<dyn Any + Send>>,
    ) -> Result<(T, Report), Failure> {
        let report = Report {
            trace_hash: state.trace.hash(),
            steps: state.trace.count(),
            time: Duration::from_nanos(state.schedule.now),
            descriptors: state.objects.places(),
            faults: state.counts.clone(),
        };
        let ghosts = std::mem::take(&mut state.ghosts);
        // Memory that was freed too early is used again at the latest now.
        let news = if ghosts.is_empty() { 0 } else { NEWS };
        let news: Vec<_> = (0..news).map(|n| vec![0xA5_u8; NEWS_LEN << (n % 2)]).collect();
        for mut ghost in ghosts {
            if !ghost.unwatch() {
                state.complain("memory was used again that a closed ring may write to".into());
            }
        }
        drop(std::hint::black_box(news));
        let mut reasons: Vec<String> = state.schedule.failure.take().into_iter().collect();
        reasons.append(&mut state.complaints);
        let panic = match ended {
            Ok(output) if reasons.is_empty() => return Ok((output, report)),
            Ok(_) => None,
            Err(panic) => {
                reasons.push(format!("the program panicked: {}", message(&*panic)));
                Some(panic)
            }
        };
        let tail = state.trace.tail();
        Err(Failure(Box::new(Details { sim: self, report, reasons, tail, panic })))
    }
}

/// Runs a program on a runtime of this thread's host. Where queues may be full, the seed says how
/// small they are, unless the program says it.
pub(super) fn run_on<F, Fut>(builder: Builder, body: F) -> Fut::Output
where
    F: FnOnce() -> Fut,
    Fut: Future,
{
    let set_up = |config: &mut Config| {
        config.body = Body::Simulated;
        let Some(here) = Here::get() else { return };
        here.with(|state| {
            let small = state.faults.get(Fault::SmallQueue) > 0.0;
            if small && config.entries == SQ_ENTRIES && config.completions.is_none() {
                config.entries = 4 << state.rng.below(7);
                config.recv_buffers = 4 << state.rng.below(7);
                config.recv_consumption = match state.rng.below(4) {
                    0 => Consumption::Whole,
                    1 => Consumption::Bundle,
                    _ => Consumption::Incremental,
                };
            }
        });
    };
    let builder = builder.config(set_up);
    let mut tries = 1;
    loop {
        match builder.clone().build() {
            Ok(runtime) => return runtime.block_on(async { body().await }),
            // Who asked for this fault wants to see a program run all the same.
            Err(_) if tries < START_TRIES => tries += 1,
            Err(error) => panic!("a simulated runtime could not be built: {error}"),
        }
    }
}

/// Ends the programs on other hosts, and lets all threads end.
fn await_others(here: &Here) {
    here.with(|state| {
        for program in state.hosts.take_programs() {
            state.schedule.kill(program);
        }
    });
    let until = here.with(|state| state.now().saturating_add(AFTERMATH));
    let mut thread = 1;
    while here.with(|state| state.schedule.failure.is_none() && thread < state.schedule.count()) {
        if here.with(|state| state.schedule.is_ended(thread)) {
            thread += 1;
        } else if here.with(|state| state.now() >= until) {
            here.with(|state| {
                state.complain(format!("thread {thread} has not ended with the program"));
            });
            thread += 1;
        } else {
            here.wait(Some(until), On::End(thread));
        }
    }
    // Nothing is simulated from here on; who has not ended never runs again.
    here.with(|state| {
        if state.schedule.others() == 0 && state.schedule.failure.is_none() {
            state.sweep();
        }
    });
}

/// What a panic says.
fn message(panic: &(dyn Any + Send)) -> &str {
    match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(message), _) => message,
        (None, Some(message)) => message,
        (None, None) => "(with a value that is no message)",
    }
}

impl Failure {
    /// The reasons, the most important first.
    #[must_use]
    pub fn reasons(&self) -> &[String] {
        &self.0.reasons
    }

    /// What is told of the run all the same.
    #[must_use]
    pub fn report(&self) -> &Report {
        &self.0.report
    }

    /// Prints the failure, and panics: as the program did, if it did.
    ///
    /// # Panics
    /// Always.
    pub fn raise(self) -> ! {
        eprintln!("{self}");
        let Details { sim, reasons, panic, .. } = *self.0;
        match panic {
            Some(panic) => resume_unwind(panic),
            None => panic!("the simulation of seed {} failed: {}", sim.seed, reasons[0]),
        }
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Failure")
            .field("sim", &self.0.sim)
            .field("reasons", &self.0.reasons)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Details { sim, report, reasons, tail, .. } = &*self.0;
        let (seed, kernel) = (sim.seed, sim.kernel.name());
        writeln!(f, "the simulation of seed {seed} on Linux {kernel} failed:")?;
        reasons.iter().try_for_each(|reason| writeln!(f, "  {reason}"))?;
        writeln!(
            f,
            "the end of its trace ({} steps, hash {:016x}):",
            report.steps, report.trace_hash
        )?;
        tail.lines().try_for_each(|line| writeln!(f, "  {line}"))?;
        writeln!(f, "faults: {:?}", sim.faults)?;
        let test = std::thread::current().name().unwrap_or("main").to_owned();
        writeln!(
            f,
            "run it again with: SEXTON_SEED={seed} SEXTON_KERNEL={kernel} cargo test {test}"
        )?;
        write!(f, "or: Sim::new({seed}).profile(Kernel::V{}).faults(..)", kernel.replace('.', "_"))
    }
}

impl std::error::Error for Failure {}
