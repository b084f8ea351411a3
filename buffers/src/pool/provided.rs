//! `ProvidedPool`: the memory of a provided-buffer ring, from which the kernel picks.
//!
//! ```text
//!        new              1 take                             3 drop, closed
//!         ───▶ in the ring ─────▶ with a user (PoolBuf) ─────────────────────▶ retired
//!                   ▲                      │ 2 drop
//!                   └──────────────────────┘
//! ```
//!
//! # Invariants
//!
//! - **P1** each buffer is in one of the three places. In the ring its bytes belong to the kernel;
//!   with a user they belong to the one `PoolBuf` of that number; retired, to nobody.
//! - **P2** the entries before the tail that the kernel has not picked are exactly the buffers in
//!   the ring that it did not pick, so there is always room for one more at the tail, and an entry
//!   once published is not written again before the kernel has picked it.
//! - **P3** the bytes of all buffers are initialised: zeroed at first, overwritten only.
//! - **P4** ring and buffers are freed when the last handle and the last `PoolBuf` are gone.
#![allow(unsafe_code, reason = "writes the ring that the kernel reads")]

use alloc::{boxed::Box, format, rc::Rc};
use core::{
    cell::Cell,
    fmt,
    ptr::NonNull,
    sync::atomic::{AtomicU16, Ordering},
};
use std::io;

use super::{PoolBuf, memory::Zeroed};

/// The kernel's bound: its ring's indices have 16 bits, and full differs from empty.
const COUNT_MAX: u16 = 1 << 15;

/// `struct io_uring_buf`: { addr: u64, len: u32, bid: u16, resv: u16 }.
const ENTRY_LEN: usize = 16;
const LEN_AT: usize = 8;
const BID_AT: usize = 12;
/// `resv` of the first entry is the ring's tail.
const TAIL_AT: usize = 14;

/// Where a buffer is (P1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Ring,
    User,
    Retired,
}

/// The memory of a provided-buffer ring: the kernel picks a buffer when data has come, so that
/// waiting costs no memory.
///
/// It makes no system call. Who registers the ring with the kernel keeps a handle until it is
/// unregistered: the kernel reads addresses from the ring. A handle is cheap to clone, and stays on
/// its thread; the memory is freed with the last handle or [`PoolBuf`].
///
/// ```
/// use sexton_buffers::ProvidedPool;
///
/// let pool = ProvidedPool::new(0, 8, 4096)?;
/// assert_eq!((pool.count(), pool.buf_len(), pool.held()), (8, 4096, 0));
///
/// // What a kernel does: it picks a buffer, writes to it, and tells so in a completion.
/// // SAFETY: no kernel knows this ring; the buffer was just picked, and `ab` fits.
/// let buf = unsafe {
///     let (bid, at, _len) = pool.pick().unwrap();
///     at.copy_from(b"ab".as_ptr(), 2);
///     pool.take(bid, 2)?
/// };
/// assert_eq!((&buf[..], pool.held()), (&b"ab"[..], 1));
/// drop(buf); // back to the ring
/// assert_eq!(pool.held(), 0);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// ```compile_fail
/// fn on_any_thread<T: Send>() {}
/// on_any_thread::<sexton_buffers::ProvidedPool>();
/// ```
#[doc(alias = "io_uring_register_buf_ring")]
#[derive(Clone)]
pub struct ProvidedPool {
    shared: Rc<Shared>,
}

/// What handles and buffers share.
pub(super) struct Shared {
    group: u16,
    count: u16,
    buf_len: u32,
    ring: Zeroed,
    bytes: Zeroed,
    places: Box<[Cell<Place>]>,
    held: Cell<u16>,
    retired: Cell<u16>,
    closed: Cell<bool>,
    tail: Cell<u16>,
    /// How far a kernel in memory has picked; the real one keeps its own.
    head: Cell<u16>,
}

