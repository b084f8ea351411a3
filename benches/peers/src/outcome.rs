//! What became of a job: a series for each entrant, and who was best.

use std::collections::BTreeMap;

use crate::matrix::{Entrant, Job, Role};
use crate::sample::Sample;
use crate::summary::{Series, Spread};

/// A job with all that was measured.
#[derive(Debug)]
pub struct Outcome {
    /// The job.
    pub job: Job,
    /// Rounds of each entrant, in the job's order.
    pub series: Vec<Series>,
    /// A round that counted allocations and system calls, of each entrant.
    pub counts: Vec<Option<Sample>>,
}

impl Outcome {
    /// Nothing measured yet.
    pub fn new(job: Job) -> Self {
        let series = job.entrants.iter().map(|_| Series::default()).collect();
        let counts = job.entrants.iter().map(|_| None).collect();
        Self { job, series, counts }
    }

    /// All entrants with their series.
    pub fn all(&self) -> impl Iterator<Item = (&Entrant, &Series)> {
        self.job.entrants.iter().zip(&self.series)
    }

    /// An entrant by name.
    pub fn named(&self, name: &str) -> Option<(&Entrant, &Series)> {
        self.all().find(|(entrant, _)| entrant.name == name)
    }

    /// Who of a kind has the least of something, by the median.
    pub fn least(
        &self,
        role: Role,
        what: &dyn Fn(&Series) -> Option<Spread>,
    ) -> Option<(&Entrant, &Series)> {
        let found = self.all().filter(|(entrant, _)| entrant.role == role);
        let found = found.filter_map(|found| Some((what(found.1)?.median, found)));
        let least = found.min_by(|one, other| one.0.total_cmp(&other.0));
        least.map(|(_, found)| found)
    }

    /// Who of a kind takes the least CPU time, beside what everybody took in the same rounds: a
    /// machine that is slower in one round than in the next says nothing of who was measured then.
    pub fn best(&self, role: Role) -> Option<(&Entrant, &Series)> {
        let pace = self.pace();
        self.least(role, &|series: &Series| {
            let rounds = series.rounds().iter();
            Spread::of(
                rounds.filter_map(|(round, sample)| Some(sample.ns_per_op() / pace.get(round)?)),
            )
        })
    }

    /// How slow the machine was in each round: what an entrant took there beside its own median, by
    /// the median of the entrants.
    fn pace(&self) -> BTreeMap<usize, f64> {
        let mut rounds: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
        for series in &self.series {
            let Some(own) = cpu(series) else { continue };
            for (round, sample) in series.rounds() {
                rounds.entry(*round).or_default().push(sample.ns_per_op() / own.median);
            }
        }
        let median = |paces| Spread::of(paces).map(|spread| spread.median);
        rounds.into_iter().filter_map(|(round, paces)| Some((round, median(paces)?))).collect()
    }
}

/// CPU time of an operation, in nanoseconds.
pub fn cpu(series: &Series) -> Option<Spread> {
    series.spread(Sample::ns_per_op)
}

#[cfg(test)]
mod tests {
    use super::Outcome;
    use crate::matrix::Role;
    use crate::sample::Sample;

    #[test]
    fn who_was_measured_while_the_machine_was_fast_is_not_the_best_for_that() {
        let mut outcome = Outcome::new(crate::jobs::all().swap_remove(0));
        let entrants = outcome.job.entrants.iter().enumerate();
        let ours = entrants.filter(|(_, entrant)| entrant.role == Role::Sexton);
        let [best, lucky, ..] = ours.map(|(at, _)| at).collect::<Vec<_>>()[..] else {
            panic!("there are several variants");
        };
        // The machine takes twice the time in odd rounds. Of each of the two, two rounds do not
        // count: of the better one fast ones, of the other one slow ones.
        let missing = [(best, 0), (best, 2), (lucky, 1), (lucky, 3)];
        for (at, series) in outcome.series.iter_mut().enumerate() {
            for round in (0..5).filter(|round| !missing.contains(&(at, *round))) {
                let ns = if at == best { 1000 } else { 1100 } * (1 + round % 2);
                let sample = Sample::parse(&format!("ops 1 cpu_ns {ns} wall_ns 9"));
                series.add(round, sample);
            }
        }
        let (entrant, _) = outcome.best(Role::Sexton).expect("it was measured");
        assert_eq!(entrant.name, outcome.job.entrants[best].name);
    }
}
