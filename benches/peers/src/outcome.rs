//! What became of a job: a series for each entrant, and who was best.

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

    /// Who of a kind takes the least CPU time.
    pub fn best(&self, role: Role) -> Option<(&Entrant, &Series)> {
        self.least(role, &cpu)
    }
}

/// CPU time of an operation, in nanoseconds.
pub fn cpu(series: &Series) -> Option<Spread> {
    series.spread(Sample::ns_per_op)
}