impl ProvidedPool {
    /// A pool of `count` buffers of `buf_len` bytes each, all of them in the ring.
    ///
    /// `group` is the number under which operations will name it.
    ///
    /// # Errors
    /// `InvalidInput` if `count` is no power of two or greater than 32768, or if `buf_len` is zero;
    /// `OutOfMemory`.
    pub fn new(group: u16, count: u16, buf_len: u32) -> io::Result<Self> {
        if !count.is_power_of_two() || count > COUNT_MAX {
            return Err(invalid(format!(
                "a provided-buffer ring has a power of two of buffers, at most {COUNT_MAX}, \
                 not {count}"
            )));
        }
        if buf_len == 0 {
            return Err(invalid("a provided buffer has at least one byte".into()));
        }
        let ring = Zeroed::new(usize::from(count) * ENTRY_LEN);
        let bytes = usize::try_from(buf_len)
            .ok()
            .and_then(|len| len.checked_mul(count.into()))
            .and_then(Zeroed::new);
        let (Some(ring), Some(bytes)) = (ring, bytes) else {
            return Err(io::Error::new(
                io::ErrorKind::OutOfMemory,
                format!("no memory for {count} provided buffers of {buf_len} bytes"),
            ));
        };
        let shared = Rc::new(Shared {
            group,
            count,
            buf_len,
            ring,
            bytes,
            places: (0..count).map(|_| Cell::new(Place::Ring)).collect(),
            held: Cell::new(0),
            retired: Cell::new(0),
            closed: Cell::new(false),
            tail: Cell::new(0),
            head: Cell::new(0),
        });
        for bid in 0..count {
            shared.write_entry(bid);
        }
        shared.publish();
        Ok(Self { shared })
    }

    /// The first entry of the ring, page-aligned, `16 * count` bytes: what is registered.
    ///
    /// Valid as long as a handle or a [`PoolBuf`] of this pool lives.
    pub fn ring_addr(&self) -> *mut u8 {
        self.shared.ring.start().as_ptr()
    }

    /// The number of the group.
    pub fn group(&self) -> u16 {
        self.shared.group
    }

    /// How many buffers there are.
    pub fn count(&self) -> u16 {
        self.shared.count
    }

    /// How many bytes each buffer has.
    pub fn buf_len(&self) -> u32 {
        self.shared.buf_len
    }

    /// How many buffers are with users, as [`PoolBuf`]s. If all are, the kernel finds none.
    pub fn held(&self) -> u16 {
        self.shared.held.get()
    }

    /// From now on buffers that come back are not given to the kernel any more.
    pub fn close(&self) {
        self.shared.closed.set(true);
    }

    /// Whether the pool was closed.
    pub fn is_closed(&self) -> bool {
        self.shared.closed.get()
    }

    /// Edge 1: a completion says that buffer `bid` holds `len` bytes, and that the kernel has let
    /// go of it.
    ///
    /// # Errors
    /// `InvalidData` if there is no such buffer, if it is not in the ring, or if it is smaller than
    /// `len`. The buffer stays where it was; nobody is given it.
    ///
    /// # Safety
    /// A completion said so, and this is the first call for it: neither the kernel nor whoever
    /// called [`pick`](ProvidedPool::pick) touches the buffer any more.
    pub unsafe fn take(&self, bid: u16, len: u32) -> io::Result<PoolBuf> {
        let Shared { group, count, buf_len, .. } = *self.shared;
        let Some(place) = self.shared.places.get(usize::from(bid)) else {
            return Err(bad_answer(format!(
                "the kernel named buffer {bid} of group {group}, which has {count}"
            )));
        };
        if place.get() != Place::Ring {
            return Err(bad_answer(format!(
                "the kernel named buffer {bid} of group {group}, which it does not have"
            )));
        }
        if len > buf_len {
            return Err(bad_answer(format!(
                "the kernel says {len} bytes in buffer {bid} of group {group}, which has {buf_len}"
            )));
        }
        place.set(Place::User);
        self.shared.held.set(self.shared.held.get() + 1);
        Ok(PoolBuf::new(Rc::clone(&self.shared), bid, len))
    }

    /// What the kernel does when data has come: takes the next buffer out of the ring; its number,
    /// its first byte, its length. For a kernel in memory.
    ///
    /// # Safety
    /// This ring is not registered with a real kernel. At most so many bytes are written through
    /// the pointer, none of them uninitialised, and none after [`take`](ProvidedPool::take) was
    /// called for that buffer or the last handle is gone.
    pub unsafe fn pick(&self) -> Option<(u16, *mut u8, u32)> {
        if self.available() == 0 {
            return None;
        }
        let head = self.shared.head.get();
        self.shared.head.set(head.wrapping_add(1));
        let (addr, len, bid) = self.shared.read_entry(head);
        Some((bid, self.shared.bytes.start().as_ptr().with_addr(addr), len))
    }

    /// How many buffers [`pick`](ProvidedPool::pick) would find. Means nothing for a ring that is
    /// registered with a real kernel.
    pub fn available(&self) -> u16 {
        self.shared.tail.get().wrapping_sub(self.shared.head.get())
    }

