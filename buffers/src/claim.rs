//! A buffer whose new bytes are not marked yet: somebody else may claim them first.
//!
//! # Invariants
//!
//! - **I1** `room` is where `buf` said that its room is when it came (at most 4 GiB of it), and no
//!   `&mut self` method of the buffer is called before [`settle`](Claim::settle): by rule 5 of
//!   `IoBufMut` and rule 1 of `IoBuf`, `room` stays valid, unmoved and nobody else's.
//! - **I2** the first `got` bytes of `room` are initialised, and `got` is at most `room_len`.

#![allow(unsafe_code, reason = "received bytes are read, and marked, in the unfilled part")]

use crate::{IoBufMut, OwnedBuf, ReadBuf, ReadCursor};
use alloc::collections::TryReserveError;
use alloc::vec::Vec;
use core::mem::MaybeUninit;

/// An owned buffer, and what receives have brought into its unfilled part so far.
///
/// The bytes are the buffer's when [`settle`](Self::settle) marks them. Until then another reader
/// of the stream may copy them away, and the buffer goes back as it was. Between `new` and `settle`
/// no code of the buffer's type is called.
pub struct Claim {
    buf: OwnedBuf,
    room: *mut MaybeUninit<u8>,
    room_len: u32,
    got: u32,
}

// A receive lies in a slot of the registry, with its socket and one word more.
const _: () = assert!(size_of::<Claim>() <= size_of::<[usize; 10]>());

impl core::fmt::Debug for Claim {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Claim").field("room", &self.room_len).field("got", &self.got).finish()
    }
}

impl Claim {
    /// A buffer that got nothing so far.
    #[must_use]
    pub fn new(mut buf: OwnedBuf) -> Self {
        let room = buf.unfilled();
        // The kernel takes less at a time.
        let room_len = u32::try_from(room.len()).unwrap_or(u32::MAX);
        Self { buf, room: room.cast(), room_len, got: 0 }
    }

    /// How many bytes came.
    #[must_use]
    pub fn got(&self) -> usize {
        self.got as usize
    }

    /// Whether no byte more has room.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.got == self.room_len
    }

    /// Where the next bytes go.
    pub fn room(&mut self) -> *mut [MaybeUninit<u8>] {
        let left = self.room_len - self.got;
        // SAFETY: I2: within `room`, or at its end.
        let start = unsafe { self.room.add(self.got as usize) };
        core::ptr::slice_from_raw_parts_mut(start, left as usize)
    }

    /// # Safety
    /// The first `n` bytes of [`room`](Self::room) are initialised.
    ///
    /// # Panics
    /// If there is not so much room.
    pub unsafe fn record(&mut self, n: usize) {
        assert!(n <= (self.room_len - self.got) as usize, "more bytes than room");
        self.got += n as u32;
    }

    /// Copies what fits of `bytes`; returns how much.
    pub fn fill_from(&mut self, bytes: &[u8]) -> usize {
        let room = self.room();
        let n = room.len().min(bytes.len());
        // SAFETY: I1: nobody else has the room, so `bytes` do not overlap it; `n` fits both.
        unsafe { room.cast::<u8>().copy_from_nonoverlapping(bytes.as_ptr(), n) };
        self.got += n as u32;
        n
    }

    /// Lends the room to `fill`, and records what it filled.
    pub fn fill_by<T>(&mut self, fill: impl FnOnce(&mut ReadCursor<'_>) -> T) -> T {
        // SAFETY: I1: nobody else has the room while this borrow lasts.
        let room = unsafe { &mut *self.room() };
        let mut buf = ReadBuf::from(room);
        let outcome = fill(&mut buf.unfilled());
        let n = buf.filled().len();
        // SAFETY: I2: `buf` began empty at the room's start, and what it filled is initialised.
        unsafe { self.record(n) };
        outcome
    }

    /// The same, with room for at least `least` bytes more, as far as a claim can have it.
    ///
    /// # Errors
    /// The claim as it was, if there is no memory.
    ///
    /// # Panics
    /// If its buffer is no `Vec<u8>`: nothing else grows.
    pub fn grown(self, least: usize) -> Result<Self, (Self, TryReserveError)> {
        let (got, buf) = self.settle();
        let Ok(mut bytes) = buf.try_into_inner::<Vec<u8>>() else { panic!("only a Vec grows") };
        let outcome = bytes.try_reserve(least);
        let start = bytes.len() - got;
        // SAFETY: it is not longer than before; the bytes behind it stay as they are.
        unsafe { bytes.set_len(start) };
        let mut claim = Self::new(OwnedBuf::new(bytes));
        // SAFETY: these are the `got` bytes that `settle` had marked, which lay behind `start`.
        unsafe { claim.record(got) };
        match outcome {
            Ok(()) => Ok(claim),
            Err(error) => Err((claim, error)),
        }
    }

    /// The bytes, for another reader: the buffer does not have them any more.
    pub fn take_bytes(&mut self) -> Vec<u8> {
        let got = core::mem::take(&mut self.got) as usize;
        // SAFETY: I1, I2; the borrow ends with this statement's copy.
        unsafe { core::slice::from_raw_parts(self.room.cast::<u8>(), got) }.to_vec()
    }

    /// Marks the bytes: count and buffer.
    #[must_use]
    pub fn settle(mut self) -> (usize, OwnedBuf) {
        let got = self.got();
        if got > 0 {
            // SAFETY: I1, I2: they are the first bytes of the unfilled part.
            unsafe { self.buf.mark_filled(got) };
        }
        (got, self.buf)
    }
}

