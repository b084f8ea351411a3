//! Writes, as futures: behind the send in flight, even if that one's future is gone.
//!
//! By hand: an `async fn` keeps its arguments twice, and again in each one around it, and a
//! connection's task is as large as the largest future in it.

use super::shared::{Kind, Shared};
use super::writer::Writer;
use crate::op::{Send, SendVectored, WriteVectored};
use sexton_buffers::{BufError, BufResult, IoBuf, IoVecBuf, Slice};
use sexton_io::{NonBlocking, Readiness};
use sexton_runtime::op::{MsgSend, Op, Parts, PollFd, Submit, submit};
use sexton_runtime::{CancelHook, calls};
use std::future::Future;
use std::io::{self, IoSlice};
use std::net::Shutdown;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

/// A send operation, of one buffer or of several.
pub(crate) trait SendOp: Op<Output = BufResult<usize, Self::Buf>> {
    type Buf;

    fn new(socket: Rc<Shared>, buf: Self::Buf) -> Self;

    /// The bytes that there are to send.
    fn bytes(buf: &Self::Buf) -> usize;

    /// Sends what there is room for at once, with a plain call. None: with the ring, please.
    fn send_now(_socket: &Shared, _buf: &Self::Buf) -> Option<usize> {
        None
    }
}

impl<B: IoBuf> SendOp for Send<B> {
    type Buf = B;

    fn new(socket: Rc<Shared>, buf: B) -> Self {
        Self { socket, buf }
    }

    fn bytes(buf: &B) -> usize {
        buf.filled().len()
    }

    fn send_now(socket: &Shared, buf: &B) -> Option<usize> {
        // What fails, is asked of the ring, which says why.
        match socket.kind() {
            Kind::Socket => calls::socket::send(socket.fd(), buf.filled()).ok(),
            Kind::Pipe => None,
        }
    }
}

impl<V: IoVecBuf> SendOp for SendVectored<V> {
    type Buf = V;

    fn new(socket: Rc<Shared>, bufs: V) -> Self {
        Self { socket, msg: MsgSend::new(bufs) }
    }

    fn bytes(bufs: &V) -> usize {
        bufs.total_filled()
    }
}

impl<V: IoVecBuf> SendOp for WriteVectored<V> {
    type Buf = V;

    fn new(socket: Rc<Shared>, bufs: V) -> Self {
        Self { socket, parts: Parts::new(bufs) }
    }

    fn bytes(bufs: &V) -> usize {
        bufs.total_filled()
    }
}

/// Waits for the turn, then sends a prefix of the filled bytes.
pub(crate) struct WriteOwned<'a, S: SendOp> {
    writer: &'a Writer,
    phase: Phase<S::Buf, S>,
    hook: CancelHook,
}

/// Where a write stands; `B` is what it keeps while the kernel has nothing of it.
enum Phase<B, S: Op> {
    /// Not polled yet.
    Fresh(B),
    /// Behind another send.
    Queued(B),
    Sending(Submit<S>),
    Finished,
}

impl<B, S: SendOp> Phase<B, S> {
    /// Sends, if no other send is in flight. `lend` makes of what is kept what is sent, and `back`
    /// the other way.
    fn poll(
        &mut self,
        writer: &Writer,
        hook: &mut CancelHook,
        cx: &mut Context<'_>,
        lend: impl FnOnce(B) -> S::Buf,
        back: impl FnOnce(S::Buf) -> B,
    ) -> Poll<S::Output> {
        let buf = match std::mem::replace(self, Self::Finished) {
            Self::Fresh(buf) => {
                writer.push_out();
                lend(buf)
            }
            Self::Queued(buf) => lend(buf),
            Self::Sending(mut send) => {
                let polled = Pin::new(&mut send).poll(cx);
                if polled.is_pending() {
                    *self = Self::Sending(send);
                }
                return polled;
            }
            Self::Finished => panic!("a write was polled after it had ended"),
        };
        if S::bytes(&buf) == 0 {
            return Poll::Ready(Ok((0, buf)));
        }
        let socket = writer.socket();
        let turn = match socket.poll_turn(cx, hook) {
            Poll::Ready(Ok(turn)) => turn,
            Poll::Ready(Err(error)) => return Poll::Ready(Err(BufError::new(error, buf))),
            Poll::Pending => {
                *self = Self::Queued(back(buf));
                return Poll::Pending;
            }
        };
        if sexton_runtime::is_alone()
            && let Some(count) = S::send_now(socket, &buf)
        {
            return Poll::Ready(Ok((count, buf)));
        }
        let mut send = submit(S::new(Rc::clone(socket), buf));
        let polled = Pin::new(&mut send).poll(cx);
        if polled.is_pending() {
            // From here on the answer gives the turn on.
            std::mem::forget(turn);
            *self = Self::Sending(send);
        }
        polled
    }
}

impl<S: SendOp> Unpin for WriteOwned<'_, S> {}

impl<'a, S: SendOp> WriteOwned<'a, S> {
    pub(super) fn new(writer: &'a Writer, buf: S::Buf) -> Self {
        Self { writer, phase: Phase::Fresh(buf), hook: CancelHook::default() }
    }
}

