//! The buffer of a zero-copy send, until the kernel has let go of it.

use crate::op::SendZc;
use sexton_buffers::IoBuf;
use sexton_runtime::op::Submit;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

/// The buffer of a zero-copy send ([`TcpStream::send_zc`](crate::TcpStream::send_zc)).
///
/// # Completes
/// With the buffer, when the kernel does not need it any more: mostly when the peer has
/// acknowledged the last byte. Notifications come in any order. One that is awaited inside a
/// [`CancelToken`](sexton_runtime::CancelToken)'s scope comes no sooner when that is cancelled: the
/// bytes are on their way.
///
/// # If dropped
/// The buffer is freed when the notification comes. Those that are still to come are counted apart
/// from the cancelled operations (`notifying` in [`CoreStats`](sexton_runtime::CoreStats)); too
/// many of them make further zero-copy sends wait, and nothing else. The end of the runtime waits
/// for them, as long as its grace allows.
///
/// ```
/// use sexton_net::{TcpListener, TcpStream};
/// # sexton_runtime::block_on(async {
/// # let listener = TcpListener::bind("127.0.0.1:0").await?;
/// # let client = TcpStream::connect(listener.local_addr()?).await?;
/// # let (server, _) = listener.accept().await?;
/// let page = vec![7; 1 << 14];
/// let (n, notified) = server.send_zc(page).await?;
/// client.read_exact_owned(Vec::with_capacity(n)).await?;
/// let page = notified.await; // may be changed again
/// assert_eq!(page.len(), 1 << 14);
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
pub struct Notified<B: IoBuf>(State<B>);

enum State<B: IoBuf> {
    Waits(Submit<SendZc<B>>),
    /// The kernel has copied it, or nothing was to be sent.
    Here(B),
    Taken,
}

impl<B: IoBuf> Notified<B> {
    pub(crate) fn later(send: Submit<SendZc<B>>) -> Self {
        Self(State::Waits(send))
    }

    pub(crate) fn already(buf: B) -> Self {
        Self(State::Here(buf))
    }
}

// The buffer lies with the operation, or is moved once more, and never pinned.
impl<B: IoBuf> Unpin for Notified<B> {}

impl<B: IoBuf> fmt::Debug for Notified<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.0 {
            State::Waits(_) => "waits",
            State::Here(_) => "here",
            State::Taken => "taken",
        };
        f.debug_tuple("Notified").field(&state).finish()
    }
}

impl<B: IoBuf> Future for Notified<B> {
    type Output = B;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<B> {
        match std::mem::replace(&mut self.0, State::Taken) {
            State::Waits(mut send) => match Pin::new(&mut send).poll(cx) {
                Poll::Ready(Ok((_, buf))) => Poll::Ready(buf),
                Poll::Ready(Err(error)) => Poll::Ready(error.into_buf()),
                Poll::Pending => {
                    self.0 = State::Waits(send);
                    Poll::Pending
                }
            },
            State::Here(buf) => Poll::Ready(buf),
            State::Taken => panic!("a notification was polled after it had given its buffer"),
        }
    }
}
