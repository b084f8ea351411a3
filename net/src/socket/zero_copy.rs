//! One zero-copy write: its turn ends with the result, its buffer comes with the notification.

use super::writer::Writer;
use crate::Notified;
use crate::op::SendZc;
use sexton_buffers::{BufError, IoBuf};
use sexton_runtime::CancelHook;
use sexton_runtime::op::submit;
use std::future::poll_fn;
use std::io;
use std::rc::Rc;

/// `ENOMEM` and `EOPNOTSUPP`, by the numbers that Linux has everywhere.
const NO_MEMORY: i32 = 12;
const NOT_SUPPORTED: i32 = 95;

impl Writer {
    pub(crate) async fn send_zc<B: IoBuf>(
        &self,
        buf: B,
    ) -> Result<(usize, Notified<B>), BufError<B>> {
        self.push_out();
        if buf.filled().is_empty() {
            return Ok((0, Notified::already(buf)));
        }
        let (socket, mut hook) = (self.socket(), CancelHook::default());
        let turn = match poll_fn(|cx| socket.poll_turn(cx, &mut hook)).await {
            Ok(turn) => turn,
            Err(error) => return Err(BufError::new(error, buf)),
        };
        let mut send = submit(SendZc::new(Rc::clone(socket), buf));
        let mut turn = Some(turn);
        let count = poll_fn(|cx| {
            let polled = send.poll_count(cx);
            if polled.is_pending() {
                // From here on the result gives the turn on.
                std::mem::forget(turn.take());
            }
            polled
        })
        .await;
        drop(turn);
        if let Some(count) = count {
            return Ok((count, Notified::later(send)));
        }
        match send.await {
            Ok((count, buf)) => Ok((count, Notified::already(buf))),
            Err(error) if is_only_for_zero_copy(error.error()) => {
                let (count, buf) = self.write_owned(error.into_buf()).await?;
                Ok((count, Notified::already(buf)))
            }
            Err(error) => Err(error),
        }
    }
}

/// Whether a send that copies might do better.
fn is_only_for_zero_copy(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(NO_MEMORY | NOT_SUPPORTED))
}
