//! Every workload on kimojio.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::rc::Rc;
use std::time::{Duration, Instant};

use kimojio::configuration::Configuration;
use kimojio::{Errno, Runtime, operations};
use peers::allocs::Counted;
use peers::reads::{Plan, aligned, check, measured};
use peers::tasks::Tasks;
use peers::{process, program, workloads};

#[global_allocator]
static ALLOCATOR: Counted = Counted;

fn main() -> io::Result<()> {
    let program = program::start()?;
    match program.work.as_str() {
        "echo" => serve(program.args.number("buf-len", 4096)),
        "reads" => Kimojio::block_on(measured(program, read)),
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

    async fn spawn<F>(future: F) -> F::Output
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let Ok(output) = operations::spawn_task(future).await else { panic!("a task panicked") };
        output
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

fn serve(buf_len: usize) -> io::Result<()> {
    let listener = process::listener()?;
    process::announce(listener.local_addr()?)?;
    let listener = OwnedFd::from(listener);
    Kimojio::block_on(async move {
        loop {
            let stream = operations::accept(&listener).await?;
            drop(operations::spawn_task(echo(stream, buf_len)));
        }
    })
}

async fn echo(stream: OwnedFd, buf_len: usize) -> Result<(), Errno> {
    let mut buf = vec![0; buf_len];
    loop {
        let n = operations::read(&stream, &mut buf).await?;
        if n == 0 {
            return operations::close(stream).await;
        }
        let mut sent = 0;
        while sent < n {
            sent += operations::write(&stream, &buf[sent..n]).await?;
        }
    }
}

async fn read(plan: Plan) -> io::Result<()> {
    let file = File::options().read(true).custom_flags(plan.flags()).open(&plan.path)?;
    let file = Rc::new(OwnedFd::from(file));
    let readers: Vec<_> = (0..plan.depth)
        .map(|task| {
            let (file, places) = (Rc::clone(&file), plan.places(task));
            operations::spawn_task(async move {
                let (mut bytes, block) = aligned();
                let block = &mut bytes[block];
                for place in places {
                    let n = operations::pread(&*file, block, place).await?;
                    check(&block[..n], place);
                }
                io::Result::Ok(())
            })
        })
        .collect();
    for reader in readers {
        let Ok(read) = reader.await else { panic!("a task panicked") };
        read?;
    }
    Ok(())
}
