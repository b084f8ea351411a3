//! What `#[sexton::test(sim)]` expands to: one test on many seeds.

use std::env;
use std::future::Future;

use super::api::Sim;
use super::faults::Faults;
use super::profile::Kernel;
use super::world::Here;

/// How many seeds a test has that says nothing of it.
const SEEDS: u64 = 16;

/// One test, many seeds.
///
/// Seed after seed, the kernels in turn, until one fails; then the failure, and how to run that
/// seed again, is printed, and the test has failed. With `SEXTON_SEED` in the environment only that
/// seed runs, with `SEXTON_KERNEL` only that kernel, and `SEXTON_SEEDS` asks for more.
///
/// ```
/// # use sexton_runtime::sim::Seeds;
/// Seeds::new(1).seeds(3).faults("scheduling").run(|| async {
///     sexton_runtime::yield_now().await;
/// });
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use = "nothing runs before `run`"]
pub struct Seeds {
    cores: usize,
    seeds: u64,
    faults: Faults,
    kernel: Option<Kernel>,
}

/// What a test may return.
pub trait Outcome {
    /// What is wrong with it, if it says that the test has failed.
    fn failed(&self) -> Option<String>;
}

impl Outcome for () {
    fn failed(&self) -> Option<String> {
        None
    }
}

impl<T, E: std::fmt::Debug> Outcome for Result<T, E> {
    fn failed(&self) -> Option<String> {
        self.as_ref().err().map(|error| format!("{error:?}"))
    }
}

impl Seeds {
    /// Sixteen seeds on so many cores, with [`Faults::scheduling`].
    pub const fn new(cores: usize) -> Self {
        Self { cores, seeds: SEEDS, faults: Faults::scheduling(), kernel: None }
    }

    /// So many seeds.
    pub const fn seeds(mut self, seeds: u64) -> Self {
        self.seeds = seeds;
        self
    }

    /// The set of faults with this name.
    ///
    /// # Panics
    /// If there is none.
    pub fn faults(mut self, name: &str) -> Self {
        self.faults = named(name);
        self
    }

    /// The kernel with this name alone.
    ///
    /// # Panics
    /// If there is none.
    pub fn kernel(mut self, name: &str) -> Self {
        self.kernel = Some(kernel(name));
        self
    }

    /// Runs the test, and gives what it returned last.
    ///
    /// # Panics
    /// If it panics on a seed, or the simulation fails (see [`Sim::run`]).
    pub fn run<F, Fut>(self, body: F) -> Fut::Output
    where
        F: Fn() -> Fut,
        Fut: Future,
        Fut::Output: Outcome,
    {
        let kernels = match env::var("SEXTON_KERNEL").ok().map(|name| kernel(&name)) {
            Some(only) => Some(only),
            None => self.kernel,
        };
        let count = number("SEXTON_SEEDS").unwrap_or(self.seeds).max(1);
        let (from, to) = match number("SEXTON_SEED") {
            Some(seed) => (seed, seed.saturating_add(1)),
            None => (0, count),
        };
        let run = |seed: u64| {
            let turn = (seed % Kernel::ALL.len() as u64) as usize;
            let kernel = kernels.unwrap_or(Kernel::ALL[turn]);
            let sim = Sim::new(seed).profile(kernel).faults(self.faults).cores(self.cores);
            let output = sim.run(&body);
            if let Some(why) = output.failed() {
                eprintln!("the test failed with seed {seed} on Linux {}: {why}", kernel.name());
                let name = std::thread::current().name().unwrap_or("main").to_owned();
                let kernel = kernel.name();
                eprintln!(
                    "run it again: SEXTON_SEED={seed} SEXTON_KERNEL={kernel} cargo test {name}"
                );
                return Err(output);
            }
            Ok(output)
        };
        let mut last = run(from);
        for seed in from + 1..to {
            match last {
                Err(failed) => return failed,
                Ok(_) => last = run(seed),
            }
        }
        match last {
            Ok(output) | Err(output) => output,
        }
    }
}

/// The simulation that the environment asks for, with the seed in `SEXTON_SIM`, the kernel in
/// `SEXTON_KERNEL` and the set of faults in `SEXTON_FAULTS` (`none` if it is not there), unless
/// this thread is in one already.
pub(crate) fn asked_for() -> Option<Sim> {
    let seed = number("SEXTON_SIM").filter(|_| Here::get().is_none())?;
    let kernel = env::var("SEXTON_KERNEL").map_or(Kernel::V6_18, |name| kernel(&name));
    let faults = env::var("SEXTON_FAULTS").map_or(Faults::none(), |name| named(&name));
    Some(Sim::new(seed).profile(kernel).faults(faults))
}

fn named(name: &str) -> Faults {
    let known = "none, scheduling, network, disk, all";
    Faults::named(name)
        .unwrap_or_else(|| panic!("no set of faults is called {name:?}: there are {known}"))
}

/// A number in the environment.
fn number(name: &str) -> Option<u64> {
    let text = env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} has to be a number, and is {text:?}")))
}

fn kernel(name: &str) -> Kernel {
    Kernel::named(name).unwrap_or_else(|| {
        panic!("no kernel {name:?} is simulated: there are 6.1, 6.6, 6.12, 6.18")
    })
}
