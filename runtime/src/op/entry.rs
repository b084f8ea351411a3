//! The description of a submission: data that borrows from the operation it was made by.
//!
//! # Invariants
//!
//! - **I1** every pointer in an `Entry<'a>` comes from a reference that lives for `'a`, so what
//!   safe code returns from `entry` points into its operation, or is static.
//! - **I2** a buffer's mark is made from the same reference as the buffer's address, so the driver
//!   marks exactly what the kernel filled.

#![allow(unsafe_code, reason = "marks are functions on raw buffers; the driver calls them")]

use super::abi;
use super::addr::SocketAddrBuf;
use super::msg::{MsgRecv, MsgSend, Parts};
use super::open_how::OpenHow;
use super::unix_addr::UnixAddrBuf;
use crate::fd::Fd;
use crate::sys::Request;
use io_uring::opcode;
use sexton_buffers::registry::Mark;
use sexton_buffers::{
    Claim, Consumption, IoBuf, IoBufMut, IoVecBuf, IoVecBufMut, ProvidedPool, Registration,
};
use std::ffi::CStr;
use std::marker::PhantomData;
use std::rc::Rc;

/// The kernel moves at most this many bytes at once (`MAX_RW_COUNT`); longer requests are clamped.
const MAX_LEN: usize = 0x7fff_f000;

/// What a successful answer gives, beside its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Gives {
    /// Nothing.
    Nothing = 0,
    /// A descriptor, as the number.
    Fd = 1,
    /// A provided buffer, named by the flags.
    Provided = 2,
}

impl Gives {
    pub(crate) fn from_u8(byte: u8) -> Self {
        match byte {
            1 => Self::Fd,
            2 => Self::Provided,
            _ => Self::Nothing,
        }
    }
}

/// What an operation asks of the kernel: opcode, descriptor, memory, flags.
///
/// It borrows from the operation that made it: every constructor takes references.
#[must_use]
pub struct Entry<'a> {
    pub(crate) request: Request,
    pub(crate) mark: Option<Mark>,
    /// Bytes of memory that the request names: no more can be filled, or sent.
    pub(crate) limit: u32,
    pub(crate) gives: Gives,
    /// Where the buffer is registered: on that ring the fixed kind of the operation serves.
    pub(crate) fixed: Option<Registration>,
    /// Whether the graveyard's limit holds it back.
    pub(crate) exempt: bool,
    /// Whether the result comes before the last answer, which is a notification.
    pub(crate) notified: bool,
    /// Who is told when the result is here.
    pub(crate) tells: Option<Rc<dyn Answered>>,
    /// The descriptor, if the operation itself need not hold it: kept until the result.
    pub(crate) fd: Option<Fd>,
    _at: PhantomData<&'a mut ()>,
}

impl std::fmt::Debug for Entry<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Entry").field("request", &self.request).finish_non_exhaustive()
    }
}

/// Who wants to know that an operation has its result, whether its future is polled again or was
/// forgotten.
pub trait Answered {
    /// The result is here; the operation's own future has not seen it yet. The kernel has let go of
    /// the operation, unless it is a zero-copy send.
    fn answered(self: Rc<Self>);
}

/// The length for the kernel: clamped, never cut off.
fn clamp(len: usize) -> u32 {
    len.min(MAX_LEN) as u32
}

/// # Safety
/// `buf` points to a `B` that nobody else touches, whose first `n` unfilled bytes are initialised.
unsafe fn mark_filled<B: IoBufMut>(buf: *mut (), n: usize) {
    // SAFETY: I2: made for this type and this buffer.
    let buf = unsafe { &mut *buf.cast::<B>() };
    // SAFETY: the caller vouches for the bytes.
    unsafe { buf.mark_filled(n) }
}

/// # Safety
/// As for `mark_filled`, of a `Claim`'s buffer.
unsafe fn record_claim(claim: *mut (), n: usize) {
    // SAFETY: I2: made for a claim.
    let claim = unsafe { &mut *claim.cast::<Claim>() };
    // SAFETY: the caller vouches for the bytes.
    unsafe { claim.record(n) }
}

