//! `ProvidedPool`: the memory of a provided-buffer ring, from which the kernel picks.
//!
//! ```text
//!        new              1 take                             3 drop, closed
//!         ───▶ in the ring ─────▶ with a user (PoolBuf) ─────────────────────▶ retired
//!              │  ▲ 4 take a piece         │ 2 drop of the last piece
//!              └──┘                        │
//!                 ▲────────────────────────┘
//! ```
//!
//! # Invariants
//!
//! - **P1** each buffer is in one of the three places. With users its bytes belong to its
//!   `PoolBuf`s, no byte to two of them; retired, to nobody. In the ring the bytes before `filled`
//!   belong to the `PoolBuf`s of its pieces, the others to the kernel.
//! - **P2** the entries before the tail that the kernel has not used up are exactly the buffers in
//!   the ring that it has not, so there is always room for one more at the tail, and an entry once
//!   published is not written again before the kernel has used it up.
//! - **P3** the bytes of all buffers are initialised: zeroed at first, overwritten only.
//! - **P4** ring and buffers are freed when the last handle and the last `PoolBuf` are gone.
//! - **P5** `next` of a buffer in the ring, or with a user who has not let go of it since, is the
//!   one that was published after it, if any.
#![allow(unsafe_code, reason = "writes the ring that the kernel reads")]

use alloc::{boxed::Box, format, rc::Rc};
use core::{cell::Cell, fmt, ptr::NonNull};
use std::io;

use super::{
    PoolBuf, PoolBufs,
    entries::{Entries, Entry},
    memory::Zeroed,
};

/// The kernel's bound: its ring's indices have 16 bits, and full differs from empty.
const COUNT_MAX: u16 = 1 << 15;

/// No buffer's number.
const NONE: u16 = u16::MAX;

/// How receives use up the buffers of a pool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Consumption {
    /// Each takes one buffer, whatever comes.
    #[default]
    Whole,
    /// Each takes as many buffers as its bytes fill, in the order in which they were published.
    Bundle,
    /// Each takes the next bytes of the oldest buffer, which stays in the ring until it is full.
    Incremental,
}

/// Where a buffer is (P1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Ring,
    User,
    Retired,
}

/// What is known of one buffer.
struct Buffer {
    place: Cell<Place>,
    /// How many `PoolBuf`s it has.
    users: Cell<u32>,
    /// So many bytes of it came piece by piece since it was published.
    filled: Cell<u32>,
    /// P5.
    next: Cell<u16>,
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
///     let (bid, at, _len) = pool.pick(2).unwrap();
///     at.copy_from(b"ab".as_ptr(), 2);
///     pool.take(bid, 2, false)?.next().unwrap()
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
    consumption: Consumption,
    ring: Entries,
    bytes: Zeroed,
    buffers: Box<[Buffer]>,
    /// The one that was published last.
    last: Cell<u16>,
    held: Cell<u16>,
    retired: Cell<u16>,
    closed: Cell<bool>,
    /// How often a buffer came back to the ring.
    returned: Cell<u32>,
}

impl ProvidedPool {
    /// A pool of `count` buffers of `buf_len` bytes each, all of them in the ring; a receive takes
    /// one.
    ///
    /// `group` is the number under which operations will name it.
    ///
    /// # Errors
    /// `InvalidInput` if `count` is no power of two or greater than 32768, or if `buf_len` is zero;
    /// `OutOfMemory`.
    pub fn new(group: u16, count: u16, buf_len: u32) -> io::Result<Self> {
        Self::consumed(Consumption::Whole, group, count, buf_len)
    }

