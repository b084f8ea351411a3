//! `IORING_OP_*`, those that are modelled.

pub(in super::super) const NOP: u8 = 0;
pub(in super::super) const READV: u8 = 1;
pub(in super::super) const WRITEV: u8 = 2;
pub(in super::super) const FSYNC: u8 = 3;
pub(in super::super) const READ_FIXED: u8 = 4;
pub(in super::super) const WRITE_FIXED: u8 = 5;
pub(in super::super) const POLL_ADD: u8 = 6;
pub(in super::super) const SENDMSG: u8 = 9;
pub(in super::super) const RECVMSG: u8 = 10;
pub(in super::super) const TIMEOUT: u8 = 11;
pub(in super::super) const TIMEOUT_REMOVE: u8 = 12;
pub(in super::super) const ACCEPT: u8 = 13;
pub(in super::super) const ASYNC_CANCEL: u8 = 14;
pub(in super::super) const LINK_TIMEOUT: u8 = 15;
pub(in super::super) const CONNECT: u8 = 16;
pub(in super::super) const OPENAT: u8 = 18;
pub(in super::super) const CLOSE: u8 = 19;
pub(in super::super) const READ: u8 = 22;
pub(in super::super) const WRITE: u8 = 23;
pub(in super::super) const SEND: u8 = 26;
pub(in super::super) const RECV: u8 = 27;
pub(in super::super) const OPENAT2: u8 = 28;
pub(in super::super) const SHUTDOWN: u8 = 34;
pub(in super::super) const MSG_RING: u8 = 40;
pub(in super::super) const SEND_ZC: u8 = 47;

pub(in super::super) const ALL: [u8; 25] = [
    NOP,
    READV,
    WRITEV,
    FSYNC,
    READ_FIXED,
    WRITE_FIXED,
    POLL_ADD,
    SENDMSG,
    RECVMSG,
    TIMEOUT,
    TIMEOUT_REMOVE,
    ACCEPT,
    ASYNC_CANCEL,
    LINK_TIMEOUT,
    CONNECT,
    OPENAT,
    OPENAT2,
    CLOSE,
    READ,
    WRITE,
    SEND,
    RECV,
    SHUTDOWN,
    MSG_RING,
    SEND_ZC,
];
