//! Servers on glommio: the echo, one-way streams, and datagrams.

use std::io;
use std::rc::Rc;

use futures_lite::{AsyncReadExt, AsyncWriteExt};
use glommio::net::{TcpListener, TcpStream, UdpSocket};
use peers::args::Args;
use peers::process;
use peers::streams::{PIECES, Taken, piece};

use crate::executor;

/// Serves for ever.
pub(crate) fn run(work: &str, args: &Args) -> io::Result<()> {
    let (buf_len, tasks) = (args.number("buf-len", 4096), args.number("tasks", 4));
    match work {
        "echo" => executor().run(serve(move |stream| echo(stream, buf_len))),
        "up" => executor().run(serve(move |stream| up(stream, buf_len))),
        "down" => executor().run(serve(down)),
        _ => executor().run(datagrams(tasks)),
    }
}

async fn serve<F>(handle: impl Fn(TcpStream) -> F) -> io::Result<()>
where
    F: Future<Output = io::Result<()>> + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0")?;
    process::announce(listener.local_addr()?)?;
    loop {
        let stream = listener.accept().await?;
        stream.set_nodelay(true)?;
        let handled = handle(stream);
        let handled = async move { drop(handled.await) };
        drop(glommio::spawn_local(handled).detach());
    }
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

async fn up(mut stream: TcpStream, buf_len: usize) -> io::Result<()> {
    let (mut buf, mut taken) = (vec![0; buf_len], Taken::default());
    loop {
        let n = stream.read(&mut buf).await?;
        if n == 0 {
            return Ok(());
        }
        if let Some(answer) = taken.take(&buf[..n]) {
            stream.write_all(&answer).await?;
        }
    }
}

async fn down(mut stream: TcpStream) -> io::Result<()> {
    let mut asked = [0; 16];
    loop {
        let n = stream.read(&mut asked).await?;
        if n == 0 {
            return Ok(());
        }
        for _ in 0..n * PIECES {
            stream.write_all(piece()).await?;
        }
    }
}

/// One socket, and several receives.
async fn datagrams(tasks: usize) -> io::Result<()> {
    let socket = Rc::new(UdpSocket::bind("127.0.0.1:0")?);
    process::announce(socket.local_addr()?)?;
    for _ in 1..tasks {
        let socket = Rc::clone(&socket);
        let passed = async move { drop(pass_back(socket).await) };
        drop(glommio::spawn_local(passed).detach());
    }
    pass_back(socket).await
}

async fn pass_back(socket: Rc<UdpSocket>) -> io::Result<()> {
    let mut buf = vec![0; 4096];
    loop {
        let (n, peer) = socket.recv_from(&mut buf).await?;
        socket.send_to(&buf[..n], peer).await?;
    }
}
