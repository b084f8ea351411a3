//! Rounds become medians; rounds in which the machine was slowed down are left out, visibly.

use std::collections::BTreeMap;

use crate::sample::Sample;

/// A round counts as slowed down when an operation costs so much more than in the median round.
const SLOWED_DOWN: f64 = 1.5;

/// A median with the least and the greatest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// Half are below, half above.
    pub median: f64,
    /// The least.
    pub min: f64,
    /// The greatest.
    pub max: f64,
}

impl Spread {
    /// The spread of some values; none if there are none.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut sorted: Vec<f64> = values.into_iter().collect();
        sorted.sort_by(f64::total_cmp);
        let (min, max) = (*sorted.first()?, *sorted.last()?);
        let (lower, upper) = (sorted[(sorted.len() - 1) / 2], sorted[sorted.len() / 2]);
        Some(Self { median: f64::midpoint(lower, upper), min, max })
    }

    /// The same in another unit.
    #[must_use]
    pub fn times(self, factor: f64) -> Self {
        let Self { median, min, max } = self;
        Self { median: median * factor, min: min * factor, max: max * factor }
    }
}

/// All rounds of one variant under one load.
#[derive(Debug, Default)]
pub struct Series {
    rounds: BTreeMap<usize, Sample>,
    failed: BTreeMap<usize, String>,
    dropped: BTreeMap<usize, Sample>,
}

impl Series {
    /// Adds a round's sample, or why there is none.
    pub fn add(&mut self, round: usize, sample: std::io::Result<Sample>) {
        match sample {
            Ok(sample) if sample.operations() > 0.0 => drop(self.rounds.insert(round, sample)),
            Ok(_) => drop(self.failed.insert(round, "no operation at all".to_owned())),
            Err(error) => drop(self.failed.insert(round, error.to_string())),
        }
    }

    /// Moves the rounds in which the machine was slowed down out of the way.
    pub fn settle(&mut self) {
        let Some(ns) = self.spread(Sample::ns_per_op) else { return };
        let slow = |sample: &Sample| sample.ns_per_op() > SLOWED_DOWN * ns.median;
        let all = std::mem::take(&mut self.rounds).into_iter();
        (self.dropped, self.rounds) = all.partition(|(_, sample)| slow(sample));
    }

    /// The rounds that count.
    pub fn rounds(&self) -> &BTreeMap<usize, Sample> {
        &self.rounds
    }

    /// The rounds in which the machine was slowed down.
    pub fn dropped(&self) -> &BTreeMap<usize, Sample> {
        &self.dropped
    }

    /// The rounds that ended with an error.
    pub fn failed(&self) -> &BTreeMap<usize, String> {
        &self.failed
    }

    /// The spread of something over the rounds that count.
    pub fn spread(&self, what: impl Fn(&Sample) -> f64) -> Option<Spread> {
        Spread::of(self.rounds.values().map(what))
    }

    /// The spread of a figure, if there is one.
    pub fn figure(&self, name: &str) -> Option<Spread> {
        Spread::of(self.rounds.values().filter_map(|sample| sample.get(name)))
    }

    /// CPU time per operation in units of another series' in the same round.
    pub fn ratio(&self, to: &Self) -> Option<Spread> {
        self.ratio_of(to, |sample| Some(sample.ns_per_op()))
    }

    /// Something in units of another series' in the same round.
    pub fn ratio_of(&self, to: &Self, what: impl Fn(&Sample) -> Option<f64>) -> Option<Spread> {
        Spread::of(
            self.rounds
                .iter()
                .filter_map(|(round, sample)| Some(what(sample)? / what(to.rounds.get(round)?)?)),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::{Series, Spread};
    use crate::sample::Sample;

    fn sample(ns_per_op: u64) -> std::io::Result<Sample> {
        Sample::parse(&format!("ops 1000 cpu_ns {} wall_ns 1000000", 1000 * ns_per_op))
    }

    #[test]
    fn a_median_is_in_the_middle_of_odd_and_even_numbers() {
        assert_eq!(Spread::of([]), None);
        let odd = Spread::of([3.0, 1.0, 2.0]).expect("three values");
        assert_eq!((odd.median, odd.min, odd.max), (2.0, 1.0, 3.0));
        assert_eq!(Spread::of([4.0, 1.0]).expect("two values").median, 2.5);
    }

    #[test]
    fn a_round_on_a_slowed_machine_is_dropped_and_its_ratio_too() {
        let (mut ours, mut theirs) = (Series::default(), Series::default());
        for round in 0..5 {
            ours.add(round, sample(if round == 3 { 4000 } else { 2000 }));
            theirs.add(round, sample(1000));
        }
        ours.settle();
        theirs.settle();
        assert_eq!(ours.dropped().keys().collect::<Vec<_>>(), [&3]);
        assert_eq!(theirs.dropped().len(), 0);
        let ratio = ours.ratio(&theirs).expect("four rounds in common");
        assert_eq!((ratio.median, ratio.max), (2.0, 2.0));
    }

    #[test]
    fn a_failed_round_is_kept_with_its_reason() {
        let mut series = Series::default();
        series.add(0, Err(std::io::Error::other("lost")));
        series.settle();
        assert_eq!(series.failed().get(&0).map(String::as_str), Some("lost"));
        assert!(series.rounds().is_empty());
    }
}
