//! Every workload on tokio, on one thread; its file reads are blocking calls, and left out.

use std::io;
use std::time::Duration;

use peers::allocs::Counted;
use peers::tasks::Tasks;
use peers::{process, program, workloads};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::LocalSet;

#[global_allocator]
static ALLOCATOR: Counted = Counted;

fn main() -> io::Result<()> {
    let program = program::start()?;
    match program.work.as_str() {
        "echo" => serve(program.args.number("buf-len", 4096)),
        "proxy" => forward(program.args.required("to")),
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

    async fn spawn<F>(future: F) -> F::Output
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        tokio::task::spawn_local(future).await.expect("no task panics")
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

fn serve(buf_len: usize) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    runtime.block_on(async {
        let listener = process::listener()?;
        listener.set_nonblocking(true)?;
        let listener = TcpListener::from_std(listener)?;
        process::announce(listener.local_addr()?)?;
        loop {
            let (stream, _peer) = listener.accept().await?;
            tokio::spawn(async move {
                if let Err(error) = echo(stream, buf_len).await {
                    eprintln!("{error}");
                }
            });
        }
    })
}

async fn echo(mut stream: TcpStream, buf_len: usize) -> io::Result<()> {
    let mut buf = vec![0; buf_len];
    loop {
        let n = stream.read(&mut buf).await?;
        if n == 0 {
            return Ok(());
        }
        stream.write_all(&buf[..n]).await?;
    }
}

/// A TCP proxy.
fn forward(port: u16) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    runtime.block_on(async {
        let listener = process::listener()?;
        listener.set_nonblocking(true)?;
        let listener = TcpListener::from_std(listener)?;
        process::announce(listener.local_addr()?)?;
        loop {
            let (mut client, _peer) = listener.accept().await?;
            tokio::spawn(async move {
                let mut server = TcpStream::connect(("127.0.0.1", port)).await?;
                server.set_nodelay(true)?;
                tokio::io::copy_bidirectional(&mut client, &mut server).await
            });
        }
    })
}
