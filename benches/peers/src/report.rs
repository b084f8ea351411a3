//! The tables: Markdown for people, JSON for programs.

use std::fmt::{Display, Write};

use serde_json::{Value, json};

use crate::matrix::Role;
use crate::outcome::{Outcome, cpu};
use crate::sample::Sample;
use crate::summary::Spread;
use crate::targets::{self, Verdict};
use crate::variants::VARIANTS;

/// All that a run found.
#[derive(Debug)]
pub struct Report {
    /// What there is to know about the run.
    pub facts: Vec<(&'static str, String)>,
    /// The jobs, in order.
    pub outcomes: Vec<Outcome>,
    /// Programs that were not there.
    pub missing: Vec<&'static str>,
    /// Files with plots, beside this one.
    pub plots: Vec<String>,
}

/// A column beside CPU time: its head, the figure's name, what to divide it by, its digits.
type Column = (&'static str, &'static str, f64, usize);

const COLUMNS: &[Column] = &[
    ("p50 µs", "p50_ns", 1e3, 0),
    ("p99 µs", "p99_ns", 1e3, 0),
    ("p99.9 µs", "p999_ns", 1e3, 0),
    ("bytes each", "bytes_each", 1.0, 0),
    ("late on average, ms", "late_mean_ns", 1e6, 2),
    ("late at most, ms", "late_max_ns", 1e6, 2),
];

impl Report {
    /// For people.
    pub fn markdown(&self) -> String {
        let mut out = String::new();
        line(&mut out, "# CPU time per operation, beside the peers\n");
        line(
            &mut out,
            "Medians over the rounds, with the least and the greatest. Ratios are of the same",
        );
        line(
            &mut out,
            "rounds. Differences below 3 % mean nothing, nor below 10 % where the least and",
        );
        line(&mut out, "the greatest are far apart: the machine changed its pace.\n");
        for plot in &self.plots {
            line(&mut out, format_args!("![{plot}]({plot})\n"));
        }
        line(&mut out, "| | |\n|---|---|");
        for (name, fact) in &self.facts {
            line(&mut out, format_args!("| {name} | {fact} |"));
        }
        self.targets(&mut out);
        self.losses(&mut out);
        for outcome in &self.outcomes {
            table(&mut out, outcome);
        }
        line(&mut out, "\n## The servers\n\n| | |\n|---|---|");
        for variant in VARIANTS {
            line(&mut out, format_args!("| {} | {} |", variant.name, variant.about));
        }
        self.left_out(&mut out);
        out
    }

    fn targets(&self, out: &mut String) {
        let verdicts = targets::verdicts(&self.outcomes);
        if verdicts.is_empty() {
            return;
        }
        line(out, "\n## Targets\n");
        line(out, "| workload | figure | against | Sexton | ratio or figure | target | |");
        line(out, "|---|---|---|---|---|---|---|");
        for verdict in &verdicts {
            let Verdict { job, figure, against, ours, found, at_most } = verdict;
            let against = against.map_or_else(
                || "-".to_owned(),
                |(name, median)| format!("{name} {}", short(median)),
            );
            let met = if verdict.met() { "met" } else { "**not met**" };
            let (found, ours) = (spread(Some(*found), 2), format!("{} {}", ours.0, short(ours.1)));
            line(
                out,
                format_args!(
                    "| {job} | {figure} | {against} | {ours} | {found} | at most {} | {met} |",
                    short(*at_most)
                ),
            );
        }
    }

    /// Where somebody else is better.
    fn losses(&self, out: &mut String) {
        line(out, "\n## Where a peer takes less CPU time than Sexton\n");
        let before = out.len();
        for outcome in &self.outcomes {
            let Some((_, ours)) = outcome.best(Role::Sexton) else { continue };
            for role in [Role::Peer, Role::Program] {
                let Some((entrant, theirs)) = outcome.best(role) else { continue };
                let Some(ratio) = theirs.ratio(ours) else { continue };
                if ratio.median < 1.0 {
                    let (job, name) = (outcome.job.name(), entrant.name);
                    line(out, format_args!("- {job}: {name}, {:.2} of Sexton's", ratio.median));
                }
            }
        }
        if out.len() == before {
            line(out, "Nowhere in this run.");
        }
    }

    /// What does not count, and what was not there.
    fn left_out(&self, out: &mut String) {
        line(out, "\n## Left out\n");
        let before = out.len();
        for program in &self.missing {
            line(out, format_args!("- {program} is not built"));
        }
        for outcome in &self.outcomes {
            for (entrant, series) in outcome.all() {
                let name = format!("{}, {}", entrant.name, outcome.job.name());
                for (round, sample) in series.dropped() {
                    let us = sample.ns_per_op() / 1e3;
                    let why = "more than 1.5 medians: the machine was slowed down";
                    line(out, format_args!("- round {round}, {name}: {us:.3} µs, {why}"));
                }
                for (round, why) in series.failed() {
                    line(out, format_args!("- round {round}, {name}: failed: {why}"));
                }
            }
        }
        if out.len() == before {
            line(out, "Nothing.");
        }
    }

