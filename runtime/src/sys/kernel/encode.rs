//! What a submission looks like in the kernel's memory.

use std::mem::size_of;

use crate::sys::{IGNORE, Request};

/// `IORING_OP_NOP`.
const NOP: u8 = 0;
/// `IOSQE_IO_LINK`: the next submission waits for this one.
const IO_LINK: u8 = 1 << 2;
/// `IOSQE_IO_HARDLINK`.
const IO_HARDLINK: u8 = 1 << 3;
/// `IOSQE_CQE_SKIP_SUCCESS`.
const CQE_SKIP_SUCCESS: u8 = 1 << 6;

/// `struct io_uring_sqe`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub(super) struct Sqe {
    opcode: u8,
    flags: u8,
    ioprio: u16,
    fd: i32,
    /// `off` or `addr2`.
    off: u64,
    addr: u64,
    len: u32,
    op_flags: u32,
    user_data: u64,
    buf: u16,
    personality: u16,
    file_index: u32,
    addr3: u64,
    pad: u64,
}

const _: () = assert!(size_of::<Sqe>() == 64, "the kernel's size");

impl Sqe {
    /// Writes `request` field by field; every field, since the slot still holds an older one.
    ///
    /// The addresses are exposed: the kernel is the one who uses them, and it goes by number.
    #[inline]
    pub(super) fn encode(&mut self, request: &Request, user_data: u64) {
        self.opcode = request.opcode;
        self.flags = request.flags;
        self.ioprio = request.ioprio;
        self.fd = request.fd;
        self.off = if request.addr2.is_null() {
            request.off
        } else {
            request.addr2.expose_provenance() as u64
        };
        self.addr = request.addr.expose_provenance() as u64;
        self.len = request.len;
        self.op_flags = request.op_flags;
        self.user_data = user_data;
        self.buf = request.buf;
        self.personality = 0;
        self.file_index = request.file_index;
        self.addr3 = request.addr3;
        self.pad = 0;
    }

    /// Makes it do nothing and say nothing. A chain that it is part of stays one chain.
    pub(super) fn annul(&mut self) {
        let links = self.flags & (IO_LINK | IO_HARDLINK);
        *self = Self {
            opcode: NOP,
            flags: links | CQE_SKIP_SUCCESS,
            fd: -1,
            user_data: IGNORE,
            ..Self::default()
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_lands_where_the_kernel_looks_for_it() {
        let mut bytes = [0_u8; 8];
        let mut request = Request::new(22);
        request.flags = 0x21;
        request.ioprio = 0x0302;
        request.fd = 7;
        request.off = 0x1122;
        request.addr = bytes.as_mut_ptr();
        request.len = 8;
        request.op_flags = 0x99;
        request.buf = 5;
        request.file_index = 6;
        request.addr3 = 0x77;
        let mut sqe = Sqe { personality: 9, pad: 9, ..Sqe::default() };
        sqe.encode(&request, 0xABCD);
        let expected = Sqe {
            opcode: 22,
            flags: 0x21,
            ioprio: 0x0302,
            fd: 7,
            off: 0x1122,
            addr: bytes.as_ptr().expose_provenance() as u64,
            len: 8,
            op_flags: 0x99,
            user_data: 0xABCD,
            buf: 5,
            personality: 0,
            file_index: 6,
            addr3: 0x77,
            pad: 0,
        };
        assert_eq!(sqe, expected);

        request.addr2 = bytes.as_mut_ptr();
        sqe.encode(&request, 0);
        assert_eq!(sqe.off, sqe.addr, "the second address takes the offset's place");

        use std::mem::offset_of;
        assert_eq!(offset_of!(Sqe, user_data), 32);
        assert_eq!(offset_of!(Sqe, buf), 40);
        assert_eq!(offset_of!(Sqe, addr3), 48);
    }

    #[test]
    fn an_annulled_submission_keeps_its_chain_and_loses_everything_else() {
        let mut request = Request::new(27);
        request.flags = IO_LINK | 0x20;
        request.fd = 3;
        let mut sqe = Sqe::default();
        sqe.encode(&request, 1);
        sqe.annul();
        assert_eq!(sqe.opcode, NOP);
        assert_eq!(sqe.flags, IO_LINK | CQE_SKIP_SUCCESS);
        assert_eq!((sqe.fd, sqe.user_data), (-1, IGNORE));
    }
}