/// # Safety
/// As for `mark_filled`, over all parts in order.
unsafe fn mark_filled_vec<V: IoVecBufMut>(bufs: *mut (), n: usize) {
    // SAFETY: I2: made for this type and these buffers.
    let bufs = unsafe { &mut *bufs.cast::<V>() };
    // SAFETY: the caller vouches for the bytes.
    unsafe { bufs.mark_filled_vec(n) }
}

impl<'a> Entry<'a> {
    fn new(opcode: u8) -> Self {
        Self {
            request: Request::new(opcode),
            mark: None,
            limit: 0,
            gives: Gives::Nothing,
            fixed: None,
            exempt: false,
            notified: false,
            tells: None,
            fd: None,
            _at: PhantomData,
        }
    }

    fn on(opcode: u8, fd: &'a Fd) -> Self {
        let mut entry = Self::new(opcode);
        entry.request.fd = fd.raw();
        entry
    }

    fn fill<B: IoBufMut>(mut self, buf: &'a mut B) -> Self {
        let buf: *mut B = buf;
        // SAFETY: I1: `buf` is borrowed for `'a`, exclusively. The address of the buffer's bytes
        // does not depend on this borrow: rule 1 of `IoBuf`.
        let unfilled = unsafe { (*buf).unfilled() };
        self.request.addr = unfilled.cast();
        self.request.len = clamp(unfilled.len());
        self.limit = self.request.len;
        self.mark = Some(Mark { mark: mark_filled::<B>, buf: buf.cast() });
        self
    }

    fn drain<B: IoBuf>(mut self, buf: &'a B) -> Self {
        let filled = buf.filled();
        self.request.addr = filled.as_ptr().cast_mut();
        self.request.len = clamp(filled.len());
        self.limit = self.request.len;
        self
    }

    /// Tells `whom` when the result is here, also if nobody polls for it: what waits behind this
    /// operation need not wait for its future.
    pub fn tell(mut self, whom: Rc<dyn Answered>) -> Self {
        self.tells = Some(whom);
        self
    }

    /// Does nothing, at the speed of the ring. `IORING_OP_NOP`, since Linux 5.1.
    pub fn nop() -> Self {
        Self::new(opcode::Nop::CODE)
    }

    /// Reads at `offset` into the unfilled part of `buf`. `IORING_OP_READ`, since Linux 5.6;
    /// `IORING_OP_READ_FIXED`, since Linux 5.1, if `buf` is registered with the ring.
    pub fn read<B: IoBufMut>(fd: &'a Fd, buf: &'a mut B, offset: u64) -> Self {
        let fixed = buf.registration();
        let mut entry = Self::on(opcode::Read::CODE, fd).fill(buf);
        entry.request.off = offset;
        entry.fixed = fixed;
        entry
    }

    /// Writes the filled part of `buf` at `offset`. `IORING_OP_WRITE`, since Linux 5.6;
    /// `IORING_OP_WRITE_FIXED`, since Linux 5.1, if `buf` is registered with the ring.
    pub fn write<B: IoBuf>(fd: &'a Fd, buf: &'a B, offset: u64) -> Self {
        let mut entry = Self::on(opcode::Write::CODE, fd).drain(buf);
        entry.request.off = offset;
        entry.fixed = buf.registration();
        entry
    }

    /// Reads at `offset` into several buffers in order. `IORING_OP_READV`, since Linux 5.1.
    pub fn readv<V: IoVecBufMut>(fd: &'a Fd, parts: &'a mut Parts<V>, offset: u64) -> Self {
        let mut entry = Self::on(opcode::Readv::CODE, fd);
        let (bufs, vecs, total) = parts.link_unfilled();
        entry.request.addr = vecs.as_ptr().cast_mut().cast();
        entry.request.len = vecs.len() as u32;
        entry.request.off = offset;
        entry.mark = Some(Mark { mark: mark_filled_vec::<V>, buf: bufs.cast() });
        entry.limit = clamp(total);
        entry
    }

