//! Bytes that a reader shows, looked at after they were consumed, or after others were asked for.

use sexton::io::BufRead;

async fn after_consume<R: BufRead>(reader: &mut R) -> std::io::Result<u8> {
    let shown = reader.fill_buf().await?;
    reader.consume(1);
    Ok(shown[0])
}

async fn after_another(stream: &mut sexton::net::TcpStream) -> std::io::Result<bool> {
    let first = stream.fill_buf().await?;
    let second = stream.fill_buf().await?;
    Ok(first == second)
}

fn main() {
    drop(after_consume::<sexton::io::Memory<Vec<u8>>>);
    drop(after_another);
}
