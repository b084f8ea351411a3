//! Every workload on compio.

use std::io;
use std::rc::Rc;
use std::time::Duration;

use compio::buf::{BufResult, IoBuf};
use compio::driver::ProactorBuilder;
use compio::fs::{File, OpenOptions};
use compio::io::{AsyncRead, AsyncReadAt, AsyncWriteExt};
use compio::net::{TcpListener, TcpStream};
use compio::runtime::{Runtime, RuntimeBuilder};
use peers::allocs::Counted;
use peers::reads::{Plan, aligned, check, measured};
use peers::tasks::Tasks;
use peers::{process, program, workloads};

#[global_allocator]
static ALLOCATOR: Counted = Counted;

/// Room for the operations of 1024 connections.
const ENTRIES: u32 = 4096;

fn main() -> io::Result<()> {
    let program = program::start()?;
    match program.work.as_str() {
        "echo" => serve(program.args.number("buf-len", 4096)),
        "reads" => Compio::block_on(measured(program, read)),
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

    async fn spawn<F>(future: F) -> F::Output
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        compio::runtime::spawn(future).await.expect("no task panics")
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

fn serve(buf_len: usize) -> io::Result<()> {
    runtime()?.block_on(async {
        let listener = TcpListener::from_std(process::listener()?)?;
        process::announce(listener.local_addr()?)?;
        loop {
            let (stream, _peer) = listener.accept().await?;
            compio::runtime::spawn(async move {
                if let Err(error) = echo(stream, buf_len).await {
                    eprintln!("{error}");
                }
            })
            .detach();
        }
    })
}

async fn echo(mut stream: TcpStream, buf_len: usize) -> io::Result<()> {
    let mut buf = Vec::with_capacity(buf_len);
    loop {
        let BufResult(n, read) = stream.read(buf).await;
        if n? == 0 {
            return Ok(());
        }
        let BufResult(written, sent) = stream.write_all(read).await;
        written?;
        buf = sent;
        buf.clear();
    }
}

async fn read(plan: Plan) -> io::Result<()> {
    let file: File =
        OpenOptions::new().read(true).custom_flags(plan.flags()).open(&plan.path).await?;
    let file = Rc::new(file);
    let readers: Vec<_> = (0..plan.depth)
        .map(|task| {
            let (file, places) = (Rc::clone(&file), plan.places(task));
            compio::runtime::spawn(async move {
                let (bytes, block) = aligned();
                let mut window = bytes.slice(block);
                for place in places {
                    let BufResult(n, read) = file.read_at(window, place).await;
                    check(&read[..n?], place);
                    window = read;
                }
                io::Result::Ok(())
            })
        })
        .collect();
    for reader in readers {
        reader.await.expect("no task panics")?;
    }
    Ok(())
}
