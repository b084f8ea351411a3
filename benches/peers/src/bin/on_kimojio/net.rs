//! Servers on kimojio: the echo, and one-way streams.

use std::io;
use std::os::fd::OwnedFd;

use kimojio::{Errno, operations};
use peers::args::Args;
use peers::process;
use peers::streams::{PIECES, Taken, piece};
use peers::tasks::Tasks;

use crate::Kimojio;

/// Serves for ever.
pub(crate) fn run(work: &str, args: &Args) -> io::Result<()> {
    let buf_len = args.number("buf-len", 4096);
    match work {
        "echo" => Kimojio::block_on(serve(move |stream| echo(stream, buf_len))),
        "up" => Kimojio::block_on(serve(move |stream| up(stream, buf_len))),
        _ => Kimojio::block_on(serve(down)),
    }
}

async fn serve<F>(handle: impl Fn(OwnedFd) -> F) -> io::Result<()>
where
    F: Future<Output = Result<(), Errno>> + 'static,
{
    let listener = process::listener()?;
    process::announce(listener.local_addr()?)?;
    let listener = OwnedFd::from(listener);
    loop {
        let stream = operations::accept(&listener).await?;
        drop(operations::spawn_task(handle(stream)));
    }
}

async fn echo(stream: OwnedFd, buf_len: usize) -> Result<(), Errno> {
    let mut buf = vec![0; buf_len];
    loop {
        let n = operations::read(&stream, &mut buf).await?;
        if n == 0 {
            return operations::close(stream).await;
        }
        write_all(&stream, &buf[..n]).await?;
    }
}

async fn up(stream: OwnedFd, buf_len: usize) -> Result<(), Errno> {
    let (mut buf, mut taken) = (vec![0; buf_len], Taken::default());
    loop {
        let n = operations::read(&stream, &mut buf).await?;
        if n == 0 {
            return operations::close(stream).await;
        }
        if let Some(answer) = taken.take(&buf[..n]) {
            write_all(&stream, &answer).await?;
        }
    }
}

async fn down(stream: OwnedFd) -> Result<(), Errno> {
    let mut asked = [0; 16];
    loop {
        let n = operations::read(&stream, &mut asked).await?;
        if n == 0 {
            return operations::close(stream).await;
        }
        for _ in 0..n * PIECES {
            write_all(&stream, piece()).await?;
        }
    }
}

async fn write_all(stream: &OwnedFd, bytes: &[u8]) -> Result<(), Errno> {
    let mut sent = 0;
    while sent < bytes.len() {
        sent += operations::write(stream, &bytes[sent..]).await?;
    }
    Ok(())
}
