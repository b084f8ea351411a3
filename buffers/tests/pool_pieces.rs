//! Pools whose buffers are used up piece by piece, or several at once, beside plain models.
#![allow(unsafe_code, reason = "does what a kernel does")]

mod support;

use std::{collections::VecDeque, io::ErrorKind};

use proptest::{collection::vec, prelude::*};
use sexton_buffers::{Consumption, IoBuf, IoBufMut, PoolBuf, PoolBufs, ProvidedPool};
use support::write_picked;

const BUF_LEN: u32 = 8;

/// A kernel puts `data` into the next bytes of the oldest buffer; what did not fit comes back.
fn piece<'a>(pool: &ProvidedPool, data: &'a [u8]) -> Option<(PoolBuf, &'a [u8])> {
    // SAFETY: no real kernel knows this ring; written below, before `take` only.
    let (bid, at, len) = unsafe { pool.pick(data.len() as u32) }?;
    let (now, later) = data.split_at(len as usize);
    write_picked(at, len, now);
    let is_last = (at.addr() + len as usize).is_multiple_of(BUF_LEN as usize);
    // SAFETY: picked just now, and not touched any more.
    let mut bufs = unsafe { pool.take(bid, len, !is_last) }.expect("a buffer of this ring");
    let buf = bufs.next().expect("one piece");
    assert!(bufs.next().is_none(), "a piece is of one buffer");
    Some((buf, later))
}

/// A kernel puts `data` into as many buffers as it takes; none if there are not enough.
fn bundle(pool: &ProvidedPool, data: &[u8]) -> Option<PoolBufs> {
    let parts = data.chunks(BUF_LEN as usize);
    if usize::from(pool.available()) < parts.len() {
        return None;
    }
    let mut first = None;
    for part in parts {
        // SAFETY: no real kernel knows this ring; written below, before `take` only.
        let (bid, at, len) = unsafe { pool.pick(BUF_LEN) }.expect("there are enough");
        write_picked(at, len, part);
        first.get_or_insert(bid);
    }
    // SAFETY: picked just now, and not touched any more.
    Some(unsafe { pool.take(first?, data.len() as u32, false) }.expect("buffers of this ring"))
}

fn incremental(count: u16) -> ProvidedPool {
    ProvidedPool::consumed(Consumption::Incremental, 0, count, BUF_LEN).expect("memory")
}

fn bundled(count: u16) -> ProvidedPool {
    ProvidedPool::consumed(Consumption::Bundle, 0, count, BUF_LEN).expect("memory")
}

#[test]
fn pieces_lie_behind_each_other_and_the_last_one_brings_the_buffer_back() {
    let pool = incremental(2);
    let (mut first, _) = piece(&pool, b"abc").unwrap();
    let (second, rest) = piece(&pool, b"defgh-ij").unwrap();
    assert_eq!((&first[..], &second[..], rest), (&b"abc"[..], &b"defgh"[..], &b"-ij"[..]));
    assert_eq!(first.filled().as_ptr().wrapping_add(3), second.filled().as_ptr());
    assert_eq!((pool.held(), pool.in_ring(), pool.returned()), (1, 1, 0));
    // There is no room behind a piece: those bytes are another one's.
    assert_eq!((first.unfilled().len(), first.fill_from(b"!")), (0, 0));
    first.filled_mut()[0] = b'A';
    first.clear();
    assert_eq!(first.fill_from(b"xyz!"), 3);
    assert_eq!((&first[..], &second[..]), (&b"xyz"[..], &b"defgh"[..]));
    drop(second);
    assert_eq!((pool.held(), pool.available()), (1, 1));
    drop(first);
    assert_eq!((pool.held(), pool.available(), pool.returned()), (0, 2, 1));
    pool.assert_valid();
}

