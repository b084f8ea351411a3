//! A report again, from the figures that an earlier run left.

use std::io;

use serde_json::Value;

use crate::jobs;
use crate::matrix::Job;
use crate::outcome::Outcome;
use crate::sample::Sample;
use crate::summary::Series;

/// What an earlier run wrote for programs.
#[derive(Debug)]
pub struct Earlier(Value);

impl Earlier {
    /// Reads it.
    pub fn parse(text: &str) -> io::Result<Self> {
        Ok(Self(serde_json::from_str(text)?))
    }

    /// A fact of that run.
    pub fn fact(&self, name: &str) -> Option<&str> {
        self.0["facts"][name].as_str()
    }

    /// Its jobs, as far as there still are such jobs and entrants.
    pub fn outcomes(&self) -> Vec<Outcome> {
        let all = jobs::all().into_iter().chain(jobs::growth());
        all.filter_map(|job| self.outcome(job)).collect()
    }

    fn outcome(&self, mut job: Job) -> Option<Outcome> {
        let results = self.0["results"].as_array()?;
        let of = |entrant: &str| {
            results.iter().find(|result| {
                let is = |name: &str, value: &str| result[name].as_str() == Some(value);
                is("workload", job.workload) && is("config", &job.config) && is("entrant", entrant)
            })
        };
        let found: Vec<_> = job.entrants.iter().map(|entrant| of(entrant.name)).collect();
        let mut there = found.iter().map(Option::is_some);
        job.entrants.retain(|_| there.next() == Some(true));
        if job.entrants.is_empty() {
            return None;
        }
        let mut outcome = Outcome::new(job);
        for (index, result) in found.into_iter().flatten().enumerate() {
            outcome.series[index] = series(result);
            outcome.counts[index] = result["counts"].as_object().map(|_| sample(&result["counts"]));
        }
        Some(outcome)
    }
}

/// All rounds of an entrant, settled anew.
fn series(result: &Value) -> Series {
    let mut series = Series::default();
    let rounds = ["rounds", "dropped"].into_iter().filter_map(|kind| result[kind].as_array());
    for round in rounds.flatten() {
        let number = round["round"].as_u64().unwrap_or_default();
        series.add(number as usize, Ok(sample(&round["figures"])));
    }
    for (round, why) in result["failed"].as_object().into_iter().flatten() {
        let why = why.as_str().unwrap_or_default();
        series.add(round.parse().unwrap_or_default(), Err(io::Error::other(why.to_owned())));
    }
    series.settle();
    series
}

fn sample(figures: &Value) -> Sample {
    let mut sample = Sample::default();
    for (name, value) in figures.as_object().into_iter().flatten() {
        sample.set(name, value.as_f64().unwrap_or_default());
    }
    sample
}

#[cfg(test)]
mod tests {
    use super::Earlier;
    use crate::outcome::Outcome;
    use crate::report::Report;
    use crate::sample::Sample;

    #[test]
    fn what_a_run_wrote_comes_back_as_it_was() {
        let job = crate::jobs::all().swap_remove(0);
        let mut outcome = Outcome::new(job);
        for (entrant, series) in outcome.series.iter_mut().enumerate() {
            for round in 0..3 {
                let ns = 1000 * (entrant + 1) * if round == 2 { 9 } else { 1 };
                series.add(round, Sample::parse(&format!("ops 1 cpu_ns {ns} wall_ns 9 p50_ns 4")));
            }
            series.add(3, Err(std::io::Error::other("lost")));
            series.settle();
        }
        outcome.counts[1] = Sample::parse("ops 2 cpu_ns 1 allocations 6").ok();
        let facts = vec![("date", "2026-01-31".to_owned())];
        let report = Report { facts, outcomes: vec![outcome], missing: vec![], plots: vec![] };
        let written = report.json();
        let earlier = Earlier::parse(&written).expect("it is JSON");
        assert_eq!(earlier.fact("date"), Some("2026-01-31"));
        let again = Report { outcomes: earlier.outcomes(), ..report };
        assert_eq!(again.json(), written);
    }
}
