//! On which kernel a story with a set-up of its own runs: the real one, or the one of a seed.
//!
//! With the feature `sim` and a seed in `SEXTON_SIM`, as for `sexton::block_on`.

use sexton::Builder;
use std::future::Future;

/// Tells the story on a runtime that is set up so, and ends that.
pub(crate) fn on<F: Future>(builder: Builder, story: impl FnOnce() -> F) -> F::Output {
    #[cfg(feature = "sim")]
    if let Ok(seed) = std::env::var("SEXTON_SIM") {
        let sim = sexton::sim::Sim::new(seed.parse().unwrap());
        return match sim.try_run_on(builder, story) {
            Ok((output, _)) => output,
            Err(failure) => failure.raise(),
        };
    }
    builder.build().unwrap().block_on(async { story().await })
}
