//! Owned, shown and given reads move no byte in user space, by count.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use sexton_io::{BufRead, Read};
use sexton_net::{TcpListener, TcpStream, UnixStream, pipe};
use sexton_runtime::{JoinHandle, block_on, own_stats, spawn};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

/// Bytes that this core has copied so far.
fn copied() -> u64 {
    own_stats().unwrap().copied
}

async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    (client, listener.accept().await.unwrap().0)
}

async fn poll_once<F: Future>(future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    poll_fn(|cx| {
        Poll::Ready(match future.as_mut().poll(cx) {
            Poll::Ready(output) => Some(output),
            Poll::Pending => None,
        })
    })
    .await
}

const LEN: usize = 10_000_000;

/// Sends so many bytes from a task of its own.
fn feed(to: TcpStream) -> JoinHandle<()> {
    spawn(async move {
        for _ in 0..LEN / 10_000 {
            to.write_all_owned(vec![7; 10_000]).await.unwrap();
        }
    })
}

#[test]
fn an_owned_read_copies_nothing() {
    block_on(async {
        let (client, server) = pair().await;
        let feeder = feed(client);
        let (mut buf, mut all) = (Vec::with_capacity(9_000), 0);
        let memory: *const u8 = buf.as_ptr();
        while all < LEN {
            let n;
            (n, buf) = server.read_owned(buf).await.unwrap();
            assert_eq!(buf.as_ptr(), memory, "the same memory comes back");
            all += n;
            buf.clear();
        }
        feeder.await.unwrap();
        assert_eq!(copied(), 0);
    });
}

#[test]
fn what_is_shown_or_given_away_was_never_copied() {
    block_on(async {
        let (client, mut server) = pair().await;
        let feeder = feed(client);
        let (mut all, mut shown) = (0, false);
        while all < LEN {
            shown = !shown;
            if shown {
                let n = server.fill_buf().await.unwrap().len();
                server.consume(n);
                all += n;
            } else {
                all += server.read_managed(usize::MAX).await.unwrap().unwrap().len();
            }
        }
        feeder.await.unwrap();
        let (to, mut from) = pipe::pipe().unwrap();
        to.write_all(b"in a pipe, too").await.unwrap();
        assert_eq!(from.fill_buf().await.unwrap(), b"in a pipe, too");
        assert_eq!(copied(), 0);
    });
}

#[test]
fn what_a_read_that_was_given_up_left_is_copied_once() {
    block_on(async {
        let (one, mut other) = UnixStream::pair().unwrap();
        assert!(poll_once(other.read_owned(Vec::with_capacity(64))).await.is_none());
        one.write_all(b"thirteen byte").await.unwrap();
        assert_eq!(other.fill_buf().await.unwrap(), b"thirteen byte");
        assert!(copied() <= 13, "{}", copied());
        // From the stream's own memory into the caller's: the copy that these reads are known for.
        let before = copied();
        let (n, start) = other.read_owned(Vec::with_capacity(5)).await.unwrap();
        assert_eq!((n, &start[..]), (5, &b"thirt"[..]));
        let mut rest = [0; 8];
        Read::read_exact(&mut &other, &mut rest).await.unwrap();
        assert_eq!(&rest, b"een byte");
        assert_eq!(copied() - before, 13);
        // Nothing has come before: straight from the kernel, without a copy of ours.
        let mut quiet = [0; 6];
        let (one, other) = UnixStream::pair().unwrap();
        one.write_all(b"direct").await.unwrap();
        assert_eq!(other.read(&mut quiet).await.unwrap(), 6);
        assert_eq!(copied() - before, 13);
    });
}
