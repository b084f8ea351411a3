//! Each type of the table in `IoBuf`'s docs: which bytes it shows, and that they do not move.
#![allow(unsafe_code, reason = "does what a kernel does")]

mod support;

use std::{borrow::Cow, mem::MaybeUninit, rc::Rc, sync::Arc};

use sexton_buffers::{Fill, IoBuf, IoBufMut, OwnedBuf, ProvidedPool, Registration, Storage};
use support::{Slot, addresses, moved, received};

/// Shows `bytes`, at an address that moves of the value do not change.
fn shows<B: IoBuf>(buf: B, bytes: &[u8]) -> B {
    assert_eq!(buf.filled(), bytes);
    let before = (buf.filled().as_ptr(), buf.filled().len());
    let buf = moved(buf);
    assert_eq!((buf.filled().as_ptr(), buf.filled().len()), before, "a move moved the bytes");
    assert_eq!(buf.filled(), bytes);
    assert_eq!(buf.registration(), None);
    buf
}

/// Takes a read of `data`, after which it shows `then`, and moves do not change its addresses.
fn takes<B: IoBufMut>(mut buf: B, data: &[u8], then: &[u8]) -> B {
    let before = addresses(&mut buf);
    let mut buf = moved(buf);
    assert_eq!(addresses(&mut buf), before, "a move moved the bytes");

    let room = buf.unfilled().len();
    let (n, mut buf) = Slot::new(buf).read(data);
    assert_eq!(n, data.len().min(room));
    assert_eq!(buf.unfilled().len(), room - n);
    assert_eq!(buf.filled(), then);
    assert_eq!(buf.filled_mut(), then);

    let (filled_at, unfilled_at) = addresses(&mut buf);
    assert_eq!(filled_at, before.0, "a read moved the filled bytes");
    assert_eq!(unfilled_at, before.1 + n, "the room does not follow what was read");
    shows(buf, then)
}

#[test]
fn vectors_are_filled_behind_their_length_and_never_grow() {
    let mut vec = Vec::with_capacity(8);
    vec.extend(b"ab");
    let capacity = vec.capacity();
    let vec = takes(shows(vec, b"ab"), b"cd", b"abcd");
    assert_eq!(vec.capacity(), capacity);

    let full = vec![0; 4];
    assert_eq!(full.capacity(), 4);
    takes(full, b"no room", &[0; 4]);
    takes(Vec::new(), b"no room", b"");
}

