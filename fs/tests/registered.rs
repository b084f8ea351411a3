//! Which operation serves a registered buffer: the fixed kind on its own ring, else the plain one.

#![allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]

use sexton_buffers::{FixedPool, IoBufMut};
use sexton_fs::OpenOptions;
use sexton_runtime::{block_on, own_stats, register_buffers};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

/// `IORING_OP_READ_FIXED`, `WRITE_FIXED`, `READ` and `WRITE`.
const KINDS: [u8; 4] = [4, 5, 22, 23];

/// How many of each kind this core has in flight; one plain read is the runtime's own, of its mailbox.
fn in_flight() -> [u32; 4] {
    let counts = own_stats().unwrap().in_flight_by_opcode;
    let mut kinds =
        KINDS.map(|kind| counts.iter().find(|count| count.0 == kind).map_or(0, |count| count.1));
    kinds[2] = kinds[2].checked_sub(1).unwrap();
    kinds
}

/// Runs `future`, and says what was in flight after its first poll.
async fn begun<F: Future>(future: F) -> ([u32; 4], F::Output) {
    let mut future = pin!(future);
    let first = poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await;
    assert!(first.is_pending(), "nothing is done before the ring was entered");
    let kinds = in_flight();
    (kinds, future.await)
}

#[test]
fn the_fixed_kind_serves_registered_buffers_and_the_plain_kind_all_others() {
    let path = std::env::temp_dir().join(format!("sexton-fs-{}-registered", std::process::id()));
    block_on(async {
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).open(&path).await.unwrap();
        let pool = FixedPool::new(1, 4096).unwrap();
        for (registered, write, read) in
            [(false, [0, 0, 0, 1], [0, 0, 1, 0]), (true, [0, 1, 0, 0], [1, 0, 0, 0])]
        {
            if registered {
                register_buffers(&pool).unwrap();
            }
            let mut buf = pool.take().unwrap();
            buf.fill_from(b"bytes");
            let (kinds, written) = begun(file.write_at(buf, 0)).await;
            let (count, mut buf) = written.unwrap();
            assert_eq!((kinds, count), (write, 5));
            buf.clear();
            let (kinds, got) = begun(file.read_at(buf, 0)).await;
            let (count, buf) = got.unwrap();
            assert_eq!((kinds, count, &buf[..]), (read, 5, &b"bytes"[..]));
            assert_eq!(in_flight(), [0; 4], "what ended is counted as what began");
        }
    });
    std::fs::remove_file(path).unwrap();
}
