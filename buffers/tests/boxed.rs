//! `OwnedBytes`, `OwnedVecBuf`, `OwnedVecBytes`: any buffer in, the same buffer out.

use std::rc::Rc;
use std::sync::Arc;

use sexton_buffers::{
    Fill, IoBuf, IoBufMut, IoVecBuf, IoVecBufMut, OwnedBytes, OwnedVecBuf, OwnedVecBytes,
};

#[test]
fn the_bytes_stay_where_they_are_while_the_owner_moves() {
    let erased = OwnedBytes::new(b"bytes".to_vec());
    let address = erased.filled().as_ptr().addr();
    let moved = Box::new([erased]);
    assert_eq!(moved[0].filled().as_ptr().addr(), address);
    let [erased] = *moved;
    let buf = erased.try_into_inner::<Vec<u8>>().unwrap();
    assert_eq!((buf.as_ptr().addr(), &buf[..]), (address, &b"bytes"[..]));
}

#[test]
fn another_type_than_the_own_gives_the_buffer_back() {
    let erased = OwnedBytes::new("text");
    assert!(erased.is::<&'static str>() && !erased.is::<String>());
    let erased = erased.try_into_inner::<String>().unwrap_err();
    assert_eq!(erased.filled(), b"text");

    let erased = OwnedVecBuf::new((Vec::with_capacity(1), Vec::with_capacity(2)));
    let erased = erased.try_into_inner::<[Vec<u8>; 2]>().unwrap_err();
    assert!(erased.is::<(Vec<u8>, Vec<u8>)>());

    let erased = OwnedVecBytes::new(["a", "b"]);
    let erased = erased.try_into_inner::<[Vec<u8>; 2]>().unwrap_err();
    assert_eq!(erased.try_into_inner::<[&'static str; 2]>().unwrap(), ["a", "b"]);
}

#[test]
fn dropped_or_given_back_it_lets_go_exactly_once() {
    let shared: Arc<[u8]> = Arc::from(*b"shared");
    let erased = OwnedBytes::new(Arc::clone(&shared));
    assert_eq!(Arc::strong_count(&shared), 2);
    drop(erased);
    assert_eq!(Arc::strong_count(&shared), 1);
    let erased = OwnedVecBytes::new([Arc::clone(&shared), Arc::clone(&shared)]);
    let parts = erased.try_into_inner::<[Arc<[u8]>; 2]>().unwrap();
    assert_eq!(Arc::strong_count(&shared), 3);
    drop(parts);
    assert_eq!(Arc::strong_count(&shared), 1);
    let local: Rc<[u8]> = Rc::from(*b"local");
    drop(OwnedVecBytes::new((Rc::clone(&local), "x")));
    assert_eq!(Rc::strong_count(&local), 1);
}

#[test]
fn lists_are_filled_and_counted_in_order() {
    let fixed = |n| Fill::new(vec![0; n].into_boxed_slice());
    let mut erased = OwnedVecBuf::new((fixed(2), vec![7].at_most(0), fixed(3)));
    assert_eq!((erased.total_unfilled(), erased.total_filled()), (5, 1));
    assert_eq!(erased.fill_vec_from(b"abcd"), 4);
    assert_eq!((erased.total_unfilled(), erased.total_filled()), (1, 5));
    let mut seen = Vec::new();
    erased.for_each_filled(&mut |part| seen.push(part.to_vec()));
    assert_eq!(seen, [&b"ab"[..], &[7], &b"cd"[..]]);

    let erased = OwnedVecBytes::new(("head", vec![1, 2]));
    let mut seen = Vec::new();
    erased.for_each_filled(&mut |part| seen.push(part.to_vec()));
    assert_eq!(seen, [&b"head"[..], &[1, 2]]);
    assert_eq!(format!("{erased:?}"), "OwnedVecBytes { filled: 6, .. }");
}
