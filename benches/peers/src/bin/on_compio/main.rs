//! Every workload on compio.

mod net;
mod files;

use std::io;
use std::time::Duration;

use compio::driver::ProactorBuilder;
use compio::runtime::{Runtime, RuntimeBuilder};
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
        "reads" => Compio::block_on(reads::measured(program, files::read)),
        "open" => Compio::block_on(measured(program, files::open)),
        "scan" => Compio::block_on(measured(program, files::scan)),
        "fill" => Compio::block_on(measured(program, files::fill)),
        "log" => Compio::block_on(measured(program, files::log)),
        _ => workloads::run::<Compio>(program),
    }
}

fn runtime() -> io::Result<Runtime> {
    let mut proactor = ProactorBuilder::new();
    proactor.capacity(ENTRIES).coop_taskrun(true).taskrun_flag(true);
    RuntimeBuilder::new().with_proactor(proactor).build()
}

struct Compio;

impl Tasks for Compio {
    fn block_on<F: Future + 'static>(future: F) -> F::Output {
        runtime().expect("compio starts").block_on(future)
    }

    fn spawn<F>(future: F) -> impl Future<Output = F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let task = compio::runtime::spawn(future);
        async { task.await.expect("no task panics") }
    }

    fn detach<F: Future<Output = ()> + 'static>(future: F) {
        compio::runtime::spawn(future).detach();
    }

    fn sleep(time: Duration) -> impl Future<Output = ()> + 'static {
        compio::time::sleep(time)
    }

    async fn timeout<F: Future>(time: Duration, future: F) -> bool {
        compio::time::timeout(time, future).await.is_ok()
    }
}