    /// [`new`](Self::new), with the way in which receives use up the buffers.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn consumed(
        consumption: Consumption,
        group: u16,
        count: u16,
        buf_len: u32,
    ) -> io::Result<Self> {
        if !count.is_power_of_two() || count > COUNT_MAX {
            return Err(invalid(format!(
                "a provided-buffer ring has a power of two of buffers, at most {COUNT_MAX}, \
                 not {count}"
            )));
        }
        if buf_len == 0 {
            return Err(invalid("a provided buffer has at least one byte".into()));
        }
        let ring = Entries::new(count);
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
            consumption,
            ring,
            bytes,
            buffers: (0..count).map(|_| Buffer::new()).collect(),
            last: Cell::new(NONE),
            held: Cell::new(0),
            retired: Cell::new(0),
            closed: Cell::new(false),
            returned: Cell::new(0),
        });
        for bid in 0..count {
            shared.write_entry(bid);
        }
        shared.ring.publish();
        Ok(Self { shared })
    }

    /// The first entry of the ring, page-aligned, `16 * count` bytes: what is registered.
    ///
    /// Valid as long as a handle or a [`PoolBuf`] of this pool lives.
    pub fn ring_addr(&self) -> *mut u8 {
        self.shared.ring.start()
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

    /// How receives use up the buffers.
    pub fn consumption(&self) -> Consumption {
        self.shared.consumption
    }

    /// How many buffers the kernel has let go of, and users have, as [`PoolBuf`]s. If all are, the
    /// kernel finds none.
    pub fn held(&self) -> u16 {
        self.shared.held.get()
    }

    /// How many buffers the kernel has, as far as its completions told: it may find fewer.
    pub fn in_ring(&self) -> u16 {
        self.shared.count - self.shared.held.get() - self.shared.retired.get()
    }

    /// How often a buffer came back to the ring, counted in 32 bits.
    pub fn returned(&self) -> u32 {
        self.shared.returned.get()
    }

    /// From now on buffers that come back are not given to the kernel any more.
    pub fn close(&self) {
        self.shared.closed.set(true);
    }

    /// Whether the pool was closed.
    pub fn is_closed(&self) -> bool {
        self.shared.closed.get()
    }

    /// Edges 1 and 4: a completion says that `len` bytes have come, in buffer `bid` and, of a
    /// bundle, in those after it; and that the kernel has let go of the buffer, unless it keeps the
    /// rest of it for what comes next (`kept`, that is `IORING_CQE_F_BUF_MORE`).
    ///
    /// # Errors
    /// `InvalidData` if there is no such buffer, if it is not in the ring, if it has no room for
    /// `len` bytes, or if it cannot be kept. The buffers stay where they were; nobody is given
    /// them.
    ///
    /// # Safety
    /// A completion said so, and this is the first call for it, in the order of the completions:
    /// neither the kernel nor whoever called [`pick`](ProvidedPool::pick) touches those bytes any
    /// more.
    #[inline]
    pub unsafe fn take(&self, bid: u16, len: u32, kept: bool) -> io::Result<PoolBufs> {
        let shared = &*self.shared;
        let buffer = shared.named(bid)?;
        let filled = buffer.filled.get();
        let room = shared.buf_len - filled;
        if kept && (shared.consumption != Consumption::Incremental || len >= room) {
            return Err(shared.bad_answer(format!("keeps buffer {bid}, which is used up")));
        }
        if len > room {
            if shared.consumption == Consumption::Bundle {
                return self.take_bundle(bid, len);
            }
            return Err(shared.bad_answer(format!("put {len} bytes in buffer {bid}")));
        }
        buffer.users.set(buffer.users.get() + 1);
        if !kept {
            shared.hold(buffer);
        }
        let shared = Rc::clone(&self.shared);
        if shared.consumption != Consumption::Incremental {
            return Ok(PoolBufs::new(PoolBuf::whole(shared, bid, len), 0));
        }
        buffer.filled.set(filled + len);
        Ok(PoolBufs::new(PoolBuf::piece(shared, bid, filled..filled + len), 0))
    }

    /// Takes the buffers of a bundle: the order is the ring's, not that of the numbers.
    fn take_bundle(&self, first: u16, len: u32) -> io::Result<PoolBufs> {
        let shared = &*self.shared;
        let count = len.div_ceil(shared.buf_len);
        let mut bid = first;
        for _ in 0..count {
            shared.named(bid)?;
            bid = shared.after(bid);
        }
        bid = first;
        for _ in 0..count {
            let buffer = &shared.buffers[usize::from(bid)];
            buffer.users.set(1);
            shared.hold(buffer);
            bid = shared.after(bid);
        }
        let first = PoolBuf::whole(Rc::clone(&self.shared), first, shared.buf_len);
        Ok(PoolBufs::new(first, len - shared.buf_len))
    }

    /// What the kernel does when data has come: picks the oldest buffer, or its next `len` bytes at
    /// most if the pool is used piece by piece; the buffer's number, the first byte, how many. For
    /// a kernel in memory.
    ///
    /// # Safety
    /// This ring is not registered with a real kernel. At most so many bytes are written through
    /// the pointer, none of them uninitialised, and none after [`take`](ProvidedPool::take) was
    /// called for them or the last handle is gone.
    pub unsafe fn pick(&self, len: u32) -> Option<(u16, *mut u8, u32)> {
        let is_piece = self.shared.consumption == Consumption::Incremental;
        let Entry { addr, len, bid } = self.shared.ring.pick(is_piece.then_some(len))?;
        let addr = usize::try_from(addr).expect("an address of this process");
        Some((bid, self.shared.bytes.start().as_ptr().with_addr(addr), len))
    }

    /// How many buffers [`pick`](ProvidedPool::pick) would find. Means nothing for a ring that is
    /// registered with a real kernel.
    pub fn available(&self) -> u16 {
        self.shared.ring.available()
    }

    /// Checks that each buffer is in one place, and that the counters agree.
    ///
    /// # Panics
    /// If not, with the invariant's number.
    pub fn assert_valid(&self) {
        let shared = &*self.shared;
        let in_place = |place| {
            let is_there = |buffer: &&Buffer| buffer.place.get() == place;
            shared.buffers.iter().filter(is_there).count()
        };
        for buffer in &shared.buffers {
            let (users, filled) = (buffer.users.get(), buffer.filled.get());
            let has_users = match buffer.place.get() {
                Place::Ring => users == 0 || shared.is_incremental(),
                Place::User => users > 0,
                Place::Retired => users == 0,
            };
            assert!(has_users, "P1: {users} users in {:?}", buffer.place.get());
            assert!(filled <= shared.buf_len, "P1: filled beyond its end");
        }
        assert_eq!(in_place(Place::User), usize::from(shared.held.get()), "P1: held");
        assert_eq!(in_place(Place::Retired), usize::from(shared.retired.get()), "P1: retired");
        let in_ring = in_place(Place::Ring);
        let elsewhere = usize::from(shared.held.get()) + usize::from(shared.retired.get());
        assert_eq!(in_ring + elsewhere, usize::from(shared.count), "P1: held + in ring == count");
        // A real kernel keeps a head of its own, and ours stays at zero.
        if shared.ring.is_picked_from() {
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

    /// The buffer that was published after this one (P5).
    pub(super) fn after(&self, bid: u16) -> u16 {
        self.buffers.get(usize::from(bid)).map_or(NONE, |buffer| buffer.next.get())
    }

    fn is_incremental(&self) -> bool {
        self.consumption == Consumption::Incremental
    }

    /// A buffer that the kernel named: it must be in the ring.
    #[inline]
    fn named(&self, bid: u16) -> io::Result<&Buffer> {
        match self.buffers.get(usize::from(bid)) {
            Some(buffer) if buffer.place.get() == Place::Ring => Ok(buffer),
            Some(_) => Err(self.bad_answer(format!("named buffer {bid}, which it does not have"))),
            None => Err(self.bad_answer(format!("named buffer {bid}"))),
        }
    }

    /// Edge 1: the kernel has let go of it.
    fn hold(&self, buffer: &Buffer) {
        buffer.place.set(Place::User);
        self.held.set(self.held.get() + 1);
    }

    /// Edges 2 and 3: a user's buffer comes back. The last piece brings it, if the kernel has let
    /// go.
    pub(super) fn give_back(&self, bid: u16) {
        let buffer = &self.buffers[usize::from(bid)];
        let users = buffer.users.get() - 1;
        buffer.users.set(users);
        if users > 0 || buffer.place.get() == Place::Ring {
            return;
        }
        debug_assert_eq!(buffer.place.get(), Place::User, "P1");
        self.held.set(self.held.get() - 1);
        if self.closed.get() {
            buffer.place.set(Place::Retired);
            self.retired.set(self.retired.get() + 1);
        } else {
            buffer.place.set(Place::Ring);
            buffer.filled.set(0);
            self.write_entry(bid);
            self.ring.publish();
            self.returned.set(self.returned.get().wrapping_add(1));
        }
    }

    /// Writes a buffer's entry at the tail.
    fn write_entry(&self, bid: u16) {
        let addr = self.first_byte(bid).as_ptr().expose_provenance() as u64;
        self.ring.push(Entry { addr, len: self.buf_len, bid });
        if let Some(last) = self.buffers.get(usize::from(self.last.replace(bid))) {
            last.next.set(bid);
        }
        // It may be the last one itself.
        self.buffers[usize::from(bid)].next.set(NONE);
    }

    #[cold]
    fn bad_answer(&self, what: alloc::string::String) -> io::Error {
        let Self { group, count, buf_len, .. } = self;
        io::Error::new(
            io::ErrorKind::InvalidData,
            format!("the kernel {what}, of group {group}: {count} buffers of {buf_len} bytes"),
        )
    }
}

impl Buffer {
    fn new() -> Self {
        Self {
            place: Cell::new(Place::Ring),
            users: Cell::new(0),
            filled: Cell::new(0),
            next: Cell::new(NONE),
        }
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
