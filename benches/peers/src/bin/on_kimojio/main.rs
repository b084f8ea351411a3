//! Every workload on kimojio.

mod net;
mod files;

use std::io;
use std::time::{Duration, Instant};

use kimojio::configuration::Configuration;
use kimojio::{Runtime, operations};
use peers::allocs::Counted;
use peers::files::measured;
use peers::tasks::Tasks;
use peers::{program, reads, workloads};

#[global_allocator]
static ALLOCATOR: Counted = Counted;

fn main() -> io::Result<()> {
    let program = program::start()?;
    match program.work.as_str() {
        work @ ("echo" | "up" | "down") => net::run(work, &program.args),
        "reads" => Kimojio::block_on(reads::measured(program, files::read)),
        "open" => Kimojio::block_on(measured(program, files::open)),
        "scan" => Kimojio::block_on(measured(program, files::scan)),
        "fill" => Kimojio::block_on(measured(program, files::fill)),
        "log" => Kimojio::block_on(measured(program, files::log)),
        _ => workloads::run::<Kimojio>(program),
    }
}

struct Kimojio;

impl Tasks for Kimojio {
    /// Its tasks belong to one thread, and so do its wakers.
    const WAKES_ACROSS_THREADS: bool = false;

    fn block_on<F: Future + 'static>(future: F) -> F::Output {
        let ended = Runtime::new(0, Configuration::new()).block_on(future);
        match ended.expect("nobody shuts it down") {
            Ok(output) => output,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }

    fn spawn<F>(future: F) -> impl Future<Output = F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let task = operations::spawn_task(future);
        async {
            let Ok(output) = task.await else { panic!("a task panicked") };
            output
        }
    }

    fn detach<F: Future<Output = ()> + 'static>(future: F) {
        drop(operations::spawn_task(future));
    }

    async fn yield_now() {
        let _ = operations::yield_io().await;
    }

    async fn sleep(time: Duration) {
        let slept = operations::sleep(time).await;
        assert!(slept.is_ok(), "nobody cancels it");
    }

    async fn timeout<F: Future>(time: Duration, future: F) -> bool {
        operations::timeout_at(Instant::now() + time, future).await.is_ok()
    }
}
