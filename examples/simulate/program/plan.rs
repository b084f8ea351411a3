//! What a seed runs: which programs, on which kernel, with which faults.

use super::dice::Dice;
use super::risk::unless;
use super::rules::{Census, Rules, joined};
use super::{
    accepts, buffered, datagrams, files, folders, listings, lives, many, own, peeks, power, relays,
    sought, streams, tasks,
};
use sexton::Builder;
use sexton::sim::{Failure, Fault, Faults, Kernel, Report, Sim};
use sexton::time::{Duration, sleep};

/// A program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Program {
    Streams,
    Accepts,
    Files,
    Folders,
    Power,
    Tasks,
    Datagrams,
    Many,
    Relays,
    Listings,
    Lives,
    Buffered,
    Peeks,
    Sought,
    Own,
}

impl Program {
    pub(crate) const ALL: &[Self] = &[
        Self::Streams,
        Self::Accepts,
        Self::Files,
        Self::Folders,
        Self::Power,
        Self::Tasks,
        Self::Datagrams,
        Self::Many,
        Self::Relays,
        Self::Listings,
        Self::Lives,
        Self::Buffered,
        Self::Peeks,
        Self::Sought,
        Self::Own,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Streams => "streams",
            Self::Accepts => "accepts",
            Self::Files => "files",
            Self::Folders => "folders",
            Self::Power => "power",
            Self::Tasks => "tasks",
            Self::Datagrams => "datagrams",
            Self::Many => "many",
            Self::Relays => "relays",
            Self::Listings => "listings",
            Self::Lives => "lives",
            Self::Buffered => "buffered",
            Self::Peeks => "peeks",
            Self::Sought => "sought",
            Self::Own => "own",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|program| program.name() == name)
    }

    async fn run(self, dice: Dice, rules: Rules, census: Census) {
        match self {
            Self::Streams => streams::run(dice, rules).await,
            Self::Accepts => accepts::run(dice, rules).await,
            Self::Files => files::run(dice, rules).await,
            Self::Folders => folders::run(dice, rules).await,
            Self::Power => power::run(dice, rules).await,
            Self::Tasks => tasks::run(dice, rules, census).await,
            Self::Datagrams => datagrams::run(dice, rules).await,
            Self::Many => many::run(dice, rules).await,
            Self::Relays => relays::run(dice, rules).await,
            Self::Listings => listings::run(dice, rules).await,
            Self::Lives => lives::run(dice, rules).await,
            Self::Buffered => buffered::run(dice, rules).await,
            Self::Peeks => peeks::run(dice, rules).await,
            Self::Sought => sought::run(dice, rules).await,
            Self::Own => own::run(dice, rules).await,
        }
    }
}

/// A whole configuration, of one number.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) kernel: Kernel,
    /// The name of the set of faults.
    pub(crate) faults: &'static str,
    pub(crate) cores: usize,
    /// They run side by side.
    pub(crate) programs: Vec<Program>,
    /// The runtime ends after so long, with all that is in flight.
    pub(crate) abandoned: Option<Duration>,
    /// Futures may be forgotten.
    pub(crate) forgets: bool,
    /// Some operations never end (only where the runtime does).
    pub(crate) sticks: bool,
    /// Queues are full more often.
    pub(crate) crowded: bool,
    /// A core looks for work for so long before it sleeps,
    pub(crate) spin: Duration,
    /// and sleeps for so long to have several answers.
    pub(crate) min_wait: Duration,
}

impl Plan {
    /// What a seed decides, where nobody else does.
    pub(crate) fn new(
        seed: u64,
        kernel: Option<Kernel>,
        faults: Option<&'static str>,
        program: Option<Program>,
    ) -> Self {
        let dice = Dice::new(seed);
        let drawn = ["scheduling", "network", "disk", "all", "none", "all"][dice.below(6)];
        let cores = [1, 1, 2, 3][dice.below(4)];
        let pick = |dice: &Dice| Program::ALL[dice.below(Program::ALL.len())];
        let (first, second) = (pick(&dice), pick(&dice));
        let mut programs = vec![program.unwrap_or(first)];
        if dice.percent(30) {
            programs.push(program.unwrap_or(second));
        }
        let crowded = dice.percent(20);
        let after = Duration::from_nanos(dice.size(1_000_000_000) as u64);
        let abandoned = dice.percent(if crowded { 50 } else { 15 }).then_some(after);
        let (forgets, sticks) = (dice.percent(30), dice.percent(70));
        let some = |percent, micros| {
            let chosen = dice.percent(percent);
            Duration::from_micros(if chosen { dice.size(micros) as u64 } else { 0 })
        };
        Self {
            seed,
            kernel: kernel.unwrap_or(Kernel::ALL[(seed % Kernel::ALL.len() as u64) as usize]),
            faults: faults.unwrap_or(drawn),
            cores,
            programs,
            abandoned,
            forgets,
            sticks,
            crowded,
            spin: some(10, 100),
            min_wait: some(20, 1000),
        }
    }

    /// The rates of the faults.
    pub(crate) fn rates(&self) -> Faults {
        let mut rates = Faults::named(self.faults).unwrap_or_default();
        if self.crowded && rates.get(Fault::SmallQueue) > 0.0 {
            rates = rates.enter_again(0.3).small_queues(0.05).no_buffers(0.2);
        }
        if self.sticks && self.abandoned.is_some() {
            rates = rates.stuck_operations(if self.seed.is_multiple_of(3) { 0.4 } else { 0.05 });
        }
        rates
    }

    /// Runs it.
    pub(crate) fn run(&self) -> Result<Report, Failure> {
        let sim = Sim::new(self.seed).profile(self.kernel).faults(self.rates()).cores(self.cores);
        // The simulation chooses the others'.
        let builder = Builder::new().cores(self.cores).spin(self.spin).min_wait(self.min_wait);
        let builder = if self.crowded { builder.entries(4) } else { builder };
        let census = Census::default();
        let rules = Rules::new(&self.rates(), self.abandoned.is_some(), self.forgets);
        let body = || async {
            let dice = Dice::new(!self.seed);
            let mut tasks = Vec::new();
            for (number, program) in self.programs.clone().into_iter().enumerate() {
                let rules = Rules { number, ..rules };
                tasks.push(sexton::spawn(program.run(dice.fork(), rules, census.clone())));
            }
            let all = async {
                for task in tasks {
                    joined(task).await;
                }
            };
            match self.abandoned {
                Some(after) => drop(unless(all, sleep(after)).await),
                None => all.await,
            }
        };
        let report = sim.try_run_on(builder, body).map(|((), report)| report)?;
        assert_eq!(census.living(), 0, "what was in tasks is gone with the runtime: {self}");
        let holds = self.forgets || report.faults.get(Fault::Stuck) > 0;
        assert!(holds || report.descriptors == 0, "{} descriptors left", report.descriptors);
        Ok(report)
    }
}

impl std::fmt::Display for Plan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { seed, kernel, faults, cores, programs, abandoned, .. } = self;
        let names: Vec<_> = programs.iter().map(|program| program.name()).collect();
        let (kernel, names) = (kernel.name(), names.join(" and "));
        write!(f, "seed {seed}: {names} on {cores} cores of Linux {kernel}, faults: {faults}")?;
        match abandoned {
            Some(after) => write!(f, ", abandoned after {after:?}"),
            None => Ok(()),
        }
    }
}
