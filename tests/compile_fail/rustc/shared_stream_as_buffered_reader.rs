//! A shared reference to a stream as a buffered reader: two could show and consume the same bytes.

use sexton::io::BufRead;
use sexton::net::TcpStream;

async fn first_line(mut reader: impl BufRead) -> std::io::Result<String> {
    let mut line = String::new();
    reader.read_line_limited(&mut line, 8192).await?;
    Ok(line)
}

async fn serve(stream: TcpStream) -> std::io::Result<String> {
    first_line(&stream).await
}

fn main() {
    drop(serve);
}
