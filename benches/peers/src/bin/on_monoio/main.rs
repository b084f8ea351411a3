//! Every workload on monoio: one thread, its io_uring driver.

mod net;
mod files;

use std::io;
use std::time::Duration;

use monoio::{IoUringDriver, RuntimeBuilder};
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
        "reads" => Monoio::block_on(reads::measured(program, files::read)),
        "open" => Monoio::block_on(measured(program, files::open)),
        "scan" => Monoio::block_on(measured(program, files::scan)),
        "fill" => Monoio::block_on(measured(program, files::fill)),
        "log" => Monoio::block_on(measured(program, files::log)),
        _ => workloads::run::<Monoio>(program),
    }
}

/// The kernel's flags that monoio leaves to its user.
fn ring() -> io_uring_of_monoio::Builder {
    let mut builder = io_uring_of_monoio::IoUring::builder();
    builder.setup_single_issuer().setup_coop_taskrun().setup_taskrun_flag();
    builder
}

struct Monoio;

impl Tasks for Monoio {
    fn block_on<F: Future + 'static>(future: F) -> F::Output {
        let builder =
            RuntimeBuilder::<IoUringDriver>::new().with_entries(ENTRIES).uring_builder(ring());
        let mut runtime = builder.enable_timer().build().expect("monoio starts");
        runtime.block_on(future)
    }

    fn spawn<F>(future: F) -> impl Future<Output = F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        monoio::spawn(future)
    }

    fn detach<F: Future<Output = ()> + 'static>(future: F) {
        drop(monoio::spawn(future));
    }

    fn sleep(time: Duration) -> impl Future<Output = ()> + 'static {
        monoio::time::sleep(time)
    }

    async fn timeout<F: Future>(time: Duration, future: F) -> bool {
        monoio::time::timeout(time, future).await.is_ok()
    }
}
