//! The handle that writes, and its memory: what is committed goes before every later write.

use super::shared::{Kind, Shared};
use super::write::{WriteAll, WriteOwned};
use crate::op::{Send, SendVectored, WriteVectored};
use sexton_buffers::{BufResult, IoBuf, IoVecBuf};
use sexton_io::{NonBlocking, Readiness};
use sexton_runtime::CancelHook;
use std::cell::Cell;
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::net::Shutdown;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

/// What `space` shows at most, and what is sent at a time.
const MEMORY_LEN: usize = 8 << 10;
/// Buffers that may be on their way before `space` waits.
const ON_THEIR_WAY: usize = 2;

/// The writing side of a stream. There is one: the stream itself, or its write half.
pub(crate) struct Writer {
    socket: Rc<Shared>,
    /// Behind `&mut self` its room is lent; `&self` methods send its bytes first. Made when it is
    /// asked for.
    filling: Cell<Option<Box<Filling>>>,
}

#[derive(Default)]
struct Filling {
    memory: Vec<u8>,
    used: usize,
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer").field("socket", &self.socket).finish_non_exhaustive()
    }
}

impl Writer {
    pub(crate) fn new(socket: Rc<Shared>) -> Self {
        Self { socket, filling: Cell::default() }
    }

    pub(crate) fn socket(&self) -> &Rc<Shared> {
        &self.socket
    }

    /// Sends what was committed, before what comes now.
    pub(super) fn push_out(&self) {
        if let Some(mut filling) = self.filling.take() {
            if filling.used > 0 {
                let Filling { memory, used } = std::mem::take(&mut *filling);
                self.socket.send_later(memory, used);
            }
            self.filling.set(Some(filling));
        }
    }

    pub(crate) async fn space(&mut self) -> io::Result<&mut [u8]> {
        let mut hook = CancelHook::default();
        poll_fn(|cx| self.poll_space(cx, &mut hook)).await?;
        let Filling { memory, used } = &mut **self.filling.get_mut().get_or_insert_default();
        Ok(&mut memory[*used..])
    }

    fn poll_space(&self, cx: &mut Context<'_>, hook: &mut CancelHook) -> Poll<io::Result<()>> {
        let told = self.socket.outbox.take_error();
        let mut filling = self.filling.take().unwrap_or_default();
        if told.is_err() {
            // Committed behind what is lost, and before anybody knew: it goes the same way.
            filling.used = 0;
        } else if filling.memory.is_empty() && self.socket.outbox.buffers() < ON_THEIR_WAY {
            let spare = self.socket.outbox.take_spare();
            // Zeroed once; what was sent from it is the stream's own and may be shown again.
            filling.memory = spare.unwrap_or_else(|| vec![0; MEMORY_LEN]);
        }
        let is_ready = !filling.memory.is_empty();
        self.filling.set(Some(filling));
        told?;
        if is_ready {
            return Poll::Ready(Ok(()));
        }
        if hook.is_cancelled(cx) {
            return Poll::Ready(Err(io::Error::from_raw_os_error(125)));
        }
        self.socket.writers.register(cx);
        Poll::Pending
    }

    pub(crate) fn commit(&mut self, n: usize) {
        let filling = self.filling.get_mut().get_or_insert_default();
        let room = filling.memory.len() - filling.used;
        assert!(n <= room, "committed {n} bytes of {room}");
        filling.used += n;
        if filling.used == filling.memory.len() {
            self.push_out();
        }
    }

    pub(crate) fn buffered(&self) -> usize {
        let filling = self.filling.take();
        let used = filling.as_ref().map_or(0, |filling| filling.used);
        self.filling.set(filling);
        used + self.socket.outbox.bytes()
    }

    pub(crate) fn non_blocking_flush(&self) -> io::Result<NonBlocking<()>> {
        self.push_out();
        self.socket.outbox.take_error()?;
        if self.socket.outbox.buffers() > 0 {
            return Ok(NonBlocking::WouldBlock);
        }
        Ok(NonBlocking::Ready(()))
    }

    /// Until nothing is committed and not sent, and no other write is in flight.
    pub(crate) async fn flush(&self) -> io::Result<()> {
        self.push_out();
        self.socket.sent().await?;
        self.socket.outbox.take_error()
    }

    pub(crate) fn non_blocking_write_vectored(
        &self,
        bufs: &[IoSlice<'_>],
    ) -> io::Result<NonBlocking<usize>> {
        self.push_out();
        self.socket.non_blocking_write_vectored(bufs)
    }

    pub(crate) fn write_owned<B: IoBuf>(&self, buf: B) -> WriteOwned<'_, Send<B>> {
        WriteOwned::new(self, buf)
    }

    pub(crate) fn write_all_owned<B: IoBuf>(&self, buf: B) -> WriteAll<'_, B> {
        WriteAll::new(self, buf)
    }

    pub(crate) async fn write_vectored_owned<V: IoVecBuf>(&self, bufs: V) -> BufResult<usize, V> {
        match self.socket.kind() {
            Kind::Socket => WriteOwned::<SendVectored<V>>::new(self, bufs).await,
            Kind::Pipe => WriteOwned::<WriteVectored<V>>::new(self, bufs).await,
        }
    }

    pub(crate) async fn ready(&self) -> io::Result<Readiness> {
        self.push_out();
        self.socket.ready_to_write().await
    }

    pub(crate) async fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        if how != Shutdown::Read {
            self.flush().await?;
        }
        self.socket.shut(how)
    }

    pub(crate) fn poll_write_vectored(
        &self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.push_out();
        self.socket.poll_write_vectored(cx, bufs)
    }

    pub(crate) fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.push_out();
        self.socket.poll_write_ready(cx)
    }

    pub(crate) fn poll_shutdown(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.push_out();
        ready!(self.socket.poll_all_sent(cx))?;
        self.socket.outbox.take_error()?;
        Poll::Ready(self.socket.shut(Shutdown::Write))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.socket.bury_sends();
    }
}
