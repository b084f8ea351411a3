//! `Tail`: the unfilled part of an owned buffer, lent to readers turn by turn, without unsafe code.
//!
//! # Invariants
//!
//! - **T1** the first `init` unfilled bytes of the buffer exist and are initialised, and
//!   `filled <= init`.
//! - **T2** the buffer is borrowed by the tail alone, which calls no method of it while a cursor
//!   lives.
#![allow(unsafe_code, reason = "marks bytes filled that a cursor counted")]

use alloc::vec::Vec;
use core::{fmt, mem, ptr::NonNull};

use crate::{IoBufMut, ReadCursor};

/// The tail of a `Vec`: its spare capacity, which may grow between turns.
pub type VecTail<'b> = Tail<'b, Vec<u8>>;

/// The unfilled part of an owned buffer, lent to readers turn by turn.
///
/// Each turn a reader gets a cursor from [`unfilled`](Tail::unfilled). What it wrote becomes filled
/// bytes of the buffer at [`commit`](Tail::commit), at the next turn, or when the tail is dropped;
/// so it works across an `await`, whose future may be dropped. A tail that is forgotten marks
/// nothing.
///
/// It remembers what is initialised from turn to turn, for buffers too that cannot (`Vec`): no
/// byte is zeroed twice.
///
/// ```
/// use sexton_buffers::{ReadCursor, VecTail};
///
/// async fn read(mut into: ReadCursor<'_>, data: &mut &[u8]) {
///     let n = into.append(&data[..data.len().min(5)]);
///     *data = &data[n..];
/// }
///
/// async fn read_to_end(mut data: &[u8], buf: &mut Vec<u8>) {
///     let mut tail = VecTail::new(buf);
///     loop {
///         tail.reserve(32);
///         read(tail.unfilled(), &mut data).await;
///         if tail.commit() == 0 {
///             return;
///         }
///     }
/// }
/// # use std::{future::Future, pin::pin, task::{Context, Waker}};
/// # let mut buf = Vec::from(*b"> ");
/// # let mut context = Context::from_waker(Waker::noop());
/// # assert!(pin!(read_to_end(b"hello, world", &mut buf)).poll(&mut context).is_ready());
/// # assert_eq!(buf, b"> hello, world");
/// ```
pub struct Tail<'b, B: IoBufMut> {
    buf: &'b mut B,
    filled: usize,
    init: usize,
}

impl<'b, B: IoBufMut> Tail<'b, B> {
    /// The unfilled part of `buf`.
    pub fn new(buf: &'b mut B) -> Self {
        let init = buf.init_len();
        Self { buf, filled: 0, init }
    }

    /// The cursor of a new turn. What the one before wrote is committed.
    pub fn unfilled(&mut self) -> ReadCursor<'_> {
        self.commit();
        let raw = self.buf.unfilled();
        self.init = self.init.min(raw.len());
        let base = NonNull::new(raw.cast::<u8>()).expect("IoBufMut: unfilled is never null");
        // SAFETY: T1, T2, and rule 5: unaliased and writable until the next call of the buffer,
        // which the cursor's borrow of the tail holds off.
        unsafe { ReadCursor::new(base, raw.len(), &mut self.filled, &mut self.init) }
    }

    /// Makes what the last cursor wrote filled bytes of the buffer; returns how many they are.
    pub fn commit(&mut self) -> usize {
        let n = mem::take(&mut self.filled);
        self.init -= n;
        if n > 0 {
            // SAFETY: T1: they exist and are initialised.
            unsafe { self.buf.mark_filled(n) };
        }
        if self.init > 0 {
            // SAFETY: T1, for what is behind the bytes that were marked (rule 6).
            unsafe { self.buf.mark_init(self.init) };
        }
        n
    }

    /// The buffer, with all that was written so far.
    pub fn buf(&mut self) -> &B {
        self.commit();
        self.buf
    }

    /// How many bytes are unfilled.
    pub fn room(&mut self) -> usize {
        self.commit();
        self.buf.unfilled().len()
    }
}

impl Tail<'_, Vec<u8>> {
    /// Grows the vector if it has room for fewer than `additional` bytes, as [`Vec::reserve`] does.
    pub fn reserve(&mut self, additional: usize) {
        self.commit();
        let before = self.buf.capacity();
        self.buf.reserve(additional);
        if self.buf.capacity() != before {
            self.init = 0; // T1: new memory, of which only the filled bytes were copied
        }
    }
}

impl<B: IoBufMut> Drop for Tail<'_, B> {
    fn drop(&mut self) {
        self.commit();
    }
}

impl<B: IoBufMut> fmt::Debug for Tail<'_, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tail")
            .field("uncommitted", &self.filled)
            .field("init", &self.init)
            .finish_non_exhaustive()
    }
}

/// Lends the unfilled part of `buf` to `fill` once; what that wrote becomes filled bytes.
///
/// Returns what `fill` returned, and how many bytes it wrote. If `fill` panics, the bytes that it
/// wrote are kept.
///
/// ```
/// use sexton_buffers::fill_tail;
///
/// let mut buf = Vec::with_capacity(16);
/// let ((), n) = fill_tail(&mut buf, |mut cursor| {
///     cursor.append(b"abc");
/// });
/// assert_eq!((n, &buf[..]), (3, &b"abc"[..]));
/// ```
pub fn fill_tail<B: IoBufMut, R>(
    buf: &mut B,
    fill: impl FnOnce(ReadCursor<'_>) -> R,
) -> (R, usize) {
    let mut tail = Tail::new(buf);
    let answer = fill(tail.unfilled());
    let n = tail.commit();
    (answer, n)
}