    /// Writes several buffers in order at `offset`. `IORING_OP_WRITEV`, since Linux 5.1.
    pub fn writev<V: IoVecBuf>(fd: &'a Fd, parts: &'a mut Parts<V>, offset: u64) -> Self {
        let mut entry = Self::on(opcode::Writev::CODE, fd);
        let (vecs, total) = parts.link_filled();
        entry.limit = clamp(total);
        entry.request.addr = vecs.as_ptr().cast_mut().cast();
        entry.request.len = vecs.len() as u32;
        entry.request.off = offset;
        entry
    }

    /// Receives into the unfilled part of `buf`. `IORING_OP_RECV`, since Linux 5.6.
    ///
    /// With `poll_first` the kernel does not try before the socket is readable (Linux 5.19).
    pub fn recv<B: IoBufMut>(fd: &'a Fd, buf: &'a mut B, poll_first: bool) -> Self {
        let mut entry = Self::on(opcode::Recv::CODE, fd).fill(buf);
        entry.request.ioprio = if poll_first { abi::RECV_POLL_FIRST } else { 0 };
        entry
    }

    /// Receives into a buffer without marking it: the bytes are recorded as claimable, by whoever
    /// reads next. Otherwise as [`recv`](Self::recv).
    pub fn recv_claim(fd: &'a Fd, claim: &'a mut Claim, poll_first: bool) -> Self {
        let claim: *mut Claim = claim;
        // SAFETY: I1: `claim` is borrowed for `'a`, exclusively.
        let unfilled = unsafe { &mut *claim }.room();
        let mut entry = Self::on(opcode::Recv::CODE, fd);
        entry.request.ioprio = if poll_first { abi::RECV_POLL_FIRST } else { 0 };
        entry.request.addr = unfilled.cast();
        entry.request.len = clamp(unfilled.len());
        entry.limit = entry.request.len;
        entry.mark = Some(Mark { mark: record_claim, buf: claim.cast() });
        entry
    }

    /// Receives a message into a buffer without marking it, as
    /// [`recv_claim`](Self::recv_claim), and who sent it into `msg`. What has no room in the buffer
    /// is lost. `IORING_OP_RECVMSG`, since Linux 5.3.
    pub fn recvmsg_claim(fd: &'a Fd, claim: &'a mut Claim, msg: &'a mut MsgRecv) -> Self {
        let mut entry = Self::recv_claim(fd, claim, false);
        entry.request.opcode = opcode::RecvMsg::CODE;
        let (room, len) = (entry.request.addr, entry.request.len as usize);
        entry.request.addr = msg.link(room, len).cast();
        entry.request.len = 1;
        entry
    }

    /// Reads a pipe into a buffer without marking it, as [`recv_claim`](Self::recv_claim).
    /// `IORING_OP_READ`, since Linux 5.6.
    pub fn read_claim(fd: &'a Fd, claim: &'a mut Claim) -> Self {
        let mut entry = Self::recv_claim(fd, claim, false);
        entry.request.opcode = opcode::Read::CODE;
        entry.request.off = u64::MAX;
        entry
    }

    /// Reads a pipe once into a buffer that the kernel picks from `pool` when data is there.
    /// `IORING_OP_READ` with provided buffers, since Linux 5.19.
    pub fn read_provided(fd: &'a Fd, pool: &'a ProvidedPool) -> Self {
        let mut entry = Self::recv_provided(fd, pool, false);
        entry.request.opcode = opcode::Read::CODE;
        entry.request.off = u64::MAX;
        entry
    }

