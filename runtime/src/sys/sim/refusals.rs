//! What is refused although nothing is wrong with it: which errnos each fault has.

use super::faults::Fault;
use super::world::State;

/// Where a path is looked up.
pub(super) const LOOKS: &[i32] = &[libc::EACCES, libc::EIO, libc::ELOOP, libc::ENOMEM];
/// Beside that where something is changed.
pub(super) const CHANGES: &[i32] =
    &[libc::EBUSY, libc::EDQUOT, libc::ENOSPC, libc::EPERM, libc::EROFS];
/// A descriptor.
const DESCRIPTORS: &[i32] = &[libc::EMFILE, libc::ENFILE];
/// A socket, which needs memory besides.
const SOCKETS: &[i32] = &[libc::EMFILE, libc::ENFILE, libc::ENOBUFS, libc::ENOMEM];
/// An address.
const ADDRESSES: &[i32] = &[libc::EADDRINUSE, libc::EADDRNOTAVAIL, libc::EACCES];
/// A send.
const SENDS: &[i32] = &[libc::ENOBUFS, libc::ENOMEM];
/// Beside that that of a datagram.
const WAYS: &[i32] = &[libc::EMSGSIZE, libc::EHOSTUNREACH, libc::ENETUNREACH, libc::EPERM];
/// A read of a file.
const READS: &[i32] = &[libc::EAGAIN, libc::EIO, libc::ENOMEM, libc::ENXIO];
/// A change of a file's bytes.
const WRITES: &[i32] =
    &[libc::EAGAIN, libc::EFBIG, libc::EIO, libc::ENXIO, libc::EPERM, libc::EROFS, libc::ETXTBSY];
/// An open of a file.
const OPENS: &[i32] = &[
    libc::EACCES,
    libc::EBUSY,
    libc::EIO,
    libc::ELOOP,
    libc::ENOMEM,
    libc::ENXIO,
    libc::EPERM,
    libc::EROFS,
    libc::ETXTBSY,
];

impl State {
    fn may(&mut self, fault: Fault, errnos: &[i32]) -> Result<(), i32> {
        if self.fault(fault) { Err(self.one_of(errnos)) } else { Ok(()) }
    }

    pub(super) fn may_open(&mut self) -> Result<(), i32> {
        self.may(Fault::NoDescriptors, DESCRIPTORS)
    }

    pub(super) fn may_open_socket(&mut self) -> Result<(), i32> {
        self.may(Fault::NoDescriptors, SOCKETS)
    }

    pub(super) fn may_have_address(&mut self) -> Result<(), i32> {
        self.may(Fault::BindError, ADDRESSES)
    }

    pub(super) fn may_send(&mut self) -> Result<(), i32> {
        self.may(Fault::SendError, SENDS)
    }

    pub(super) fn may_send_datagram(&mut self) -> Result<(), i32> {
        self.may(Fault::SendError, &[SENDS, WAYS].concat())
    }

    pub(super) fn may_look(&mut self) -> Result<(), i32> {
        self.may(Fault::PathError, LOOKS)
    }

    pub(super) fn may_open_file(&mut self) -> Result<(), i32> {
        self.may(Fault::OpenError, OPENS)
    }

    pub(super) fn may_read(&mut self) -> Result<(), i32> {
        self.may(Fault::ReadError, READS)
    }

    pub(super) fn may_write(&mut self) -> Result<(), i32> {
        self.may(Fault::WriteError, WRITES)?;
        self.may(Fault::DiskFull, &[libc::ENOSPC, libc::EDQUOT])
    }
}
