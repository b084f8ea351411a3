//! One request to the kernel, as data: one ring encodes it, the other one interprets it.

/// Everything that a submission says, except who asks (`user_data` is the driver's).
///
/// The fields have the names of `struct io_uring_sqe`. Pointers stay pointers until the kernel ring
/// encodes them, so that their provenance is exposed only there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request {
    /// `IORING_OP_*`.
    pub(crate) opcode: u8,
    /// `IOSQE_*`.
    pub(crate) flags: u8,
    /// Flags of receives, sends and accepts; otherwise the priority.
    pub(crate) ioprio: u16,
    /// The descriptor, or -1.
    pub(crate) fd: i32,
    /// The offset; unused where `addr2` is not null.
    pub(crate) off: u64,
    /// The second pointer, or null.
    pub(crate) addr2: *mut u8,
    /// The first pointer, or null.
    pub(crate) addr: *mut u8,
    /// Bytes at `addr`, or what else the operation counts.
    pub(crate) len: u32,
    /// The operation's own flags (`rw_flags`, `msg_flags`, `open_flags` ...).
    pub(crate) op_flags: u32,
    /// The registered buffer, or the group of provided buffers.
    pub(crate) buf: u16,
    /// `file_index`, `splice_fd_in`, `optlen`.
    pub(crate) file_index: u32,
    /// The third pointer or number.
    pub(crate) addr3: u64,
}

impl Request {
    /// A request that says nothing but its opcode.
    pub(crate) const fn new(opcode: u8) -> Self {
        Self {
            opcode,
            flags: 0,
            ioprio: 0,
            fd: -1,
            off: 0,
            addr2: std::ptr::null_mut(),
            addr: std::ptr::null_mut(),
            len: 0,
            op_flags: 0,
            buf: 0,
            file_index: 0,
            addr3: 0,
        }
    }
}

/// One completion, as the kernel wrote it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cqe {
    /// What the submission was tagged with.
    pub(crate) user_data: u64,
    /// The result, or an errno below zero.
    pub(crate) result: i32,
    /// `IORING_CQE_F_*`.
    pub(crate) flags: u32,
}
