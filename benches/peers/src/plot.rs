//! The plots: bars that compare entrants, and lines that show how cost grows.

use crate::matrix::Role;
use crate::outcome::{Outcome, cpu};
use crate::svg::{Anchor, Svg};

const COLUMNS: usize = 3;
const PANEL: f64 = 400.0;
const MARGIN: f64 = 16.0;
const BAR: f64 = 17.0;
const INK: &str = "#222222";
const FAINT: &str = "#dddddd";
/// Room for the names left of the bars, and for the figures right of them.
const NAMES: f64 = 118.0;
const FIGURES: f64 = 62.0;

/// A panel of bars for each job: CPU time of an operation, the least and the greatest as a thin
/// line.
pub fn bars(outcomes: &[&Outcome]) -> String {
    let rows = |outcome: &Outcome| outcome.all().filter(|(_, of)| cpu(of).is_some()).count();
    let lines: Vec<&[&Outcome]> = outcomes.chunks(COLUMNS).collect();
    let height = |line: &[&Outcome]| {
        52.0 + BAR * line.iter().map(|outcome| rows(outcome)).max().unwrap_or(0) as f64
    };
    let all: f64 = lines.iter().map(|line| height(line)).sum();
    let mut svg = Svg::new(PANEL * COLUMNS as f64 + 2.0 * MARGIN, all + 2.0 * MARGIN + 24.0);
    let at = (MARGIN, MARGIN + 10.0);
    let note = "CPU time per operation: shorter is better. Blue: Sexton. Grey: written by hand. \
                Orange: other runtimes. Green: other programs.";
    svg.text(at, 13.0, Anchor::Start, INK, note);
    let mut y = MARGIN + 24.0;
    for line in lines {
        for (column, outcome) in line.iter().enumerate() {
            bar_panel(&mut svg, outcome, (MARGIN + PANEL * column as f64, y));
        }
        y += height(line);
    }
    svg.finish()
}

fn bar_panel(svg: &mut Svg, outcome: &Outcome, (x, y): (f64, f64)) {
    let job = &outcome.job;
    svg.text((x, y + 18.0), 12.0, Anchor::Start, INK, &job.name());
    let mut found: Vec<_> =
        outcome.all().filter_map(|(entrant, series)| Some((entrant, cpu(series)?))).collect();
    found.sort_by(|one, other| one.1.median.total_cmp(&other.1.median));
    let most = found.iter().map(|(_, spread)| spread.median).fold(0.0, f64::max);
    let width = PANEL - NAMES - FIGURES - 12.0;
    // One that is far off must not make all others a hair's breadth.
    let middle = found.get(found.len() / 2).map_or(most, |(_, spread)| spread.median);
    let limit = most.min(middle * 4.0);
    let length = |ns: f64| width * (ns / limit).min(1.0);
    for (row, (entrant, spread)) in found.iter().enumerate() {
        let top = y + 28.0 + BAR * row as f64;
        let color = match entrant.role {
            Role::Sexton => "#2463b4",
            Role::Hand => "#8a8f98",
            Role::Peer => "#e0923a",
            Role::Program => "#4a9a5b",
        };
        let text = top + BAR - 6.0;
        svg.text((x + NAMES - 5.0, text), 10.0, Anchor::End, INK, entrant.name);
        let left = x + NAMES;
        svg.rect((left, top), length(spread.median), BAR - 5.0, color);
        let middle = top + (BAR - 5.0) / 2.0;
        let ends = [(left + length(spread.min), middle), (left + length(spread.max), middle)];
        svg.line(&ends, 1.0, INK);
        let right = left + length(spread.max.max(spread.median)) + 5.0;
        let cut = if spread.median > limit { ">> " } else { "" };
        svg.text((right, text), 10.0, Anchor::Start, INK, &(cut.to_owned() + &time(spread.median)));
    }
}

fn time(ns: f64) -> String {
    match ns {
        0.0..100.0 => format!("{ns:.1} ns"),
        100.0..1_000.0 => format!("{ns:.0} ns"),
        1_000.0..100_000.0 => format!("{:.2} µs", ns / 1e3),
        100_000.0..1_000_000.0 => format!("{:.0} µs", ns / 1e3),
        _ => format!("{:.2} ms", ns / 1e6),
    }
}

/// One line of a plot.
struct Line {
    name: &'static str,
    points: Vec<(f64, f64)>,
}

/// The colour of an entrant's line: ours blue, what is written by hand grey.
fn color(name: &str) -> &'static str {
    match name {
        "sexton-owned" => "#6f9fd8",
        "sexton-fill" => "#12386b",
        name if name.starts_with("sexton") => "#2463b4",
        "bare" | "by-hand" | "raw-best" => "#8a8f98",
        "by-hand-plain" | "raw-plain-fds" => "#b9bdc4",
        "raw-oneshot" | "raw-short-bufs" => "#55595f",
        "tokio" => "#b43a4f",
        "monoio" => "#e0923a",
        "compio" => "#7b53a6",
        "glommio" => "#2aa3a3",
        "kimojio" => "#c4a000",
        "tokio-uring" => "#d46fb0",
        _ => "#4a9a5b",
    }
}

