//! Memory of the operations in flight, touched as the kernel would: through their pointers.
//!
//! What an operation is to fill gets a pattern when it is submitted, and what it is to send is
//! copied. Both must still be so when it completes: nobody else may write there meanwhile. Under
//! AddressSanitizer (`--cfg sexton_asan`) it is poisoned besides, so that no one may even read it.
//!
//! # Invariants
//!
//! - **I1** Pointers come from requests that were pushed (see `Ring::push`), or from buffer rings
//!   that were registered: they stay valid until the final completion, or the end of the
//!   registration.
//! - **I2** They are dropped with their operation, before its final completion is posted.
#![allow(unsafe_code, reason = "it plays the kernel, which goes through pointers")]

use std::time::Duration;

/// What unfilled memory is filled with.
const PATTERN: u8 = 0xa5;
/// Of a long stretch so many bytes at either end are looked at.
const EDGE: usize = 4096;
/// As much of the pattern as is compared at once.
static PATTERNS: [u8; 2 * EDGE] = [PATTERN; 2 * EDGE];

/// A stretch of foreign memory.
#[derive(Clone, Copy, Debug)]
struct Span {
    addr: *mut u8,
    len: usize,
}

// SAFETY: I1: a kernel goes through these pointers on any thread.
unsafe impl Send for Span {}

/// The stretches that one operation reads or fills, one after the other.
#[derive(Debug, Default)]
pub(super) struct Memory {
    spans: Vec<Span>,
    guard: Guard,
}

/// What nobody else may change while the operation is in flight.
#[derive(Debug, Default)]
enum Guard {
    #[default]
    None,
    /// It is to be filled: the pattern.
    Pattern,
    /// It is to be sent: a copy of what is looked at.
    Copy(Vec<u8>),
}

impl Memory {
    /// One stretch.
    ///
    /// # Safety
    ///
    /// I1.
    pub(super) unsafe fn one(addr: *mut u8, len: usize) -> Self {
        Self { spans: vec![Span { addr, len }], guard: Guard::None }
    }

    /// The stretches that `count` iovecs name. The kernel copies them at submission.
    ///
    /// # Safety
    ///
    /// I1, of the iovecs and of what they name.
    pub(super) unsafe fn vectored(iovecs: *const libc::iovec, count: usize) -> Self {
        let span = |index| {
            // SAFETY: the caller's promise of `count` iovecs.
            let place = unsafe { iovecs.add(index) };
            // SAFETY: as above.
            let iovec = unsafe { place.read() };
            Span { addr: iovec.iov_base.cast(), len: iovec.iov_len }
        };
        Self { spans: (0..count).map(span).collect(), guard: Guard::None }
    }

    pub(super) fn len(&self) -> usize {
        self.spans.iter().map(|span| span.len).sum()
    }

    /// Whether some stretch lies nowhere (`EFAULT`).
    pub(super) fn is_nowhere(&self) -> bool {
        self.spans.iter().any(|span| span.addr.is_null() && span.len > 0)
    }

    /// Begins to watch memory that will be filled: it gets the pattern.
    pub(super) fn watch_unfilled(&mut self) {
        for edge in self.edges() {
            // SAFETY: I1: valid for writes; what the kernel has not filled has no content.
            unsafe { edge.addr.write_bytes(PATTERN, edge.len) };
        }
        self.guard = Guard::Pattern;
        self.poison(true);
    }

    /// Begins to watch memory that will be sent.
    pub(super) fn watch_filled(&mut self) {
        self.guard = Guard::Copy(self.copy());
        self.poison(true);
    }

    /// Ends the watching; false if somebody has changed the memory meanwhile.
    pub(super) fn unwatch(&mut self) -> bool {
        self.poison(false);
        match std::mem::take(&mut self.guard) {
            Guard::None => true,
            Guard::Copy(copy) => copy == self.copy(),
            Guard::Pattern => self.edges().iter().all(|edge| {
                // SAFETY: I1, and `watch_unfilled` has initialised it.
                let bytes = unsafe { std::slice::from_raw_parts(edge.addr, edge.len) };
                bytes == &PATTERNS[..edge.len]
            }),
        }
    }

