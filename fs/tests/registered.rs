//! Which operation serves a registered buffer: the fixed kind on its own ring, else the plain one.
//! And what the kernel writes to late, it writes to nobody else's buffer.

#![allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]

mod support;

use rustix::fs::{Advice, fadvise};
use sexton_buffers::{FixedBuf, FixedPool, IoBufMut};
use sexton_fs::{File, OpenOptions};
use sexton_runtime::{Builder, block_on, own_stats, register_buffers, yield_now};
use std::future::{Future, poll_fn};
use std::io::ErrorKind;
use std::path::Path;
use std::pin::pin;
use std::task::Poll;
use support::{Place, Rng, drop_after, forget_after};

/// `IORING_OP_READ_FIXED`, `WRITE_FIXED`, `READ` and `WRITE`.
const KINDS: [u8; 4] = [4, 5, 22, 23];

/// How many of each kind this core has in flight.
fn in_flight() -> [u32; 4] {
    let counts = own_stats().unwrap().in_flight_by_opcode;
    KINDS.map(|kind| counts.iter().find(|count| count.0 == kind).map_or(0, |count| count.1))
}

/// Runs `future`, and says what was in flight after its first poll; none if that ended it.
async fn begun<F: Future>(future: F) -> (Option<[u32; 4]>, F::Output) {
    let mut future = pin!(future);
    match poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await {
        Poll::Ready(output) => (None, output),
        Poll::Pending => (Some(in_flight()), future.await),
    }
}

async fn open(path: &Path) -> File {
    OpenOptions::new().read(true).write(true).create(true).open(path).await.unwrap()
}

/// Writes and reads with a buffer, and says of which kind these operations were.
async fn kinds(file: &File, mut buf: FixedBuf) -> ([u32; 4], [u32; 4], FixedBuf) {
    buf.clear();
    buf.fill_from(b"bytes");
    let (write, written) = begun(file.write_at(buf, 0)).await;
    let (count, mut buf) = written.unwrap();
    assert_eq!(count, 5);
    // What is in memory needs no operation, and the kernel may be busy with a page.
    let mut read = None;
    while read.is_none() {
        buf.clear();
        file.sync_all().await.unwrap();
        fadvise(file, 0, None, Advice::DontNeed).unwrap();
        let got;
        (read, got) = begun(file.read_at(buf, 0)).await;
        let count;
        (count, buf) = got.unwrap();
        assert_eq!((count, &buf[..]), (5, &b"bytes"[..]));
    }
    assert_eq!(in_flight(), [0; 4], "what ended is counted as what began");
    (write.unwrap(), read.unwrap(), buf)
}

const PLAIN: ([u32; 4], [u32; 4]) = ([0, 0, 0, 1], [0, 0, 1, 0]);
const FIXED: ([u32; 4], [u32; 4]) = ([0, 1, 0, 0], [1, 0, 0, 0]);

#[test]
fn the_fixed_kind_serves_registered_buffers_and_the_plain_kind_all_others() {
    let place = Place::on_disk();
    block_on(async {
        let file = open(&place.path("file")).await;
        let pool = FixedPool::new(1, 4096).unwrap();
        for expected in [PLAIN, FIXED] {
            if expected == FIXED {
                register_buffers(&pool).unwrap();
            }
            let (write, read, _) = kinds(&file, pool.take().unwrap()).await;
            assert_eq!((write, read), expected);
        }
    });
}

#[test]
fn on_another_runtime_of_the_thread_a_registered_buffer_goes_by_its_address() {
    let place = Place::on_disk();
    let path = place.path("file");
    let pool = FixedPool::new(1, 4096).unwrap();
    assert_eq!(register_buffers(&pool).unwrap_err().kind(), ErrorKind::NotConnected);
    let (one, other) = (Builder::new().build().unwrap(), Builder::new().build().unwrap());
    let on = |runtime: &sexton_runtime::Runtime, buf| {
        runtime.block_on(async {
            let (write, read, buf) = kinds(&open(&path).await, buf).await;
            ((write, read), buf)
        })
    };
    one.block_on(async { register_buffers(&pool).unwrap() });
    let (seen, buf) = on(&one, pool.take().unwrap());
    assert_eq!(seen, FIXED);
    let (seen, buf) = on(&other, buf);
    assert_eq!(seen, PLAIN, "its table has other memory in that place, or none");
    other.block_on(async {
        // It has memory of its own in the same place.
        register_buffers(&FixedPool::new(1, 4096).unwrap()).unwrap();
        let refused = register_buffers(&pool).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ResourceBusy, "{refused}");
    });
    let (seen, buf) = on(&other, buf);
    assert_eq!(seen, PLAIN);
    drop(one);
    assert_eq!(pool.registration(), None);
    let (seen, buf) = on(&other, buf);
    assert_eq!(seen, PLAIN);
    other.block_on(async { register_buffers(&pool).unwrap() });
    let (seen, buf) = on(&other, buf);
    assert_eq!(seen, FIXED);
    drop((pool, other));
    drop(buf);
}

#[test]
fn late_reads_past_the_page_cache_never_land_in_buffers_of_others() {
    const PAGE: usize = 4096;
    const PAGES: u64 = 256;
    const O_DIRECT: i32 = 0o40000;
    let place = Place::on_disk();
    let path = place.path("file");
    let bytes = Rng::from_seed(9).bytes(PAGES as usize * PAGE);
    std::fs::write(&path, &bytes).unwrap();
    std::fs::File::open(&path).unwrap().sync_all().unwrap();
    for round in 0..4 {
        block_on(async {
            let options = OpenOptions::new().read(true).custom_flags(O_DIRECT).clone();
            let Ok(file) = options.open(&path).await else {
                return eprintln!("SKIPPED: no O_DIRECT here");
            };
            let pool = FixedPool::new(16, 4 * PAGE as u32).unwrap();
            if round > 0 {
                register_buffers(&pool).unwrap();
            }
            let mut rng = Rng::from_seed(round);
            let (mut whole, mut forgotten) = (0, 0);
            while whole < 200 {
                let Some(buf) = pool.take() else {
                    // All are with the kernel.
                    yield_now().await;
                    continue;
                };
                let at = rng.below(PAGES - 4) as usize * PAGE;
                let (read, turns) = (file.read_at(buf, at as u64), rng.below(4));
                let answer = if rng.below(4) == 0 {
                    Some(read.await)
                } else if forgotten < 8 && rng.below(8) == 0 {
                    forgotten += 1;
                    forget_after(read, turns).await
                } else {
                    drop_after(read, turns).await
                };
                if let Some(answer) = answer {
                    let (n, buf) = answer.unwrap();
                    assert_eq!(n, 4 * PAGE);
                    // Others may still be under way, to buffers of theirs.
                    yield_now().await;
                    assert!(buf[..] == bytes[at..at + n]);
                    whole += 1;
                }
            }
        });
    }
}
