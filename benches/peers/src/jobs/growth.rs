//! Jobs for the plots of cost against size.

use super::{echo, inside, job, reads, tasks};
use crate::matrix::{Config, Job, Role};

/// Cost against size: one job for each point of a plot.
pub fn growth() -> Vec<Job> {
    let mut jobs = Vec::new();
    for n in [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000] {
        let job = tasks("tasks", format!("{n} at once"), "task", Some(n));
        jobs.push(Job { workload: "growth-tasks", x: Some(n as f64), quick: n <= 100_000, ..job });
        let job = tasks("timers", format!("{n} armed"), "timer", Some(n));
        jobs.push(Job { workload: "growth-timers", x: Some(n as f64), quick: n <= 100_000, ..job });
    }
    for depth in [1, 8, 64, 512, 4096, 16_384, 65_536] {
        let mut job = reads(false, depth, (depth * 4).max(200_000));
        // The table of registered buffers is not that long.
        job.entrants.retain(|entrant| !entrant.name.ends_with("-fixed"));
        let (x, quick) = (Some(depth as f64), depth <= 4096);
        jobs.push(Job { workload: "growth-operations", x, quick, ..job });
    }
    for n in [1, 10, 100, 1_000, 10_000, 50_000, 100_000] {
        let options = ["graveyard".to_owned(), "--n".to_owned(), n.to_string()];
        let entrants = vec![inside("sexton", Role::Sexton, "on_sexton", &options)];
        let job = job("growth-graveyard", format!("{n} reads given up"), "read");
        jobs.push(Job { entrants, x: Some(f64::from(n)), quick: n <= 10_000, ..job });
    }
    for connections in [1, 10, 100, 1_000, 5_000, 19_500] {
        let job = echo(Config { connections, bytes: 64 });
        let (x, quick) = (Some(connections as f64), connections <= 1_000);
        // All servers with their connections at once would be too many.
        jobs.push(Job { workload: "growth-connections", x, quick, turns: 1, ..job });
    }
    jobs
}
