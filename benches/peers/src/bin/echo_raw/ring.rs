//! The ring with the best flags, and the operations of our servers.
//!
//! # Invariants
//!
//! - **I1** The ring lives as long as the process, and only the main thread uses it.
#![allow(unsafe_code, reason = "what is pushed must be right for the kernel")]

use std::io;
use std::os::fd::{IntoRawFd, OwnedFd, RawFd};

use io_uring::squeue::Flags;
use io_uring::types::Fd;
use io_uring::{CompletionQueue, IoUring, SubmissionQueue, Submitter, cqueue, opcode, squeue};
use rustix::process::{Resource, getrlimit};

/// As many as a turn of 64 busy connections needs, twice over, and small enough for the first
/// cache.
const SQ_ENTRIES: u32 = 256;
/// Each of 1024 connections may answer twice within one turn.
const CQ_ENTRIES: u32 = 4096;
/// Direct descriptors: those of the largest load, with some to spare; or as many as descriptors, if
/// these are fewer, since the kernel allows no more.
const FILES: u64 = 24_576;

/// What a completion answers; it lies in the upper half of `user_data`, the connection in the
/// lower.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Accept,
    Receive,
    Send,
    Close,
}

/// One answer of the kernel.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answer {
    pub(crate) kind: Kind,
    /// A descriptor, or the index of a direct one.
    pub(crate) connection: u32,
    pub(crate) result: i32,
    pub(crate) flags: u32,
}

impl Answer {
    /// Whether more answers of the same operation will follow.
    pub(crate) fn more(&self) -> bool {
        cqueue::more(self.flags)
    }
}

/// A ring and the two queues.
pub(crate) struct Ring {
    submitter: Submitter<'static>,
    submissions: SubmissionQueue<'static>,
    completions: CompletionQueue<'static>,
    listener: RawFd,
    direct: bool,
    target: Flags,
}

impl Ring {
    pub(crate) fn new(direct: bool) -> io::Result<Self> {
        let ring = Box::leak(Box::new(build(true).or_else(|_| build(false))?));
        let (mut submitter, submissions, completions) = ring.split();
        submitter.register_ring_fd()?;
        if direct {
            let allowed = getrlimit(Resource::Nofile).current.unwrap_or(FILES);
            submitter.register_files_sparse(FILES.min(allowed) as u32)?;
        }
        let target = if direct { Flags::FIXED_FILE } else { Flags::empty() };
        Ok(Self { submitter, submissions, completions, listener: -1, direct, target })
    }