    /// Checks that each buffer is in one place, and that the counters agree.
    ///
    /// # Panics
    /// If not, with the invariant's number.
    pub fn assert_valid(&self) {
        let shared = &*self.shared;
        let in_place = |place| {
            shared.places.iter().filter(|is_in: &&Cell<Place>| is_in.get() == place).count()
        };
        assert_eq!(in_place(Place::User), usize::from(shared.held.get()), "P1: held");
        assert_eq!(in_place(Place::Retired), usize::from(shared.retired.get()), "P1: retired");
        let in_ring = in_place(Place::Ring);
        let elsewhere = usize::from(shared.held.get()) + usize::from(shared.retired.get());
        assert_eq!(in_ring + elsewhere, usize::from(shared.count), "P1: held + in ring == count");
        // A real kernel keeps a head of its own, and ours stays at zero.
        if shared.head.get() != 0 {
            assert!(usize::from(self.available()) <= in_ring, "P2: more entries than buffers");
        }
    }
}

impl Shared {
    pub(super) fn buf_len(&self) -> u32 {
        self.buf_len
    }

    /// The first byte of a buffer.
    pub(super) fn first_byte(&self, bid: u16) -> NonNull<u8> {
        debug_assert!(bid < self.count, "P1");
        let before = usize::from(bid) * self.buf_len as usize;
        // SAFETY: within the allocation, which has `count * buf_len` bytes.
        unsafe { self.bytes.start().add(before) }
    }

    /// Edges 2 and 3: a user's buffer comes back.
    pub(super) fn give_back(&self, bid: u16) {
        let place = &self.places[usize::from(bid)];
        debug_assert_eq!(place.get(), Place::User, "P1");
        self.held.set(self.held.get() - 1);
        if self.closed.get() {
            place.set(Place::Retired);
            self.retired.set(self.retired.get() + 1);
        } else {
            place.set(Place::Ring);
            self.write_entry(bid);
            self.publish();
        }
    }

    /// Writes a buffer's entry at the tail, field by field: `resv` of the first one is the tail.
    fn write_entry(&self, bid: u16) {
        let entry = self.entry(self.tail.get());
        let addr = self.first_byte(bid).as_ptr().expose_provenance() as u64;
        // SAFETY: P2: an entry of the ring that the kernel does not read yet, aligned to 16.
        unsafe { entry.cast::<u64>().write(addr) };
        // SAFETY: as above; the field is aligned to 4.
        unsafe { entry.wrapping_add(LEN_AT).cast::<u32>().write(self.buf_len) };
        // SAFETY: as above; the field is aligned to 2.
        unsafe { entry.wrapping_add(BID_AT).cast::<u16>().write(bid) };
        self.tail.set(self.tail.get().wrapping_add(1));
    }

    /// Lets the kernel see what was written up to the tail.
    fn publish(&self) {
        let tail = self.ring.start().as_ptr().wrapping_add(TAIL_AT).cast::<u16>();
        // SAFETY: the field is aligned to 2, lives as long as the ring, and is written here only.
        let tail = unsafe { AtomicU16::from_ptr(tail) };
        tail.store(self.tail.get(), Ordering::Release);
    }

    /// What an entry says: address, length, number.
    fn read_entry(&self, index: u16) -> (usize, u32, u16) {
        let entry = self.entry(index);
        // SAFETY: an entry of the ring, aligned to 16, initialised since it was zeroed.
        let addr = unsafe { entry.cast::<u64>().read() };
        // SAFETY: as above; the field is aligned to 4.
        let len = unsafe { entry.wrapping_add(LEN_AT).cast::<u32>().read() };
        // SAFETY: as above; the field is aligned to 2.
        let bid = unsafe { entry.wrapping_add(BID_AT).cast::<u16>().read() };
        (usize::try_from(addr).expect("an address of this process"), len, bid)
    }

    /// The entry at an index that counts on beyond the ring's length.
    fn entry(&self, index: u16) -> *mut u8 {
        let index = usize::from(index & (self.count - 1));
        self.ring.start().as_ptr().wrapping_add(index * ENTRY_LEN)
    }
}

impl fmt::Debug for ProvidedPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProvidedPool")
            .field("group", &self.group())
            .field("count", &self.count())
            .field("buf_len", &self.buf_len())
            .field("held", &self.held())
            .field("closed", &self.is_closed())
            .finish()
    }
}

fn invalid(what: alloc::string::String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, what)
}

fn bad_answer(what: alloc::string::String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
