//! Operations and their runtime: without one, after its end, in another one's, and one that lets go
//! too late.

use crate::ops::Recv;
use crate::support::{builder, forget, pair, run, runtime, turn, turns, waits};
use sexton_runtime::op::{Detached, Nop, submit};
use sexton_runtime::{CancelToken, Fd, sim::hand as sim, spawn};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

fn recv(fd: &Fd) -> Recv<Vec<u8>> {
    Recv { fd: fd.clone(), buf: Vec::with_capacity(8) }
}

fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn without_a_runtime_an_operation_comes_back_with_its_buffer() {
    let (fd, _peer) = pair();
    let Poll::Ready(Err(failed)) = poll_once(&mut submit(recv(&fd))) else { panic!("refused") };
    assert_eq!((failed.error().kind(), failed.buf().capacity()), (io::ErrorKind::NotConnected, 8));
    let Err((op, error)) = Detached::submit(recv(&fd)) else { panic!("refused") };
    assert_eq!((error.kind(), op.buf.capacity()), (io::ErrorKind::NotConnected, 8));
    drop(submit(recv(&fd)));
    drop(op);
    assert_eq!(fd.handles(), 1);
}

#[test]
fn a_future_that_outlives_its_runtime_owns_nothing_any_more() {
    let (fd, peer) = pair();
    let (waiting, done, queued) = runtime().block_on(async {
        let (mut waiting, done) = (submit(recv(&fd)), submit(recv(&fd)));
        assert!(waits(&mut waiting).await);
        sim::write(&peer, b"hi").unwrap();
        turns().await;
        (waiting, done, submit(recv(&fd)))
    });
    assert_eq!(fd.handles(), 1);
    // It says what it is: there is no output to give.
    let waiting = AssertUnwindSafe(waiting);
    let panic = catch_unwind(move || drop(poll_once(&mut { waiting }.0))).unwrap_err();
    let text = panic.downcast_ref::<&str>().copied().unwrap_or_default();
    assert!(text.contains("its runtime's end"), "{text}");
    done.cancel();
    drop((done, queued));
}

#[test]
fn a_future_may_be_polled_in_another_runtime() {
    let (fd, peer) = pair();
    let first = runtime();
    let future = first.block_on(async {
        let mut future = submit(recv(&fd));
        turn().await;
        assert!(waits(&mut future).await);
        future
    });
    // The other one's waker is stored; its task is woken from the first one's turns.
    let second = runtime();
    let task = second.block_on(async {
        let task = spawn(async move { future.await.unwrap() });
        turns().await;
        task
    });
    first.block_on(async {
        sim::write(&peer, b"across").unwrap();
        turns().await;
    });
    assert_eq!(second.block_on(task).unwrap(), (6, Vec::from(*b"across")));
    // Dropped in another one, and after the end of its own.
    let future = first.block_on(async { submit(recv(&fd)) });
    second.block_on(async { drop(future) });
    let future = first.block_on(async { submit(recv(&fd)) });
    drop(first);
    second.block_on(async {
        drop(future);
        submit(Nop).await.unwrap();
    });
    assert_eq!(fd.handles(), 1);
}

#[test]
fn what_the_kernel_does_not_give_back_in_time_is_leaked_and_never_touched_again() {
    let (fd, peer) = pair();
    let runtime = builder().grace(Duration::ZERO).build().unwrap();
    runtime.block_on(async {
        sim::hold(&fd).unwrap();
        let (mut dropped, mut forgotten) = (submit(recv(&fd)), submit(recv(&fd)));
        turn().await;
        assert!(waits(&mut dropped).await && waits(&mut forgotten).await);
        drop(dropped);
        // The driver stays reachable by it, and with it all that is leaked.
        forget(forgotten);
        turns().await;
    });
    drop(runtime);
    assert_eq!(fd.handles(), 3, "two operations keep the descriptor open");
    sim::release(&fd).unwrap();
    sim::write(&peer, b"late").unwrap();
    run(turns());
    assert_eq!(sim::read(&fd).unwrap(), b"late", "nobody took it");
}

#[test]
fn a_graveyard_that_stays_full_refuses_with_the_buffer_and_lets_cancels_pass() {
    let limit = |config: &mut sexton_runtime::Config| config.held_submission = Duration::ZERO;
    let runtime = builder().graveyard(1, usize::MAX).config(limit).build().unwrap();
    runtime.block_on(async {
        let (stuck, peer) = pair();
        sim::hold(&stuck).unwrap();
        drop(submit(recv(&stuck)));
        // The first is taken back, since the kernel does not have it yet.
        turns().await;
        let mut buried = submit(recv(&stuck));
        turn().await;
        assert!(waits(&mut buried).await);
        drop(buried);
        turns().await;
        assert_eq!(stuck.handles(), 2);
        let (fd, other) = pair();
        let failed = submit(recv(&fd)).await.unwrap_err();
        assert_eq!(failed.error().kind(), io::ErrorKind::QuotaExceeded);
        assert_eq!((failed.buf().capacity(), fd.handles()), (8, 1));
        sim::release(&stuck).unwrap();
        turns().await;
        assert_eq!(stuck.handles(), 1);
        sim::write(&other, b"room").unwrap();
        assert_eq!(submit(recv(&fd)).await.unwrap().0, 4);
        drop(peer);
    });
}

#[test]
fn a_token_gives_the_buffer_back_and_a_late_success_too() {
    run(async {
        let (fd, peer) = pair();
        let token = CancelToken::new();
        let inner = token.clone();
        let op = recv(&fd);
        let task = spawn(async move { inner.run(submit(op)).await });
        turns().await;
        token.cancel();
        let failed = task.await.unwrap().unwrap_err();
        assert_eq!(failed.error().raw_os_error(), Some(libc::ECANCELED));
        assert_eq!(failed.buf().capacity(), 8);
        // The kernel is faster than the cancel.
        let token = CancelToken::new();
        let mut scope = Box::pin(token.run(submit(recv(&fd))));
        assert!(waits(&mut scope).await);
        turn().await;
        sim::hold(&fd).unwrap();
        token.cancel();
        assert!(waits(&mut scope).await);
        turns().await;
        sim::write(&peer, b"first").unwrap();
        sim::release(&fd).unwrap();
        assert_eq!(scope.await.unwrap(), (5, Vec::from(*b"first")));
        assert_eq!(fd.handles(), 1);
    });
}

/// A waker that submits an operation, as a task of somebody's own may on its thread.
struct Submits;

impl std::task::Wake for Submits {
    fn wake(self: std::sync::Arc<Self>) {
        drop(submit(Nop));
        // Not reached if that panicked, which the driver contains.
        WOKEN.with(|woken| woken.set(woken.get() + 1));
    }
}

thread_local! {
    static WOKEN: std::cell::Cell<u32> = const { std::cell::Cell::new(0) };
}

#[test]
fn a_waker_may_submit() {
    run(async {
        let (fd, peer) = pair();
        let mut waiting = submit(recv(&fd));
        let waker = Waker::from(std::sync::Arc::new(Submits));
        assert!(Pin::new(&mut waiting).poll(&mut Context::from_waker(&waker)).is_pending());
        turn().await;
        sim::write(&peer, b"hi").unwrap();
        turns().await;
        assert_eq!(WOKEN.get(), 1);
        assert_eq!(waiting.await.unwrap().0, 2);
    });
}
