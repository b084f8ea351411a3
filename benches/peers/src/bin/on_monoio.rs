//! Every workload on monoio: one thread, its io_uring driver.

use std::fs::File as StdFile;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::rc::Rc;
use std::time::Duration;

use monoio::buf::IoBufMut;
use monoio::fs::File;
use monoio::io::{AsyncReadRent, AsyncWriteRentExt};
use monoio::net::{TcpListener, TcpStream};
use monoio::{IoUringDriver, RuntimeBuilder};
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
        "reads" => Monoio::block_on(measured(program, read)),
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

fn serve(buf_len: usize) -> io::Result<()> {
    let builder =
        RuntimeBuilder::<IoUringDriver>::new().with_entries(ENTRIES).uring_builder(ring());
    builder.build()?.block_on(async {
        let listener = TcpListener::from_std(process::listener()?)?;
        process::announce(listener.local_addr()?)?;
        loop {
            let (stream, _peer) = listener.accept().await?;
            drop(monoio::spawn(echo(stream, buf_len)));
        }
    })
}

async fn echo(mut stream: TcpStream, buf_len: usize) -> io::Result<()> {
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
    let file = Rc::new(File::from_std(file)?);
    let readers: Vec<_> = (0..plan.depth)
        .map(|task| {
            let (file, places) = (Rc::clone(&file), plan.places(task));
            monoio::spawn(async move {
                let (bytes, block) = aligned();
                let mut window = bytes.slice_mut(block.clone());
                for place in places {
                    let n;
                    (n, window) = file.read_at(window, place).await;
                    check(&window.get_ref()[block.clone()][..n?], place);
                }
                io::Result::Ok(())
            })
        })
        .collect();
    for reader in readers {
        reader.await?;
    }
    Ok(())
}