    /// Receives into buffers that the kernel picks from `pool` when data is there, again and again
    /// if `multishot` (Linux 6.0): into several at once if the pool is used up so (Linux 6.10).
    /// `IORING_OP_RECV` with provided buffers, since Linux 5.19.
    pub fn recv_provided(fd: &'a Fd, pool: &'a ProvidedPool, multishot: bool) -> Self {
        let mut entry = Self::on(opcode::Recv::CODE, fd);
        entry.request.flags |= abi::SQE_BUFFER_SELECT;
        entry.request.buf = pool.group();
        entry.request.ioprio = match (multishot, pool.consumption()) {
            (true, Consumption::Bundle) => abi::RECV_MULTISHOT | abi::RECV_BUNDLE,
            (true, _) => abi::RECV_MULTISHOT,
            (false, _) => 0,
        };
        entry.gives = Gives::Provided;
        entry
    }

    /// Sends the filled part of `buf`, without `SIGPIPE`. `IORING_OP_SEND`, since Linux 5.6.
    pub fn send<B: IoBuf>(fd: &'a Fd, buf: &'a B) -> Self {
        let mut entry = Self::on(opcode::Send::CODE, fd).drain(buf);
        entry.request.op_flags = libc::MSG_NOSIGNAL as u32;
        entry
    }

    /// Sends the filled part of `buf` from where it lies, without `SIGPIPE`. `IORING_OP_SEND_ZC`,
    /// since Linux 6.0.
    ///
    /// The result comes before the kernel has let go of the buffer
    /// ([`Submit::poll_count`](crate::op::Submit::poll_count)), and the operation ends with a
    /// notification, with that result. The descriptor is kept until the result: a connection that
    /// is closed does not wait for its notifications.
    pub fn send_zc<B: IoBuf>(fd: &Fd, buf: &'a B) -> Self {
        let mut entry = Self::new(opcode::SendZc::CODE).drain(buf);
        entry.request.fd = fd.raw();
        entry.request.op_flags = libc::MSG_NOSIGNAL as u32;
        entry.notified = true;
        entry.fd = Some(fd.clone());
        entry
    }

    /// Sends the filled part of `buf` to an address, without `SIGPIPE`. `IORING_OP_SEND` with an
    /// address, since Linux 6.1.
    pub fn send_to<B: IoBuf>(fd: &'a Fd, buf: &'a B, to: &'a SocketAddrBuf) -> Self {
        let mut entry = Self::send(fd, buf);
        let (addr, len) = to.bytes();
        entry.request.addr2 = addr.cast_mut();
        // The length is the first half of the field.
        entry.request.file_index = if cfg!(target_endian = "big") { len << 16 } else { len };
        entry
    }

    /// Sends several buffers in order, without `SIGPIPE`. `IORING_OP_SENDMSG`, since Linux 5.3.
    pub fn sendmsg<V: IoVecBuf>(fd: &'a Fd, msg: &'a mut MsgSend<V>) -> Self {
        let mut entry = Self::on(opcode::SendMsg::CODE, fd);
        let (header, total) = msg.link();
        entry.request.addr = header.cast();
        entry.limit = clamp(total);
        entry.request.len = 1;
        entry.request.op_flags = libc::MSG_NOSIGNAL as u32;
        entry
    }

    /// Accepts a connection; the peer's address comes into `peer`. Gives a descriptor.
    /// `IORING_OP_ACCEPT`, since Linux 5.5.
    ///
    /// With `poll_first` the kernel does not try before a connection is there: before Linux 6.10
    /// that is refused (`EINVAL`).
    pub fn accept(fd: &'a Fd, peer: &'a mut SocketAddrBuf, poll_first: bool) -> Self {
        let mut entry = Self::on(opcode::Accept::CODE, fd);
        entry.request.ioprio = if poll_first { abi::ACCEPT_POLL_FIRST } else { 0 };
        let (addr, len) = peer.room();
        entry.request.addr = addr;
        entry.request.addr2 = len.cast();
        entry.request.op_flags = libc::SOCK_CLOEXEC as u32;
        entry.gives = Gives::Fd;
        entry
    }

