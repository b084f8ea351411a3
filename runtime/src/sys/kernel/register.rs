//! What a ring is asked and told once: its descriptor, its probe, its workers, its buffers.
//!
//! # Invariants
//!
//! - **I1** `ring` was leaked from a box by `open`, is never moved, and is freed by `drop` only.
//! - **I2** `submitter` borrows from `ring`, is never given away, and is gone before `ring` is
//!   freed.
#![allow(unsafe_code, reason = "the ring outlives its submitter by hand")]

use std::io;
use std::mem::ManuallyDrop;
use std::ptr::NonNull;

use io_uring::types::Napi;
use io_uring::{EnterFlags, IoUring, Probe, Submitter};

use super::enter;
use super::queues::{Params, Queues};
use crate::caps::{Caps, Opcodes, Tried, feature, feature_names};
use crate::config::SQ_ENTRIES_MAX;
use crate::start_error::StartError;
use crate::sys::{Entered, FIXED_PLACES, Release, RingConfig, Wait, ladder};

/// `IORING_OP_SENDMSG_ZC`: the youngest operation of Linux 6.1, which marks its io_uring.
const YOUNGEST_REQUIRED: u8 = 48;

/// `IOU_PBUF_RING_INC`, since Linux 6.12: buffers are used up piece by piece.
const PBUF_RING_INC: u16 = 2;

/// The ring's descriptor, and the one submitter through which it is entered.
///
/// There must be one only: a registered descriptor holds a reference to the ring, and only the
/// submitter that registered it can let it go.
pub(super) struct Door {
    submitter: ManuallyDrop<Submitter<'static>>,
    ring: NonNull<IoUring>,
    /// The flags of an `enter` that waits.
    idle: EnterFlags,
    /// The table of registered memory was made.
    has_table: bool,
}

impl std::fmt::Debug for Door {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Door").field("idle", &self.idle).finish_non_exhaustive()
    }
}

impl Door {
    pub(super) fn open(ring: IoUring) -> Self {
        let ring = NonNull::from(Box::leak(Box::new(ring)));
        // SAFETY: I1: it lives as long as this door, and I2 ends the borrow before that.
        let borrowed: &'static IoUring = unsafe { &*ring.as_ptr() };
        let submitter = ManuallyDrop::new(borrowed.submitter());
        Self { submitter, ring, idle: EnterFlags::empty(), has_table: false }
    }

    fn ring(&self) -> &IoUring {
        // SAFETY: I1.
        unsafe { self.ring.as_ref() }
    }

    #[cfg(test)]
    pub(super) fn descriptor(&self) -> io::Result<std::os::fd::OwnedFd> {
        use std::os::fd::{AsRawFd, BorrowedFd};
        // SAFETY: I1: the ring is open as long as this door.
        let fd = unsafe { BorrowedFd::borrow_raw(self.ring().as_raw_fd()) };
        fd.try_clone_to_owned()
    }

    fn params(&self) -> Params {
        Params::of(self.ring().params())
    }

    /// Which operations the kernel has.
    pub(super) fn probe(&self) -> io::Result<Opcodes> {
        let mut probe = Probe::new();
        self.submitter.register_probe(&mut probe)?;
        let mut opcodes = Opcodes::default();
        (0..=u8::MAX).filter(|&opcode| probe.is_supported(opcode)).for_each(|op| opcodes.add(op));
        Ok(opcodes)
    }

    /// Whether the kernel has what Sexton can't do without.
    pub(super) fn check(&self, opcodes: &Opcodes) -> Result<(), StartError> {
        let missing = missing(self.params().features, opcodes);
        if missing.is_empty() {
            Ok(())
        } else {
            Err(StartError::TooOld { release: Release::running().name, missing })
        }
    }

    pub(super) fn map(&self) -> io::Result<Queues> {
        Queues::map(self.ring())
    }

    /// Registers what makes things better, and writes down what was granted. A refusal is lived
    /// with: a thread has room for sixteen registered descriptors, and a filter may know neither
    /// call.
    pub(super) fn register(&mut self, opcodes: Opcodes, config: &RingConfig) -> Caps {
        let params = self.params();
        if params.features & feature::NO_IOWAIT != 0 {
            self.idle = EnterFlags::NO_IOWAIT;
        }
        let mut io_workers = config.io_workers;
        Caps {
            release: Release::running(),
            flags_granted: params.flags,
            flags_refused: ladder::refused(params.flags),
            feature_bits: params.features,
            opcodes,
            sq_entries: params.sq_entries,
            cq_entries: params.cq_entries,
            sq_entries_asked: config.sq_entries.min(SQ_ENTRIES_MAX),
            ring_fd_registered: self.submitter.register_ring_fd().is_ok(),
            tried: Tried::default(),
            io_workers_limited: self.submitter.register_iowq_max_workers(&mut io_workers).is_ok(),
        }
    }

