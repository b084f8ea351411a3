//! The echo on tokio: one thread, a buffer per connection, read and `write_all`.

use std::io;

use peers::args::Args;
use peers::process;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const USAGE: &str = "echo_tokio [--core N] [--buf-len B]";

fn main() -> io::Result<()> {
    let args = Args::read(USAGE, &[], &["core", "buf-len"]);
    process::raise_open_files()?;
    process::pin(args.number("core", 1))?;
    let buf_len = args.number("buf-len", 4096);
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
