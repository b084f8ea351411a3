//! `IORING_OP_CONNECT`: the socket is the operation's, so a late success is closed.

use sexton_runtime::Fd;
use sexton_runtime::op::{Completion, Entry, Op, SocketAddrBuf, UnixAddrBuf};
use std::io;

pub(crate) struct Connect {
    pub(crate) fd: Fd,
    pub(crate) peer: SocketAddrBuf,
}

impl Op for Connect {
    type Output = io::Result<Fd>;

    fn entry(&mut self) -> Entry<'_> {
        Entry::connect(&self.fd, &self.peer)
    }

    fn complete(self, completion: Completion) -> io::Result<Fd> {
        completion.count().map(|_| self.fd)
    }
}

pub(crate) struct ConnectUnix {
    pub(crate) fd: Fd,
    pub(crate) peer: UnixAddrBuf,
}

impl Op for ConnectUnix {
    type Output = io::Result<Fd>;

    fn entry(&mut self) -> Entry<'_> {
        Entry::connect_unix(&self.fd, &self.peer)
    }

    fn complete(self, completion: Completion) -> io::Result<Fd> {
        completion.count().map(|_| self.fd)
    }
}