    /// Lets waits poll network devices, for so long.
    pub(super) fn poll_devices(&self, napi_us: u32) -> Result<(), StartError> {
        if napi_us == 0 {
            return Ok(());
        }
        let mut napi = Napi::new().set_busy_poll_timeout(napi_us);
        let registered = self.submitter.register_napi(&mut napi);
        registered.map_err(|source| StartError::Napi { release: Release::running().name, source })
    }

    /// For how long waits polled devices so far; from now on they do not.
    #[cfg(test)]
    pub(super) fn stop_polling_devices(&self) -> io::Result<u32> {
        let mut napi = Napi::new();
        self.submitter.unregister_napi(&mut napi)?;
        Ok(napi.busy_poll_timeout())
    }

    /// `io_uring_enter`, through the registered descriptor where there is one.
    #[inline]
    pub(super) fn enter(&self, queued: u32, wait: Wait<'_>) -> io::Result<Entered> {
        enter::enter(&self.submitter, queued, wait, self.idle)
    }

    /// # Safety
    ///
    /// As of [`super::Ring::register_buf_ring`].
    pub(super) unsafe fn register_buf_ring(
        &self,
        group: u16,
        ring_addr: *mut u8,
        entries: u16,
        incremental: bool,
    ) -> io::Result<()> {
        let flags = if incremental { PBUF_RING_INC } else { 0 };
        let addr = ring_addr.expose_provenance() as u64;
        // SAFETY: the caller promises that the memory outlives the registration.
        unsafe { self.submitter.register_buf_ring_with_flags(addr, entries, group, flags) }
    }

    pub(super) fn unregister_buf_ring(&self, group: u16) -> io::Result<()> {
        self.submitter.unregister_buf_ring(group)
    }

    /// # Safety
    ///
    /// As of [`super::Ring::register_fixed`].
    pub(super) unsafe fn register_fixed(&mut self, at: u16, region: *mut [u8]) -> io::Result<()> {
        if !self.has_table {
            self.submitter.register_buffers_sparse(FIXED_PLACES.into())?;
            self.has_table = true;
        }
        let start = region.cast::<u8>();
        start.expose_provenance();
        let place = libc::iovec { iov_base: start.cast(), iov_len: region.len() };
        // SAFETY: the caller promises that the memory outlives the registration.
        unsafe { self.submitter.register_buffers_update(at.into(), &[place], None) }
    }

    pub(super) fn unregister_fixed(&self, at: u16) -> io::Result<()> {
        let nothing = libc::iovec { iov_base: std::ptr::null_mut(), iov_len: 0 };
        // SAFETY: no memory is named.
        unsafe { self.submitter.register_buffers_update(at.into(), &[nothing], None) }
    }

    /// Lets go of the registered descriptor. Only the thread that registered it can.
    pub(super) fn unregister_ring_fd(&mut self) {
        // It fails where none was registered, and then there is nothing to let go.
        drop(self.submitter.unregister_ring_fd());
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.unregister_ring_fd();
        // SAFETY: I2; it is used no more.
        unsafe { ManuallyDrop::drop(&mut self.submitter) };
        // SAFETY: I1: leaked from a box and freed here only; I2: nothing borrows from it any more.
        drop(unsafe { Box::from_raw(self.ring.as_ptr()) });
    }
}

/// What a kernel lacks of what Sexton can't do without.
fn missing(features: u32, opcodes: &Opcodes) -> Vec<&'static str> {
    let mut missing = feature_names(feature::REQUIRED & !features);
    if !opcodes.has(YOUNGEST_REQUIRED) {
        missing.push("SENDMSG_ZC");
    }
    missing
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_kernel_is_told_by_what_it_lacks() {
        let mut opcodes = Opcodes::default();
        assert_eq!(missing(feature::REQUIRED, &opcodes), ["SENDMSG_ZC"]);
        opcodes.add(YOUNGEST_REQUIRED);
        assert!(missing(feature::REQUIRED, &opcodes).is_empty());
        let old = feature::REQUIRED & !feature::CQE_SKIP & !feature::LINKED_FILE;
        assert_eq!(missing(old, &opcodes), ["CQE_SKIP", "LINKED_FILE"]);
    }
}