/// All pieces of a buffer may be gone long before the kernel has filled it.
#[test]
fn a_buffer_that_the_kernel_keeps_does_not_come_back() {
    let pool = incremental(1);
    for byte in 0..BUF_LEN as u8 {
        let (buf, _) = piece(&pool, &[byte]).unwrap();
        assert_eq!((&buf[..], pool.returned()), (&[byte][..], 0));
        pool.assert_valid();
    }
    assert_eq!((pool.held(), pool.available(), pool.returned()), (0, 1, 1));
    assert_eq!(&piece(&pool, b"again").unwrap().0[..], b"again");
}

#[test]
fn a_kernel_that_lets_go_early_is_believed_and_one_that_keeps_nothing_is_not() {
    let pool = incremental(2);
    // SAFETY: no kernel writes here; what the answer says is in memory is zeroed.
    let take = |bid, len, kept| unsafe { pool.take(bid, len, kept) };
    let early = take(0, 3, false).unwrap().next().unwrap();
    assert_eq!((early.len(), pool.held()), (3, 1));
    let error = take(1, 8, true).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the kernel keeps buffer 1, which is used up, of group 0: 2 buffers of 8 bytes"
    );
    assert_eq!((error.kind(), pool.in_ring()), (ErrorKind::InvalidData, 1));
    drop(take(1, 5, true));
    assert!(take(1, 4, false).is_err(), "three bytes are left");
    pool.assert_valid();
}

#[test]
fn a_bundle_is_walked_in_the_order_of_the_ring() {
    let pool = bundled(4);
    let mut all = bundle(&pool, &[0; 32]).unwrap().collect::<Vec<_>>();
    let bids = all.iter().map(PoolBuf::bid).collect::<Vec<_>>();
    assert_eq!(bids, [0, 1, 2, 3]);
    for at in [2, 0, 1, 0] {
        drop(all.remove(at));
    }
    let again = bundle(&pool, b"two, zero, and a bit").unwrap();
    let again = again.map(|buf| (buf.bid(), buf.to_vec())).collect::<Vec<_>>();
    let expected = [(2, &b"two, zer"[..]), (0, b"o, and a"), (3, b" bit")];
    assert_eq!(again, expected.map(|(bid, bytes)| (bid, bytes.to_vec())));
    pool.assert_valid();
}

#[test]
fn what_nobody_takes_of_a_bundle_goes_back() {
    let pool = bundled(4);
    let mut bufs = bundle(&pool, &[7; 25]).unwrap();
    assert_eq!(pool.held(), 4);
    let first = bufs.next().unwrap();
    drop(bufs);
    assert_eq!((first.bid(), pool.held(), pool.available()), (0, 1, 3));
    pool.assert_valid();
}

#[test]
fn a_bundle_of_more_than_is_in_the_ring_is_no_answer() {
    let pool = bundled(2);
    // SAFETY: these are answers that are refused.
    let take = |bid, len| unsafe { pool.take(bid, len, false) }.map(drop).unwrap_err().to_string();
    let of = "of group 0: 2 buffers of 8 bytes";
    assert_eq!(take(1, 9), format!("the kernel named buffer 65535, {of}"));
    assert_eq!(take(0, 17), format!("the kernel named buffer 65535, {of}"));
    assert_eq!((pool.held(), pool.in_ring()), (0, 2));
    let one = bundle(&pool, b"one").unwrap();
    let after = bundle(&pool, b"after").unwrap();
    drop(one);
    assert_eq!(take(0, 16), format!("the kernel named buffer 65535, {of}"));
    drop(after);
    pool.assert_valid();
}

#[derive(Clone, Debug)]
enum Step {
    Receive(Vec<u8>),
    Drop(usize),
    /// Overwrites what a user has.
    Scribble(usize, u8),
}

fn step(longest: usize) -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => vec(1_u8.., 1..=longest).prop_map(Step::Receive),
        5 => any::<usize>().prop_map(Step::Drop),
        2 => (any::<usize>(), any::<u8>()).prop_map(|(which, with)| Step::Scribble(which, with)),
    ]
}

