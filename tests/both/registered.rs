//! Registered memory: files are read and written with it as with any other, whatever becomes of it.

use crate::on_both;
use sexton::Builder;
use sexton::buf::{FixedPool, IoBufMut};
use sexton::fs::OpenOptions;
use std::io::ErrorKind;

/// Registers a pool, though a simulated kernel may refuse it at first for want of memory.
fn register(pool: &FixedPool) {
    while let Err(error) = sexton::register_buffers(pool) {
        assert_eq!(error.kind(), ErrorKind::OutOfMemory);
    }
}

#[test]
fn registered_buffers_read_and_write_as_others_do() {
    on_both(&Builder::new(), || async {
        let path = format!("/tmp/sexton-both-{}-registered", std::process::id());
        let file = OpenOptions::new().read(true).write(true).create(true).clone();
        let file = file.open(&path).await.unwrap();
        let pool = FixedPool::new(2, 64).unwrap();
        register(&pool);
        register(&pool); // it is already
        assert!(pool.registration().is_some());
        let mut buf = pool.take().unwrap();
        buf.fill_from(b"0123456789");
        let mut buf = file.write_all_at(buf, 3).await.unwrap();
        buf.clear();
        let (count, buf) = file.read_at(buf.at_most(4), 5).await.unwrap();
        assert_eq!((count, &buf.into_inner()[..]), (4, &b"2345"[..]));
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
        sexton::fs::remove_file(path).await.unwrap();
    });
}

#[test]
fn places_of_the_table_are_used_again_and_one_too_many_is_refused() {
    on_both(&Builder::new(), || async {
        for _ in 0..2 {
            let pools: Vec<_> = (0..64).map(|_| FixedPool::new(1, 4096).unwrap()).collect();
            pools.iter().for_each(register);
            let more = FixedPool::new(1, 4096).unwrap();
            let refused = sexton::register_buffers(&more).unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::QuotaExceeded);
            assert_eq!(more.registration(), None);
        }
    });
}
