//! A pool whose memory a ring may register: each buffer has one user, and its bytes stay put.

use sexton_buffers::{FixedPool, IoBuf, IoBufMut, OwnedBuf};
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
