//! Every workload on one core of Sexton.

mod echo;
mod streams;
mod datagrams;
mod reads;
mod files;
mod proxy;
mod graveyard;

use std::io;
use std::time::Duration;

use peers::allocs::Counted;
use peers::files::measured;
use peers::tasks::Tasks;
use peers::{program, workloads};

#[global_allocator]
static ALLOCATOR: Counted = Counted;

fn main() -> io::Result<()> {
    let program = program::start()?;
    match program.work.as_str() {
        "echo" => echo::run(&program.args),
        "graveyard" => graveyard::run(program),
        "proxy" => proxy::run(&program.args),
        "up" | "down" => streams::run(&program),
        "datagrams" => datagrams::run(&program.args),
        "reads" => reads::run(program),
        "open" => Sexton::block_on(measured(program, files::open)),
        "scan" => Sexton::block_on(measured(program, files::scan)),
        "fill" => Sexton::block_on(measured(program, files::fill)),
        "log" => Sexton::block_on(measured(program, files::log)),
        _ => workloads::run::<Sexton>(program),
    }
}

struct Sexton;

impl Tasks for Sexton {
    fn block_on<F: Future + 'static>(future: F) -> F::Output {
        let runtime = sexton::Builder::new().build().expect("the kernel has rings");
        runtime.block_on(future)
    }

    fn spawn<F>(future: F) -> impl Future<Output = F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let task = sexton::spawn(future);
        async { task.await.expect("no task panics") }
    }

    fn detach<F: Future<Output = ()> + 'static>(future: F) {
        drop(sexton::spawn(future));
    }

    fn yield_now() -> impl Future<Output = ()> {
        sexton::yield_now()
    }

    fn sleep(time: Duration) -> impl Future<Output = ()> + 'static {
        sexton::time::sleep(time)
    }

    async fn timeout<F: Future>(time: Duration, future: F) -> bool {
        sexton::time::timeout(time, future).await.is_ok()
    }
}
