//! Lists of owned buffers: visited in order, filled in order, wherever they move.
#![allow(unsafe_code, reason = "does what a kernel does")]

mod support;

use std::rc::Rc;

use sexton_buffers::{Fill, IoBuf, IoBufMut, IoVecBuf, IoVecBufMut, OwnedBuf};
use support::{kernel_writes, moved};

fn addresses<V: IoVecBufMut>(bufs: &mut V) -> Vec<(usize, usize)> {
    let mut addresses = Vec::new();
    bufs.for_each_filled(&mut |part| addresses.push((part.as_ptr().addr(), part.len())));
    bufs.for_each_unfilled(&mut |part| addresses.push((part.cast::<u8>().addr(), part.len())));
    addresses
}

/// One vectored read of `data`, as the driver does it; returns all filled bytes, part by part.
fn read<V: IoVecBufMut>(bufs: V, data: &[u8]) -> (Vec<Vec<u8>>, V) {
    let mut bufs = bufs;
    let before = addresses(&mut bufs);
    let bufs = moved(bufs);
    let slot = Box::into_raw(Box::new(bufs));
    // SAFETY: the slot owns the buffers; nobody else has a reference.
    assert_eq!(addresses(unsafe { &mut *slot }), before, "a move moved the bytes");
    let mut iovecs = Vec::new();
    // SAFETY: as above.
    unsafe { &mut *slot }.for_each_unfilled(&mut |part| iovecs.push(part));
    let mut rest = data;
    for part in iovecs {
        // SAFETY: derived just now, and the buffers were not touched since.
        let n = unsafe { kernel_writes(part, rest) };
        rest = &rest[n..];
    }
    // SAFETY: as above.
    let bufs = unsafe { &mut *slot };
    // SAFETY: exactly these bytes were written.
    unsafe { bufs.mark_filled_vec(data.len() - rest.len()) };
    // SAFETY: it comes from `Box::into_raw`.
    let bufs = *unsafe { Box::from_raw(slot) };
    let mut filled = Vec::new();
    bufs.for_each_filled(&mut |part| filled.push(part.to_vec()));
    assert_eq!(bufs.total_filled(), filled.iter().map(Vec::len).sum::<usize>());
    (filled, bufs)
}

fn room(n: usize) -> OwnedBuf {
    OwnedBuf::new(Fill::new(vec![0; n].into_boxed_slice()))
}

#[test]
fn a_read_goes_on_from_part_to_part() {
    let three = [&b"ab"[..], b"", b"cde"];
    assert_eq!(read(vec![room(2), room(0), room(3)], b"abcdefg").0, three);
    assert_eq!(read([room(2), room(0), room(3)], b"abcdefg").0, three);
    assert_eq!(read(vec![room(2), room(0), room(3)].into_boxed_slice(), b"abcdefg").0, three);
    assert_eq!(read((room(2), room(0), room(3)), b"abcdefg").0, three);
    assert_eq!(read((room(2),), b"abcdefg").0, three[..1]);
    assert_eq!(read((room(2), room(0)), b"abcdefg").0, three[..2]);
    assert_eq!(read((room(2), room(0), room(3), room(9)), b"abcde").0[..3], three);
    assert_eq!(read(Vec::<OwnedBuf>::new(), b"abc").0, [[]; 0]);
}

#[test]
fn a_second_read_goes_on_where_the_first_stopped() {
    let mut head = Vec::with_capacity(4);
    head.push(b'>');
    let (filled, bufs) = read((head.at_most(2), Fill::new(Box::new([0; 4]))), b"abc");
    assert_eq!(filled, [&b">ab"[..], b"c"]);
    let (filled, bufs) = read(bufs, b"de");
    assert_eq!(filled, [&b">ab"[..], b"cde"]);
    assert_eq!(bufs.0.into_inner(), b">ab");
}

#[test]
fn parts_of_different_types_are_written_in_order() {
    let parts = ("status ", Rc::<str>::from("line\n"), vec![b'b', b'o'].slice(..1), b"end");
    let mut seen: Vec<u8> = Vec::new();
    parts.for_each_filled(&mut |part| seen.extend(part));
    assert_eq!(seen, b"status line\nbend");
    assert_eq!(parts.total_filled(), seen.len());
}

#[test]
fn copying_into_parts_fills_them_in_order() {
    let mut bufs = [room(1), room(2)];
    assert_eq!(bufs.total_unfilled(), 3);
    assert_eq!(bufs.fill_vec_from(b"ab"), 2);
    assert_eq!(bufs.fill_vec_from(b"cd"), 1);
    assert_eq!(bufs.fill_vec_from(b"d"), 0);
    assert_eq!((bufs[0].filled(), bufs[1].filled()), (&b"a"[..], &b"bc"[..]));
}

#[test]
fn lists_are_usable_behind_a_trait_object() {
    let mut bufs: Box<dyn IoVecBufMut> = Box::new((room(1), room(2)));
    assert_eq!(bufs.fill_vec_from(b"abc"), 3);
    assert_eq!(bufs.total_filled(), 3);
}
