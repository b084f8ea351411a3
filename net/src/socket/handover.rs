//! A stream on its way out of the runtime: its descriptor, and the bytes that nobody read.

use super::reader::Reader;
use super::shared::Shared;
use super::writer::Writer;
use sexton_runtime::Fd;
use sexton_runtime::time::{Duration, sleep};
use std::future::poll_fn;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::rc::Rc;
use std::task::Poll;

/// How often it is looked whether operations of dropped futures have let go of a descriptor,
const LOOKS: u32 = 500;
/// and the time between: a cancel is tried again after 20 ms.
const BETWEEN: Duration = Duration::from_millis(1);

/// Waits until nothing but `shared` has the descriptor. Operations of dropped futures are
/// cancelled, and let go of it soon; those of forgotten futures are not waited for any longer.
pub(crate) async fn alone<S>(shared: &Rc<S>, fd: fn(&S) -> &Fd) {
    for _ in 0..LOOKS {
        if Rc::strong_count(shared) == 1 && fd(shared).handles() == 1 {
            return;
        }
        sleep(BETWEEN).await;
    }
}

impl Reader {
    /// Ends the receive in flight and waits for its end: all bytes that came are then in the
    /// socket.
    async fn settle(&self) {
        self.unshow();
        self.socket().polls.clear();
        poll_fn(|cx| {
            if !self.socket().is_busy() {
                return Poll::Ready(());
            }
            self.socket().stop_receiving();
            self.socket().readers.register(cx);
            self.socket().writers.register(cx);
            Poll::Pending
        })
        .await;
    }

    /// The bytes that came and were not read.
    fn take_unread(&self) -> Vec<u8> {
        self.unshow();
        let mut recv = self.socket().recv.borrow_mut();
        recv.rob();
        let chunks = std::mem::take(&mut recv.chunks);
        drop(recv);
        let mut bytes = Vec::new();
        for chunk in chunks {
            bytes.extend_from_slice(&chunk);
        }
        bytes
    }

    /// The descriptor, when nothing is in flight any more, and the bytes that were not read. What
    /// was committed is sent before.
    pub(crate) async fn into_fd(self, writer: Writer) -> io::Result<(OwnedFd, Vec<u8>)> {
        writer.flush().await?;
        drop(writer);
        self.settle().await;
        let unread = self.take_unread();
        let socket = Rc::clone(self.socket());
        drop(self);
        alone(&socket, Shared::fd).await;
        let fd = Rc::try_unwrap(socket).ok().and_then(|socket| socket.into_fd().try_unwrap().ok());
        let fd = fd.ok_or_else(|| busy("an operation on the stream is still in flight"))?;
        Ok((fd, unread))
    }

    /// A descriptor of its own for the same stream, if nothing is unread or in flight, and no loss
    /// of committed bytes untold.
    pub(crate) fn idle_fd(&self, writer: &Writer) -> io::Result<OwnedFd> {
        self.unshow();
        let socket = self.socket();
        socket.outbox.take_error()?;
        let is_busy = writer.buffered() > 0 || socket.is_busy() || socket.recv.borrow().is_ready();
        if is_busy || socket.fd().handles() > 1 || Rc::strong_count(socket) > 2 {
            return Err(busy("bytes are unread, or an operation is in flight: use `into_std`"));
        }
        socket.fd().as_fd().try_clone_to_owned()
    }
}

fn busy(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::ResourceBusy, what)
}
