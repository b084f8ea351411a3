//! Every workload on tokio-uring.

mod net;
mod files;

use std::io;
use std::time::Duration;

use peers::allocs::Counted;
use peers::files::measured;
use peers::tasks::Tasks;
use peers::{program, reads, workloads};

#[global_allocator]
static ALLOCATOR: Counted = Counted;

/// Room for the operations of 1024 connections.
const ENTRIES: u32 = 4096;

fn main() -> io::Result<()> {
    let program = program::start()?;
    match program.work.as_str() {
        work @ ("echo" | "up" | "down" | "datagrams") => net::run(work, &program.args),
        "reads" if program.args.flag("fixed") => start(reads::measured(program, files::read_fixed)),
        "reads" => start(reads::measured(program, files::read)),
        "open" => start(measured(program, files::open)),
        "scan" => start(measured(program, files::scan)),
        "fill" => start(measured(program, files::fill)),
        "log" => start(measured(program, files::log)),
        _ => workloads::run::<TokioUring>(program),
    }
}

/// The kernel's flags that it leaves to its user, as far as it works with them.
fn start<F: Future>(future: F) -> F::Output {
    let mut ring = tokio_uring::uring_builder();
    ring.setup_single_issuer().setup_coop_taskrun().setup_taskrun_flag();
    tokio_uring::builder().entries(ENTRIES).uring_builder(&ring).start(future)
}

struct TokioUring;

impl Tasks for TokioUring {
    fn block_on<F: Future + 'static>(future: F) -> F::Output {
        start(future)
    }

    fn spawn<F>(future: F) -> impl Future<Output = F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let task = tokio_uring::spawn(future);
        async { task.await.expect("no task panics") }
    }

    fn detach<F: Future<Output = ()> + 'static>(future: F) {
        drop(tokio_uring::spawn(future));
    }

    fn yield_now() -> impl Future<Output = ()> {
        tokio::task::yield_now()
    }

    fn sleep(time: Duration) -> impl Future<Output = ()> + 'static {
        tokio::time::sleep(time)
    }

    async fn timeout<F: Future>(time: Duration, future: F) -> bool {
        tokio::time::timeout(time, future).await.is_ok()
    }
}
