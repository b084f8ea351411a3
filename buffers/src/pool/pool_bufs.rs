//! `PoolBufs`: what one completion brought, in one buffer of a pool or in several.

use super::PoolBuf;

/// The buffers that one completion filled, in the order of their bytes; what is not taken goes back
/// to the kernel.
///
/// ```
/// use sexton_buffers::{Consumption, ProvidedPool};
///
/// let pool = ProvidedPool::consumed(Consumption::Bundle, 0, 4, 4)?;
/// # // SAFETY: no kernel knows this ring; the buffers were just picked, and are zeroed.
/// # let bufs = unsafe {
/// #     pool.pick(4);
/// #     pool.pick(4);
/// #     pool.take(0, 6, false)?
/// # };
/// // `bufs` came with a completion of six bytes.
/// assert_eq!(bufs.map(|buf| buf.len()).collect::<Vec<_>>(), [4, 2]);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "what is not taken goes back to the kernel"]
pub struct PoolBufs {
    next: Option<PoolBuf>,
    /// Bytes in the buffers after the next one.
    left: u32,
}

impl PoolBufs {
    /// `first` and the buffers after it in the ring's order, as many as hold `left` bytes: the pool
    /// has taken them out of the ring.
    pub(super) fn new(first: PoolBuf, left: u32) -> Self {
        Self { next: Some(first), left }
    }
}

impl Iterator for PoolBufs {
    type Item = PoolBuf;

    #[inline]
    fn next(&mut self) -> Option<PoolBuf> {
        let buf = self.next.take()?;
        if self.left > 0 {
            // Looked up before this one can go back to the ring, to another place of its order.
            let following = buf.following(self.left);
            self.left -= following.len() as u32;
            self.next = Some(following);
        }
        Some(buf)
    }
}

impl Drop for PoolBufs {
    fn drop(&mut self) {
        if self.left > 0 {
            self.for_each(drop);
        }
    }
}
