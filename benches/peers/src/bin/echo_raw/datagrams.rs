//! The echo of datagrams: one receive for the socket's whole life, and each buffer sent as it is,
//! to the address that the kernel put before the bytes.
#![allow(unsafe_code, reason = "the kernel reads the buffers")]

use std::io;
use std::os::fd::{IntoRawFd, OwnedFd};
use std::ptr::null_mut;

use io_uring::cqueue::buffer_select;

use crate::pool::{GROUP, Pool};
use crate::ring::{Kind, Ring};

/// Bytes of `struct io_uring_recvmsg_out`, with which a buffer begins.
const HEAD: u32 = 16;
/// Bytes of the sender's address, which comes next.
const NAME: u32 = size_of::<libc::sockaddr_in>() as u32;

/// Serves for ever.
pub(crate) fn serve(mut ring: Ring, bufs: u16, buf_len: u32, socket: OwnedFd) -> io::Result<()> {
    let mut pool = Pool::new(ring.submitter(), bufs, buf_len)?;
    let socket = socket.into_raw_fd();
    let wanted: &'static libc::msghdr = Box::leak(Box::new(libc::msghdr {
        msg_name: null_mut(),
        msg_namelen: NAME,
        msg_iov: null_mut(),
        msg_iovlen: 0,
        msg_control: null_mut(),
        msg_controllen: 0,
        msg_flags: 0,
    }));
    let mut ended = true;
    loop {
        pool.publish();
        if std::mem::take(&mut ended) {
            ring.receive_datagrams(socket, wanted, GROUP)?;
        }
        ring.turn()?;
        while let Some(answer) = ring.answer() {
            if answer.kind == Kind::Send {
                pool.give(answer.connection as u16);
                continue;
            }
            if let Some(id) = buffer_select(answer.flags) {
                let len = answer.result.max(0) as u32;
                let len = len.checked_sub(HEAD + NAME).expect("each begins with a head and a name");
                let (name, bytes) = (pool.at(id, HEAD), pool.at(id, HEAD + NAME));
                // SAFETY: the kernel has filled head, name and `len` bytes, and the buffer is ours
                // until `give`, which follows the send's answer.
                unsafe { ring.send_datagram(socket, id, bytes, len, name.cast())? };
            }
            ended |= !answer.more();
        }
    }
}
