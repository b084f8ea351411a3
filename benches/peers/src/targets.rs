//! What Sexton is to reach, as ratios in one run, and whether it did.

use crate::matrix::Role;
use crate::outcome::{Outcome, cpu};
use crate::summary::{Series, Spread};

/// What a target is measured against.
#[derive(Clone, Copy, Debug)]
enum Against {
    /// The runtime that takes the least.
    BestPeer,
    /// What is written by hand and takes the least.
    Hand,
    /// One entrant.
    Named(&'static str),
    /// Nothing: the figure itself has a bound.
    Itself,
}

/// A figure that is to be small.
#[derive(Clone, Copy, Debug)]
enum Figure {
    /// CPU time of an operation.
    Cpu,
    /// Any other one, and what to divide it by for the table.
    Other(&'static str, &'static str, f64),
}

/// A target.
#[derive(Clone, Copy, Debug)]
struct Target {
    workload: &'static str,
    config: &'static str,
    figure: Figure,
    against: Against,
    at_most: f64,
}

const fn cpu_target(
    workload: &'static str,
    config: &'static str,
    against: Against,
    at_most: f64,
) -> Target {
    Target { workload, config, figure: Figure::Cpu, against, at_most }
}

const CACHED: &str = "cached 4 KiB, depth 128";
const DIRECT: &str = "direct 4 KiB, depth 128";
const SLEEPERS: &str = "1 M tasks, 1 to 1000 ms";
const PING: &str = "two threads on one core";
const P99: Figure = Figure::Other("p99_ns", "p99 µs", 1e3);
const BYTES: Figure = Figure::Other("bytes_each", "resident bytes", 1.0);
const LATE: Figure = Figure::Other("late_mean_ns", "late on average, ms", 1e6);

const TARGETS: &[Target] = &[
    cpu_target("echo", "1 x 64 B", Against::BestPeer, 0.97),
    cpu_target("echo", "64 x 64 B", Against::BestPeer, 0.90),
    cpu_target("echo", "64 x 64 B", Against::Hand, 1.06),
    cpu_target("echo", "1024 x 64 B", Against::BestPeer, 0.83),
    cpu_target("echo", "1024 x 64 B", Against::Hand, 1.08),
    cpu_target("echo", "64 x 1024 B", Against::BestPeer, 0.88),
    cpu_target("echo", "64 x 1024 B", Against::Hand, 1.08),
    cpu_target("echo", "64 x 16384 B", Against::BestPeer, 0.93),
    Target {
        workload: "echo",
        config: "64 x 16384 B",
        figure: P99,
        against: Against::Hand,
        at_most: 1.0,
    },
    cpu_target("reads", CACHED, Against::BestPeer, 0.88),
    cpu_target("reads", CACHED, Against::Hand, 1.08),
    cpu_target("reads", DIRECT, Against::BestPeer, 0.78),
    cpu_target("reads", DIRECT, Against::Named("fio"), 1.0),
    cpu_target("spawn", "one at a time, joined", Against::BestPeer, 0.65),
    cpu_target("spawn", "one at a time, joined", Against::Hand, 1.4),
    cpu_target("yield", "64 tasks", Against::BestPeer, 0.35),
    cpu_target("timeout-ready", "around a ready future", Against::BestPeer, 0.12),
    cpu_target("timeout-armed", "armed, then cancelled", Against::BestPeer, 0.45),
    cpu_target("sleepers", SLEEPERS, Against::BestPeer, 0.42),
    Target {
        workload: "sleepers",
        config: SLEEPERS,
        figure: BYTES,
        against: Against::Itself,
        at_most: 180.0,
    },
    Target {
        workload: "sleepers",
        config: SLEEPERS,
        figure: LATE,
        against: Against::Itself,
        at_most: 10.0,
    },
    Target {
        workload: "idle",
        config: "9500 connections",
        figure: BYTES,
        against: Against::Itself,
        at_most: 500.0,
    },
    cpu_target("ping", PING, Against::Hand, 1.0),
    cpu_target("ping", PING, Against::Named("tokio"), 0.95),
    // 1.2 times the requests in a second of a core.
    cpu_target("files", "1k", Against::Named("nginx"), 1.0 / 1.2),
];

/// A target and what came of it.
#[derive(Debug)]
pub struct Verdict {
    /// The job's name.
    pub job: String,
    /// What is compared.
    pub figure: String,
    /// Whom with, and his figure.
    pub against: Option<(&'static str, f64)>,
    /// Which of ours, and its figure.
    pub ours: (&'static str, f64),
    /// The ratio within the same rounds, or the figure itself.
    pub found: Spread,
    /// What it is to be at most.
    pub at_most: f64,
}

impl Verdict {
    /// Whether the target is met.
    pub fn met(&self) -> bool {
        self.found.median <= self.at_most
    }
}

/// The verdict on each target that was measured.
pub fn verdicts(outcomes: &[Outcome]) -> Vec<Verdict> {
    TARGETS.iter().filter_map(|target| verdict(target, outcomes)).collect()
}

fn verdict(target: &Target, outcomes: &[Outcome]) -> Option<Verdict> {
    let outcome = outcomes.iter().find(|outcome| {
        let job = &outcome.job;
        (job.workload, job.config.as_str()) == (target.workload, target.config)
    })?;
    let of = |series: &Series| match target.figure {
        Figure::Cpu => cpu(series),
        Figure::Other(name, _, scale) => {
            series.figure(name).map(|spread| spread.times(1.0 / scale))
        }
    };
    // A bound on anything but time holds for the variant that is best at it; a comparison beside
    // time, for the one that is best in time.
    let ours = match (target.figure, target.against) {
        (Figure::Other(..), Against::Itself) => outcome.least(Role::Sexton, &of)?,
        _ => outcome.best(Role::Sexton)?,
    };
    let against = match target.against {
        Against::BestPeer => Some(outcome.best(Role::Peer)?),
        Against::Hand => Some(outcome.best(Role::Hand)?),
        Against::Named(name) => Some(outcome.named(name)?),
        Against::Itself => None,
    };
    let found = match (against, target.figure) {
        (None, _) => of(ours.1)?,
        (Some(other), Figure::Cpu) => ours.1.ratio(other.1)?,
        (Some(other), Figure::Other(name, ..)) => {
            ours.1.ratio_of(other.1, |sample| sample.get(name))?
        }
    };
    let figure = match target.figure {
        Figure::Cpu => format!("CPU ns / {}", outcome.job.unit),
        Figure::Other(_, name, _) => name.to_owned(),
    };
    let against = match against {
        Some((entrant, series)) => Some((entrant.name, of(series)?.median)),
        None => None,
    };
    let ours = (ours.0.name, of(ours.1)?.median);
    let (job, at_most) = (outcome.job.name(), target.at_most);
    Some(Verdict { job, figure, against, ours, found, at_most })
}

#[cfg(test)]
mod tests {
    use super::TARGETS;

    #[test]
    fn every_target_names_a_job_and_who_does_it() {
        let jobs = crate::jobs::all();
        for target in TARGETS {
            let wanted = (target.workload, target.config);
            let job = jobs.iter().find(|job| (job.workload, job.config.as_str()) == wanted);
            let job = job.unwrap_or_else(|| panic!("no job for {target:?}"));
            if let super::Against::Named(name) = target.against {
                assert!(job.entrants.iter().any(|entrant| entrant.name == name), "{target:?}");
            }
        }
    }
}
