//! Small programs, hundreds of them, of a few steps each: few enough that Miri follows one in less
//! than a second. A seed chooses which, and what becomes of its futures.

#[path = "small/local.rs"]
mod local;
#[path = "small/streams.rs"]
mod streams;

use crate::poll::poll_once;
use sexton::Builder;
use sexton::buf::Consumption;
use sexton::sim::{self, Faults, Kernel, Sim};
use sexton::time::{Duration, timeout};
use std::future::Future;
use std::pin::Pin;

/// Under Miri all have to run in some minutes; `SEXTON_SEEDS` asks for more, or fewer, from
/// `SEXTON_FROM` on.
const SEEDS: u64 = if cfg!(miri) { 20 } else { 4_000 };

/// A program.
#[derive(Clone, Copy, Debug)]
enum Story {
    Reads,
    Writes,
    Managed,
    Copied,
    Accepts,
    Datagrams,
    Handed,
    Files,
    Folder,
    Tasks,
    Ends,
}

const STORIES: &[Story] = &[
    Story::Reads,
    Story::Writes,
    Story::Managed,
    Story::Copied,
    Story::Accepts,
    Story::Datagrams,
    Story::Handed,
    Story::Files,
    Story::Folder,
    Story::Tasks,
    Story::Ends,
];

impl Story {
    async fn run(self) {
        match self {
            Self::Reads => streams::reads().await,
            Self::Writes => streams::writes().await,
            Self::Managed => streams::managed().await,
            Self::Copied => streams::copied().await,
            Self::Accepts => streams::accepts().await,
            Self::Datagrams => streams::datagrams().await,
            Self::Handed => streams::handed().await,
            Self::Files => local::files().await,
            Self::Folder => local::folder().await,
            Self::Tasks => local::tasks().await,
            Self::Ends => local::ends().await,
        }
    }
}

fn below(bound: u64) -> u64 {
    sim::random() % bound
}

/// Some time, often too short.
fn moment() -> Duration {
    Duration::from_micros(below(500))
}

/// Awaits a future to its end, or gives it up: none then, unless it had ended.
async fn maybe<F: Future + 'static>(future: F) -> Option<F::Output> {
    let mut future: Pin<Box<F>> = Box::pin(future);
    match below(5) {
        0 | 1 => Some(future.await),
        2 => timeout(moment(), future).await.ok(),
        3 => poll_once(future.as_mut()).await,
        _ => {
            let output = poll_once(future.as_mut()).await;
            std::mem::forget(future);
            output
        }
    }
}

/// Runs one, on a runtime with as little memory as there can be.
fn run(seed: u64) {
    let (stories, kernels) = (STORIES.len() as u64, Kernel::ALL.len() as u64);
    let story = STORIES[(seed % stories) as usize];
    let kernel = Kernel::ALL[(seed / stories % kernels) as usize];
    let builder = Builder::new().entries(4).config(|config| {
        (config.recv_buffers, config.recv_buffer_len) = (2, 16);
        config.recv_consumption = match seed % 3 {
            0 => Consumption::Whole,
            1 => Consumption::Bundle,
            _ => Consumption::Incremental,
        };
    });
    let sim = Sim::new(seed).profile(kernel).faults(Faults::scheduling());
    if let Err(failure) = sim.try_run_on(builder, || story.run()) {
        eprintln!("{story:?}");
        failure.raise();
    }
}

/// A number from the environment.
fn asked_for(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|number| number.parse().ok())
}

#[test]
fn bytes_arrive_in_order_and_files_hold_what_was_written_last() {
    let from = asked_for("SEXTON_FROM").unwrap_or(0);
    let seeds = asked_for("SEXTON_SEEDS").unwrap_or(SEEDS);
    (from..from + seeds).for_each(run);
}
