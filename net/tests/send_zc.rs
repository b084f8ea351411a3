//! Zero-copy sends on the real kernel: the bytes arrive, the buffers come back, and nothing waits
//! for that but who asks for it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use sexton_buffers::{BufError, IoBuf};
use sexton_io::{BufWrite, OwnedRead};
use sexton_net::{Notified, TcpListener, TcpStream};
use sexton_runtime::time::{Duration, Instant, sleep, timeout};
use sexton_runtime::{Builder, block_on, own_stats, spawn, yield_now};
use std::os::fd::OwnedFd;
use std::pin::pin;
use std::rc::Rc;
use support::poll_once;

/// `IORING_OP_SEND_ZC`.
const SEND_ZC: u8 = 47;

async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    (client, listener.accept().await.unwrap().0)
}

/// Sends until the peer's window and the socket's own buffer are full, and keeps what notifies.
async fn fill(stream: &TcpStream, buf: &Rc<[u8]>) -> (usize, Vec<Notified<Rc<[u8]>>>) {
    let (mut sent, mut outstanding) = (0, Vec::new());
    let patience = Duration::from_millis(200);
    // Dropped, not cancelled: the buffer of one that found no room may come as late as the others.
    while let Ok(outcome) = timeout(patience, stream.send_zc(Rc::clone(buf))).await {
        let (count, notified) = outcome.unwrap();
        sent += count;
        outstanding.push(notified);
    }
    (sent, outstanding)
}

async fn read_all(stream: &TcpStream, mut left: usize) {
    while left > 0 {
        let (count, buf) = stream.read_owned(Vec::with_capacity(left.min(1 << 16))).await.unwrap();
        assert!(count > 0 && buf.iter().all(|byte| *byte == 7));
        left -= count;
    }
}

/// Sends in flight whose notification has not come.
fn in_flight() -> u32 {
    let stats = own_stats().unwrap().in_flight_by_opcode;
    stats.iter().find(|(opcode, _)| *opcode == SEND_ZC).map_or(0, |(_, count)| *count)
}

async fn until(what: &str, mut done: impl FnMut() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(began.elapsed() < Duration::from_secs(20), "still waiting: {what}");
        sleep(Duration::from_millis(1)).await;
    }
    yield_now().await;
}

#[test]
fn bytes_arrive_in_order_among_other_writes_and_each_buffer_comes_back() {
    block_on(async {
        let (mut client, server) = pair().await;
        let reader = spawn(async move { client.read_to_end_owned(Vec::new()).await.unwrap().1 });
        let (mut expected, mut notified) = (Vec::new(), Vec::new());
        for round in 0..200_usize {
            let bytes = vec![round as u8; 1 + round * 97];
            let count = if round % 3 == 2 {
                server.write_owned(bytes.clone()).await.unwrap().0
            } else {
                let (count, later) = server.send_zc(bytes.clone()).await.unwrap();
                notified.push((later, bytes.clone()));
                count
            };
            expected.extend_from_slice(&bytes[..count]);
        }
        drop(server);
        assert!(reader.await.unwrap() == expected);
        for (later, bytes) in notified.into_iter().rev() {
            assert!(later.await == bytes);
        }
        let stats = own_stats().unwrap();
        assert_eq!((stats.faults, stats.strays, stats.notifying), (0, 0, 0));
    });
}

#[test]
fn nothing_sent_needs_no_notification() {
    block_on(async {
        let (_client, server) = pair().await;
        let (count, later) = server.send_zc(Vec::new()).await.unwrap();
        assert_eq!((count, poll_once(later).await), (0, Some(Vec::new())));
    });
}

#[test]
fn a_write_waits_for_no_notification_and_neither_does_the_end_of_the_stream() {
    block_on(async {
        let (client, server) = pair().await;
        let buf = Rc::from(vec![7_u8; 1 << 18]);
        let (mut sent, outstanding) = fill(&server, &buf).await;
        let late = in_flight();
        assert!(late > 0, "a peer that does not read acknowledges no more than its window");
        // As much as there is room for again, and no more.
        read_all(&client, sent / 2).await;
        let (count, _) = server.write_owned(vec![7; 1000]).await.unwrap();
        sent = sent - sent / 2 + count;
        read_all(&client, sent).await;
        for notified in outstanding {
            assert_eq!(notified.await.len(), buf.len());
        }
        until("all have notified", || Rc::strong_count(&buf) == 1 && in_flight() == 0).await;
        let (sent, outstanding) = fill(&server, &buf).await;
        assert!(in_flight() > 0);
        drop(server);
        read_all(&client, sent).await;
        assert_eq!(client.read_owned(Vec::with_capacity(1)).await.unwrap().0, 0, "the end");
        drop(outstanding);
        until("all are freed", || Rc::strong_count(&buf) == 1).await;
    });
}

#[test]
fn a_stream_goes_to_std_while_notifications_are_to_come() {
    block_on(async {
        let (client, server) = pair().await;
        let buf = Rc::from(vec![7_u8; 1 << 18]);
        let (sent, outstanding) = fill(&server, &buf).await;
        let late = in_flight();
        assert!(late > 0);
        let (std, unread) = server.into_std().await.unwrap();
        assert!(unread.is_empty());
        let server = TcpStream::from_std(std).unwrap();
        let writer = spawn(async move { server.write_all_owned(vec![7; 10]).await.map(drop) });
        read_all(&client, sent + 10).await;
        writer.await.unwrap().unwrap();
        drop(outstanding);
        until("all are freed", || Rc::strong_count(&buf) == 1).await;
    });
}

