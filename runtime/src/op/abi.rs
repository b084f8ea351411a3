//! Numbers of the kernel's interface that the bindings keep to themselves.

/// `IOSQE_BUFFER_SELECT`: the kernel picks a provided buffer.
pub(crate) const SQE_BUFFER_SELECT: u8 = 1 << 5;
/// `IOSQE_CQE_SKIP_SUCCESS`: no completion unless it fails.
pub(crate) const SQE_SKIP_SUCCESS: u8 = 1 << 6;
/// `IORING_POLL_ADD_MULTI`.
pub(crate) const POLL_ADD_MULTI: u32 = 1;
/// `IORING_RECVSEND_POLL_FIRST`.
pub(crate) const RECV_POLL_FIRST: u16 = 1;
/// `IORING_RECV_MULTISHOT`.
pub(crate) const RECV_MULTISHOT: u16 = 2;
/// `IORING_RECVSEND_BUNDLE`: one completion for several provided buffers.
pub(crate) const RECV_BUNDLE: u16 = 16;
/// `IORING_ACCEPT_POLL_FIRST`.
pub(crate) const ACCEPT_POLL_FIRST: u16 = 4;
/// `IORING_FSYNC_DATASYNC`.
pub(crate) const FSYNC_DATASYNC: u32 = 1;
/// `IORING_CQE_F_BUFFER`: the upper half of the flags names a provided buffer.
pub(crate) const CQE_BUFFER: u32 = 1;
/// `IORING_CQE_F_MORE`: this was not the last completion.
pub(crate) const CQE_MORE: u32 = 2;
/// `IORING_CQE_F_SOCK_NONEMPTY`: more data waited in the socket.
pub(crate) const CQE_SOCK_NONEMPTY: u32 = 4;
/// `IORING_CQE_F_BUF_MORE`: the kernel keeps the rest of the provided buffer.
pub(crate) const CQE_BUF_MORE: u32 = 16;
/// Where the buffer's number stands in a completion's flags.
pub(crate) const CQE_BUFFER_SHIFT: u32 = 16;