    pub(crate) fn submitter(&self) -> &Submitter<'static> {
        &self.submitter
    }

    /// Takes connections of `listener` from now on.
    pub(crate) fn accept_multi(&mut self, listener: OwnedFd) -> io::Result<()> {
        self.listener = listener.into_raw_fd();
        self.accept_again()
    }

    /// Goes on taking connections.
    pub(crate) fn accept_again(&mut self) -> io::Result<()> {
        let accept = opcode::AcceptMulti::new(Fd(self.listener)).allocate_file_index(self.direct);
        // SAFETY: the kernel touches no memory of ours for it.
        unsafe { self.push(accept.build(), Kind::Accept, 0) }
    }

    /// Receives into provided buffers of `group`, again and again.
    pub(crate) fn receive_multi(&mut self, connection: u32, group: u16) -> io::Result<()> {
        let receive = opcode::RecvMulti::new(Fd(connection as i32), group);
        // SAFETY: the kernel writes only into buffers that were given to the group.
        unsafe { self.push(receive.build().flags(self.target), Kind::Receive, connection) }
    }

    /// Receives once.
    ///
    /// # Safety
    /// `len` bytes at `buf` are the kernel's until the answer.
    pub(crate) unsafe fn receive(
        &mut self,
        connection: u32,
        buf: *mut u8,
        len: u32,
    ) -> io::Result<()> {
        let receive = opcode::Recv::new(Fd(connection as i32), buf, len);
        // SAFETY: as the caller promises.
        unsafe { self.push(receive.build().flags(self.target), Kind::Receive, connection) }
    }

    /// Sends all of a buffer; the kernel goes on by itself after a short send.
    ///
    /// # Safety
    /// `len` bytes at `buf` are initialised and stay as they are until the answer.
    pub(crate) unsafe fn send(
        &mut self,
        connection: u32,
        buf: *const u8,
        len: u32,
    ) -> io::Result<()> {
        let send = opcode::Send::new(Fd(connection as i32), buf, len);
        let send = send.flags(libc::MSG_WAITALL | libc::MSG_NOSIGNAL);
        // SAFETY: as the caller promises.
        unsafe { self.push(send.build().flags(self.target), Kind::Send, connection) }
    }

    /// Receives datagrams into provided buffers of `group`, again and again, each with a head and
    /// as much of its sender's name as `wanted` says.
    pub(crate) fn receive_datagrams(
        &mut self,
        socket: RawFd,
        wanted: &'static libc::msghdr,
        group: u16,
    ) -> io::Result<()> {
        let receive = opcode::RecvMsgMulti::new(Fd(socket), wanted, group);
        // SAFETY: the kernel reads `wanted`, and writes only into buffers that were given to the
        // group.
        unsafe { self.push(receive.build(), Kind::Receive, 0) }
    }

    /// Sends a datagram; its answer has `id` for a connection.
    ///
    /// # Safety
    /// `len` bytes at `buf`, and the address of the internet at `to`, are initialised and stay as
    /// they are until the answer.
    pub(crate) unsafe fn send_datagram(
        &mut self,
        socket: RawFd,
        id: u16,
        buf: *const u8,
        len: u32,
        to: *const libc::sockaddr,
    ) -> io::Result<()> {
        let name_len = size_of::<libc::sockaddr_in>() as u32;
        let send = opcode::Send::new(Fd(socket), buf, len).dest_addr(to).dest_addr_len(name_len);
        // SAFETY: as the caller promises.
        unsafe { self.push(send.build(), Kind::Send, u32::from(id)) }
    }

    /// Closes a connection of which no operation is in flight.
    pub(crate) fn close(&mut self, connection: u32) -> io::Result<()> {
        let close = if self.direct {
            opcode::Close::new(io_uring::types::Fixed(connection)).build()
        } else {
            opcode::Close::new(Fd(connection as i32)).build()
        };
        // SAFETY: the kernel touches no memory of ours for it.
        unsafe { self.push(close, Kind::Close, connection) }
    }

    /// # Safety
    /// What `entry` points to is right for its operation until the final answer.
    #[inline]
    unsafe fn push(&mut self, entry: squeue::Entry, kind: Kind, connection: u32) -> io::Result<()> {
        let entry = entry.user_data((kind as u64) << 32 | u64::from(connection));
        // SAFETY: as the caller promises.
        while unsafe { self.submissions.push(&entry) }.is_err() {
            self.submissions.sync();
            self.submitter.submit()?;
            self.submissions.sync();
        }
        Ok(())
    }

    /// Submits all, and waits until an answer is there: the only system call of a turn.
    #[inline]
    pub(crate) fn turn(&mut self) -> io::Result<()> {
        self.submissions.sync();
        match self.submitter.submit_and_wait(1) {
            Ok(_) => {}
            Err(error) if matches!(error.raw_os_error(), Some(libc::EINTR | libc::EBUSY)) => {}
            Err(error) => return Err(error),
        }
        self.submissions.sync();
        self.completions.sync();
        Ok(())
    }

    /// The next answer of this turn.
    #[inline]
    pub(crate) fn answer(&mut self) -> Option<Answer> {
        let answer = self.completions.next()?;
        let kind = match answer.user_data() >> 32 {
            0 => Kind::Accept,
            1 => Kind::Receive,
            2 => Kind::Send,
            _ => Kind::Close,
        };
        let connection = answer.user_data() as u32;
        Some(Answer { kind, connection, result: answer.result(), flags: answer.flags() })
    }
}

fn build(no_sqarray: bool) -> io::Result<IoUring> {
    let mut builder = IoUring::builder();
    builder
        .dontfork()
        .setup_single_issuer()
        .setup_defer_taskrun()
        .setup_taskrun_flag()
        .setup_submit_all()
        .setup_cqsize(CQ_ENTRIES);
    if no_sqarray {
        // Since Linux 6.6.
        builder.setup_no_sqarray();
    }
    builder.build(SQ_ENTRIES)
}
