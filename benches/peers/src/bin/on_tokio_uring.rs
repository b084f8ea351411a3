//! Every workload on tokio-uring.

use std::fs::File as StdFile;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::rc::Rc;
use std::time::Duration;

use peers::allocs::Counted;
use peers::reads::{Plan, aligned, check, measured};
use peers::tasks::Tasks;
use peers::{process, program, workloads};
use tokio_uring::buf::BoundedBuf;
use tokio_uring::fs::File;
use tokio_uring::net::{TcpListener, TcpStream};

#[global_allocator]
static ALLOCATOR: Counted = Counted;

/// Room for the operations of 1024 connections.
const ENTRIES: u32 = 4096;

fn main() -> io::Result<()> {
    let program = program::start()?;
    match program.work.as_str() {
        "echo" => serve(program.args.number("buf-len", 4096)),
        "reads" => start(measured(program, read)),
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

    async fn spawn<F>(future: F) -> F::Output
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        tokio_uring::spawn(future).await.expect("no task panics")
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

fn serve(buf_len: usize) -> io::Result<()> {
    start(async {
        let listener = TcpListener::from_std(process::listener()?);
        process::announce(listener.local_addr()?)?;
        loop {
            let (stream, _peer) = listener.accept().await?;
            drop(tokio_uring::spawn(echo(stream, buf_len)));
        }
    })
}

async fn echo(stream: TcpStream, buf_len: usize) -> io::Result<()> {
    let mut buf = Vec::with_capacity(buf_len);
    loop {
        let n;
        (n, buf) = stream.read(buf).await;
        if n? == 0 {
            return Ok(());
        }
        let written;
        (written, buf) = stream.write_all(buf).await;
        written?;
        buf.clear();
    }
}

async fn read(plan: Plan) -> io::Result<()> {
    let file = StdFile::options().read(true).custom_flags(plan.flags()).open(&plan.path)?;
    let file = Rc::new(File::from_std(file));
    let readers: Vec<_> = (0..plan.depth)
        .map(|task| {
            let (file, places) = (Rc::clone(&file), plan.places(task));
            tokio_uring::spawn(async move {
                let (bytes, block) = aligned();
                let mut window = bytes.slice(block);
                for place in places {
                    let n;
                    (n, window) = file.read_at(window, place).await;
                    check(&window[..n?], place);
                }
                io::Result::Ok(())
            })
        })
        .collect();
    for reader in readers {
        reader.await.map_err(io::Error::other)??;
    }
    Ok(())
}