    /// Connects to `peer`. `IORING_OP_CONNECT`, since Linux 5.5.
    pub fn connect(fd: &'a Fd, peer: &'a SocketAddrBuf) -> Self {
        Self::connect_to(fd, peer.bytes())
    }

    /// Connects to a local socket. `IORING_OP_CONNECT`, since Linux 5.5.
    pub fn connect_unix(fd: &'a Fd, peer: &'a UnixAddrBuf) -> Self {
        Self::connect_to(fd, peer.bytes())
    }

    fn connect_to(fd: &'a Fd, (addr, len): (*const u8, libc::socklen_t)) -> Self {
        let mut entry = Self::on(opcode::Connect::CODE, fd);
        entry.request.addr = addr.cast_mut();
        entry.request.off = u64::from(len);
        entry
    }

    /// Opens `path`, relative to the working directory. Gives a descriptor.
    /// `IORING_OP_OPENAT`, since Linux 5.6.
    pub fn open(path: &'a CStr, flags: i32, mode: u32) -> Self {
        let mut entry = Self::new(opcode::OpenAt::CODE);
        entry.request.fd = libc::AT_FDCWD;
        entry.request.addr = path.as_ptr().cast_mut().cast();
        entry.request.len = mode;
        entry.request.op_flags = (flags | libc::O_CLOEXEC) as u32;
        entry.gives = Gives::Fd;
        entry
    }

    /// Opens `path`, relative to the directory `dir`, in the way that `how` says. Gives a
    /// descriptor. `IORING_OP_OPENAT2`, since Linux 5.6.
    pub fn open_how(dir: &'a Fd, path: &'a CStr, how: &'a OpenHow) -> Self {
        let mut entry = Self::on(opcode::OpenAt2::CODE, dir);
        entry.request.addr = path.as_ptr().cast_mut().cast();
        entry.request.len = size_of::<OpenHow>() as u32;
        entry.request.addr2 = std::ptr::from_ref(how).cast_mut().cast();
        entry.gives = Gives::Fd;
        entry
    }

    /// Writes a file's data, and its metadata unless `data_only`, to its device.
    /// `IORING_OP_FSYNC`, since Linux 5.1.
    pub fn fsync(fd: &'a Fd, data_only: bool) -> Self {
        let mut entry = Self::on(opcode::Fsync::CODE, fd);
        entry.request.op_flags = if data_only { abi::FSYNC_DATASYNC } else { 0 };
        entry
    }

    /// Waits until the descriptor is ready for `mask` (`POLLIN`, `POLLOUT`); the answer is the mask
    /// of what is ready. `IORING_OP_POLL_ADD`, since Linux 5.1.
    pub fn poll(fd: &'a Fd, mask: u32) -> Self {
        let mut entry = Self::on(opcode::PollAdd::CODE, fd);
        // The kernel wants the halves of the mask swapped on big-endian machines.
        entry.request.op_flags =
            if cfg!(target_endian = "big") { mask.rotate_left(16) } else { mask };
        entry
    }

    /// As [`poll`](Self::poll), with an answer each time that something becomes ready. Since Linux
    /// 5.13.
    pub(crate) fn poll_multi(fd: &'a Fd, mask: u32) -> Self {
        let mut entry = Self::poll(fd, mask);
        entry.request.len = abi::POLL_ADD_MULTI;
        entry
    }

    /// Ends with `ETIME` after the duration in `time`. `IORING_OP_TIMEOUT`, since Linux 5.4.
    pub fn timeout(time: &'a io_uring::types::Timespec) -> Self {
        let mut entry = Self::new(opcode::Timeout::CODE);
        entry.request.addr = std::ptr::from_ref(time).cast_mut().cast();
        entry.request.len = 1;
        entry
    }

    /// The runtime's own: the graveyard's limit does not hold it back.
    pub(crate) fn exempt(mut self) -> Self {
        self.exempt = true;
        self
    }
}
