//! Zero-copy writes, and what becomes of their notifications: dropped, awaited at once or later,
//! forgotten, kept until the writer or the runtime ends.

use super::log::Log;
use super::risk::Risk;
use sexton::buf::BufError;
use sexton::io::OwnedWrite;
use sexton::net::{Notified, OwnedWriteHalf, TcpStream, UnixStream, WriteHalf, pipe};
use std::io::Result;

/// So many are kept at most.
const KEPT: usize = 20;

/// A buffer that is to come back, and what was in it.
pub(crate) type Kept = (Notified<Vec<u8>>, Vec<u8>);

/// A writer that may know zero-copy sends.
pub(crate) trait ZeroCopy: OwnedWrite {
    /// Sends once: without a copy, if it can.
    async fn send(
        &mut self,
        bytes: Vec<u8>,
    ) -> std::result::Result<(usize, Option<Notified<Vec<u8>>>), BufError<Vec<u8>>> {
        self.write_owned(bytes).await.map(|(count, _)| (count, None))
    }
}

macro_rules! zero_copy {
    ($($writer:ty),+) => {$(
        impl ZeroCopy for $writer {
            async fn send(
                &mut self,
                bytes: Vec<u8>,
            ) -> std::result::Result<(usize, Option<Notified<Vec<u8>>>), BufError<Vec<u8>>> {
                self.send_zc(bytes).await.map(|(count, notified)| (count, Some(notified)))
            }
        }
    )+};
}

zero_copy!(&TcpStream, WriteHalf<'_, TcpStream>, OwnedWriteHalf<TcpStream>);
impl ZeroCopy for &UnixStream {}
impl ZeroCopy for WriteHalf<'_, UnixStream> {}
impl ZeroCopy for OwnedWriteHalf<UnixStream> {}
impl ZeroCopy for pipe::Sender {}

/// Writes once.
pub(crate) async fn write(
    writer: &mut impl ZeroCopy,
    risk: &Risk,
    log: &Log,
    (number, bytes): (usize, Vec<u8>),
) -> Result<()> {
    let sent = bytes.clone();
    let notified = match risk.take(writer.send(bytes)).await {
        Some(Ok((count, notified))) => {
            log.took(number, count);
            notified
        }
        Some(Err(error)) => {
            assert_eq!(*error.buf(), sent, "an error brings the buffer");
            return Err(error.into_error());
        }
        None => None,
    };
    if let Some(notified) = notified {
        match risk.dice.below(4) {
            0 => drop(notified),
            1 => back(risk, (notified, sent)).await,
            _ => risk.kept.borrow_mut().push((notified, sent)),
        }
    }
    let kept = risk.kept.borrow().len();
    if kept > 0 && (kept > KEPT || risk.dice.percent(30)) {
        let one = risk.kept.borrow_mut().swap_remove(risk.dice.below(kept));
        back(risk, one).await;
    }
    Ok(())
}

/// Awaits a buffer, or not.
async fn back(risk: &Risk, (notified, sent): Kept) {
    if let Some(back) = risk.take(notified).await {
        assert!(back == sent, "a buffer comes back as it was sent");
    }
}
