//! A runtime that ends with everything under way: no hang, nothing freed early, nothing kept.

use crate::deadline::within_a_minute;
use crate::frozen::frozen;
use crate::guarded::PAGE;
use crate::memory::direct_file_of_pages;
use crate::poll::{poll_once, turns, until};
use crate::watched::{From, Log, read};
use sexton::Fd;
use sexton::buf::IoBufMut;
use sexton::io::BufRead;
use sexton::net::{TcpListener, TcpStream};
use sexton::op::{ReadAt, submit};
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::rc::Rc;
use std::time::{Duration, Instant};

#[test]
fn a_runtime_that_ends_with_reads_past_the_cache_in_flight_waits_for_them() {
    within_a_minute(|| {
        for round in 0..20 {
            let log = Rc::new(Log::default());
            let runtime = sexton::Builder::new().build().unwrap();
            let of_task = Rc::clone(&log);
            runtime.block_on(async move {
                let (fd, pages) = direct_file_of_pages();
                sexton::spawn(async move {
                    let arrived = Rc::default();
                    let at = |page: usize| From::File(Fd::clone(&fd), (page % pages * PAGE) as u64);
                    let reads: Vec<_> =
                        (0..200).map(|page| read(at(page), &of_task, &arrived)).collect();
                    std::future::pending::<()>().await;
                    drop(reads);
                });
                turns(1 + round % 3).await;
            });
            drop(runtime);
            assert_eq!(log.buffers.alive(), 0, "round {round}");
            assert_eq!(log.cancelled.get() + log.finished.get(), log.buffers.made.get());
        }
    });
}

#[test]
fn a_runtime_that_ends_with_sockets_timers_and_accepts_in_flight_ends_soon() {
    within_a_minute(|| {
        let runtime = sexton::Builder::new().cores(2).build().unwrap();
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let addr = listener.local_addr().unwrap();
            for _ in 0..50 {
                let client = TcpStream::connect(addr).await.unwrap();
                let (mut server, _) = listener.accept().await.unwrap();
                sexton::spawn(async move { client.read_owned(Vec::with_capacity(64)).await });
                sexton::spawn(async move { server.fill_buf().await.map(<[u8]>::len) });
                sexton::spawn(sexton::time::sleep(Duration::from_secs(3600)));
            }
            let stuck = TcpStream::connect(addr).await.unwrap();
            sexton::spawn(async move {
                // Nobody reads: this send never ends by itself.
                stuck.write_all_owned(vec![0; 32 << 20]).await.map(drop)
            });
            sexton::spawn(async move {
                let first = listener.accept().await?;
                let second = listener.accept().await;
                drop(first);
                second.map(drop)
            });
            sexton::spawn_on(1, || async {
                let listener = TcpListener::bind("127.0.0.1:0").await?;
                listener.accept().await.map(drop)
            });
            turns(20).await;
        });
        let started = Instant::now();
        drop(runtime);
        assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
    });
}

#[test]
fn what_is_polled_and_dropped_after_its_runtime_is_harmless() {
    within_a_minute(|| {
        let runtime = sexton::Builder::new().build().unwrap();
        let (stream, sleep, join) = runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
            let mut sleep = Box::pin(sexton::time::sleep(Duration::from_secs(3600)));
            assert!(poll_once(sleep.as_mut()).await.is_none());
            let mut one = Box::pin(stream.read_exact_owned(Vec::with_capacity(4).at_most(4)));
            assert!(poll_once(one.as_mut()).await.is_none());
            std::mem::forget(one);
            (stream, sleep, sexton::spawn(std::future::pending::<()>()))
        });
        drop(runtime);
        drop(sleep);
        let mut join = join;
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        let ended = std::future::Future::poll(std::pin::Pin::new(&mut join), &mut cx);
        assert!(matches!(ended, std::task::Poll::Ready(Err(error)) if error.is_cancelled()));
        drop(stream);
    });
}

#[test]
fn a_runtime_that_ends_with_a_stuck_operation_leaks_it_and_returns() {
    within_a_minute(|| {
        let Some((buf, thaw)) = frozen() else {
            println!("SKIPPED: no userfaultfd here, so nothing to be stuck on");
            return;
        };
        let grace = Duration::from_millis(300);
        let runtime = sexton::Builder::new().grace(grace).build().unwrap();
        runtime.block_on(async {
            let file = std::fs::File::open("/proc/kallsyms").unwrap();
            let fd = Fd::new(OwnedFd::from(file));
            let mut stuck = submit(ReadAt { fd, buf, offset: 0 });
            assert!(poll_once(Pin::new(&mut stuck)).await.is_none());
            until("the kernel stands before the page", || thaw.somebody_waits()).await;
            drop(stuck);
            turns(3).await;
        });
        let started = Instant::now();
        drop(runtime);
        let took = started.elapsed();
        assert!(took >= grace, "it gave up after {took:?}");
        assert!(took < Duration::from_secs(5), "it waited {took:?}");
        // The kernel fills the page only now: it must still be there. (Freed, it would be nobody's,
        // and bringing it would fail.)
        thaw.release();
    });
}
