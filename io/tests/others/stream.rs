//! A non-blocking socket of std's behind the traits: two required methods, and the rest follows.

use crate::runtime;
use rustix::event::PollFlags;
use sexton_buffers::{BufError, BufResult, IoBuf, IoVecBuf, ReadCursor};
use sexton_io::{
    BufReader, Interest, NonBlocking, Owned, OwnedWrite, Read, Readiness, Ready, SplitIo, Write,
};
use std::io::{self, ErrorKind, IoSlice, Read as _, Write as _};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::rc::Rc;

/// One direction of a socket, or both.
pub(crate) struct Half {
    /// std's socket calls work on every stream socket, whatever its family.
    socket: std::os::unix::net::UnixStream,
    /// The same one, for `poll`.
    fd: Rc<OwnedFd>,
}

impl Half {
    fn new(fd: OwnedFd) -> io::Result<Self> {
        let socket = std::os::unix::net::UnixStream::from(fd.try_clone()?);
        socket.set_nonblocking(true)?;
        Ok(Self { socket, fd: Rc::new(fd) })
    }

    fn try_clone(&self) -> io::Result<Self> {
        Ok(Self { socket: self.socket.try_clone()?, fd: Rc::clone(&self.fd) })
    }
}

/// `WouldBlock` is no error here, and a signal is no reason to stop.
fn answer<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<NonBlocking<T>> {
    loop {
        match call() {
            Ok(answer) => return Ok(NonBlocking::Ready(answer)),
            Err(e) if e.kind() == ErrorKind::WouldBlock => return Ok(NonBlocking::WouldBlock),
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
}

impl Ready for Half {
    async fn ready(&mut self, interest: Interest) -> io::Result<Readiness> {
        let mut asked = PollFlags::empty();
        asked.set(PollFlags::IN, interest.contains(Interest::READ));
        asked.set(PollFlags::OUT, interest.contains(Interest::WRITE));
        let found = runtime::wait(Rc::clone(&self.fd), asked).await;
        // Whoever is told of an error or a hang-up tries, and is told which.
        let over = found.intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL);
        let (read, write) = (found.contains(PollFlags::IN), found.contains(PollFlags::OUT));
        Ok(Readiness::new(read || over, write || over, found.contains(PollFlags::HUP)))
    }
}

impl Read for Half {
    fn non_blocking_read_buf(&mut self, mut buf: ReadCursor<'_>) -> io::Result<NonBlocking<()>> {
        let room = buf.ensure_init(); // std wants initialised bytes; zeroed once for each buffer
        let outcome = answer(|| self.socket.read(room))?;
        Ok(outcome.map(|n| buf.advance(n)))
    }
}

impl Write for Half {
    fn non_blocking_write(&mut self, buf: &[u8]) -> io::Result<NonBlocking<usize>> {
        answer(|| self.socket.write(buf))
    }

    fn non_blocking_write_vectored(
        &mut self,
        bufs: &[IoSlice<'_>],
    ) -> io::Result<NonBlocking<usize>> {
        answer(|| self.socket.write_vectored(bufs))
    }

    fn non_blocking_flush(&mut self) -> io::Result<NonBlocking<()>> {
        Ok(NonBlocking::Ready(())) // a socket holds nothing back
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    async fn shutdown(&mut self) -> io::Result<()> {
        self.socket.shutdown(Shutdown::Write)
    }
}

/// The bytes are taken within one call, so the buffer need not be given away: it is here, and goes
/// back with the answer.
impl OwnedWrite for Half {
    async fn write_owned<B: IoBuf>(&mut self, buf: B) -> BufResult<usize, B> {
        match self.write(buf.filled()).await {
            Ok(n) => Ok((n, buf)),
            Err(error) => Err(BufError::new(error, buf)),
        }
    }

    async fn write_vectored_owned<V: IoVecBuf>(&mut self, bufs: V) -> BufResult<usize, V> {
        loop {
            let (mut taken, mut stopped) = (0, false);
            let mut failed = None;
            bufs.for_each_filled(&mut |part| {
                if part.is_empty() || stopped || failed.is_some() {
                    return;
                }
                match self.non_blocking_write(part) {
                    Ok(NonBlocking::Ready(n)) => {
                        taken += n;
                        stopped |= n < part.len();
                    }
                    Ok(NonBlocking::WouldBlock) => stopped = true,
                    Err(error) => failed = Some(error),
                }
            });
            match failed {
                Some(error) if taken == 0 => return Err(BufError::new(error, bufs)),
                _ if taken > 0 || bufs.total_filled() == 0 => return Ok((taken, bufs)),
                _ => {}
            }
            if let Err(error) = self.ready(Interest::WRITE).await {
                return Err(BufError::new(error, bufs));
            }
        }
    }

    async fn flush_owned(&mut self) -> io::Result<()> {
        self.flush().await
    }

    async fn shutdown_owned(&mut self) -> io::Result<()> {
        self.shutdown().await
    }
}

/// A whole stream: what reads has memory of its own, by two adaptors over the required methods.
pub(crate) struct Stream {
    reader: BufReader<Owned<Half>>,
    writer: Half,
}

impl Stream {
    pub(crate) fn new(socket: OwnedFd) -> io::Result<Self> {
        let writer = Half::new(socket)?;
        let reader = BufReader::with_capacity(writer.try_clone()?.owned(), 1024);
        Ok(Self { reader, writer })
    }
}

impl SplitIo for Stream {
    type ReadHalf<'a> = &'a mut BufReader<Owned<Half>>;
    type WriteHalf<'a> = &'a mut Half;

    fn split_io(&mut self) -> (Self::ReadHalf<'_>, Self::WriteHalf<'_>) {
        (&mut self.reader, &mut self.writer)
    }
}
