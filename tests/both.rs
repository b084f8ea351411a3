//! The same stories on the real kernel and on the simulated one: what holds here holds there.
//!
//! Each story is told once. Where the two kernels differ, the real one is right, and the simulated
//! one is mended.

#![allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]

#[path = "support/poll.rs"]
#[expect(dead_code, reason = "a part of it is for other tests")]
mod poll;
#[path = "both/queues.rs"]
mod queues;
#[path = "both/streams.rs"]
mod streams;
#[path = "both/sent_files.rs"]
mod sent_files;
#[path = "both/zero_copy.rs"]
mod zero_copy;
#[path = "both/waits.rs"]
mod waits;
#[path = "both/paths.rs"]
mod paths;
#[path = "both/registered.rs"]
mod registered;

use sexton::Builder;
use sexton::sim::{Faults, Kernel, Sim};
use std::future::Future;

/// How many seeds each story has on each simulated kernel.
const SEEDS: u64 = 4;

/// Tells a story on both kernels: on the simulated ones without faults, and with everything out of
/// order.
fn on_both<F, Fut>(builder: &Builder, story: F)
where
    F: Fn() -> Fut,
    Fut: Future<Output = ()>,
{
    builder.clone().build().unwrap().block_on(async { story().await });
    for kernel in Kernel::ALL {
        for seed in 0..SEEDS {
            let faults = if seed == 0 { Faults::none() } else { Faults::scheduling() };
            let sim = Sim::new(seed).profile(*kernel).faults(faults);
            if let Err(failure) = sim.try_run_on(builder.clone(), &story) {
                failure.raise();
            }
        }
    }
}