    /// For programs.
    pub fn json(&self) -> String {
        let facts: serde_json::Map<String, Value> =
            self.facts.iter().map(|(name, fact)| ((*name).to_owned(), json!(fact))).collect();
        let results = self.outcomes.iter().flat_map(|outcome| {
            outcome.all().zip(&outcome.counts).map(move |((entrant, series), counts)| {
                json!({
                    "workload": outcome.job.workload,
                    "config": outcome.job.config,
                    "entrant": entrant.name,
                    "cpu_ns_per_op": figures(cpu(series)),
                    "rounds": series.rounds().iter().map(sample_json).collect::<Vec<_>>(),
                    "dropped": series.dropped().iter().map(sample_json).collect::<Vec<_>>(),
                    "failed": series.failed(),
                    "counts": counts.as_ref().map(Sample::figures),
                })
            })
        });
        let targets = targets::verdicts(&self.outcomes).into_iter().map(|verdict| {
            json!({
                "job": verdict.job,
                "figure": verdict.figure,
                "against": verdict.against.map(|(name, _)| name),
                "sexton": verdict.ours.0,
                "found": figures(Some(verdict.found)),
                "at_most": verdict.at_most,
                "met": verdict.met(),
            })
        });
        let (results, targets) = (results.collect::<Vec<_>>(), targets.collect::<Vec<_>>());
        let all = json!({ "facts": facts, "targets": targets, "results": results });
        format!("{all:#}\n")
    }
}

/// A table of one job.
fn table(out: &mut String, outcome: &Outcome) {
    let job = &outcome.job;
    line(out, format_args!("\n## {}\n", job.name()));
    let hand = outcome.best(Role::Hand);
    let peer = outcome.best(Role::Peer).or_else(|| outcome.best(Role::Program));
    let medians = outcome.all().filter_map(|(_, series)| cpu(series));
    let micro = medians.map(|spread| spread.median).fold(0.0, f64::max) > 2000.0;
    let (unit, scale, digits) = if micro { ("µs", 1e-3, 3) } else { ("ns", 1.0, 1) };
    let columns: Vec<&Column> = COLUMNS
        .iter()
        .filter(|column| outcome.series.iter().any(|series| series.figure(column.1).is_some()))
        .collect();
    let counted = outcome.counts.iter().any(Option::is_some);
    let mut head = format!("| | CPU {unit} / {} |", job.unit);
    for (who, of) in [("best by hand", hand), ("best peer", peer)] {
        if let Some((entrant, _)) = of {
            write!(head, " of {who}: {} |", entrant.name).expect("a string takes everything");
        }
    }
    head += &format!(" {}s/s |", job.unit);
    head.extend(columns.iter().map(|column| format!(" {} |", column.0)));
    if counted {
        head += " allocations | system calls |";
    }
    line(out, &head);
    line(out, format_args!("|{}", "---|".repeat(head.matches('|').count() - 1)));
    for ((entrant, series), counts) in outcome.all().zip(&outcome.counts) {
        let mut row = format!("| {} |", entrant.name);
        row += &format!(" {} |", spread(cpu(series).map(|spread| spread.times(scale)), digits));
        for (_, to) in [hand, peer].into_iter().flatten() {
            row += &format!(" {} |", spread(series.ratio(to), 2));
        }
        row += &format!(" {} |", median(series.spread(Sample::per_second), 1.0, 0));
        for (_, name, scale, digits) in &columns {
            row += &format!(" {} |", median(series.figure(name), *scale, *digits));
        }
        if counted {
            for name in ["allocations", "calls"] {
                let figure = counts.as_ref().and_then(|sample| sample.get(name));
                let each = figure.zip(counts.as_ref()).map(|(n, sample)| n / sample.operations());
                let each = each.map_or_else(|| "-".to_owned(), |each| format!("{each:.3}"));
                row += &format!(" {each} |");
            }
        }
        line(out, &row);
    }
}

fn sample_json((round, sample): (&usize, &Sample)) -> Value {
    json!({ "round": round, "figures": sample.figures() })
}

fn figures(spread: Option<Spread>) -> Value {
    spread.map_or(
        Value::Null,
        |Spread { median, min, max }| json!({ "median": median, "min": min, "max": max }),
    )
}

fn spread(spread: Option<Spread>, digits: usize) -> String {
    spread.map_or_else(
        || "-".to_owned(),
        |Spread { median, min, max }| {
            format!("**{median:.digits$}** ({min:.digits$}-{max:.digits$})")
        },
    )
}

fn median(spread: Option<Spread>, scale: f64, digits: usize) -> String {
    spread.map_or_else(|| "-".to_owned(), |found| format!("{:.digits$}", found.median / scale))
}

/// A figure with three or four digits that count.
fn short(value: f64) -> String {
    if value >= 100.0 { format!("{value:.0}") } else { format!("{value:.2}") }
}

fn line(out: &mut String, text: impl Display) {
    writeln!(out, "{text}").expect("a string takes everything");
}
