//! Many seeds, in processes of some thousands each: a future that a program forgets keeps its
//! memory and its descriptor for ever, and a process may have only so many.

use crate::args::Args;
use crate::progress::Progress;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::io;
use std::process::{Command, ExitCode};

/// Seeds of one process: a third of them keep a descriptor.
pub(crate) const SEEDS: u64 = 10_000;

/// Runs all parts, up to the first that fails unless it is to keep going. Each has its own table.
pub(crate) fn run(args: &Args) -> io::Result<ExitCode> {
    let this = std::env::current_exe()?;
    let (progress, end) = (Progress::new(args.seeds), args.from.saturating_add(args.seeds));
    let (mut from, mut good) = (args.from, true);
    while from < end && (good || args.keep_going) {
        let seeds = SEEDS.min(end - from);
        good &= Command::new(&this).args(args.part(from, seeds)).status()?.success();
        from += seeds;
    }
    let done = from - args.from;
    println!("{done} seeds in parts of {SEEDS}, {} a minute", progress.rate(done));
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Allows as many descriptors as this process may have.
pub(crate) fn allow_descriptors() -> io::Result<()> {
    let maximum = getrlimit(Resource::Nofile).maximum;
    Ok(setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })?)
}
