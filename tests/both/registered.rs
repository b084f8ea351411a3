//! Registered memory: files and pipes are read and written with it as with any other, whatever
//! becomes of the pool, of its buffers, and of the runtime, in any order.

use crate::on_both;
use crate::poll::turns;
use sexton::Builder;
use sexton::buf::{FixedBuf, FixedPool, IoBufMut};
use sexton::fs::{File, OpenOptions};
use sexton::net::pipe::pipe;
use sexton::time::{Duration, sleep};
use std::cell::RefCell;
use std::io::{self, ErrorKind};
use std::sync::atomic::{AtomicU32, Ordering};

/// Places of a ring's table.
const PLACES: usize = 64;

/// Tries so often, since a simulated kernel may refuse memory, or keep it, for a while.
async fn register_soon(pool: &FixedPool) {
    for _ in 0..1000 {
        match sexton::register_buffers(pool) {
            Ok(()) => return,
            Err(error) => {
                let known = [ErrorKind::OutOfMemory, ErrorKind::QuotaExceeded];
                assert!(known.contains(&error.kind()), "{error}");
                assert_eq!(pool.registration(), None, "what is refused goes by its address");
            }
        }
        sleep(Duration::from_millis(1)).await;
    }
    panic!("it is never registered");
}

async fn registered(count: u16, len: u32) -> FixedPool {
    let pool = FixedPool::new(count, len).unwrap();
    register_soon(&pool).await;
    pool
}

/// A file that is gone when it is closed.
async fn file() -> io::Result<File> {
    static FILES: AtomicU32 = AtomicU32::new(0);
    let number = FILES.fetch_add(1, Ordering::Relaxed);
    let path = format!("/tmp/sexton-both-{}-registered-{number}", std::process::id());
    let options = OpenOptions::new().read(true).write(true).create(true).truncate(true).clone();
    let file = options.open(&path).await?;
    sexton::fs::remove_file(&path).await?;
    Ok(file)
}

/// Writes with a buffer, reads with it, and gives it back empty.
async fn use_it(file: &File, mut buf: FixedBuf) -> FixedBuf {
    buf.fill_from(b"0123456789");
    let mut buf = file.write_all_at(buf, 3).await.unwrap();
    buf.clear();
    let mut buf = file.read_exact_at(buf.at_most(4), 5).await.unwrap().into_inner();
    assert_eq!(&buf[..], b"2345");
    buf.clear();
    buf
}

/// A task that writes more to a pipe than fits; nobody reads. It has the pool's only buffer.
fn stuck(pool: &FixedPool) -> sexton::JoinHandle<()> {
    let (sender, receiver) = pipe().unwrap();
    let mut buf = pool.take().unwrap();
    assert_eq!(buf.fill_from(&[7; 1 << 17]), 1 << 17);
    sexton::spawn(async move {
        let wrote = sender.write_all_owned(buf).await;
        panic!("it ended with {wrote:?}, though nobody read from {receiver:?}");
    })
}

#[test]
fn registered_buffers_read_and_write_as_others_do() {
    on_both(&Builder::new(), || async {
        let file = file().await.unwrap();
        let pool = registered(2, 64).await;
        register_soon(&pool).await; // it is already
        assert!(pool.registration().is_some());
        drop(use_it(&file, pool.take().unwrap()).await);
        // Nothing is no bytes of any place.
        assert_eq!(file.write_at(pool.take().unwrap(), 0).await.unwrap().0, 0);
        let (sender, receiver) = pipe().unwrap();
        let mut buf = pool.take().unwrap();
        buf.fill_from(b"through a pipe");
        drop(sender.write_all_owned(buf).await.unwrap());
        drop(sender);
        let got = receiver.read_exact_owned(pool.take().unwrap().at_most(14)).await.unwrap();
        assert_eq!(&got.into_inner()[..], b"through a pipe");
        // Given up in flight: the memory stays registered until the kernel has let go of it.
        drop(file.read_at(pool.take().unwrap(), 0));
        let waiting = sexton::spawn({
            let buf = pool.take().unwrap();
            async move { drop(file.read_at(buf, 0).await) }
        });
        drop(pool);
        sexton::yield_now().await;
        waiting.abort();
        drop(waiting.await);
    });
}

#[test]
fn places_of_the_table_are_used_again_and_one_too_many_is_refused() {
    on_both(&Builder::new(), || async {
        for _ in 0..2 {
            let mut pools = Vec::new();
            for _ in 0..PLACES {
                pools.push(registered(1, 4096).await);
            }
            let more = FixedPool::new(1, 4096).unwrap();
            let refused = sexton::register_buffers(&more).unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::QuotaExceeded);
            assert_eq!(more.registration(), None);
        }
    });
}

#[test]
fn a_pool_that_is_dropped_stays_registered_until_its_last_operation_has_ended() {
    on_both(&Builder::new(), || async {
        let mut idle = Vec::new();
        for _ in 4..PLACES {
            idle.push(registered(1, 64).await);
        }
        let mut tasks = Vec::new();
        for _ in 4..8 {
            let pool = registered(1, 1 << 17).await;
            tasks.push(stuck(&pool));
        }
        turns(3).await;
        let more = FixedPool::new(1, 64).unwrap();
        let refused = sexton::register_buffers(&more).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::QuotaExceeded, "all are in flight");
        for task in tasks {
            task.abort();
            assert!(task.await.unwrap_err().is_cancelled());
        }
        // Cancelled and buried, they end by and by; then their places are free.
        for _ in 4..8 {
            idle.push(registered(1, 64).await);
        }
        register_soon(&idle[0]).await; // it still is
        assert_eq!(sexton::register_buffers(&more).unwrap_err().kind(), ErrorKind::QuotaExceeded);
    });
}

#[test]
fn a_runtime_ends_with_registered_memory_in_flight() {
    on_both(&Builder::new(), || async {
        let pool = registered(1, 1 << 17).await;
        drop(stuck(&pool));
        drop(pool);
        let pool = registered(1, 1 << 17).await;
        drop(stuck(&pool));
        turns(3).await;
    });
}

#[test]
fn a_pool_and_its_buffers_outlive_their_runtime_and_are_the_next_ones() {
    let kept = RefCell::new(None);
    on_both(&Builder::new(), || async {
        let new = || {
            let pool = FixedPool::new(2, 64).unwrap();
            let buf = pool.take().unwrap();
            (pool, buf)
        };
        let (pool, buf) = kept.take().unwrap_or_else(new);
        assert_eq!(pool.registration(), None, "of a runtime that is gone");
        let file = file().await.unwrap();
        let buf = use_it(&file, buf).await;
        register_soon(&pool).await;
        let buf = use_it(&file, buf).await;
        kept.replace(Some((pool, buf)));
    });
}

#[test]
fn every_core_registers_pools_of_its_own() {
    on_both(&Builder::new().cores(2), || async {
        let job = || async {
            let file = file().await.unwrap();
            for _ in 0..3 {
                let pool = registered(1, 64).await;
                let buf = use_it(&file, pool.take().unwrap()).await;
                drop(pool);
                drop(use_it(&file, buf).await);
            }
        };
        let other = sexton::spawn_on(1, job);
        job().await;
        other.await.unwrap();
    });
}
