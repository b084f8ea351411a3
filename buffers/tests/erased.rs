//! `OwnedBuf`: any buffer in, the same buffer out; inline if it is small, boxed if not.
#![allow(unsafe_code, reason = "does what a kernel does")]

mod support;

use sexton_buffers::{Fill, IoBuf, IoBufMut, OwnedBuf, SliceMut};
use support::{Slot, Watched, kernel_writes, moved};

/// Whether the buffer inside lies within the `OwnedBuf`.
fn is_inline(erased: &OwnedBuf, owner_addr: usize) -> bool {
    let begin = (&raw const *erased).addr();
    (begin..begin + size_of::<OwnedBuf>()).contains(&owner_addr)
}

#[test]
fn six_words_lie_inside_and_seven_are_boxed() {
    // A `Vec`, a `Cell`, an `Rc`: five words, and the extra ones.
    assert_eq!(size_of::<Watched<1>>(), 6 * size_of::<usize>());
    let (buf, watch) = Watched::<1>::with_capacity(4);
    let erased = moved(OwnedBuf::new(buf));
    assert!(erased.filled().is_empty());
    assert!(is_inline(&erased, watch.owner_addr.get()));

    let (buf, watch) = Watched::<2>::with_capacity(4);
    let erased = moved(OwnedBuf::new(buf));
    assert!(erased.filled().is_empty());
    assert!(!is_inline(&erased, watch.owner_addr.get()));
}

#[test]
fn an_alignment_that_the_words_do_not_have_is_boxed() {
    #[repr(align(16))]
    struct Aligned(Vec<u8>);
    assert!(size_of::<Aligned>() <= 6 * size_of::<usize>());
    // SAFETY: forwards to a `Vec<u8>`.
    unsafe impl IoBuf for Aligned {
        fn filled(&self) -> &[u8] {
            assert_eq!((&raw const *self).addr() % 16, 0);
            &self.0
        }
    }
    // SAFETY: forwards to a `Vec<u8>`.
    unsafe impl IoBufMut for Aligned {
        fn unfilled(&mut self) -> *mut [std::mem::MaybeUninit<u8>] {
            self.0.unfilled()
        }
        unsafe fn mark_filled(&mut self, n: usize) {
            // SAFETY: the caller's promise.
            unsafe { self.0.mark_filled(n) }
        }
        fn clear(&mut self) {
            self.0.clear();
        }
        fn filled_mut(&mut self) -> &mut [u8] {
            &mut self.0
        }
    }
    // Were it stored inside, one of the two could not be aligned.
    #[repr(C, align(16))]
    struct AWordApart(OwnedBuf, u64, OwnedBuf);
    let erased = || OwnedBuf::new(Aligned(b"abc".to_vec()));
    let both = moved(AWordApart(erased(), 0, erased()));
    assert_eq!((both.0.filled(), both.2.filled()), (&b"abc"[..], &b"abc"[..]));
    assert!(both.2.try_into_inner::<Aligned>().is_ok_and(|buf| buf.0 == b"abc"));
}

/// Both ways of storing it, through every method, with moves between.
fn round_trip<const EXTRA: usize>() {
    let (buf, watch) = Watched::<EXTRA>::with_capacity(8);
    let room = OwnedBuf::new(buf);
    let (n, mut erased) = Slot::new(moved(room)).read(b"hello");
    assert_eq!(n, 5);
    erased.filled_mut()[0] = b'j';
    let erased = moved(erased);
    assert_eq!(erased.filled(), b"jello");

    let Err(erased) = erased.try_into_inner::<Vec<u8>>() else { panic!("it is no `Vec`") };
    assert!(erased.is::<Watched<EXTRA>>() && !erased.is::<SliceMut<Watched<EXTRA>>>());
    let buf = moved(erased).try_into_inner::<Watched<EXTRA>>().expect("its type");
    assert_eq!(buf.filled(), b"jello");
    assert!(buf.asked() >= 2, "what it wrote through `&self` was kept");
    assert_eq!(watch.drops.get(), 0);
    drop(buf);
    assert_eq!(watch.drops.get(), 1);
}

#[test]
fn a_buffer_comes_back_as_what_it_was() {
    round_trip::<0>();
    round_trip::<1>();
    round_trip::<2>();
    round_trip::<30>();
}

#[test]
fn the_buffer_inside_is_dropped_once() {
    let (small, small_watch) = Watched::<0>::with_capacity(1);
    let (large, large_watch) = Watched::<30>::with_capacity(1);
    drop(moved((OwnedBuf::new(small), OwnedBuf::new(large))));
    assert_eq!((small_watch.drops.get(), large_watch.drops.get()), (1, 1));
}

/// The graveyard moves erased buffers while nobody writes, and the bytes are where they were.
#[test]
fn an_erased_buffer_may_move_between_the_address_and_the_write() {
    let mut erased = OwnedBuf::new(Vec::with_capacity(8));
    let raw = erased.unfilled();
    let mut erased = moved(erased);
    // SAFETY: rule 1: the bytes did not move, and nobody touched them.
    let n = unsafe { kernel_writes(raw, b"late") };
    // SAFETY: written just now.
    unsafe { erased.mark_filled(n) };
    assert_eq!(Vec::try_from(moved(erased)).unwrap(), b"late");
}

#[test]
fn vectors_convert_both_ways() {
    let erased = OwnedBuf::from(b"abc".to_vec());
    assert_eq!(Vec::try_from(erased).unwrap(), b"abc");
    let erased = OwnedBuf::new(Fill::new(Box::new([0; 2])));
    assert!(Vec::try_from(erased).is_err());
}

#[test]
fn debug_shows_counts_and_no_data() {
    let erased = OwnedBuf::from(b"secret".to_vec());
    assert_eq!(format!("{erased:?}"), "OwnedBuf { filled: 6, init: 0, .. }");
}