impl<S: SendOp> Future for WriteOwned<'_, S> {
    type Output = S::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<S::Output> {
        let Self { writer, phase, hook } = &mut *self;
        phase.poll(writer, hook, cx, |buf| buf, |buf| buf)
    }
}

/// Sends all of the filled bytes: prefixes, one after the other.
pub(crate) struct WriteAll<'a, B: IoBuf> {
    writer: &'a Writer,
    phase: Phase<B, Send<Slice<B>>>,
    done: usize,
    hook: CancelHook,
}

impl<B: IoBuf> Unpin for WriteAll<'_, B> {}

impl<'a, B: IoBuf> WriteAll<'a, B> {
    pub(super) fn new(writer: &'a Writer, buf: B) -> Self {
        Self { writer, phase: Phase::Fresh(buf), done: 0, hook: CancelHook::default() }
    }
}

impl<B: IoBuf> Future for WriteAll<'_, B> {
    type Output = Result<B, BufError<B>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { writer, phase, done, hook } = &mut *self;
        loop {
            let rest = |buf: B| buf.slice(*done..);
            let buf = match ready!(phase.poll(writer, hook, cx, rest, Slice::into_inner)) {
                Ok((count, rest)) => {
                    *done += count;
                    let buf = rest.into_inner();
                    if *done >= buf.filled().len() {
                        return Poll::Ready(Ok(buf));
                    }
                    if count == 0 {
                        let error = io::Error::from(io::ErrorKind::WriteZero);
                        let error = BufError::new(error, buf);
                        return Poll::Ready(Err(error.with_transferred(*done)));
                    }
                    buf
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                    error.into_buf().into_inner()
                }
                Err(error) => {
                    let error = error.map_buf(Slice::into_inner);
                    return Poll::Ready(Err(error.with_transferred(*done)));
                }
            };
            *phase = Phase::Queued(buf);
        }
    }
}

/// The turn to send, of a send that the kernel does not have: given on when this is dropped.
pub(super) struct Turn<'a>(&'a Rc<Shared>);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.next_send();
    }
}

impl Shared {
    /// The turn to send, when no other send is in flight; the error of a cancel while one is, or
    /// what committed bytes were lost by, if nobody was told: nothing goes out before that is.
    pub(super) fn poll_turn<'a>(
        self: &'a Rc<Self>,
        cx: &mut Context<'_>,
        hook: &mut CancelHook,
    ) -> Poll<io::Result<Turn<'a>>> {
        if !self.sending.replace(true) {
            let turn = Turn(self);
            return Poll::Ready(self.outbox.take_error().map(|()| turn));
        }
        if hook.is_cancelled(cx) {
            return Poll::Ready(Err(io::Error::from_raw_os_error(125)));
        }
        self.writers.register(cx);
        Poll::Pending
    }

    /// Sends what there is room for, unless a send is in flight: bytes never overtake it.
    pub(super) fn non_blocking_write_vectored(
        &self,
        bufs: &[IoSlice<'_>],
    ) -> io::Result<NonBlocking<usize>> {
        if self.sending.get() {
            return Ok(NonBlocking::WouldBlock);
        }
        if bufs.iter().all(|buf| buf.is_empty()) {
            return Ok(NonBlocking::Ready(0));
        }
        self.send_at_once(|| match self.kind() {
            Kind::Socket => calls::socket::send_vectored(self.fd(), bufs),
            Kind::Pipe => calls::pipe::write_vectored(self.fd(), bufs),
        })
    }

    /// Sends by a plain call, while no send is in flight: nothing goes out before it is told what
    /// committed bytes were lost by.
    pub(super) fn send_at_once<T>(
        &self,
        call: impl FnOnce() -> io::Result<T>,
    ) -> io::Result<NonBlocking<T>> {
        self.outbox.take_error()?;
        match call() {
            Ok(sent) => Ok(NonBlocking::Ready(sent)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(NonBlocking::WouldBlock),
            Err(error) => Err(error),
        }
    }

    /// Waits until no send is in flight.
    pub(super) async fn sent(&self) -> io::Result<()> {
        let mut hook = CancelHook::default();
        std::future::poll_fn(|cx| self.poll_sent(cx, &mut hook)).await
    }

    /// Ends a direction. A pipe ends when its descriptor is closed.
    pub(super) fn shut(&self, how: Shutdown) -> io::Result<()> {
        match self.kind() {
            Kind::Socket => match calls::socket::shutdown(self.fd(), how) {
                // The peer has ended both directions: there is nothing left to end.
                Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(()),
                outcome => outcome,
            },
            Kind::Pipe => Ok(()),
        }
    }

    /// Waits until a write would not wait.
    pub(super) async fn ready_to_write(&self) -> io::Result<Readiness> {
        self.sent().await?;
        let fd = self.fd().clone();
        let ready = submit(PollFd { fd, mask: PollFd::WRITE }).await?;
        Ok(Readiness::new(false, PollFd::is_write(ready), PollFd::is_hup(ready)))
    }
}
