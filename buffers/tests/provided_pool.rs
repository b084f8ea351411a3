//! The pool of provided buffers beside a plain model of a ring and its users.
#![allow(unsafe_code, reason = "does what a kernel does")]

mod support;

use std::{collections::VecDeque, io::ErrorKind};

use proptest::{collection::vec, prelude::*};
use sexton_buffers::{IoBuf, IoBufMut, OwnedBuf, PoolBuf, ProvidedPool};
use support::{received, write_picked};

const BUF_LEN: u32 = 8;

fn receive(pool: &ProvidedPool, data: &[u8]) -> Option<PoolBuf> {
    (pool.available() > 0).then(|| received(pool, data))
}

/// The ring as the kernel sees it: the tail, and the entry at an index.
fn ring_tail(pool: &ProvidedPool) -> u16 {
    // SAFETY: `resv` of the first entry, within the ring.
    unsafe { pool.ring_addr().wrapping_add(14).cast::<u16>().read() }
}

fn ring_entry(pool: &ProvidedPool, index: u16) -> (u64, u32, u16) {
    let entry = pool.ring_addr().wrapping_add(16 * usize::from(index));
    // SAFETY: an entry of the ring, aligned to 16.
    let entry = unsafe { entry.cast::<u128>().read() }.to_le();
    (entry as u64, (entry >> 64) as u32, (entry >> 96) as u16)
}

#[test]
fn a_new_ring_is_full_aligned_and_in_the_kernels_layout() {
    let pool = ProvidedPool::new(3, 4, 100).unwrap();
    assert_eq!((pool.group(), pool.count(), pool.buf_len(), pool.held()), (3, 4, 100, 0));
    assert_eq!(pool.ring_addr().addr() % 4096, 0);
    assert_eq!(ring_tail(&pool), 4);
    assert_eq!(pool.available(), 4);
    let first = ring_entry(&pool, 0).0;
    assert_eq!(first % 4096, 0);
    for bid in 0..4 {
        assert_eq!(ring_entry(&pool, bid), (first + 100 * u64::from(bid), 100, bid));
    }
    pool.assert_valid();
}

#[test]
fn a_buffer_that_comes_back_is_published_at_the_tail() {
    let pool = ProvidedPool::new(0, 4, BUF_LEN).unwrap();
    let (first, second) = (receive(&pool, b"a").unwrap(), receive(&pool, b"b").unwrap());
    let addr = first.filled().as_ptr().addr() as u64;
    drop(second);
    drop(first);
    assert_eq!(ring_tail(&pool), 6);
    assert_eq!(ring_entry(&pool, 0).2, 1);
    assert_eq!(ring_entry(&pool, 1), (addr, BUF_LEN, 0));
    assert_eq!(ring_tail(&pool), 6, "the entry did not overwrite the tail");
}

#[test]
fn sizes_that_no_ring_can_have_are_refused() {
    let kind = |count, len| ProvidedPool::new(0, count, len).map(drop).unwrap_err().kind();
    assert_eq!(kind(0, 8), ErrorKind::InvalidInput);
    assert_eq!(kind(3, 8), ErrorKind::InvalidInput);
    assert_eq!(kind(u16::MAX, 8), ErrorKind::InvalidInput);
    assert_eq!(kind(8, 0), ErrorKind::InvalidInput);
    let error = ProvidedPool::new(0, 48, 8).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a provided-buffer ring has a power of two of buffers, at most 32768, not 48"
    );
}

#[cfg(not(miri))]
#[test]
fn memory_that_nobody_touches_is_not_there() {
    let resident = || {
        let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
        statm.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
    };
    let before = resident();
    let pool = ProvidedPool::new(0, 1024, 256 << 10).unwrap(); // 256 MiB
    let buf = receive(&pool, b"touched").unwrap();
    let grown = resident().saturating_sub(before);
    assert!(grown < 128 << 20, "{grown} bytes became resident");
    assert_eq!(&buf[..], b"touched");
}