/// A panel for each workload with jobs on an axis: cost against size, both logarithmic.
pub fn lines(outcomes: &[&Outcome]) -> String {
    let mut workloads: Vec<&str> = Vec::new();
    for outcome in outcomes {
        if !workloads.contains(&outcome.job.workload) {
            workloads.push(outcome.job.workload);
        }
    }
    let panels: Vec<(&str, Vec<Line>)> =
        workloads.iter().map(|&workload| (workload, lines_of(outcomes, workload))).collect();
    let (width, height) = (1.5 * PANEL, 340.0);
    let rows = panels.len().div_ceil(2);
    let mut svg = Svg::new(2.0 * width + 2.0 * MARGIN, rows as f64 * height + 2.0 * MARGIN);
    for (index, (workload, lines)) in panels.iter().enumerate() {
        let at = (MARGIN + width * (index % 2) as f64, MARGIN + height * (index / 2) as f64);
        line_panel(&mut svg, workload, lines, at, (width, height));
    }
    svg.finish()
}

fn lines_of(outcomes: &[&Outcome], workload: &str) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for outcome in outcomes.iter().filter(|outcome| outcome.job.workload == workload) {
        let Some(x) = outcome.job.x else { continue };
        for (entrant, series) in outcome.all() {
            let Some(spread) = cpu(series) else { continue };
            let point = (x, spread.median);
            match lines.iter_mut().find(|line| line.name == entrant.name) {
                Some(line) => line.points.push(point),
                None => lines.push(Line { name: entrant.name, points: vec![point] }),
            }
        }
    }
    lines
}

fn line_panel(
    svg: &mut Svg,
    title: &str,
    lines: &[Line],
    (x, y): (f64, f64),
    (width, height): (f64, f64),
) {
    let points = || lines.iter().flat_map(|line| line.points.iter().copied());
    let (left, right) = (x + 58.0, x + width - 110.0);
    let (top, bottom) = (y + 30.0, y + height - 30.0);
    let ends = |of: fn((f64, f64)) -> f64| {
        let values = points().map(of).filter(|value| *value > 0.0);
        let (low, high) = values
            .fold((f64::MAX, 1.0_f64), |(low, high), value| (low.min(value), high.max(value)));
        let (low, high) =
            ((2.0 * low.min(high).log10()).floor() / 2.0, (2.0 * high.log10()).ceil() / 2.0);
        (low, high.max(low + 1.0))
    };
    let (x_ends, y_ends) = (ends(|point| point.0), ends(|point| point.1));
    let place = |(px, py): (f64, f64)| {
        let across = (px.max(1e-9).log10() - x_ends.0) / (x_ends.1 - x_ends.0);
        let up = (py.max(1e-9).log10() - y_ends.0) / (y_ends.1 - y_ends.0);
        (left + (right - left) * across, bottom - (bottom - top) * up)
    };
    svg.text((x + 8.0, y + 16.0), 13.0, Anchor::Start, INK, title);
    for power in x_ends.0.ceil() as i32..=x_ends.1 as i32 {
        let (at, _) = place((10_f64.powi(power), 1.0));
        svg.line(&[(at, top), (at, bottom)], 0.7, FAINT);
        svg.text((at, bottom + 15.0), 10.0, Anchor::Middle, INK, &count(power));
    }
    for power in y_ends.0.ceil() as i32..=y_ends.1 as i32 {
        let ns = 10_f64.powi(power);
        let (_, at) = place((1.0, ns));
        svg.line(&[(left, at), (right, at)], 0.7, FAINT);
        svg.text((left - 5.0, at + 3.0), 10.0, Anchor::End, INK, &round_time(power));
    }
    for (row, line) in lines.iter().enumerate() {
        let color = color(line.name);
        let places: Vec<_> = line.points.iter().map(|point| place(*point)).collect();
        let ours = line.name.starts_with("sexton");
        svg.line(&places, if ours { 2.6 } else { 1.3 }, color);
        places.iter().for_each(|place| svg.dot(*place, 2.0, color));
        let key = (right + 12.0, top + 8.0 + 15.0 * row as f64);
        svg.line(&[(key.0, key.1 - 4.0), (key.0 + 14.0, key.1 - 4.0)], 3.0, color);
        svg.text((key.0 + 18.0, key.1), 10.0, Anchor::Start, INK, line.name);
    }
}

fn count(power: i32) -> String {
    match power {
        0 => "1".to_owned(),
        1 => "10".to_owned(),
        2 => "100".to_owned(),
        3..6 => format!("{} k", 10_i32.pow(power as u32 - 3)),
        _ => format!("{} M", 10_f64.powi(power - 6)),
    }
}

fn round_time(power: i32) -> String {
    match power {
        ..3 => format!("{} ns", 10_f64.powi(power)),
        3..6 => format!("{} µs", 10_f64.powi(power - 3)),
        _ => format!("{} ms", 10_f64.powi(power - 6)),
    }
}
