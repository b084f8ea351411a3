//! The tables: Markdown for people, JSON for programs.

use std::fmt::{Display, Write};
use std::process::Command;

use serde_json::{Value, json};

use crate::matrix::{Config, RAW_BEST, TOKIO, Variant};
use crate::session::{Sample, Setting};
use crate::summary::{Series, Spread};

/// All that a run found.
#[derive(Debug)]
pub struct Report {
    /// The day, as 2026-01-31.
    pub date: String,
    /// How it was started.
    pub command: String,
    /// Rounds.
    pub rounds: usize,
    /// How was measured.
    pub setting: Setting,
    /// The servers, in the order of `results`.
    pub variants: Vec<Variant>,
    /// The loads, each with a series for each server.
    pub results: Vec<(Config, Vec<Series>)>,
    /// How busy the machine was before.
    pub load_before: String,
    /// Why the perf event could not be used, if so.
    pub refusal: Option<String>,
}

impl Report {
    fn facts(&self) -> Vec<(&'static str, String)> {
        let Setting { server_core, load_core, warm_ms, ms, .. } = self.setting;
        let uname = rustix::system::uname();
        let clock = match &self.refusal {
            None => "perf event task-clock of the server, threads included".to_owned(),
            Some(why) => format!("schedstat of the server's threads (perf event: {why})"),
        };
        vec![
            ("date", self.date.clone()),
            ("command", self.command.clone()),
            ("commit", output("git", &["describe", "--always", "--dirty", "--exclude", "*"])),
            ("kernel", format!("{} {}", text(uname.release()), text(uname.machine()))),
            ("processor", processor()),
            ("compiler", output("rustc", &["--version"])),
            ("sexton", version("sexton")),
            ("tokio", version("tokio")),
            ("io-uring (crate)", version("io-uring")),
            ("profile", "release: opt-level 3, fat LTO, one codegen unit, for all".to_owned()),
            ("clock", clock),
            ("cores", format!("server on {server_core}, load on {load_core}")),
            ("load average", format!("{} before, {} after", self.load_before, load_average())),
            ("niceness", niceness()),
            (
                "rounds",
                format!("{}, of {warm_ms} ms warm-up and {ms} ms, interleaved", self.rounds),
            ),
        ]
    }

    /// For people.
    pub fn markdown(&self) -> String {
        let mut out = String::new();
        line(&mut out, "# Echo: CPU time of the server per request\n");
        line(
            &mut out,
            "Medians over the rounds, with the least and the greatest. The ratios are of",
        );
        line(&mut out, "the same rounds. Differences below 3 % mean nothing.\n");
        line(&mut out, "| | |\n|---|---|");
        for (name, fact) in self.facts() {
            line(&mut out, format_args!("| {name} | {fact} |"));
        }
        for (config, series) in &self.results {
            self.table(&mut out, config, series);
        }
        line(&mut out, "\n## The servers\n\n| | |\n|---|---|");
        for variant in &self.variants {
            line(&mut out, format_args!("| {} | {} |", variant.name, variant.about));
        }
        self.left_out(&mut out);
        out
    }

    fn table(&self, out: &mut String, config: &Config, series: &[Series]) {
        line(out, format_args!("\n## {}\n", config.name()));
        line(out, "| | CPU µs / request | of raw-best | of tokio | requests/s | p50 µs | p99 µs |");
        line(out, "|---|---|---|---|---|---|---|");
        for (variant, of) in self.variants.iter().zip(series) {
            if !variant.takes(config) {
                continue;
            }
            let median = |what: &dyn Fn(&Sample) -> f64, digits| {
                of.spread(what)
                    .map_or_else(|| "-".to_owned(), |found| format!("{:.digits$}", found.median))
            };
            line(
                out,
                format_args!(
                    "| {} | {} | {} | {} | {} | {} | {} |",
                    variant.name,
                    spread(of.spread(|sample| sample.ns_per_request() / 1e3), 3),
                    spread(self.ratio(series, of, RAW_BEST), 2),
                    spread(self.ratio(series, of, TOKIO), 2),
                    median(&Sample::requests_per_second, 0),
                    median(&|sample| sample.p50_ns as f64 / 1e3, 0),
                    median(&|sample| sample.p99_ns as f64 / 1e3, 0),
                ),
            );
        }
    }

    fn ratio(&self, series: &[Series], of: &Series, to: &str) -> Option<Spread> {
        let index = self.variants.iter().position(|variant| variant.name == to)?;
        of.ratio(&series[index])
    }

