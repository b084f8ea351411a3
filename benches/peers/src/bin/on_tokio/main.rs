//! Every workload on tokio, on one thread; its files are blocking calls on others.

mod net;
mod files;

use std::io;
use std::time::Duration;

use peers::allocs::Counted;
use peers::files::measured;
use peers::tasks::Tasks;
use peers::{program, workloads};
use tokio::task::LocalSet;

#[global_allocator]
static ALLOCATOR: Counted = Counted;

fn main() -> io::Result<()> {
    let program = program::start()?;
    match program.work.as_str() {
        work @ ("echo" | "up" | "down" | "datagrams" | "proxy") => net::run(work, &program.args),
        "open" => Tokio::block_on(measured(program, files::open)),
        "scan" => Tokio::block_on(measured(program, files::scan)),
        "fill" => Tokio::block_on(measured(program, files::fill)),
        "log" => Tokio::block_on(measured(program, files::log)),
        _ => workloads::run::<Tokio>(program),
    }
}

struct Tokio;

impl Tasks for Tokio {
    fn block_on<F: Future + 'static>(future: F) -> F::Output {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        let runtime = builder.enable_all().build().expect("tokio starts");
        LocalSet::new().block_on(&runtime, future)
    }

    fn spawn<F>(future: F) -> impl Future<Output = F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let task = tokio::task::spawn_local(future);
        async { task.await.expect("no task panics") }
    }

    fn detach<F: Future<Output = ()> + 'static>(future: F) {
        drop(tokio::task::spawn_local(future));
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
