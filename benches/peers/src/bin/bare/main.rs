//! The least that an executor can do, written by hand: tasks, a queue and a timer wheel on one
//! thread, no I/O, no wakes from elsewhere. What a runtime's own part is measured against.

mod task;
mod wheel;

use std::io;
use std::time::{Duration, Instant};

use peers::allocs::Counted;
use peers::tasks::Tasks;
use peers::{program, workloads};
use wheel::Sleep;

#[global_allocator]
static ALLOCATOR: Counted = Counted;

fn main() -> io::Result<()> {
    workloads::run::<Bare>(program::start()?)
}

struct Bare;

impl Tasks for Bare {
    const WAKES_ACROSS_THREADS: bool = false;

    fn block_on<F: Future + 'static>(future: F) -> F::Output {
        let root = task::spawn(future);
        loop {
            while task::run_some() {
                wheel::expire();
            }
            if let Some(output) = root.output() {
                return output;
            }
            wheel::wait();
        }
    }

    fn spawn<F>(future: F) -> impl Future<Output = F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        task::spawn(future)
    }

    fn detach<F: Future<Output = ()> + 'static>(future: F) {
        drop(task::spawn(future));
    }

    fn sleep(time: Duration) -> impl Future<Output = ()> + 'static {
        Sleep::until(Instant::now() + time)
    }

    async fn timeout<F: Future>(time: Duration, future: F) -> bool {
        wheel::timeout(time, future).await
    }
}
