//! What hyper 1.x wants of a runtime: streams, tasks, time.

mod io;
mod timer;

pub use io::HyperIo;
pub use timer::HyperTimer;

use std::future::Future;

/// Spawns hyper's own tasks (those of HTTP/2) on this core.
///
/// They need not be `Send`. A task that panics is reported by the runtime's statistics; hyper hears
/// of it as of a connection that ended.
#[derive(Clone, Copy, Debug, Default)]
pub struct HyperExecutor;

impl<F: Future + 'static> hyper::rt::Executor<F> for HyperExecutor {
    fn execute(&self, future: F) {
        // Detached: hyper keeps no handle.
        drop(sexton_runtime::spawn(future));
    }
}