    fn copy(&self) -> Vec<u8> {
        let mut copy = Vec::new();
        for edge in self.edges() {
            // SAFETY: I1: initialised by whoever sends it.
            let bytes = unsafe { std::slice::from_raw_parts(edge.addr, edge.len) };
            copy.extend_from_slice(bytes);
        }
        copy
    }

    /// What is looked at: short stretches, and both ends of long ones.
    fn edges(&self) -> Vec<Span> {
        let mut edges = Vec::with_capacity(self.spans.len());
        for span in self.spans.iter().filter(|span| !span.addr.is_null()) {
            if span.len <= 2 * EDGE {
                edges.push(*span);
                continue;
            }
            edges.push(Span { addr: span.addr, len: EDGE });
            // SAFETY: I1: within the stretch.
            let last = unsafe { span.addr.add(span.len - EDGE) };
            edges.push(Span { addr: last, len: EDGE });
        }
        edges
    }

    #[cfg(sexton_asan)]
    fn poison(&self, poison: bool) {
        unsafe extern "C" {
            fn __asan_poison_memory_region(addr: *const u8, len: usize);
            fn __asan_unpoison_memory_region(addr: *const u8, len: usize);
        }
        for span in self.spans.iter().filter(|span| !span.addr.is_null()) {
            if poison {
                // SAFETY: I1: it changes only what the sanitizer thinks of it.
                unsafe { __asan_poison_memory_region(span.addr, span.len) };
            } else {
                // SAFETY: as above.
                unsafe { __asan_unpoison_memory_region(span.addr, span.len) };
            }
        }
    }

    #[cfg(not(sexton_asan))]
    #[expect(clippy::unused_self, reason = "the sanitizer's twin needs it")]
    fn poison(&self, _poison: bool) {}

    /// Writes `bytes`, beginning `at` bytes from the start.
    pub(super) fn write(&self, at: usize, mut bytes: &[u8]) {
        self.each(at, bytes.len(), |addr, len| {
            let (now, later) = bytes.split_at(len);
            // SAFETY: I1: valid for `len` bytes of writes, and foreign to `now`.
            unsafe { addr.copy_from_nonoverlapping(now.as_ptr(), len) };
            bytes = later;
        });
    }

    /// Reads `count` bytes, beginning `at` bytes from the start.
    pub(super) fn read(&self, at: usize, count: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(count);
        self.each(at, count, |addr, len| {
            // SAFETY: I1: valid for `len` bytes of reads, initialised by whoever sends them.
            let span = unsafe { std::slice::from_raw_parts(addr, len) };
            bytes.extend_from_slice(span);
        });
        bytes
    }

    /// The stretches of `count` bytes that begin `at` bytes from the start.
    fn each(&self, mut at: usize, mut count: usize, mut act: impl FnMut(*mut u8, usize)) {
        for span in &self.spans {
            let skipped = at.min(span.len);
            at -= skipped;
            let len = count.min(span.len - skipped);
            if len > 0 {
                // SAFETY: I1: `skipped` is within the stretch.
                act(unsafe { span.addr.add(skipped) }, len);
            }
            count -= len;
        }
        assert_eq!(count, 0, "nothing goes beyond the memory of an operation");
    }
}

/// The bytes of a path, which the kernel copies at submission.
///
/// # Safety
///
/// I1, unless `addr` is null: a string that ends with a null byte.
pub(super) unsafe fn read_path(addr: *const u8) -> Option<Vec<u8>> {
    if addr.is_null() {
        return None;
    }
    // SAFETY: the caller's promise.
    let path = unsafe { std::ffi::CStr::from_ptr(addr.cast()) };
    Some(path.to_bytes().to_vec())
}
/// A `timespec`, which the kernel copies at submission; none if it is not a time.
///
/// # Safety
///
/// I1, unless `addr` is null.
pub(super) unsafe fn read_timespec(addr: *const u8) -> Option<Duration> {
    if addr.is_null() {
        return None;
    }
    // SAFETY: the caller's promise; two words of 64 bits, the kernel's own form.
    let [seconds, nanos] = unsafe { addr.cast::<[i64; 2]>().read_unaligned() };
    let nanos = u32::try_from(nanos).ok().filter(|nanos| *nanos < 1_000_000_000)?;
    Some(Duration::new(u64::try_from(seconds).ok()?, nanos))
}

