//! Sending an answer, however large, in constant memory.

use super::response::{Body, Response};
use sexton::buf::IoBufMut;
use sexton::net::TcpStream;
use sexton::time::timeout;
use std::io;
use std::time::{Duration, SystemTime};

/// Bytes of a file that are in memory at once, while it is sent.
const PIECE: u64 = 128 * 1024;

/// Sends the head, and the body unless only the head was asked for.
///
/// `patience` is how long a client may take for each piece. One that reads slowly makes the write
/// wait, and with it the reading of the file.
pub(crate) async fn send(
    stream: &TcpStream,
    response: Response,
    head_only: bool,
    keep_alive: bool,
    patience: Duration,
) -> io::Result<()> {
    let mut buf = response.head(keep_alive, SystemTime::now());
    let (file, bytes) = match response.body {
        _ if head_only => return write(stream, buf, patience).await.map(drop),
        Body::Text(text) => {
            buf.extend_from_slice(text.as_bytes());
            return write(stream, buf, patience).await.map(drop);
        }
        Body::File(file, bytes) => (file, bytes),
    };
    let mut at = bytes.start;
    // The first piece is read in behind the head, so that a small file is one write in all.
    buf.reserve(usize::try_from(PIECE.min(bytes.end - at)).expect("a piece is small"));
    loop {
        if at < bytes.end {
            let left = usize::try_from(bytes.end - at).unwrap_or(usize::MAX);
            let (n, filled) = file.read_at(buf.at_most(left), at).await?;
            buf = filled.into_inner();
            at += n as u64;
            if n == 0 {
                // The head has promised more: only the end of the connection can tell the client.
                let what = "a file became shorter while it was sent";
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, what));
            }
        }
        buf = write(stream, buf, patience).await?;
        if at == bytes.end {
            return Ok(());
        }
        buf.clear();
    }
}

/// Sends all of `buf`, and gives it back.
pub(crate) async fn write(
    stream: &TcpStream,
    buf: Vec<u8>,
    patience: Duration,
) -> io::Result<Vec<u8>> {
    Ok(timeout(patience, stream.write_all_owned(buf)).await??)
}
