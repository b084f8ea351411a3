//! What sockets and pipes ask of the kernel, one operation a file.

mod accept;
mod connect;
mod recv_from;
mod recv_into;
mod recv_pool;
mod send;
mod send_rest;
mod send_to;
mod send_zc;

pub(crate) use accept::Accept;
pub(crate) use connect::{Connect, ConnectUnix};
pub(crate) use recv_from::RecvFrom;
pub(crate) use recv_into::RecvInto;
pub(crate) use recv_pool::RecvPool;
pub(crate) use send::{Send, SendVectored, WriteVectored};
pub(crate) use send_rest::SendRest;
pub(crate) use send_to::SendTo;
pub(crate) use send_zc::SendZc;
