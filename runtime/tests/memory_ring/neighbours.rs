//! Operations in flight beside each other: slots are reused, pages are added, the kernel writes
//! meanwhile.

use crate::ops::{Accept, Inbox, Large, Recv, RecvMultishot};
use crate::support::{counters, pair, run, turn, turns};
use sexton_buffers::Fill;
use sexton_runtime::op::{Detached, Nop, Parts, ReadVectoredAt, submit};
use sexton_runtime::{Fd, recv_pool, sim::hand as sim};

/// More than two pages of slots; under Miri just more than one.
const MANY: usize = if cfg!(miri) { 66 } else { 130 };

#[test]
fn the_kernel_writes_while_other_slots_are_used_and_pages_are_added() {
    run(async {
        let first = pair();
        let early = submit(Recv { fd: first.0.clone(), buf: Vec::with_capacity(8) });
        let listener = Fd::new(sim::listener().unwrap());
        // Written in the slot itself.
        let accept = submit(Accept::new(&listener));
        turn().await;
        let ends: Vec<_> = (0..MANY).map(|_| pair()).collect();
        let mut waiting = Vec::new();
        for (fd, _) in &ends {
            waiting.push(submit(Recv { fd: fd.clone(), buf: Fill::new(Box::new([0; 4])) }));
            submit(Nop).await.unwrap();
        }
        sim::write(&first.1, b"early").unwrap();
        let client = sim::connect(&listener).unwrap();
        turn().await;
        // Slots of the latter half become free and are used again, before the first half is
        // written.
        for future in waiting.split_off(MANY / 2) {
            drop(future);
        }
        turns().await;
        let again: Vec<_> = ends[MANY / 2..]
            .iter()
            .map(|(fd, _)| {
                let parts = Parts::new([Vec::with_capacity(2), Vec::with_capacity(2)]);
                let read = ReadVectoredAt { fd: fd.clone(), parts, offset: u64::MAX };
                submit(Large { op: read, ballast: [7; 40] })
            })
            .collect();
        turn().await;
        for (index, (_, peer)) in ends.iter().enumerate() {
            sim::write(peer, &[index as u8; 3]).unwrap();
        }
        for (index, future) in waiting.into_iter().enumerate() {
            let (count, buf) = future.await.unwrap();
            assert_eq!(
                (count, &buf.into_inner()[..]),
                (3, &[index as u8, index as u8, index as u8, 0][..])
            );
        }
        for (index, future) in again.into_iter().enumerate() {
            let (count, parts) = future.await.unwrap();
            let byte = (MANY / 2 + index) as u8;
            assert_eq!((count, parts), (3, [vec![byte; 2], vec![byte]]));
        }
        assert_eq!(early.await.unwrap(), (5, Vec::from(*b"early")));
        assert_eq!(accept.await.unwrap().1.unwrap().to_string(), "127.0.0.1:1");
        drop(client);
        assert_eq!(counters().boxed, MANY.div_ceil(2) as u64);
    });
}

#[test]
fn a_multishot_receive_hands_its_items_to_its_handler_until_it_ends() {
    run(async {
        let (fd, peer) = pair();
        let pool = recv_pool().unwrap();
        let inbox = Inbox::default();
        let op = RecvMultishot { fd: fd.clone(), pool: pool.clone() };
        let shot = Detached::submit_multishot(op, inbox.clone()).ok().unwrap();
        for word in ["one", "two", "three"] {
            sim::write(&peer, word.as_bytes()).unwrap();
            turns().await;
        }
        shot.cancel();
        turns().await;
        let items = inbox.0.take();
        assert_eq!(items[..3], ["one", "two", "three"].map(|word| Ok(word.into())));
        assert_eq!(items[3..], [Err(libc::ECANCELED)]);
        assert_eq!((fd.handles(), pool.held()), (1, 0));
        // A handle of what has ended does nothing.
        shot.cancel();
        shot.bury();
    });
}

#[test]
fn a_buried_multishot_receive_gets_its_late_items() {
    run(async {
        let (fd, peer) = pair();
        let pool = recv_pool().unwrap();
        let inbox = Inbox::default();
        let op = RecvMultishot { fd: fd.clone(), pool: pool.clone() };
        let shot = Detached::submit_multishot(op, inbox.clone()).ok().unwrap();
        turn().await;
        sim::hold(&fd).unwrap();
        shot.bury();
        turns().await;
        sim::write(&peer, b"late").unwrap();
        sim::release(&fd).unwrap();
        turns().await;
        assert_eq!(inbox.0.take(), [Ok(Vec::from(*b"late")), Err(libc::ECANCELED)]);
        assert_eq!((fd.handles(), pool.held(), counters().buried), (1, 0, 0));
    });
}

#[test]
fn a_pool_without_buffers_ends_a_multishot_receive_and_loses_nothing() {
    run(async {
        let (fd, peer) = pair();
        let pool = recv_pool().unwrap();
        let inbox = Inbox::default();
        let op = RecvMultishot { fd, pool: pool.clone() };
        Detached::submit_multishot(op, inbox.clone()).ok().unwrap();
        turn().await;
        // Five buffers' worth, of four; all arrive in one batch, so none is given back meanwhile.
        sim::write(&peer, &[7; 64 * 5]).unwrap();
        turn().await;
        let items = inbox.0.take();
        assert_eq!(items.len(), 5);
        assert!(items[..4].iter().all(|item| item.as_ref().unwrap()[..] == [7; 64]));
        assert_eq!((&items[4], pool.held()), (&Err(libc::ENOBUFS), 0));
    });
}

#[test]
fn a_full_submission_queue_loses_no_operation_and_no_cancel() {
    run(async {
        let ends: Vec<_> = (0..MANY).map(|_| pair()).collect();
        let recv = |fd: &Fd| submit(Recv { fd: fd.clone(), buf: Vec::with_capacity(4) });
        let futures: Vec<_> = ends.iter().map(|(fd, _)| recv(fd)).collect();
        turn().await;
        assert!(ends.iter().all(|(fd, _)| fd.handles() == 2));
        drop(futures);
        // At once and again: what was queued but not submitted is taken back.
        drop(ends.iter().map(|(fd, _)| recv(fd)).collect::<Vec<_>>());
        turns().await;
        assert!(ends.iter().all(|(fd, _)| fd.handles() == 1));
        let counters = counters();
        assert_eq!((counters.in_flight, counters.in_flight_by_opcode), (0, vec![]));
    });
}
