//! An echo server on every core: the smallest program that shows how Sexton is used.
//!
//! ```text
//! cargo run --release --example echo
//! nc 127.0.0.1 7000
//! ```

use sexton::net::{TcpListener, TcpStream};

#[sexton::main]
async fn main() -> std::io::Result<()> {
    sexton::spawn_per_core(serve).try_join().await?; // the first error ends the others
    Ok(())
}

async fn serve() -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:7000").await?; // one listener a core
    loop {
        let (stream, _peer) = listener.accept().await?;
        sexton::spawn(echo(stream));
    }
}

async fn echo(stream: TcpStream) -> std::io::Result<()> {
    let mut buf = Vec::with_capacity(4096);
    loop {
        let n;
        (n, buf) = stream.read_owned(buf).await?; // into the caller's buffer, no copy
        if n == 0 {
            return Ok(());
        }
        buf = stream.write_all_owned(buf).await?;
        buf.clear();
    }
}
