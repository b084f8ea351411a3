//! A pool whose memory a ring may register: each buffer has one user, and its bytes stay put.

use sexton_buffers::{FixedPool, IoBuf, IoBufMut, OwnedBuf};
use std::any::Any;
use std::io::ErrorKind;

#[test]
fn every_buffer_has_one_user_and_comes_back_when_that_one_is_gone() {
    let pool = FixedPool::new(3, 16).unwrap();
    let mut out: Vec<_> = std::iter::from_fn(|| pool.take()).collect();
    assert_eq!((out.len(), pool.available()), (3, 0));
    for (buf, byte) in out.iter_mut().zip(1..) {
        assert_eq!(buf.fill_from(&[byte; 32]), 16, "no further than its end");
    }
    for (buf, byte) in out.iter().zip(1..) {
        assert_eq!(buf.filled(), [byte; 16], "nobody else wrote here");
    }
    out.remove(1);
    let again = pool.take().unwrap();
    assert!(again.is_empty() && pool.take().is_none());
}

#[test]
fn buffers_lie_in_the_region_that_is_registered_aligned_for_direct_reads() {
    let pool = FixedPool::new(4, 4096).unwrap();
    let region = pool.region().cast::<u8>().addr()..pool.region().cast::<u8>().addr() + 4 * 4096;
    for mut buf in std::iter::from_fn(|| pool.take()).collect::<Vec<_>>() {
        let at = buf.unfilled().cast::<u8>().addr();
        assert!(region.contains(&at) && region.contains(&(at + 4095)) && at % 4096 == 0);
    }
}

#[test]
fn a_buffer_keeps_its_memory_when_the_pool_is_gone() {
    let pool = FixedPool::new(1, 8).unwrap();
    let mut buf = OwnedBuf::new(pool.take().unwrap());
    assert!(!pool.is_last());
    drop(pool);
    buf.fill_from(b"kept");
    buf.filled_mut()[0] = b'K';
    assert_eq!(buf.filled(), b"Kept");
    buf.clear();
    assert_eq!((buf.fill_from(b"cleared"), buf.filled()), (7, &b"cleared"[..]));
}

#[test]
fn a_pool_without_bytes_or_beyond_the_kernels_bound_is_refused() {
    for (count, len) in [(0, 8), (8, 0), (u16::MAX, u32::MAX), (1 << 15, (1 << 15) + 1)] {
        assert_eq!(FixedPool::new(count, len).unwrap_err().kind(), ErrorKind::InvalidInput);
    }
}

#[test]
fn whatever_goes_first_the_last_one_that_is_left_has_the_memory() {
    for mut order in 0..24 {
        let pool = FixedPool::new(2, 8).unwrap();
        let watch = pool.clone();
        let buf = || OwnedBuf::new(pool.take().unwrap());
        let mut parts: Vec<Box<dyn Any>> =
            vec![Box::new(buf()), Box::new(buf()), Box::new(pool.clone()), Box::new(pool.clone())];
        drop(pool);
        while let Some(left) = parts.len().checked_sub(1) {
            assert!(!watch.is_last(), "somebody has it");
            for part in &mut parts {
                if let Some(buf) = part.downcast_mut::<OwnedBuf>() {
                    buf.clear();
                    assert_eq!(buf.fill_from(b"bytes"), 5);
                }
            }
            drop(parts.remove(order % (left + 1)));
            order /= left + 1;
        }
        assert!(watch.is_last());
        assert_eq!(watch.available(), 2);
    }
}

#[test]
fn the_memory_of_a_forgotten_buffer_is_kept_for_ever() {
    let pool = FixedPool::new(2, 8).unwrap();
    let mut forgotten = std::mem::ManuallyDrop::new(pool.take().unwrap());
    assert!(!pool.is_last() && pool.available() == 1);
    let watch = pool.clone();
    drop(pool);
    assert!(!watch.is_last(), "a kernel may write to it");
    assert_eq!(forgotten.fill_from(b"late"), 4);
    drop(std::mem::ManuallyDrop::into_inner(forgotten)); // Miri wants no leak
    assert!(watch.is_last());
}
