//! Zero-copy writes, and what becomes of their notifications: dropped, awaited at once or later,
//! forgotten, kept until the writer or the runtime ends. And writes of a file's bytes.

use super::log::Log;
use super::risk::Risk;
use sexton::buf::BufError;
use sexton::fs::{self, File};
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

    /// Sends a part of a file.
    async fn send_part(&mut self, file: &File, pos: u64, len: usize) -> Result<usize>;
}

macro_rules! sends_part {
    () => {
        async fn send_part(&mut self, file: &File, pos: u64, len: usize) -> Result<usize> {
            self.send_file(file, pos, len).await
        }
    };
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

            sends_part!();
        }
    )+};
}

zero_copy!(&TcpStream, WriteHalf<'_, TcpStream>, OwnedWriteHalf<TcpStream>);
impl ZeroCopy for &UnixStream {
    sends_part!();
}
impl ZeroCopy for WriteHalf<'_, UnixStream> {
    sends_part!();
}
impl ZeroCopy for OwnedWriteHalf<UnixStream> {
    sends_part!();
}
impl ZeroCopy for pipe::Sender {
    sends_part!();
}

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

/// Writes once from a file, in which the bytes lie behind others.
pub(crate) async fn write_file(
    writer: &mut impl ZeroCopy,
    risk: &Risk,
    log: &Log,
    (number, bytes): (usize, Vec<u8>),
) -> Result<()> {
    let path = format!("/tmp/sent-{:x}", risk.dice.next());
    let before = risk.dice.below(5_000);
    let all = [vec![0; before], bytes.clone()].concat();
    let made = async {
        fs::write(&path, all).await?;
        File::open(&path).await
    };
    let Ok(file) = made.await else {
        log.took(number, 0);
        return Ok(());
    };
    let sent = risk.take(writer.send_part(&file, before as u64, bytes.len())).await.transpose()?;
    if let Some(count) = sent {
        assert!(count > 0 || bytes.is_empty(), "a file that is there was sent");
        log.took(number, count);
    }
    // It may be that the disk refuses.
    let _ = fs::remove_file(&path).await;
    Ok(())
}

/// Awaits a buffer, or not.
async fn back(risk: &Risk, (notified, sent): Kept) {
    if let Some(back) = risk.take(notified).await {
        assert!(back == sent, "a buffer comes back as it was sent");
    }
}
