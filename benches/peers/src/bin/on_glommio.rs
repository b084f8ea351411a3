//! Every workload on glommio.

use std::io;
use std::rc::Rc;
use std::time::Duration;

use futures_lite::{AsyncReadExt, AsyncWriteExt};
use glommio::io::{BufferedFile, DmaFile};
use glommio::net::{TcpListener, TcpStream};
use glommio::{LocalExecutor, LocalExecutorBuilder, Placement};
use peers::allocs::Counted;
use peers::reads::{BLOCK, Plan, check, measured};
use peers::tasks::Tasks;
use peers::{process, program, workloads};

#[global_allocator]
static ALLOCATOR: Counted = Counted;

/// Room for the operations of 1024 connections.
const ENTRIES: usize = 4096;

fn main() -> io::Result<()> {
    let program = program::start()?;
    match program.work.as_str() {
        "echo" => serve(program.args.number("buf-len", 4096)),
        "reads" => executor().run(measured(program, read)),
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

fn serve(buf_len: usize) -> io::Result<()> {
    executor().run(async {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        process::announce(listener.local_addr()?)?;
        loop {
            let stream = listener.accept().await?;
            stream.set_nodelay(true)?;
            let echo = async move { drop(echo(stream, buf_len).await) };
            drop(glommio::spawn_local(echo).detach());
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

async fn read(plan: Plan) -> io::Result<()> {
    let mut readers = Vec::new();
    if plan.direct {
        let file = Rc::new(DmaFile::open(&plan.path).await?);
        readers.extend((0..plan.depth).map(|task| {
            let (file, places) = (Rc::clone(&file), plan.places(task));
            glommio::spawn_local(async move {
                for place in places {
                    check(&file.read_at_aligned(place, BLOCK).await?, place);
                }
                io::Result::Ok(())
            })
        }));
    } else {
        let file = Rc::new(BufferedFile::open(&plan.path).await?);
        readers.extend((0..plan.depth).map(|task| {
            let (file, places) = (Rc::clone(&file), plan.places(task));
            glommio::spawn_local(async move {
                for place in places {
                    check(&file.read_at(place, BLOCK).await?, place);
                }
                io::Result::Ok(())
            })
        }));
    }
    for reader in readers {
        reader.await?;
    }
    Ok(())
}
