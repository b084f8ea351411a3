//! Servers on compio: the echo, one-way streams, and datagrams.

use std::io;
use std::rc::Rc;

use compio::buf::BufResult;
use compio::io::{AsyncRead, AsyncWriteExt};
use compio::net::{TcpListener, TcpStream, UdpSocket};
use peers::args::Args;
use peers::process;
use peers::streams::{PIECES, Taken, piece};

use crate::runtime;

/// Serves for ever.
pub(crate) fn run(work: &str, args: &Args) -> io::Result<()> {
    let (buf_len, tasks) = (args.number("buf-len", 4096), args.number("tasks", 4));
    let runtime = runtime()?;
    match work {
        "echo" => runtime.block_on(serve(move |stream| echo(stream, buf_len))),
        "up" => runtime.block_on(serve(move |stream| up(stream, buf_len))),
        "down" => runtime.block_on(serve(down)),
        _ => runtime.block_on(datagrams(tasks)),
    }
}

async fn serve<F>(handle: impl Fn(TcpStream) -> F) -> io::Result<()>
where
    F: Future<Output = io::Result<()>> + 'static,
{
    let listener = TcpListener::from_std(process::listener()?)?;
    process::announce(listener.local_addr()?)?;
    loop {
        let (stream, _peer) = listener.accept().await?;
        let handled = handle(stream);
        compio::runtime::spawn(async move {
            if let Err(error) = handled.await {
                eprintln!("{error}");
            }
        })
        .detach();
    }
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

async fn up(mut stream: TcpStream, buf_len: usize) -> io::Result<()> {
    let (mut buf, mut taken) = (Vec::with_capacity(buf_len), Taken::default());
    loop {
        let BufResult(n, read) = stream.read(buf).await;
        if n? == 0 {
            return Ok(());
        }
        if let Some(answer) = taken.take(&read) {
            stream.write_all(answer).await.0?;
        }
        buf = read;
        buf.clear();
    }
}

async fn down(mut stream: TcpStream) -> io::Result<()> {
    let mut asked = Vec::with_capacity(16);
    loop {
        let BufResult(n, read) = stream.read(asked).await;
        let n = n?;
        if n == 0 {
            return Ok(());
        }
        asked = read;
        asked.clear();
        for _ in 0..n * PIECES {
            stream.write_all(piece()).await.0?;
        }
    }
}

/// One socket, and several receives.
async fn datagrams(tasks: usize) -> io::Result<()> {
    let socket = Rc::new(UdpSocket::from_std(process::datagram_socket()?)?);
    process::announce(socket.local_addr()?)?;
    for _ in 1..tasks {
        compio::runtime::spawn(pass_back(Rc::clone(&socket))).detach();
    }
    pass_back(socket).await
}

async fn pass_back(socket: Rc<UdpSocket>) -> io::Result<()> {
    let mut buf = Vec::with_capacity(4096);
    loop {
        let BufResult(received, filled) = socket.recv_from(buf).await;
        let (_, peer) = received?;
        let BufResult(sent, back) = socket.send_to(filled, peer).await;
        sent?;
        buf = back;
        buf.clear();
    }
}