/// What users have, and what they must see.
#[derive(Default)]
struct Users(Vec<(PoolBuf, Vec<u8>)>);

impl Users {
    fn check(&self) {
        for (buf, bytes) in &self.0 {
            assert_eq!(buf[..], bytes[..]);
        }
    }

    fn scribble(&mut self, which: usize, with: u8) {
        let len = self.0.len().max(1);
        if let Some((buf, bytes)) = self.0.get_mut(which % len) {
            buf.filled_mut().fill(with);
            bytes.fill(with);
        }
    }

    fn drop_one(&mut self, which: usize) -> Option<u16> {
        let which = which.checked_rem(self.0.len())?;
        Some(self.0.swap_remove(which).0.bid())
    }
}

/// What an incremental pool is: a queue of buffers, of which the first is partly full.
fn run_pieces(count: u16, steps: &[Step]) {
    let pool = incremental(count);
    let mut ring: VecDeque<u16> = (0..count).collect();
    let (mut filled, mut pieces) = (0, vec![0; usize::from(count)]);
    let mut users = Users::default();
    for step in steps {
        match step {
            Step::Receive(data) => {
                let mut data = &data[..];
                while let Some((buf, rest)) =
                    (!data.is_empty()).then(|| piece(&pool, data)).flatten()
                {
                    let head = *ring.front().expect("the kernel found one");
                    assert_eq!(buf.bid(), head);
                    assert_eq!(buf.len(), data.len().min(BUF_LEN as usize - filled));
                    filled += buf.len();
                    pieces[usize::from(head)] += 1;
                    if filled == BUF_LEN as usize {
                        (filled, _) = (0, ring.pop_front());
                    }
                    users.0.push((buf, data[..data.len() - rest.len()].to_vec()));
                    data = rest;
                }
                assert!(data.is_empty() || ring.is_empty());
            }
            Step::Drop(which) => {
                let Some(bid) = users.drop_one(*which) else { continue };
                pieces[usize::from(bid)] -= 1;
                if pieces[usize::from(bid)] == 0 && !ring.contains(&bid) {
                    ring.push_back(bid);
                }
            }
            Step::Scribble(which, with) => users.scribble(*which, *with),
        }
        assert_eq!(usize::from(pool.available()), ring.len());
        assert_eq!(usize::from(pool.in_ring()), ring.len());
        users.check();
        pool.assert_valid();
    }
}

/// What a bundled pool is: a queue of numbers.
fn run_bundles(count: u16, steps: &[Step]) {
    let pool = bundled(count);
    let mut ring: VecDeque<u16> = (0..count).collect();
    let mut users = Users::default();
    for step in steps {
        match step {
            Step::Receive(data) => {
                let Some(bufs) = bundle(&pool, data) else { continue };
                let mut seen = 0;
                for buf in bufs {
                    assert_eq!(Some(buf.bid()), ring.pop_front());
                    let bytes = data[seen..seen + buf.len()].to_vec();
                    seen += buf.len();
                    users.0.push((buf, bytes));
                }
                assert_eq!(seen, data.len());
            }
            Step::Drop(which) => ring.extend(users.drop_one(*which)),
            Step::Scribble(which, with) => users.scribble(*which, *with),
        }
        assert_eq!(usize::from(pool.available()), ring.len());
        users.check();
        pool.assert_valid();
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if cfg!(miri) { 3 } else { 512 },
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn pieces_are_a_queue_with_users(
        steps in vec(step(20), 0..if cfg!(miri) { 30 } else { 200 }),
        log2 in 0_u32..4,
    ) {
        run_pieces(1 << log2, &steps);
    }

    #[test]
    fn bundles_are_a_queue_with_users(
        steps in vec(step(40), 0..if cfg!(miri) { 30 } else { 200 }),
        log2 in 0_u32..4,
    ) {
        run_bundles(1 << log2, &steps);
    }
}
