//! Sending an answer, however large, in constant memory.

use super::response::{Body, Response};
use sexton::buf::IoBufMut;
use sexton::net::TcpStream;
use sexton::time::timeout;
use std::io;
use std::ops::Range;
use std::time::{Duration, SystemTime};

/// Up to so many bytes of a file are read in behind the head, so that the answer is one write.
const SMALL: u64 = 32 * 1024;

/// Sends the head, and the body unless only the head was asked for.
///
/// `patience` is how long a client may take for each piece. One that reads slowly makes the next
/// one wait.
pub(crate) async fn send(
    stream: &TcpStream,
    response: Response,
    head_only: bool,
    keep_alive: bool,
    patience: Duration,
) -> io::Result<()> {
    let mut buf = response.head(keep_alive, SystemTime::now());
    let (file, Range { start: mut at, end }) = match response.body {
        _ if head_only => return write(stream, buf, patience).await,
        Body::Text(text) => {
            buf.extend_from_slice(text.as_bytes());
            return write(stream, buf, patience).await;
        }
        Body::File(file, bytes) => (file, bytes),
    };
    let left = |at: u64| usize::try_from(end - at).unwrap_or(usize::MAX);
    if end - at <= SMALL {
        buf.reserve(left(at));
        while at < end {
            let (n, filled) = file.read_at(buf.at_most(left(at)), at).await?;
            buf = filled.into_inner();
            at = next(at, n)?;
        }
    }
    write(stream, buf, patience).await?;
    while at < end {
        at = next(at, timeout(patience, stream.send_file(&file, at, left(at))).await??)?;
    }
    Ok(())
}

/// Where the rest of a file begins, after `n` bytes. The head has promised that there is one: only
/// the end of the connection can tell the client that there is not.
fn next(at: u64, n: usize) -> io::Result<u64> {
    if n == 0 {
        let what = "a file became shorter while it was sent";
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, what));
    }
    Ok(at + n as u64)
}

/// Sends all of `buf`.
pub(crate) async fn write(stream: &TcpStream, buf: Vec<u8>, patience: Duration) -> io::Result<()> {
    timeout(patience, stream.write_all_owned(buf)).await??;
    Ok(())
}