#[test]
fn text_and_shared_bytes_can_be_written_from() {
    shows(String::from("text"), b"text");
    shows(Box::<str>::from("text"), b"text");
    shows("text", b"text");
    shows(Cow::Borrowed("text"), b"text");
    shows(Cow::<'static, str>::Owned("text".into()), b"text");
    shows(Cow::Borrowed(&b"text"[..]), b"text");
    shows(Cow::<'static, [u8]>::Owned(b"text".to_vec()), b"text");
    shows(&b"text"[..], b"text");
    shows(b"text", b"text");
    shows(Rc::<[u8]>::from(&b"text"[..]), b"text");
    shows(Arc::<[u8]>::from(&b"text"[..]), b"text");
    shows(Rc::<str>::from("text"), b"text");
    shows(Arc::<str>::from("text"), b"text");
    shows(Rc::new(b"text".to_vec()), b"text");
    shows(Arc::new(b"text".to_vec()), b"text");
    shows(Vec::new(), b"");
}

#[test]
fn a_second_holder_of_shared_bytes_cannot_become_their_writer() {
    let mut mine = Rc::new(b"text".to_vec());
    let runtimes = shows(Rc::clone(&mine), b"text");
    assert!(Rc::get_mut(&mut mine).is_none());
    Rc::make_mut(&mut mine)[0] = b'n'; // a copy
    assert_eq!(runtimes.filled(), b"text");
}

#[test]
fn fixed_regions_are_filled_through_a_counter() {
    takes(shows(Fill::new(Box::new([0; 4])), b""), b"hello", b"hell");
    takes(Fill::new(vec![0; 8].into_boxed_slice()), b"hello", b"hello");
    takes(Fill::new(Box::<[u8]>::new_uninit_slice(8)), b"hello", b"hello");
    takes(Fill::new(Box::<[u8]>::default()), b"no room", b"");
    takes(Fill::full(Box::new([1, 2])), b"no room", &[1, 2]);
}

#[test]
fn fixed_regions_are_written_from_as_they_are() {
    shows(vec![1, 2, 3].into_boxed_slice(), &[1, 2, 3]);
    shows(Box::new([1, 2, 3]), &[1, 2, 3]);
}

#[test]
fn static_memory_that_is_ours_alone_is_filled_through_a_counter() {
    let leaked: *mut [u8] = Box::into_raw(vec![0; 4].into_boxed_slice());
    {
        // SAFETY: leaked, so static; the only reference, which is gone before the block ends.
        let memory: &'static mut [u8] = unsafe { &mut *leaked };
        let memory = takes(Fill::new(shows(memory, &[0; 4])), b"abc", b"abc").into_inner();
        assert_eq!(memory, b"abc\0");
    }
    // SAFETY: it comes from `Box::into_raw`; nobody refers to it any more.
    drop(unsafe { Box::from_raw(leaked) });
}

#[test]
fn a_region_keeps_its_bytes_through_a_fill() {
    let mut region = Box::<[u8]>::new_uninit_slice(3);
    region[0] = MaybeUninit::new(b'a');
    let region = Fill::new(region).into_inner();
    // SAFETY: stored above.
    assert_eq!(unsafe { region[0].assume_init() }, b'a');
}

#[test]
fn windows_and_limits_are_buffers_too() {
    let vec = || {
        let mut vec = Vec::with_capacity(8);
        vec.extend(b"abcd");
        vec
    };
    shows(shows(vec().slice(1..3), b"bc").slice(1..), b"c");
    takes(vec().slice_mut(1..3), b"xyz", b"xy");
    takes(vec().at_most(1), b"xyz", b"abcdx");
    takes(vec().at_most(2).slice_mut(..2).at_most(1), b"xyz", b"x");
    takes(Box::new([0; 4]).slice_mut(1..2), b"xyz", b"x");
}

#[test]
fn erased_and_pooled_buffers_are_buffers_too() {
    takes(OwnedBuf::with_capacity(8), b"hello", b"hello");
    takes(OwnedBuf::new(OwnedBuf::new(Fill::new(Box::new([0; 3])))), b"hello", b"hel");

    let pool = ProvidedPool::new(7, 2, 8).unwrap();
    let mut buf = takes(shows(received(&pool, b"abc"), b"abc"), b"defghijk", b"abcdefgh");
    buf.consume(6);
    shows(OwnedBuf::new(buf), b"gh");
}

#[cfg(feature = "bytes")]
#[test]
fn the_bytes_crate_has_two_more() {
    use bytes::{Bytes, BytesMut};

    shows(Bytes::from_static(b"text"), b"text");
    shows(Bytes::from(b"text".to_vec()).slice(1..3), b"ex");

    let mut buf = BytesMut::with_capacity(64);
    buf.extend_from_slice(b"headbody");
    let head = buf.split_to(4); // shares the allocation
    takes(head, b"no room", b"head");
    takes(buf, b" and more", b"body and more");
}

#[test]
fn a_registration_is_seen_through_every_wrapper() {
    struct Fixed(Vec<u8>);
    const WHERE: Registration = Registration { ring: 3, index: 9 };
    // SAFETY: forwards to a `Vec<u8>`.
    unsafe impl IoBuf for Fixed {
        fn filled(&self) -> &[u8] {
            &self.0
        }
        fn registration(&self) -> Option<Registration> {
            Some(WHERE)
        }
    }
    // SAFETY: forwards to a `Vec<u8>`.
    unsafe impl IoBufMut for Fixed {
        fn unfilled(&mut self) -> *mut [MaybeUninit<u8>] {
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
    let fixed = || Fixed(vec![0; 8]);
    assert_eq!(fixed().slice(1..).registration(), Some(WHERE));
    assert_eq!(fixed().slice_mut(1..).registration(), Some(WHERE));
    assert_eq!(fixed().at_most(1).registration(), Some(WHERE));
    assert_eq!(OwnedBuf::new(fixed()).registration(), Some(WHERE));
}

#[test]
#[should_panic(expected = "range end index 5 out of range for a buffer with 4 filled bytes")]
fn a_window_beyond_the_filled_bytes_is_refused() {
    let mut vec = Vec::with_capacity(64);
    vec.extend(b"abcd");
    drop(vec.slice_mut(..5));
}

#[test]
#[should_panic(expected = "cannot skip 3 bytes of a slice of 2")]
fn a_slice_cannot_skip_beyond_its_end() {
    vec![1, 2, 3, 4].slice(1..3).skip(3);
}
