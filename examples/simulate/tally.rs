//! How often each fault occurred, and which of those that should have never did.

use crate::program::Plan;
use sexton::sim::{Fault, FaultCounts, Report};
use std::fmt;

/// So many seeds show every fault: the rarest occurs once in some 250 of them.
const ENOUGH: u64 = 5000;

/// What all runs together came to.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) runs: u64,
    steps: u64,
    counts: FaultCounts,
    /// Runs in which each fault could occur.
    able: Vec<u64>,
}

impl Tally {
    pub(crate) fn add(&mut self, plan: &Plan, report: &Report) {
        self.runs += 1;
        self.steps += report.steps;
        self.counts.add(&report.faults);
        self.able.resize(Fault::ALL.len(), 0);
        let rates = plan.rates();
        for (able, fault) in self.able.iter_mut().zip(Fault::ALL) {
            *able += u64::from(rates.get(*fault) > 0.0);
        }
    }

    /// Faults that could occur, in enough runs, and never did.
    pub(crate) fn missing(&self) -> Vec<&'static str> {
        if self.runs < ENOUGH {
            return Vec::new();
        }
        let all = self.able.iter().zip(Fault::ALL);
        let never = all.filter(|(able, fault)| **able > 0 && self.counts.get(**fault) == 0);
        never.map(|(_, fault)| fault.name()).collect()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<20} {:>12} {:>12}", "fault", "occurred", "runs with it")?;
        let all = self.able.iter().zip(Fault::ALL);
        for (able, fault) in all.filter(|(able, _)| **able > 0) {
            writeln!(f, "{:<20} {:>12} {able:>12}", fault.name(), self.counts.get(*fault))?;
        }
        write!(f, "{} seeds, {} steps", self.runs, self.steps)
    }
}
