//! Runs random programs on simulated kernels, a seed each, and says which seed broke what.
//!
//! ```sh
//! cargo run --release --features sim --example simulate -- --seeds 1000 [--from S]
//!     [--profile 6.1|6.6|6.12|6.18|all] [--faults none|scheduling|network|disk|all|mixed]
//!     [--program NAME] [--threads N] [--twice] [--keep-going]
//! ```
//!
//! A seed decides everything: the programs, the kernel's version, the faults, the order of events.
//! So one that fails can be run again, alone. Read `program` for what is run; the rest is this
//! command: `args`, `parts` (processes, for many seeds), `seeds` (threads that run them),
//! `progress`, `tally` (a table of faults).

mod args;
mod parts;
mod program;
mod progress;
mod seeds;
mod tally;

use args::Args;
use progress::Progress;
use std::process::ExitCode;
use tally::Tally;

/// So many of the seeds that failed are named.
const FEW: usize = 5;

fn main() -> ExitCode {
    let args = match Args::read(std::env::args().skip(1)) {
        Ok(args) => args,
        Err(usage) => {
            eprintln!("{usage}");
            return ExitCode::from(2);
        }
    };
    if args.seeds > parts::SEEDS {
        return parts::run(&args).unwrap_or_else(|error| {
            eprintln!("a process for a part of the seeds could not be started: {error}");
            ExitCode::FAILURE
        });
    }
    if let Err(error) = parts::allow_descriptors() {
        eprintln!("no more descriptors than usual, which may be too few: {error}");
    }
    let (mut tally, mut progress) = (Tally::default(), Progress::new(args.seeds));
    let mut failed = Vec::new();
    let next = seeds::run_all(&args, |outcome| match outcome {
        Ok((plan, report)) => {
            tally.add(&plan, &report);
            progress.tell(tally.runs + failed.len() as u64);
        }
        Err(broken) => {
            progress.end();
            eprintln!("{}\nrepeat it: {}", broken.why, args.repeat(broken.seed));
            failed.push(broken.seed);
            progress.tell(tally.runs + failed.len() as u64);
        }
    });
    progress.end();
    println!("{tally}, {} a minute", progress.rate(tally.runs));
    println!("go on with: --from {next}");
    // One program alone need not meet them all.
    let missing = if args.program.is_some() { Vec::new() } else { tally.missing() };
    if !missing.is_empty() {
        eprintln!("faults that never occurred: {}", missing.join(", "));
    }
    if !failed.is_empty() {
        let (all, some) = (tally.runs + failed.len() as u64, &failed[..failed.len().min(FEW)]);
        println!("{} of {all} seeds failed, the first ones: {some:?}", failed.len());
    }
    if failed.is_empty() && missing.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