    /// Rounds that don't count.
    fn left_out(&self, out: &mut String) {
        line(out, "\n## Rounds left out\n");
        let before = out.len();
        for (config, series) in &self.results {
            for (variant, of) in self.variants.iter().zip(series) {
                let name = format!("{}, {}", variant.name, config.name());
                for (round, sample) in of.dropped() {
                    let us = sample.ns_per_request() / 1e3;
                    let why = "more than 1.5 medians: the machine was slowed down";
                    line(out, format_args!("- round {round}, {name}: {us:.3} µs, {why}"));
                }
                for (round, why) in of.failed() {
                    line(out, format_args!("- round {round}, {name}: failed: {why}"));
                }
            }
        }
        if out.len() == before {
            line(out, "None.");
        }
    }

    /// For programs.
    pub fn json(&self) -> String {
        let facts: serde_json::Map<String, Value> =
            self.facts().into_iter().map(|(name, fact)| (name.to_owned(), json!(fact))).collect();
        let results = self.results.iter().flat_map(|(config, series)| {
            let measured = self.variants.iter().zip(series);
            measured.filter(|(variant, _)| variant.takes(config)).map(|(variant, of)| {
                json!({
                    "server": variant.name,
                    "connections": config.connections,
                    "bytes": config.bytes,
                    "cpu_ns_per_request": figures(of.spread(Sample::ns_per_request)),
                    "of_raw_best": figures(self.ratio(series, of, RAW_BEST)),
                    "of_tokio": figures(self.ratio(series, of, TOKIO)),
                    "rounds": of.rounds().iter().map(sample_json).collect::<Vec<_>>(),
                    "dropped": of.dropped().iter().map(sample_json).collect::<Vec<_>>(),
                    "failed": of.failed(),
                })
            })
        });
        let all = json!({ "facts": facts, "results": results.collect::<Vec<_>>() });
        format!("{all:#}\n")
    }
}

fn sample_json((round, sample): (&usize, &Sample)) -> Value {
    json!({
        "round": round,
        "requests": sample.requests,
        "cpu_ns": sample.cpu_ns,
        "schedstat_ns": sample.schedstat_ns,
        "by_event": sample.by_event,
        "wall_ns": sample.wall_ns,
        "p50_ns": sample.p50_ns,
        "p99_ns": sample.p99_ns,
    })
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

fn line(out: &mut String, text: impl Display) {
    writeln!(out, "{text}").expect("a string takes everything");
}

fn text(of: &std::ffi::CStr) -> String {
    of.to_string_lossy().into_owned()
}

/// What a program prints, in one line.
fn output(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).output();
    let stdout = output.ok().filter(|output| output.status.success()).map(|output| output.stdout);
    stdout.map_or_else(
        || "unknown".to_owned(),
        |stdout| String::from_utf8_lossy(&stdout).trim().to_owned(),
    )
}

fn processor() -> String {
    let cpuinfo = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpuinfo.lines().find_map(|line| line.strip_prefix("model name"));
    let model = model.map_or("unknown", |rest| rest.trim_start_matches(['\t', ':', ' ']));
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    format!("{model}, {cores} cores")
}

/// How many threads want to run, over one minute; ours are one or two of them.
pub fn load_average() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or_default().to_owned()
}

/// The niceness of all programs of a run: they inherit it.
fn niceness() -> String {
    let niceness = rustix::process::getpriority_process(None);
    niceness.map_or_else(|error| error.to_string(), |niceness| niceness.to_string())
}

/// The version of a package in our lock file.
fn version(package: &str) -> String {
    let lock = include_str!("../Cargo.lock");
    let name = format!("name = \"{package}\"\nversion = \"");
    let found = lock.split(&name).nth(1).and_then(|rest| rest.split('"').next());
    found.unwrap_or("unknown").to_owned()
}

/// A day since 1970, as 2026-01-31.
pub fn date(days: i64) -> String {
    // Years begin in March, so that a leap day is the last of its year; eras have 400 years.
    let days = days + 719_468;
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let from_march = (5 * day + 2) / 153;
    let day = day - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    #[test]
    fn days_become_dates_across_leap_years() {
        for (days, date) in [
            (0, "1970-01-01"),
            (59, "1970-03-01"),
            (11_016, "2000-02-29"),
            (11_017, "2000-03-01"),
            (20_088, "2024-12-31"),
            (20_089, "2025-01-01"),
        ] {
            assert_eq!(super::date(days), date);
        }
    }

    #[test]
    fn versions_are_those_of_the_lock_file() {
        assert!(super::version("tokio").starts_with("1."));
        assert_eq!(super::version("no-such-package"), "unknown");
    }
}