#[cfg(test)]
mod tests {
    use super::Claim;
    use crate::{Fill, IoBuf, OwnedBuf};

    fn received(prefix: &[u8], bytes: &[u8]) -> Claim {
        let mut buf = Vec::with_capacity(16);
        buf.extend_from_slice(prefix);
        let mut claim = Claim::new(OwnedBuf::new(buf));
        let room = claim.room();
        // SAFETY: `room` is valid for writes, and large enough.
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
    fn what_comes_in_several_steps_is_one_piece() {
        let mut claim = received(b"had ", b"got");
        assert_eq!(claim.fill_from(b" more"), 5);
        assert_eq!((claim.fill_from(b" than fits"), claim.is_full()), (4, true));
        let (got, buf) = claim.settle();
        assert_eq!((got, buf.filled()), (12, &b"had got more tha"[..]));
    }

    #[test]
    fn what_came_moves_along_when_its_vector_grows_and_is_still_claimed() {
        let mut claim = received(b"had ", b"got all that");
        assert!(claim.is_full());
        claim = claim.grown(5).unwrap();
        assert_eq!((claim.got(), claim.fill_from(b" more")), (12, 5));
        let Err((claim, _)) = claim.grown(usize::MAX) else { panic!("no machine has so much") };
        let (got, buf) = claim.settle();
        assert_eq!((got, buf.filled()), (17, &b"had got all that more"[..]));
        let mut claim = received(b"had ", b"got").grown(100).unwrap();
        assert_eq!(claim.take_bytes(), b"got");
        assert_eq!(claim.settle().1.filled(), b"had ");
    }

    /// Memory that its owner holds by a `Box`, which says that nobody else has it while it moves.
    #[test]
    fn a_box_may_move_between_the_steps_of_its_claim() {
        let mut claim = Claim::new(OwnedBuf::new(Fill::new(vec![0; 8].into_boxed_slice())));
        claim.fill_from(b"ab");
        let mut claim = Box::new(claim);
        claim.fill_from(b"cd");
        let (got, buf) = claim.settle();
        let Ok(fill) = buf.try_into_inner::<Fill<Box<[u8]>>>() else { panic!("it is a Fill") };
        assert_eq!((got, fill.filled()), (4, &b"abcd"[..]));
        assert_eq!(fill.into_inner()[..], *b"abcd\0\0\0\0");
    }

    #[test]
    fn a_claim_may_move_between_its_steps() {
        let mut claims = vec![received(b"", b"a")];
        claims.push(received(b"", b"b"));
        claims.reserve(100);
        let mut claim = claims.swap_remove(0);
        claim.fill_from(b"c");
        assert_eq!(Box::new(claim).settle().1.filled(), b"ac");
    }
}
