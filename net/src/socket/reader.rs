//! The handle that may show a stream's bytes: it alone holds the chunk being shown.

use super::read::{ReadExact, ReadOwned};
use super::recv::Flight;
use super::shared::Shared;
use sexton_buffers::{BufError, BufResult, Chunk, IoBufMut, IoVecBufMut, VectoredTail};
use sexton_io::{Interest, NonBlocking, Readiness};
use sexton_runtime::op::{PollFd, submit};
use sexton_runtime::{CancelHook, calls, count_copied};
use std::cell::Cell;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

/// The reading side of a stream. There is one: the stream itself, or its read half.
pub(crate) struct Reader {
    socket: Rc<Shared>,
    /// What `fill_buf` shows. Behind `&mut self` it is borrowed; `&self` methods put it back first.
    shown: Cell<Option<Chunk>>,
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").field("socket", &self.socket).finish_non_exhaustive()
    }
}

impl Reader {
    pub(crate) fn new(socket: Rc<Shared>) -> Self {
        Self { socket, shown: Cell::default() }
    }

    pub(crate) fn socket(&self) -> &Rc<Shared> {
        &self.socket
    }

    /// Puts back what is shown: readers through `&self` take from the socket.
    pub(super) fn unshow(&self) {
        if let Some(chunk) = self.shown.take() {
            self.socket.put_back(chunk);
        }
    }

    pub(crate) fn read_owned<B: IoBufMut>(&self, buf: B) -> ReadOwned<'_, B> {
        self.unshow();
        ReadOwned::new(&self.socket, buf)
    }

    /// Fills `buf` completely; what a dropped call has gathered is the stream's again.
    pub(crate) fn read_exact_owned<B: IoBufMut>(&self, buf: B) -> ReadExact<'_, B> {
        self.unshow();
        ReadExact::new(&self.socket, buf)
    }

    /// All that is left; what a dropped call has gathered is the stream's again.
    pub(crate) async fn read_to_end_owned(&self, buf: Vec<u8>) -> BufResult<usize, Vec<u8>> {
        self.unshow();
        ReadOwned::to_end(&self.socket, buf).await
    }

    /// Without waiting, then waiting for readiness: no buffer is with the kernel meanwhile.
    pub(crate) async fn read_vectored_owned<V: IoVecBufMut>(
        &self,
        mut bufs: V,
    ) -> BufResult<usize, V> {
        loop {
            let mut tail = VectoredTail::new(&mut bufs);
            let has_room = tail.unfilled().remaining() > 0;
            let outcome = if has_room {
                self.non_blocking_read_vectored(tail.unfilled())
            } else {
                Err(super::read::no_room())
            };
            let count = tail.commit();
            match outcome {
                Ok(NonBlocking::Ready(_)) => return Ok((count, bufs)),
                Ok(NonBlocking::WouldBlock) => {}
                Err(error) => return Err(BufError::new(error, bufs)),
            }
            if let Err(error) = self.ready(Interest::READ).await {
                return Err(BufError::new(error, bufs));
            }
        }
    }

    /// Whether bytes are shown.
    pub(super) fn has_shown(&self) -> bool {
        let shown = self.shown.take();
        let has_shown = shown.as_ref().is_some_and(|chunk| !chunk.is_empty());
        self.shown.set(shown);
        has_shown
    }

    /// What is shown.
    pub(super) fn shown(&mut self) -> &[u8] {
        self.shown.get_mut().as_deref().unwrap_or_default()
    }

    /// Shows all up to the end of the stream, or up to `found`: nothing leaves the stream before.
    pub(crate) async fn gather(&mut self, mut found: impl FnMut(&[u8]) -> bool) -> io::Result<()> {
        let mut wanted = 1;
        loop {
            let shown = self.fill_at_least(wanted).await?;
            if shown.len() < wanted || found(shown) {
                return Ok(());
            }
            wanted = shown.len() + 1;
        }
    }

    /// Makes `shown` hold bytes, unless the stream has ended: then it holds none.
    pub(crate) fn poll_fill(
        &self,
        cx: &mut Context<'_>,
        hook: &mut CancelHook,
    ) -> Poll<io::Result<()>> {
        if self.has_shown() {
            return Poll::Ready(Ok(()));
        }
        let next = ready!(self.poll_chunk(cx, hook))?;
        let old = self.shown.replace(next);
        drop(old);
        Poll::Ready(Ok(()))
    }

    /// The next chunk that nobody has claimed; `None` at the end of the stream.
    fn poll_chunk(
        &self,
        cx: &mut Context<'_>,
        hook: &mut CancelHook,
    ) -> Poll<io::Result<Option<Chunk>>> {
        let idle = {
            let mut recv = self.socket.recv.borrow_mut();
            recv.rob();
            if let Some(chunk) = recv.chunks.pop_front() {
                return Poll::Ready(Ok(Some(chunk)));
            }
            if let Some(error) = recv.take_error() {
                return Poll::Ready(Err(error));
            }
            if recv.eof {
                return Poll::Ready(Ok(None));
            }
            recv.is_idle()
        };
        if hook.is_cancelled(cx) {
            // The receive stays with the stream: nothing is lost.
            return Poll::Ready(Err(io::Error::from_raw_os_error(125)));
        }
        if idle {
            self.socket.arm()?;
        }
        self.socket.readers.register(cx);
        Poll::Pending
    }

    pub(crate) fn fill_buf(&mut self) -> FillBuf<'_> {
        FillBuf { reader: Some(self), hook: CancelHook::default() }
    }

    pub(crate) fn consume(&mut self, n: usize) {
        let shown = self.shown.get_mut();
        match shown {
            Some(chunk) => chunk.consume(n),
            None => assert!(n == 0, "more bytes consumed than there are"),
        }
        // At once, not at the next read: others may wait for the pool's buffer meanwhile.
        drop(shown.take_if(|chunk| chunk.is_empty()));
    }

    /// Shows at least `n` bytes in one piece. What lies in several chunks is put together.
    pub(crate) async fn fill_at_least(&mut self, n: usize) -> io::Result<&[u8]> {
        let mut hook = CancelHook::default();
        poll_fn(|cx| self.poll_fill(cx, &mut hook)).await?;
        while self.shown_len() > 0 && self.shown_len() < n {
            let Some(more) = poll_fn(|cx| self.poll_chunk(cx, &mut hook)).await? else { break };
            let shown = self.shown.get_mut();
            let mut bytes = shown.take().map(Chunk::into_vec).unwrap_or_default();
            bytes.extend_from_slice(&more);
            count_copied(bytes.len());
            *shown = Some(Chunk::from(bytes));
        }
        Ok(self.shown())
    }

    fn shown_len(&mut self) -> usize {
        self.shown().len()
    }

    pub(crate) fn read_managed(&self, max: usize) -> ReadManaged<'_> {
        ReadManaged { reader: self, max, hook: CancelHook::default() }
    }

    /// For a stream of both directions: a send in flight is the write's own readiness.
    pub(crate) async fn stream_ready(&self, interest: Interest) -> io::Result<Readiness> {
        if interest.contains(Interest::WRITE) && !interest.contains(Interest::READ) {
            self.socket.sent().await?;
        }
        self.ready(interest).await
    }

    /// Waits until a read would not wait, and says what else is ready if `interest` asks for it.
    pub(crate) async fn ready(&self, interest: Interest) -> io::Result<Readiness> {
        let shown = self.has_shown();
        let wants_read = interest.contains(Interest::READ);
        let wants_write = interest.contains(Interest::WRITE);
        if wants_read && (shown || self.socket.recv.borrow().is_ready()) {
            return Ok(Readiness::new(true, false, false));
        }
        let mut mask = 0;
        if wants_read {
            if !matches!(self.socket.recv.borrow().flight, Flight::None) && !wants_write {
                // The receive in flight takes the bytes: its end is the readiness.
                let mut hook = CancelHook::default();
                poll_fn(|cx| self.poll_landed(cx, &mut hook)).await?;
                return Ok(Readiness::new(true, false, false));
            }
            mask |= PollFd::READ;
        }
        if wants_write {
            mask |= PollFd::WRITE;
        }
        let fd = self.socket.fd().clone();
        let ready = submit(PollFd { fd, mask }).await?;
        let (read, write) = (PollFd::is_read(ready), PollFd::is_write(ready));
        Ok(Readiness::new(wants_read && read, wants_write && write, PollFd::is_hup(ready)))
    }

    fn poll_landed(&self, cx: &mut Context<'_>, hook: &mut CancelHook) -> Poll<io::Result<()>> {
        let recv = self.socket.recv.borrow();
        if recv.is_ready() || matches!(recv.flight, Flight::None) {
            return Poll::Ready(Ok(()));
        }
        drop(recv);
        if hook.is_cancelled(cx) {
            return Poll::Ready(Err(io::Error::from_raw_os_error(125)));
        }
        self.socket.readers.register(cx);
        Poll::Pending
    }

    /// Copies bytes that wait, without taking them.
    pub(crate) async fn peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.unshow();
        loop {
            {
                let mut recv = self.socket.recv.borrow_mut();
                recv.rob();
                if let Some(chunk) = recv.chunks.front() {
                    let n = chunk.len().min(buf.len());
                    buf[..n].copy_from_slice(&chunk[..n]);
                    return Ok(n);
                }
                if let Some(error) = recv.take_error() {
                    return Err(error);
                }
                if recv.eof {
                    return Ok(0);
                }
            }
            if matches!(self.socket.recv.borrow().flight, Flight::None) {
                let mut borrowed = sexton_buffers::ReadBuf::from(&mut *buf);
                match calls::socket::recv(self.socket.fd(), &mut borrowed.unfilled(), true) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    outcome => return outcome,
                }
            }
            self.ready(Interest::READ).await?;
        }
    }
}

