//! A buffer whose new bytes are not marked yet: somebody else may claim them first.
//!
//! # Invariants
//!
//! - **I1** the first `got` unfilled bytes of `buf` are initialised; nobody has called another
//!   `&mut self` method of the buffer since they were written.

#![allow(unsafe_code, reason = "received bytes are read, and marked, in the unfilled part")]

use crate::{IoBufMut, OwnedBuf};

/// An owned buffer and a receive's bytes in its unfilled part.
///
/// They are the buffer's when [`settle`](Self::settle) marks them. Until then another reader of the
/// stream may copy them away, and the buffer goes back as it was.
#[derive(Debug)]
pub struct Claim {
    buf: OwnedBuf,
    got: usize,
}

impl Claim {
    /// A buffer that got nothing so far.
    #[must_use]
    pub fn new(buf: OwnedBuf) -> Self {
        Self { buf, got: 0 }
    }

    /// How many bytes came.
    #[must_use]
    pub fn got(&self) -> usize {
        self.got
    }

    /// The buffer, for a receive into its unfilled part. Its own counters stay as they are. What
    /// came before is given up: who has the buffer may move the border behind which it lies (I1).
    pub fn buf_mut(&mut self) -> &mut impl IoBufMut {
        self.got = 0;
        &mut self.buf
    }

    /// # Safety
    /// The first `n` unfilled bytes are initialised.
    ///
    /// # Panics
    /// If there is not so much room.
    pub unsafe fn record(&mut self, n: usize) {
        assert!(n <= self.buf.unfilled().len(), "more bytes than room");
        self.got = n;
    }

    /// The bytes, for another reader: the buffer does not have them any more.
    pub fn take_bytes(&mut self) -> alloc::vec::Vec<u8> {
        let unfilled = self.buf.unfilled();
        let got = core::mem::take(&mut self.got).min(unfilled.len());
        // SAFETY: I1; the borrow ends with this statement's copy.
        unsafe { core::slice::from_raw_parts(unfilled.cast::<u8>(), got) }.to_vec()
    }

    /// Marks the bytes: count and buffer.
    #[must_use]
    pub fn settle(mut self) -> (usize, OwnedBuf) {
        let got = self.got;
        if got > 0 {
            // SAFETY: I1.
            unsafe { self.buf.mark_filled(got) };
        }
        (got, self.buf)
    }
}

#[cfg(test)]
mod tests {
    use super::Claim;
    use crate::{IoBuf, IoBufMut, OwnedBuf};

    fn received(prefix: &[u8], bytes: &[u8]) -> Claim {
        let mut buf = Vec::with_capacity(16);
        buf.extend_from_slice(prefix);
        let mut claim = Claim::new(OwnedBuf::new(buf));
        let room = claim.buf_mut().unfilled();
        // SAFETY: `unfilled` is valid for writes, and large enough.
        unsafe { room.cast::<u8>().copy_from(bytes.as_ptr(), bytes.len()) };
        // SAFETY: written above.
        unsafe { claim.record(bytes.len()) };
        claim
    }

    #[test]
    fn settled_bytes_follow_the_prefix() {
        let (got, buf) = received(b"had ", b"got").settle();
        assert_eq!((got, buf.filled()), (3, &b"had got"[..]));
    }

    #[test]
    fn bytes_that_another_reader_took_leave_the_buffer_as_it_was() {
        let mut claim = received(b"had ", b"got");
        assert_eq!(claim.take_bytes(), b"got");
        assert_eq!(claim.take_bytes(), b"");
        let (got, buf) = claim.settle();
        assert_eq!((got, buf.filled()), (0, &b"had "[..]));
    }

    #[test]
    fn who_touches_the_buffer_gives_up_what_was_not_settled() {
        let mut claim = received(b"had ", b"got");
        claim.buf_mut().fill_from(b"more");
        assert_eq!((claim.got(), claim.take_bytes()), (0, Vec::new()));
        let (got, buf) = claim.settle();
        assert_eq!((got, buf.filled()), (0, &b"had more"[..]));
    }
}
