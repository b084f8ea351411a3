//! Receives and sends of borrowed bytes: tried at once, then waited for by a poll.

use super::shared::{CALL, Received, Shared, is_passing};
use crate::socket::{is_cancelled, no_room};
use sexton_buffers::ReadBuf;
use sexton_io::{Interest, Readiness};
use sexton_runtime::op::{PollFd, Submit, submit};
use sexton_runtime::{CancelHook, calls, spend_poll};
use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// A poll that is submitted when it is needed.
#[derive(Default)]
struct Ready(Option<Submit<PollFd>>);

impl Ready {
    /// Until the descriptor is ready for `mask`, or seems so.
    fn poll(&mut self, socket: &Shared, mask: u32, cx: &mut Context<'_>) -> Poll<io::Result<u32>> {
        loop {
            let begin = || submit(PollFd { fd: socket.fd().clone(), mask });
            let outcome = ready!(Pin::new(self.0.get_or_insert_with(begin)).poll(cx));
            self.0 = None;
            match outcome {
                Err(error) if is_passing(&error) && !is_cancelled(&error) => {}
                outcome => return Poll::Ready(outcome),
            }
        }
    }
}

impl Shared {
    /// Receives a datagram into `buf`, or looks at it.
    pub(super) async fn receive(
        &self,
        buf: &mut [u8],
        peek: bool,
    ) -> io::Result<(usize, Option<SocketAddr>)> {
        let (mut hook, mut ready) = (CancelHook::default(), Ready::default());
        poll_fn(|cx| {
            loop {
                // There may be more for ever: then the next one waits for its readiness, so that
                // others have their turns. What the socket keeps itself is soon gone.
                if spend_poll(CALL) || self.recv.borrow().is_ready() {
                    match self.try_receive(buf, peek, true) {
                        Ok(Received::Datagram(count, peer)) => {
                            return Poll::Ready(Ok((count, peer)));
                        }
                        Ok(Received::WouldBlock) => {}
                        Ok(Received::Pass) => {
                            cx.waker().wake_by_ref();
                            return Poll::Pending;
                        }
                        Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                        Err(error) => return Poll::Ready(Err(error)),
                    }
                }
                self.receivers.register(cx);
                if self.recv.borrow().flight.is_some() {
                    // It comes first, or ends soon.
                    if hook.is_cancelled(cx) {
                        return Poll::Ready(Err(io::Error::from_raw_os_error(125)));
                    }
                    return Poll::Pending;
                }
                ready!(ready.poll(self, PollFd::READ, cx))?;
            }
        })
        .await
    }

    /// The same, once.
    pub(super) fn try_receive(
        &self,
        buf: &mut [u8],
        peek: bool,
        polite: bool,
    ) -> io::Result<Received> {
        if buf.is_empty() {
            return Err(no_room());
        }
        self.receive_now(&mut ReadBuf::from(buf).unfilled(), peek, polite)
    }

    /// Sends a datagram: to `to`, or to where the socket is connected.
    pub(super) async fn send(&self, bytes: &[u8], to: Option<SocketAddr>) -> io::Result<usize> {
        let mut ready = Ready::default();
        poll_fn(|cx| {
            loop {
                match calls::datagram::send_to(self.fd(), bytes, to.as_ref()) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                        ready!(ready.poll(self, PollFd::WRITE, cx))?;
                    }
                    outcome => return Poll::Ready(outcome),
                }
            }
        })
        .await
    }

    /// Waits until a receive, or a send, would not wait.
    pub(super) async fn ready(&self, interest: Interest) -> io::Result<Readiness> {
        let (read, write) = (interest.contains(Interest::READ), interest.contains(Interest::WRITE));
        let mask = match (read, write) {
            (true, true) => PollFd::READ | PollFd::WRITE,
            (true, false) => PollFd::READ,
            _ => PollFd::WRITE,
        };
        let mut ready = Ready::default();
        poll_fn(|cx| {
            if read && self.recv.borrow().is_ready() {
                return Poll::Ready(Ok(Readiness::new(true, false, false)));
            }
            if read {
                self.receivers.register(cx);
            }
            let mask = ready!(ready.poll(self, mask, cx))?;
            let readiness =
                Readiness::new(PollFd::is_read(mask), PollFd::is_write(mask), PollFd::is_hup(mask));
            Poll::Ready(Ok(readiness))
        })
        .await
    }
}
