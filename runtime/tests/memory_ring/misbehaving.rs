//! Operations of users that are safe code and wrong all the same: nothing is leaked, nothing is
//! confused.

use crate::ops::{Recv, RecvProvided};
use crate::support::{counters, pair, run, turn, turns, waits};
use sexton_buffers::{Claim, OwnedBuf, PoolBufs};
use sexton_runtime::op::{Completion, Detached, Entry, Nop, Op, SocketAddrBuf, submit};
use sexton_runtime::{Fd, recv_pool, sim::hand as sim};
use std::io;

/// Accepts, and never looks at what came of it.
struct Ignores {
    fd: Fd,
    peer: SocketAddrBuf,
}

impl Op for Ignores {
    type Output = u32;

    fn entry(&mut self) -> Entry<'_> {
        Entry::accept(&self.fd, &mut self.peer, false)
    }

    fn complete(self, _: Completion) -> u32 {
        7
    }
}

#[test]
fn a_connection_that_an_operation_ignores_is_closed() {
    run(async {
        let fd = Fd::new(sim::listener().unwrap());
        let accept = || Ignores { fd: fd.clone(), peer: SocketAddrBuf::empty() };
        let client = sim::connect(&fd).unwrap();
        assert_eq!(submit(accept()).await, 7);
        assert!(sim::is_ended(&client).unwrap());
        let client = sim::connect(&fd).unwrap();
        drop(submit(accept()));
        let third = submit(accept());
        turns().await;
        assert_eq!(third.await, 7);
        assert!(sim::is_ended(&client).unwrap());
    });
}

/// Receives into one buffer, and gives back another.
struct Swaps {
    fd: Fd,
    filled: Vec<u8>,
    given: Vec<u8>,
}

impl Op for Swaps {
    type Output = (usize, Vec<u8>, Vec<u8>);

    fn entry(&mut self) -> Entry<'_> {
        // What was described before counts for nothing.
        let _ = Entry::recv(&self.fd, &mut self.given, false);
        Entry::recv(&self.fd, &mut self.filled, false)
    }

    fn complete(self, completion: Completion) -> Self::Output {
        (completion.count().unwrap(), self.given, self.filled)
    }
}

#[test]
fn bytes_are_marked_in_the_buffer_that_the_kernel_filled_and_in_no_other() {
    run(async {
        let (fd, peer) = pair();
        sim::write(&peer, b"bytes").unwrap();
        let op = Swaps { fd, filled: Vec::with_capacity(9), given: Vec::with_capacity(9) };
        assert_eq!(submit(op).await, (5, Vec::new(), Vec::from(*b"bytes")));
    });
}

/// One answer, it says, and asks for many.
#[test]
fn the_items_of_a_multishot_receive_that_nobody_handles_go_back_to_the_pool() {
    run(async {
        let pool = recv_pool().unwrap();
        let (fd, peer) = pair();
        let mut future =
            submit(RecvProvided { fd: fd.clone(), pool: pool.clone(), multishot: true });
        for _ in 0..3 * pool.count() {
            sim::write(&peer, b"item").unwrap();
            turn().await;
            assert_eq!(pool.held(), 0);
        }
        assert!(waits(&mut future).await);
        future.cancel();
        assert_eq!(future.await.unwrap_err().raw_os_error(), Some(libc::ECANCELED));
        // The same, dropped: the items of a buried one, and of a detached one.
        let dropped = submit(RecvProvided { fd: fd.clone(), pool: pool.clone(), multishot: true });
        turn().await;
        sim::hold(&fd).unwrap();
        drop(dropped);
        turn().await;
        sim::write(&peer, b"late").unwrap();
        sim::release(&fd).unwrap();
        turns().await;
        let detached = RecvProvided { fd: fd.clone(), pool: pool.clone(), multishot: true };
        let detached = Detached::submit(detached).ok().unwrap();
        sim::write(&peer, b"more").unwrap();
        turns().await;
        detached.cancel();
        turns().await;
        assert_eq!((fd.handles(), pool.held()), (1, 0));
    });
}

/// Takes out of its completion what is not there.
struct Greedy(u8);

impl Op for Greedy {
    type Output = io::Result<Option<PoolBufs>>;

    fn entry(&mut self) -> Entry<'_> {
        Entry::nop()
    }

    fn complete(self, completion: Completion) -> Self::Output {
        match self.0 {
            0 => completion.fd().map(|_| None),
            _ => completion.bufs(),
        }
    }
}

#[test]
fn nobody_gets_a_descriptor_or_a_buffer_that_the_kernel_did_not_give() {
    run(async {
        let error = submit(Greedy(0)).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        assert!(submit(Greedy(1)).await.unwrap().is_none());
    });
}

/// Receives a claim, and goes on with it before it takes the bytes.
struct Toys {
    fd: Fd,
    claim: Claim,
}

impl Op for Toys {
    type Output = (usize, Vec<u8>, usize);

    fn entry(&mut self) -> Entry<'_> {
        Entry::recv_claim(&self.fd, &mut self.claim, false)
    }

    fn complete(mut self, completion: Completion) -> Self::Output {
        drop(completion);
        let got = self.claim.got();
        self.claim.fill_from(b"0123456789");
        let bytes = self.claim.take_bytes();
        (got, bytes, self.claim.settle().0)
    }
}

#[test]
fn a_claim_never_shows_bytes_that_nobody_wrote() {
    run(async {
        let (fd, peer) = pair();
        sim::write(&peer, b"claimed").unwrap();
        let claim = Claim::new(OwnedBuf::new(Vec::with_capacity(12)));
        assert_eq!(submit(Toys { fd, claim }).await, (7, Vec::from(b"claimed01234"), 0));
    });
}

#[test]
fn an_operation_that_ends_is_not_cancelled_in_the_place_of_its_successor() {
    run(async {
        let (fd, peer) = pair();
        let old =
            Detached::submit(Recv { fd: fd.clone(), buf: Vec::with_capacity(4) }).ok().unwrap();
        sim::write(&peer, b"old").unwrap();
        turns().await;
        // The slot's next tenant, and a handle of the one before.
        let new = submit(Recv { fd, buf: Vec::with_capacity(4) });
        turn().await;
        old.again().cancel();
        old.bury();
        turns().await;
        sim::write(&peer, b"new").unwrap();
        assert_eq!(new.await.unwrap(), (3, Vec::from(*b"new")));
        submit(Nop).await.unwrap();
        turn().await;
        let counters = counters();
        assert_eq!((counters.buried_total, counters.strays), (0, 0));
    });
}
