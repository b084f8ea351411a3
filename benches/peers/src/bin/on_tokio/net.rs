//! Servers on tokio: the echo, one-way streams, datagrams, and a proxy.

use std::io;

use peers::args::Args;
use peers::process;
use peers::streams::{PIECES, Taken, piece};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};

/// Serves for ever.
pub(crate) fn run(work: &str, args: &Args) -> io::Result<()> {
    let buf_len = args.number("buf-len", 4096);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    match work {
        "echo" => runtime.block_on(serve(move |stream| echo(stream, buf_len))),
        "up" => runtime.block_on(serve(move |stream| up(stream, buf_len))),
        "down" => runtime.block_on(serve(down)),
        "datagrams" => runtime.block_on(datagrams()),
        _ => {
            let port = args.required("to");
            runtime.block_on(serve(move |stream| forward(stream, port)))
        }
    }
}

async fn serve<F>(handle: impl Fn(TcpStream) -> F) -> io::Result<()>
where
    F: Future<Output = io::Result<()>> + Send + 'static,
{
    let listener = process::listener()?;
    listener.set_nonblocking(true)?;
    let listener = TcpListener::from_std(listener)?;
    process::announce(listener.local_addr()?)?;
    loop {
        let (stream, _peer) = listener.accept().await?;
        let handled = handle(stream);
        tokio::spawn(async move {
            if let Err(error) = handled.await {
                eprintln!("{error}");
            }
        });
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

async fn datagrams() -> io::Result<()> {
    let socket = process::datagram_socket()?;
    socket.set_nonblocking(true)?;
    let socket = UdpSocket::from_std(socket)?;
    process::announce(socket.local_addr()?)?;
    let mut buf = vec![0; 4096];
    loop {
        let (n, peer) = socket.recv_from(&mut buf).await?;
        socket.send_to(&buf[..n], peer).await?;
    }
}

/// A TCP proxy.
async fn forward(mut client: TcpStream, port: u16) -> io::Result<()> {
    let mut server = TcpStream::connect(("127.0.0.1", port)).await?;
    server.set_nodelay(true)?;
    tokio::io::copy_bidirectional(&mut client, &mut server).await?;
    Ok(())
}
