//! Servers on tokio-uring: the echo, one-way streams, and datagrams.

use std::io;
use std::rc::Rc;

use peers::args::Args;
use peers::process;
use peers::streams::{PIECES, Taken, piece};
use tokio_uring::net::{TcpListener, TcpStream, UdpSocket};

use crate::start;

/// Serves for ever.
pub(crate) fn run(work: &str, args: &Args) -> io::Result<()> {
    let (buf_len, tasks) = (args.number("buf-len", 4096), args.number("tasks", 4));
    match work {
        "echo" => start(serve(move |stream| echo(stream, buf_len))),
        "up" => start(serve(move |stream| up(stream, buf_len))),
        "down" => start(serve(down)),
        _ => start(datagrams(tasks)),
    }
}

async fn serve<F>(handle: impl Fn(TcpStream) -> F) -> io::Result<()>
where
    F: Future<Output = io::Result<()>> + 'static,
{
    let listener = TcpListener::from_std(process::listener()?);
    process::announce(listener.local_addr()?)?;
    loop {
        let (stream, _peer) = listener.accept().await?;
        drop(tokio_uring::spawn(handle(stream)));
    }
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

async fn up(stream: TcpStream, buf_len: usize) -> io::Result<()> {
    let (mut buf, mut taken) = (Vec::with_capacity(buf_len), Taken::default());
    loop {
        let n;
        (n, buf) = stream.read(buf).await;
        if n? == 0 {
            return Ok(());
        }
        if let Some(answer) = taken.take(&buf) {
            let (written, _) = stream.write_all(answer.to_vec()).await;
            written?;
        }
        buf.clear();
    }
}

async fn down(stream: TcpStream) -> io::Result<()> {
    let mut asked = Vec::with_capacity(16);
    loop {
        let n;
        (n, asked) = stream.read(asked).await;
        let n = n?;
        if n == 0 {
            return Ok(());
        }
        asked.clear();
        for _ in 0..n * PIECES {
            let (written, _) = stream.write_all(piece()).await;
            written?;
        }
    }
}

/// One socket, and several receives.
async fn datagrams(tasks: usize) -> io::Result<()> {
    let socket = Rc::new(UdpSocket::from_std(process::datagram_socket()?));
    process::announce(socket.local_addr()?)?;
    for _ in 1..tasks {
        drop(tokio_uring::spawn(pass_back(Rc::clone(&socket))));
    }
    pass_back(socket).await
}

async fn pass_back(socket: Rc<UdpSocket>) -> io::Result<()> {
    let mut buf = Vec::with_capacity(4096);
    loop {
        let received;
        (received, buf) = socket.recv_from(buf).await;
        let (_, peer) = received?;
        let sent;
        (sent, buf) = socket.send_to(buf, peer).await;
        sent?;
        buf.clear();
    }
}