#[test]
fn buffers_of_dropped_and_of_forgotten_notifications_are_counted_apart_and_freed_in_time() {
    let buf: Rc<[u8]> = Rc::from(vec![7_u8; 1 << 18]);
    let seen = Rc::clone(&buf);
    block_on(async move {
        let (client, server) = pair().await;
        let (sent, mut outstanding) = fill(&server, &buf).await;
        std::mem::forget(outstanding.pop());
        drop(outstanding);
        yield_now().await;
        let stats = own_stats().unwrap();
        let holders = Rc::strong_count(&buf) as u64 - 2;
        assert!(stats.notifying > 0 && holders >= stats.notifying, "{stats:?}");
        assert!(stats.buried <= 1, "none but the one that found no room was cancelled");
        assert_eq!(stats.notifying_bytes, stats.notifying * buf.len() as u64);
        read_all(&client, sent).await;
        // The test's two, and the one that was forgotten.
        until("all but the forgotten one", || Rc::strong_count(&buf) == 3).await;
        assert_eq!(own_stats().unwrap().notifying, 0);
    });
    assert_eq!(Rc::strong_count(&seen), 1, "the end of the runtime freed it");
}

#[test]
fn a_dropped_send_keeps_the_next_write_back_until_its_result_and_no_longer() {
    block_on(async {
        let (mut client, server) = pair().await;
        let buf = Rc::from(vec![7_u8; 1 << 18]);
        let (mut sent, outstanding) = fill(&server, &buf).await;
        assert!(poll_once(server.send_zc(vec![7; 100_000])).await.is_none());
        let (count, _) = {
            let mut write = pin!(server.write_owned(vec![7; 1000]));
            assert!(poll_once(write.as_mut()).await.is_none());
            read_all(&client, sent).await;
            sent = 0;
            write.await.unwrap()
        };
        drop(server);
        let rest = client.read_to_end_owned(Vec::new()).await.unwrap().1;
        assert!(rest.len() >= sent + count && rest.len() <= count + 100_000);
        drop(outstanding);
    });
}

#[test]
fn the_end_of_a_runtime_waits_for_notifications_and_leaks_what_does_not_come_in_time() {
    let buf: Rc<[u8]> = Rc::from(vec![7_u8; 1 << 18]);
    // The peer reads: all notifications come after the tasks are gone.
    let (ours, theirs) = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let ours = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (ours, listener.accept().unwrap().0)
    };
    let runtime = Builder::new().build().unwrap();
    let (sent, kept) = runtime.block_on(async {
        let server = TcpStream::from_std(ours).unwrap();
        let (sent, outstanding) = fill(&server, &buf).await;
        assert!(in_flight() > 0);
        (sent, outstanding)
    });
    let reader = std::thread::spawn(move || {
        let mut theirs = theirs;
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut theirs, &mut bytes).unwrap();
        bytes.len()
    });
    drop(runtime);
    assert_eq!(Rc::strong_count(&buf), 1, "freed, although their `Notified` are kept");
    assert_eq!(reader.join().unwrap(), sent);
    drop(kept);
}

/// A socket of std's type that is none: no protocol but TCP and UDP knows zero-copy sends.
async fn local_pair() -> (TcpStream, TcpStream) {
    let (one, other) = sexton_net::UnixStream::pair().unwrap();
    let tcp = |std: std::os::unix::net::UnixStream| {
        TcpStream::from_std(std::net::TcpStream::from(OwnedFd::from(std))).unwrap()
    };
    (tcp(one.into_std().await.unwrap().0), tcp(other.into_std().await.unwrap().0))
}

#[test]
fn where_the_protocol_knows_no_such_sends_the_bytes_are_copied() {
    block_on(async {
        let (one, other) = local_pair().await;
        let (count, later) = one.send_zc("hello").await.unwrap();
        assert_eq!((count, poll_once(later).await), (5, Some("hello")));
        assert_eq!(other.read_exact_owned(Vec::with_capacity(5)).await.unwrap(), b"hello");
        drop(other);
        let error = one.send_zc("hello").await.unwrap_err();
        assert_eq!((error.kind(), error.into_buf()), (std::io::ErrorKind::BrokenPipe, "hello"));
    });
}

#[test]
fn halves_send_without_a_copy_as_well() {
    async fn ends<B: IoBuf>(
        sent: Result<(usize, Notified<B>), BufError<B>>,
        from: &TcpStream,
    ) -> usize {
        let (count, later) = sent.unwrap();
        let len = later.await.filled().len();
        assert_eq!(from.read_exact_owned(Vec::with_capacity(len)).await.unwrap().len(), len);
        count
    }
    block_on(async {
        let (client, mut server) = pair().await;
        let (_, mut lent) = server.split_io();
        assert_eq!(ends(lent.send_zc("hello").await, &client).await, 5);
        let (_read, mut own) = server.into_split();
        assert_eq!(ends(own.send_zc(vec![1, 2, 3]).await, &client).await, 3);
    });
}

#[test]
fn what_is_committed_goes_before_a_zero_copy_send() {
    block_on(async {
        let (client, mut server) = pair().await;
        server.put(b"head ").await.unwrap();
        let (count, later) = server.send_zc("body").await.unwrap();
        assert_eq!((count, later.await), (4, "body"));
        assert_eq!(client.read_exact_owned(Vec::with_capacity(9)).await.unwrap(), b"head body");
    });
}