/// Waits until bytes are there, or the end, and shows them.
pub(crate) struct FillBuf<'a> {
    /// None once it has ended.
    reader: Option<&'a mut Reader>,
    hook: CancelHook,
}

impl<'a> Future for FillBuf<'a> {
    type Output = io::Result<&'a [u8]>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let Some(reader) = this.reader.take() else {
            panic!("a `fill_buf` was polled after it had ended");
        };
        match reader.poll_fill(cx, &mut this.hook) {
            Poll::Ready(filled) => Poll::Ready(filled.map(|()| reader.shown())),
            Poll::Pending => {
                this.reader = Some(reader);
                Poll::Pending
            }
        }
    }
}

/// Waits for a chunk, and gives it away: all of it, or a copy of what is wanted.
pub(crate) struct ReadManaged<'a> {
    reader: &'a Reader,
    max: usize,
    hook: CancelHook,
}

impl Future for ReadManaged<'_> {
    type Output = io::Result<Option<Chunk>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { reader, max, ref mut hook } = *self;
        reader.unshow();
        if max == 0 {
            return Poll::Ready(Err(super::read::no_room()));
        }
        let Some(mut chunk) = ready!(reader.poll_chunk(cx, hook))? else {
            return Poll::Ready(Ok(None));
        };
        if chunk.len() <= max {
            return Poll::Ready(Ok(Some(chunk)));
        }
        let head = Chunk::from(chunk[..max].to_vec());
        count_copied(max);
        chunk.consume(max);
        reader.socket.put_back(chunk);
        Poll::Ready(Ok(Some(head)))
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.socket.bury_reads();
    }
}