#[test]
fn answers_that_no_kernel_gives_are_errors_and_change_nothing() {
    let pool = ProvidedPool::new(5, 2, BUF_LEN).unwrap();
    let held = receive(&pool, b"mine").unwrap();
    let take = |bid, len| {
        // SAFETY: these are answers that are refused.
        unsafe { pool.take(bid, len, false) }.map(drop).unwrap_err()
    };
    let of = ", of group 5: 2 buffers of 8 bytes";
    assert_eq!(take(2, 1).to_string(), format!("the kernel named buffer 2{of}"));
    assert_eq!(
        take(held.bid(), 1).to_string(),
        format!("the kernel named buffer 0, which it does not have{of}")
    );
    assert_eq!(take(1, 9).to_string(), format!("the kernel put 9 bytes in buffer 1{of}"));
    // SAFETY: as above.
    let kept = unsafe { pool.take(1, 1, true) }.unwrap_err();
    assert_eq!(kept.to_string(), format!("the kernel keeps buffer 1, which is used up{of}"));
    assert_eq!(take(1, 9).kind(), ErrorKind::InvalidData);
    assert_eq!((&held[..], pool.held(), pool.available()), (&b"mine"[..], 1, 1));
    pool.assert_valid();
}

#[test]
fn a_closed_pool_gives_nothing_back_to_the_kernel() {
    let pool = ProvidedPool::new(0, 2, BUF_LEN).unwrap();
    let before = receive(&pool, b"before").unwrap();
    pool.clone().close();
    assert!(pool.is_closed());
    drop(before);
    assert_eq!((pool.held(), pool.available(), ring_tail(&pool)), (0, 1, 2));
    // A completion that was under way is still a buffer.
    let late = receive(&pool, b"late").unwrap();
    assert_eq!(&late[..], b"late");
    drop(late);
    assert!(receive(&pool, b"").is_none());
    pool.assert_valid();
}

#[test]
fn buffers_outlive_every_handle() {
    let pool = ProvidedPool::new(0, 2, BUF_LEN).unwrap();
    let (first, second) = (receive(&pool, b"first").unwrap(), receive(&pool, b"second").unwrap());
    drop(pool);
    assert_eq!((&first[..], &second[..]), (&b"first"[..], &b"second"[..]));
    drop(first);
    let erased = OwnedBuf::new(second);
    assert_eq!(erased.filled(), b"second");
}

#[test]
#[should_panic(expected = "cannot consume 3 bytes of a buffer that holds 2")]
fn more_than_there_is_cannot_be_consumed() {
    let pool = ProvidedPool::new(0, 1, BUF_LEN).unwrap();
    receive(&pool, b"ab").unwrap().consume(3);
}

#[test]
fn debug_shows_counts_and_no_data() {
    let pool = ProvidedPool::new(1, 2, BUF_LEN).unwrap();
    let buf = receive(&pool, b"secret").unwrap();
    assert_eq!(format!("{buf:?}"), "PoolBuf { bid: 0, len: 6, .. }");
    assert_eq!(
        format!("{pool:?}"),
        "ProvidedPool { group: 1, count: 2, buf_len: 8, held: 1, closed: false }"
    );
}

#[derive(Clone, Debug)]
enum Step {
    /// The kernel picks a buffer, and tells so later.
    Pick,
    /// It tells of the oldest one that it picked.
    Complete(Vec<u8>),
    Drop(usize),
    Consume(usize, usize),
    Append(usize, Vec<u8>),
    Clear(usize),
    Close,
}

fn step() -> impl Strategy<Value = Step> {
    let data = || vec(1_u8.., 0..=BUF_LEN as usize);
    prop_oneof![
        6 => Just(Step::Pick),
        6 => data().prop_map(Step::Complete),
        5 => any::<usize>().prop_map(Step::Drop),
        2 => (any::<usize>(), 0_usize..8).prop_map(|(which, n)| Step::Consume(which, n)),
        2 => (any::<usize>(), data()).prop_map(|(which, data)| Step::Append(which, data)),
        1 => any::<usize>().prop_map(Step::Clear),
        // Seldom, or nothing would be left to do.
        1 => Just(Step::Close),
    ]
}

