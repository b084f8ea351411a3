//! The echo on Sexton: one core, and the reads that a server may choose from.
//!
//! - `--managed` takes the kernel's buffers and sends them as they are: nothing is copied.
//! - `--owned` reads into the connection's own buffer: the echo of the README.
//! - `--fill` looks at the kernel's buffer, copies it, and gives it back before it sends.
//! - `--borrowed` reads into memory that stays the caller's: by a plain call, if something is
//!   there.
//!
//! How a server begins is the same for [streams](super::streams).

use std::future::Future;
use std::io;

use peers::args::Args;
use peers::process;
use sexton::Runtime;
use sexton::buf::Consumption;
use sexton::net::{TcpListener, TcpStream};

/// Serves for ever.
pub(crate) fn run(args: &Args) -> io::Result<()> {
    let (buf_len, runtime) = (args.number("buf-len", 4096), runtime(args)?);
    if args.flag("managed") {
        runtime.block_on(serve(managed))
    } else if args.flag("owned") {
        runtime.block_on(serve(move |stream| owned(stream, buf_len)))
    } else if args.flag("fill") {
        runtime.block_on(serve(move |stream| fill(stream, buf_len)))
    } else if args.flag("borrowed") {
        runtime.block_on(serve(move |stream| borrowed(stream, buf_len)))
    } else {
        args.refuse("which one")
    }
}

/// One core, with the provided buffers that the options say.
pub(crate) fn runtime(args: &Args) -> io::Result<Runtime> {
    let builder = sexton::Builder::new();
    let builder = builder.config(|config| {
        config.recv_buffers = args.number("bufs", config.recv_buffers);
        config.recv_buffer_len = args.number("recv-len", config.recv_buffer_len);
        config.recv_consumption = match args.text("consumption") {
            Some("whole") => Consumption::Whole,
            Some("bundle") => Consumption::Bundle,
            _ => config.recv_consumption,
        };
    });
    builder.build()
}

pub(crate) async fn serve<F>(echo: impl Fn(TcpStream) -> F) -> io::Result<()>
where
    F: Future<Output = io::Result<()>> + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    process::announce(listener.local_addr()?)?;
    loop {
        let (stream, _peer) = listener.accept().await?;
        stream.set_nodelay(true)?;
        sexton::spawn(echo(stream));
    }
}

/// An idle connection is this future. A block keeps what it captures once, where an `async fn`
/// keeps its arguments twice; and what a `while let` has looked at stays through the loop's body.
#[expect(clippy::manual_async_fn, reason = "the future would be larger")]
fn managed(stream: TcpStream) -> impl Future<Output = io::Result<()>> {
    async move {
        loop {
            let Some(chunk) = stream.read_managed(usize::MAX).await? else { return Ok(()) };
            stream.write_all_owned(chunk).await?;
        }
    }
}

async fn owned(stream: TcpStream, buf_len: usize) -> io::Result<()> {
    let mut buf = Vec::with_capacity(buf_len);
    loop {
        let n;
        (n, buf) = stream.read_owned(buf).await?;
        if n == 0 {
            return Ok(());
        }
        buf = stream.write_all_owned(buf).await?;
        buf.clear();
    }
}

async fn fill(mut stream: TcpStream, buf_len: usize) -> io::Result<()> {
    use sexton::io::BufRead;

    let mut buf = Vec::with_capacity(buf_len);
    loop {
        let n = {
            let chunk = stream.fill_buf().await?;
            buf.extend_from_slice(chunk);
            chunk.len()
        };
        if n == 0 {
            return Ok(());
        }
        stream.consume(n);
        buf = stream.write_all_owned(buf).await?;
        buf.clear();
    }
}

async fn borrowed(stream: TcpStream, buf_len: usize) -> io::Result<()> {
    let mut buf = vec![0; buf_len];
    loop {
        let n = stream.read(&mut buf).await?;
        if n == 0 {
            return Ok(());
        }
        stream.write_all(&buf[..n]).await?;
    }
}
