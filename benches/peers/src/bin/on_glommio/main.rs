//! Every workload on glommio.

mod net;
mod files;

use std::io;
use std::time::Duration;

use glommio::{LocalExecutor, LocalExecutorBuilder, Placement};
use peers::allocs::Counted;
use peers::files::measured;
use peers::tasks::Tasks;
use peers::{program, reads, workloads};

#[global_allocator]
static ALLOCATOR: Counted = Counted;

/// Room for the operations of 1024 connections.
const ENTRIES: usize = 4096;

fn main() -> io::Result<()> {
    let program = program::start()?;
    match program.work.as_str() {
        work @ ("echo" | "up" | "down" | "datagrams") => net::run(work, &program.args),
        "reads" => executor().run(reads::measured(program, files::read)),
        "open" => executor().run(measured(program, files::open)),
        "scan" => executor().run(measured(program, files::scan)),
        "fill" => executor().run(measured(program, files::fill)),
        "log" => executor().run(measured(program, files::log)),
        _ => workloads::run::<Glommio>(program),
    }
}

fn executor() -> LocalExecutor {
    let builder = LocalExecutorBuilder::new(Placement::Unbound).ring_depth(ENTRIES);
    builder.make().expect("glommio starts; its rings want locked memory")
}

struct Glommio;

impl Tasks for Glommio {
    fn block_on<F: Future + 'static>(future: F) -> F::Output {
        executor().run(future)
    }

    fn spawn<F>(future: F) -> impl Future<Output = F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        glommio::spawn_local(future)
    }

    fn detach<F: Future<Output = ()> + 'static>(future: F) {
        drop(glommio::spawn_local(future).detach());
    }

    async fn yield_now() {
        glommio::executor().yield_now().await;
    }

    fn sleep(time: Duration) -> impl Future<Output = ()> + 'static {
        glommio::timer::sleep(time)
    }

    async fn timeout<F: Future>(time: Duration, future: F) -> bool {
        let future = async {
            future.await;
            Ok(())
        };
        glommio::timer::timeout(time, future).await.is_ok()
    }
}