/// What a pool is: a queue of numbers, what the kernel picked, and who holds what.
struct Model {
    ring: VecDeque<u16>,
    picked: VecDeque<(u16, *mut u8)>,
    held: Vec<(PoolBuf, Vec<u8>, usize)>,
    closed: bool,
}

fn run(count: u16, steps: &[Step], close: bool) {
    let pool = ProvidedPool::new(0, count, BUF_LEN).expect("memory");
    let mut model =
        Model { ring: (0..count).collect(), picked: [].into(), held: Vec::new(), closed: false };
    for step in steps {
        match step {
            Step::Pick => {
                // SAFETY: no kernel knows this ring; written below before `take` only.
                let picked = unsafe { pool.pick(BUF_LEN) };
                assert_eq!(picked.map(|(bid, ..)| bid), model.ring.pop_front());
                model.picked.extend(picked.map(|(bid, at, _)| (bid, at)));
            }
            Step::Complete(data) => {
                let Some((bid, at)) = model.picked.pop_front() else { continue };
                write_picked(at, BUF_LEN, data);
                // SAFETY: it was picked, and is not touched any more.
                let bufs = unsafe { pool.take(bid, data.len() as u32, false) };
                let buf = bufs.expect("it was picked").next().expect("one buffer");
                assert_eq!(buf.bid(), bid);
                model.held.push((buf, data.clone(), BUF_LEN as usize - data.len()));
            }
            Step::Drop(which) => {
                if model.held.is_empty() {
                    continue;
                }
                let (buf, ..) = model.held.swap_remove(which % model.held.len());
                if !model.closed {
                    model.ring.push_back(buf.bid());
                }
            }
            Step::Close => {
                if close {
                    pool.close();
                    model.closed = true;
                }
            }
            Step::Consume(..) | Step::Append(..) | Step::Clear(..) => change(&mut model, step),
        }
        assert_eq!(usize::from(pool.available()), model.ring.len());
        assert_eq!(usize::from(pool.held()), model.held.len());
        for (buf, bytes, room) in &mut model.held {
            assert_eq!(&buf[..], &bytes[..]);
            assert_eq!(buf.unfilled().len(), *room);
        }
        pool.assert_valid();
    }
}

/// Users change their own buffers only.
fn change(model: &mut Model, step: &Step) {
    let (Step::Consume(which, _) | Step::Append(which, _) | Step::Clear(which)) = step else {
        return;
    };
    if model.held.is_empty() {
        return;
    }
    let which = which % model.held.len();
    let (buf, bytes, room) = &mut model.held[which];
    match step {
        Step::Consume(_, n) => {
            let n = bytes.len().min(*n);
            buf.consume(n);
            bytes.drain(..n);
        }
        Step::Append(_, data) => {
            let n = buf.fill_from(data);
            assert_eq!(n, data.len().min(*room));
            bytes.extend(&data[..n]);
            *room -= n;
        }
        _ => {
            buf.clear();
            *room += bytes.len();
            bytes.clear();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if cfg!(miri) { 3 } else { 512 },
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_pool_is_a_queue_with_users(
        steps in vec(step(), 0..if cfg!(miri) { 30 } else { 200 }),
        log2 in 0_u32..4,
        close: bool,
    ) {
        run(1 << log2, &steps, close);
    }
}

/// The ring's indices have 16 bits and go round many times.
#[test]
fn the_indices_go_round() {
    let pool = ProvidedPool::new(0, 2, BUF_LEN).unwrap();
    let rounds: u32 = if cfg!(miri) { 100 } else { 70_000 };
    for round in 0..rounds {
        let data = round.to_ne_bytes();
        let buf = receive(&pool, &data).unwrap();
        assert_eq!(u32::from(buf.bid()), round % 2);
        assert_eq!(buf[..], data);
    }
    assert_eq!(pool.available(), 2);
    pool.assert_valid();
}