/// A `msghdr`; its iovecs are copied at submission.
///
/// # Safety
///
/// I1, of the header, of its iovecs and of what they name.
pub(super) unsafe fn read_msghdr(addr: *const u8) -> Memory {
    if addr.is_null() {
        // SAFETY: nothing is ever touched at null: such memory is refused.
        return unsafe { Memory::one(std::ptr::null_mut(), 1) };
    }
    // SAFETY: the caller's promise.
    let header = unsafe { addr.cast::<libc::msghdr>().read() };
    // SAFETY: the caller's promise.
    unsafe { Memory::vectored(header.msg_iov, header.msg_iovlen) }
}

/// The name that a message is for, which the kernel copies at submission; empty if there is none.
///
/// # Safety
///
/// I1, of the header and of the name, unless `addr` is null.
pub(super) unsafe fn read_name(addr: *const u8) -> Vec<u8> {
    if addr.is_null() {
        return Vec::new();
    }
    // SAFETY: the caller's promise.
    let header = unsafe { addr.cast::<libc::msghdr>().read() };
    if header.msg_name.is_null() {
        return Vec::new();
    }
    let len = header.msg_namelen as usize;
    // SAFETY: the caller's promise: `len` bytes of a name.
    unsafe { Memory::one(header.msg_name.cast(), len) }.read(0, len)
}

/// What a `recvmsg` writes into its header when it completes: no name, no control data, no flags.
///
/// # Safety
///
/// I1.
pub(super) unsafe fn finish_msghdr(addr: *mut u8) {
    let header = addr.cast::<libc::msghdr>();
    // SAFETY: the caller's promise.
    let namelen = unsafe { &raw mut (*header).msg_namelen };
    // SAFETY: as above.
    let controllen = unsafe { &raw mut (*header).msg_controllen };
    // SAFETY: as above.
    let flags = unsafe { &raw mut (*header).msg_flags };
    // SAFETY: as above.
    unsafe { namelen.write(0) };
    // SAFETY: as above.
    unsafe { controllen.write(0) };
    // SAFETY: as above.
    unsafe { flags.write(0) };
}

/// The room that an accept has for the peer's address.
///
/// # Safety
///
/// I1, of both.
pub(super) unsafe fn peer_room(addr: *mut u8, len: *mut u8) -> Memory {
    if addr.is_null() || len.is_null() {
        return Memory::default();
    }
    // SAFETY: the caller's promise.
    let room = unsafe { len.cast::<libc::socklen_t>().read() } as usize;
    // SAFETY: the caller's promise: `room` bytes lie there.
    unsafe { Memory::one(addr, room) }
}

/// What an accept writes when it completes: the peer's address, cut to the length that lies at
/// `len` then, and its full length.
///
/// # Safety
///
/// I1, of both.
pub(super) unsafe fn write_peer(addr: *mut u8, len: *mut u8, peer: &[u8]) {
    if addr.is_null() || len.is_null() {
        return;
    }
    let len = len.cast::<libc::socklen_t>();
    // SAFETY: the caller's promise.
    let room = unsafe { len.read() } as usize;
    let count = room.min(peer.len());
    // SAFETY: the caller's promise: `room` bytes lie there.
    unsafe { addr.copy_from_nonoverlapping(peer.as_ptr(), count) };
    // SAFETY: the caller's promise.
    unsafe { len.write(peer.len() as libc::socklen_t) };
}

/// What a `recvmsg` of a datagram writes into its header when it completes: the sender's name, cut
/// to the room for it, and whether bytes were cut.
///
/// # Safety
///
/// I1, of the header and of its room for a name.
pub(super) unsafe fn write_name(addr: *mut u8, name: &[u8], cut: bool) {
    let header = addr.cast::<libc::msghdr>();
    // SAFETY: the caller's promise.
    let room = unsafe { (*header).msg_name };
    // SAFETY: as above.
    let len = unsafe { &raw mut (*header).msg_namelen };
    // SAFETY: the caller's promise; nothing is written where there is no room.
    unsafe { write_peer(room.cast(), len.cast(), name) };
    // SAFETY: the caller's promise.
    let flags = unsafe { &raw mut (*header).msg_flags };
    // SAFETY: as above.
    unsafe { flags.write(if cut { libc::MSG_TRUNC } else { 0 }) };
}
