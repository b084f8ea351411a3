//! One-way streams on Sexton: bytes taken by each of its reads, and bytes given.

use std::io;

use peers::program::Program;
use peers::streams::{PIECES, Taken, piece};
use sexton::net::TcpStream;

use crate::echo::{runtime, serve};

/// Serves for ever.
pub(crate) fn run(program: &Program) -> io::Result<()> {
    let args = &program.args;
    let (buf_len, runtime) = (args.number("buf-len", 4096), runtime(args)?);
    if program.work == "down" {
        runtime.block_on(serve(down))
    } else if args.flag("managed") {
        runtime.block_on(serve(managed))
    } else if args.flag("owned") {
        runtime.block_on(serve(move |stream| owned(stream, buf_len)))
    } else if args.flag("fill") {
        runtime.block_on(serve(fill))
    } else {
        args.refuse("which one")
    }
}

async fn managed(stream: TcpStream) -> io::Result<()> {
    let mut taken = Taken::default();
    while let Some(chunk) = stream.read_managed(usize::MAX).await? {
        if let Some(answer) = taken.take(&chunk) {
            stream.write_all_owned(answer.to_vec()).await?;
        }
    }
    Ok(())
}

async fn owned(stream: TcpStream, buf_len: usize) -> io::Result<()> {
    let (mut buf, mut taken) = (Vec::with_capacity(buf_len), Taken::default());
    loop {
        let n;
        (n, buf) = stream.read_owned(buf).await?;
        if n == 0 {
            return Ok(());
        }
        if let Some(answer) = taken.take(&buf) {
            stream.write_all_owned(answer.to_vec()).await?;
        }
        buf.clear();
    }
}

async fn fill(mut stream: TcpStream) -> io::Result<()> {
    use sexton::io::BufRead;

    let mut taken = Taken::default();
    loop {
        let shown = stream.fill_buf().await?;
        let (n, answer) = (shown.len(), taken.take(shown));
        if n == 0 {
            return Ok(());
        }
        stream.consume(n);
        if let Some(answer) = answer {
            stream.write_all_owned(answer.to_vec()).await?;
        }
    }
}

async fn down(stream: TcpStream) -> io::Result<()> {
    let mut asked = Vec::with_capacity(16);
    loop {
        let n;
        (n, asked) = stream.read_owned(asked).await?;
        if n == 0 {
            return Ok(());
        }
        asked.clear();
        for _ in 0..n * PIECES {
            stream.write_all_owned(piece()).await?;
        }
    }
}
