//! What the tests share: a stand-in for the kernel, and buffers that watch themselves.
#![allow(unsafe_code, reason = "does what a kernel does")]
#![allow(dead_code, reason = "each test uses a part of it")]

use std::{
    cell::Cell,
    future::Future,
    mem::MaybeUninit,
    pin::pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};

use sexton_buffers::{IoBuf, IoBufMut, PoolBuf, ProvidedPool};

/// Writes what fits of `data` through a pointer that was derived earlier; returns how much.
///
/// # Safety
/// `raw` is still valid for writes.
pub(crate) unsafe fn kernel_writes(raw: *mut [MaybeUninit<u8>], data: &[u8]) -> usize {
    let n = raw.len().min(data.len());
    // SAFETY: the caller's promise.
    unsafe { raw.cast::<u8>().copy_from_nonoverlapping(data.as_ptr(), n) };
    n
}

/// A kernel picks a buffer of the pool, writes `data` to it, and tells so.
pub(crate) fn received(pool: &ProvidedPool, data: &[u8]) -> PoolBuf {
    // SAFETY: no real kernel knows this ring; written below, before `take` only.
    let (bid, at, len) = unsafe { pool.pick(data.len() as u32) }.expect("a buffer in the ring");
    assert_eq!(len, pool.buf_len());
    write_picked(at, len, data);
    // SAFETY: picked just now, and not touched any more.
    let bufs = unsafe { pool.take(bid, data.len() as u32, false) };
    bufs.expect("a buffer of this ring").next().expect("one buffer")
}

/// Writes `data` to a buffer that was picked.
pub(crate) fn write_picked(at: *mut u8, len: u32, data: &[u8]) {
    assert!(data.len() <= len as usize);
    // SAFETY: so many bytes are there, and belong to who picked them.
    unsafe { at.copy_from_nonoverlapping(data.as_ptr(), data.len()) };
}

/// An operation in its slot: it owns the buffer, at an address that does not change.
pub(crate) struct Slot<B> {
    buf: *mut B,
}

impl<B: IoBufMut> Slot<B> {
    pub(crate) fn new(buf: B) -> Self {
        Self { buf: Box::into_raw(Box::new(buf)) }
    }

    /// A whole read, in the order that the driver keeps: move, derive, write, mark, give back.
    pub(crate) fn read(self, data: &[u8]) -> (usize, B) {
        // SAFETY: the slot owns the buffer; nobody else has a reference.
        let raw = unsafe { &mut *self.buf }.unfilled();
        // SAFETY: derived just now, and the buffer was not touched since.
        let n = unsafe { kernel_writes(raw, data) };
        // SAFETY: as above.
        let buf = unsafe { &mut *self.buf };
        // SAFETY: exactly these bytes were written.
        unsafe { buf.mark_filled(n) };
        // SAFETY: it comes from `Box::into_raw`.
        (n, *unsafe { Box::from_raw(self.buf) })
    }
}

/// The address of a buffer's filled bytes, and of its unfilled ones.
pub(crate) fn addresses<B: IoBufMut>(buf: &mut B) -> (usize, usize) {
    (buf.filled().as_ptr().addr(), buf.unfilled().cast::<u8>().addr())
}

/// Moves a value through the heap and back.
pub(crate) fn moved<T>(value: T) -> T {
    let boxed = std::hint::black_box(Box::new(value));
    let mut somewhere_else = [None, Some(*boxed)];
    somewhere_else.swap(0, 1);
    let [value, _] = somewhere_else;
    value.expect("it was put there")
}

/// What a [`Watched`] buffer lets others see.
#[derive(Default)]
pub(crate) struct Watch {
    /// Where the buffer itself lay when it was last asked for its bytes.
    pub(crate) owner_addr: Cell<usize>,
    pub(crate) drops: Cell<usize>,
}

/// A `Vec` with `EXTRA` words beside it, which counts its drops and writes through `&self`.
pub(crate) struct Watched<const EXTRA: usize> {
    bytes: Vec<u8>,
    asked: Cell<usize>,
    watch: Rc<Watch>,
    _extra: [usize; EXTRA],
}

impl<const EXTRA: usize> Watched<EXTRA> {
    pub(crate) fn with_capacity(n: usize) -> (Self, Rc<Watch>) {
        let watch = Rc::new(Watch::default());
        let bytes = Vec::with_capacity(n);
        let asked = Cell::new(0);
        (Self { bytes, asked, watch: Rc::clone(&watch), _extra: [7; EXTRA] }, watch)
    }

    /// How often it was asked for its bytes.
    pub(crate) fn asked(&self) -> usize {
        self.asked.get()
    }
}

impl<const EXTRA: usize> Drop for Watched<EXTRA> {
    fn drop(&mut self) {
        assert_eq!(self._extra, [7; EXTRA], "its words were not kept");
        self.watch.drops.set(self.watch.drops.get() + 1);
    }
}

// SAFETY: as `Vec<u8>`; the cells are no bytes of it.
unsafe impl<const EXTRA: usize> IoBuf for Watched<EXTRA> {
    fn filled(&self) -> &[u8] {
        self.asked.set(self.asked.get() + 1);
        self.watch.owner_addr.set((&raw const *self).addr());
        &self.bytes
    }
}

// SAFETY: forwards to a `Vec<u8>`.
unsafe impl<const EXTRA: usize> IoBufMut for Watched<EXTRA> {
    fn unfilled(&mut self) -> *mut [MaybeUninit<u8>] {
        self.bytes.unfilled()
    }

    unsafe fn mark_filled(&mut self, n: usize) {
        // SAFETY: the caller's promise.
        unsafe { self.bytes.mark_filled(n) }
    }

    fn clear(&mut self) {
        self.bytes.clear();
    }

    fn filled_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }
}

/// Polls once a future that has nothing to wait for.
pub(crate) fn now<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits"),
    }
}
