//! Several buffers in one request, and messages: the array of addresses, and the header, lie with
//! what they name.
//!
//! # Invariants
//!
//! - **I1** addresses are linked inside `entry`, at the final address of the operation, through raw
//!   pointers; nobody touches the parts or the array afterwards until the last answer.

#![allow(unsafe_code, reason = "self-referential structures are linked through raw pointers")]

use super::addr::SocketAddrBuf;
use sexton_buffers::{IoVecBuf, IoVecBufMut};
use std::net::SocketAddr;

/// More parts than the kernel takes (`IOV_MAX`) make a short operation.
const MAX_PARTS: usize = 1024;

/// Several buffers and the array of addresses that the kernel reads.
#[derive(Debug)]
pub struct Parts<V> {
    bufs: V,
    vecs: Vec<libc::iovec>,
}

impl<V> Parts<V> {
    /// The buffers, not yet linked.
    #[must_use]
    pub fn new(bufs: V) -> Self {
        Self { bufs, vecs: Vec::new() }
    }

    /// The buffers back.
    #[must_use]
    pub fn into_inner(self) -> V {
        self.bufs
    }
}

impl<V: IoVecBuf> Parts<V> {
    /// The array, and the bytes in it.
    pub(super) fn link_filled(&mut self) -> (&[libc::iovec], usize) {
        let vecs = &mut self.vecs;
        vecs.clear();
        let mut total = 0;
        self.bufs.for_each_filled(&mut |part| {
            if !part.is_empty() && vecs.len() < MAX_PARTS {
                total += part.len();
                let iov_base = part.as_ptr().cast_mut().cast();
                vecs.push(libc::iovec { iov_base, iov_len: part.len() });
            }
        });
        (&self.vecs, total)
    }
}

impl<V: IoVecBufMut> Parts<V> {
    /// The buffers (to be marked later), the array, and the bytes in it.
    pub(super) fn link_unfilled(&mut self) -> (*mut V, &[libc::iovec], usize) {
        let (bufs, vecs) = (&raw mut self.bufs, &mut self.vecs);
        vecs.clear();
        let mut total = 0;
        // SAFETY: I1: `bufs` is part of `self`, exclusively borrowed, and lives.
        let parts = unsafe { &mut *bufs };
        parts.for_each_unfilled(&mut |part| {
            if !part.is_empty() && vecs.len() < MAX_PARTS {
                total += part.len();
                vecs.push(libc::iovec { iov_base: part.cast(), iov_len: part.len() });
            }
        });
        (bufs, &self.vecs, total)
    }
}

/// Several buffers to be sent as one message.
pub struct MsgSend<V> {
    parts: Parts<V>,
    header: libc::msghdr,
}

impl<V> std::fmt::Debug for MsgSend<V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MsgSend").finish_non_exhaustive()
    }
}

impl<V> MsgSend<V> {
    /// The buffers, not yet linked.
    #[must_use]
    pub fn new(bufs: V) -> Self {
        // SAFETY: `msghdr` is plain C data: null pointers and zeros are its empty value.
        let header = unsafe { std::mem::zeroed() };
        Self { parts: Parts::new(bufs), header }
    }

    /// The buffers back.
    #[must_use]
    pub fn into_inner(self) -> V {
        self.parts.into_inner()
    }
}

/// What comes along with a message that is received into one buffer: who sent it.
///
/// It can be used again for the next message.
pub struct MsgRecv {
    peer: SocketAddrBuf,
    part: libc::iovec,
    header: libc::msghdr,
}

impl std::fmt::Debug for MsgRecv {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MsgRecv").field("peer", &self.peer).finish_non_exhaustive()
    }
}

impl Default for MsgRecv {
    fn default() -> Self {
        Self::new()
    }
}

impl MsgRecv {
    /// Nothing has come, nothing is linked.
    #[must_use]
    pub fn new() -> Self {
        // SAFETY: `msghdr` is plain C data: null pointers and zeros are its empty value.
        let header = unsafe { std::mem::zeroed() };
        let part = libc::iovec { iov_base: std::ptr::null_mut(), iov_len: 0 };
        Self { peer: SocketAddrBuf::empty(), part, header }
    }

    /// Who sent the message, if the kernel named an internet address.
    #[must_use]
    pub fn peer(&self) -> Option<SocketAddr> {
        self.peer.get()
    }

    /// Links header, name and buffer; called at the final address. The header.
    pub(super) fn link(&mut self, room: *mut u8, len: usize) -> *mut libc::msghdr {
        // The last message's sender is not this one's.
        self.peer = SocketAddrBuf::empty();
        let (name, name_len) = self.peer.room();
        // SAFETY: `room` says where the length lies, in what `self` borrows exclusively.
        self.header.msg_namelen = unsafe { *name_len };
        self.header.msg_name = name.cast();
        self.part = libc::iovec { iov_base: room.cast(), iov_len: len };
        self.header.msg_iov = &raw mut self.part;
        self.header.msg_iovlen = 1;
        self.header.msg_flags = 0;
        &raw mut self.header
    }
}

impl<V: IoVecBuf> MsgSend<V> {
    /// Links header, array and buffers; called at the final address. The header, and the bytes.
    pub(super) fn link(&mut self) -> (*mut libc::msghdr, usize) {
        let (vecs, total) = self.parts.link_filled();
        let (at, len) = (vecs.as_ptr().cast_mut(), vecs.len());
        self.header.msg_iov = at;
        self.header.msg_iovlen = len as _;
        (&raw mut self.header, total)
    }
}
