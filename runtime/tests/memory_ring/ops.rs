//! Operations as users write them: safe code on the public constructors.

use sexton_buffers::{BufError, BufResult, IoBuf, IoBufMut, IoVecBuf, PoolBuf, ProvidedPool};
use sexton_runtime::op::{Completion, Entry, MsgSend, Multishot, Op, SocketAddrBuf};
use sexton_runtime::{Fd, op, sim::hand as sim};
use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::rc::Rc;
use std::time::Duration;

fn with_buf<B>(result: io::Result<usize>, buf: B) -> BufResult<usize, B> {
    match result {
        Ok(count) => Ok((count, buf)),
        Err(error) => Err(BufError::new(error, buf)),
    }
}

pub(crate) struct Recv<B> {
    pub(crate) fd: Fd,
    pub(crate) buf: B,
}

impl<B: IoBufMut> Op for Recv<B> {
    type Output = BufResult<usize, B>;

    fn entry(&mut self) -> Entry<'_> {
        Entry::recv(&self.fd, &mut self.buf, false)
    }

    fn complete(self, completion: Completion) -> Self::Output {
        with_buf(completion.count(), self.buf)
    }
}

pub(crate) struct Send<B> {
    pub(crate) fd: Fd,
    pub(crate) buf: B,
}

impl<B: IoBuf> Op for Send<B> {
    type Output = BufResult<usize, B>;

    fn entry(&mut self) -> Entry<'_> {
        Entry::send(&self.fd, &self.buf)
    }

    fn complete(self, completion: Completion) -> Self::Output {
        with_buf(completion.count(), self.buf)
    }
}

pub(crate) struct SendZc<B> {
    pub(crate) fd: Fd,
    pub(crate) buf: B,
}

impl<B: IoBuf> Op for SendZc<B> {
    type Output = BufResult<usize, B>;

    fn entry(&mut self) -> Entry<'_> {
        Entry::send_zc(&self.fd, &self.buf)
    }

    fn complete(self, completion: Completion) -> Self::Output {
        with_buf(completion.count(), self.buf)
    }
}

pub(crate) struct SendVectored<V> {
    pub(crate) fd: Fd,
    pub(crate) msg: MsgSend<V>,
}

impl<V: IoVecBuf> Op for SendVectored<V> {
    type Output = BufResult<usize, V>;

    fn entry(&mut self) -> Entry<'_> {
        Entry::sendmsg(&self.fd, &mut self.msg)
    }

    fn complete(self, completion: Completion) -> Self::Output {
        with_buf(completion.count(), self.msg.into_inner())
    }
}

/// The kernel writes the peer's address into the operation itself, that is, into its slot.
pub(crate) struct Accept {
    pub(crate) fd: Fd,
    pub(crate) peer: SocketAddrBuf,
}

impl Accept {
    pub(crate) fn new(fd: &Fd) -> Self {
        Self { fd: fd.clone(), peer: SocketAddrBuf::empty() }
    }
}

impl Op for Accept {
    type Output = io::Result<(OwnedFd, Option<SocketAddr>)>;

    fn entry(&mut self) -> Entry<'_> {
        Entry::accept(&self.fd, &mut self.peer, false)
    }

    fn complete(self, completion: Completion) -> Self::Output {
        completion.fd().map(|fd| (fd, self.peer.get()))
    }
}

pub(crate) struct RecvProvided {
    pub(crate) fd: Fd,
    pub(crate) pool: ProvidedPool,
    /// Not meant for an operation with one answer, and none of the compiler's business.
    pub(crate) multishot: bool,
}

impl Op for RecvProvided {
    type Output = io::Result<Option<PoolBuf>>;

    fn entry(&mut self) -> Entry<'_> {
        Entry::recv_provided(&self.fd, &self.pool, self.multishot)
    }

    fn complete(self, completion: Completion) -> Self::Output {
        completion.bufs().map(|bufs| bufs.and_then(|mut bufs| bufs.next()))
    }
}

/// What a multishot receive has given so far.
#[derive(Clone, Default)]
pub(crate) struct Inbox(pub(crate) Rc<RefCell<Vec<Item>>>);

/// Bytes, or an errno.
type Item = Result<Vec<u8>, i32>;

impl Inbox {
    fn put(&self, completion: Completion) {
        let item = match completion.bufs() {
            Ok(bufs) => Ok(bufs.into_iter().flatten().flat_map(|buf| buf.to_vec()).collect()),
            Err(error) => Err(error.raw_os_error().unwrap_or(0)),
        };
        self.0.borrow_mut().push(item);
    }
}

pub(crate) struct RecvMultishot {
    pub(crate) fd: Fd,
    pub(crate) pool: ProvidedPool,
}

impl Multishot for RecvMultishot {
    type Handler = Inbox;

    fn entry(&mut self) -> Entry<'_> {
        Entry::recv_provided(&self.fd, &self.pool, true)
    }

    fn item(handler: &Inbox, completion: Completion) {
        handler.put(completion);
    }

    fn end(self, handler: Inbox, completion: Completion) {
        handler.put(completion);
    }
}

/// Too large for a slot: it is boxed at submission.
pub(crate) struct Large<O> {
    pub(crate) op: O,
    pub(crate) ballast: [u64; 40],
}

impl<O: Op> Op for Large<O> {
    type Output = O::Output;

    fn entry(&mut self) -> Entry<'_> {
        self.op.entry()
    }

    fn complete(self, completion: Completion) -> Self::Output {
        assert_eq!(self.ballast, [7; 40]);
        self.op.complete(completion)
    }
}

/// Ends [`sim::hold`] of a descriptor when it is ended itself, at the shutdown at the latest.
pub(crate) struct ReleaseAtEnd {
    timeout: op::Timeout,
    fd: Fd,
}

impl ReleaseAtEnd {
    pub(crate) fn submit(fd: &Fd) {
        let timeout = op::Timeout::new(Duration::from_secs(1000));
        let release = Self { timeout, fd: fd.clone() };
        assert!(op::Detached::submit(release).is_ok());
    }
}

impl Op for ReleaseAtEnd {
    type Output = ();

    fn entry(&mut self) -> Entry<'_> {
        self.timeout.entry()
    }

    fn complete(self, completion: Completion) {
        drop(completion);
        sim::release(&self.fd).unwrap();
    }
}
