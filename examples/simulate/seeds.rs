//! Threads that run seeds: worlds are independent of each other.

use crate::args::Args;
use crate::program::Plan;
use sexton::sim::Report;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;

/// A seed that failed.
#[derive(Debug)]
pub(crate) struct Broken {
    pub(crate) seed: u64,
    pub(crate) why: String,
}

/// Runs all seeds, up to the first that fails unless it is to keep going; gives the seed to go on
/// with.
pub(crate) fn run_all(args: &Args, mut each: impl FnMut(Result<(Plan, Report), Broken>)) -> u64 {
    let next = AtomicU64::new(args.from);
    let end = args.from.saturating_add(args.seeds);
    let stop = AtomicBool::new(false);
    let (tell, told) = mpsc::channel();
    std::thread::scope(|scope| {
        for _ in 0..args.threads.max(1) {
            let (tell, next, stop) = (tell.clone(), &next, &stop);
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= end || tell.send(run(args, seed)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(tell);
        for outcome in told {
            if outcome.is_err() && !args.keep_going {
                stop.store(true, Ordering::Relaxed);
            }
            each(outcome);
        }
    });
    next.into_inner().min(end)
}

fn run(args: &Args, seed: u64) -> Result<(Plan, Report), Broken> {
    let plan = Plan::new(seed, args.kernel, args.faults, args.program);
    let once = || {
        let caught = catch_unwind(AssertUnwindSafe(|| plan.run()));
        let why = match caught {
            Ok(Ok(report)) => return Ok(report),
            Ok(Err(failure)) => failure.to_string(),
            Err(_) => "what it left behind was wrong: see above".into(),
        };
        Err(Broken { seed, why: format!("{plan}\n{why}") })
    };
    let report = once()?;
    if args.twice {
        let again = once()?;
        if again != report {
            let why = format!("{plan}\nit was not the same twice: {report:?}, then {again:?}");
            return Err(Broken { seed, why });
        }
    }
    Ok((plan, report))
}
