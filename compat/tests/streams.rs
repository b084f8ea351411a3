//! Code of other families runs over Sexton's streams as it is.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use sexton::net::{TcpListener, TcpStream, UnixStream};
use sexton_compat::{FuturesIo, TokioIo};
use std::io::{IoSlice, IoSliceMut};
use std::pin::Pin;
use std::task::Poll;

async fn tcp_pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    (client, listener.accept().await.unwrap().0)
}

/// Its own `copy_bidirectional` as a proxy: both directions in one task, half-close included.
#[test]
fn a_proxy_of_tokio_passes_both_directions_and_the_ends_of_both() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    sexton::block_on(async {
        let (client, front) = tcp_pair().await;
        let (back, server) = UnixStream::pair().unwrap();
        let proxy = sexton::spawn(async move {
            let (mut front, mut back) = (TokioIo::new(front), TokioIo::new(back));
            tokio::io::copy_bidirectional(&mut front, &mut back).await
        });
        let sent: Vec<u8> = (0..1_000_000_u32).map(|n| n as u8).collect();
        let expected = sent.clone();
        let upload = sexton::spawn(async move {
            let mut client = TokioIo::new(client);
            client.write_all(&sent).await.unwrap();
            client.shutdown().await.unwrap();
            let mut answer = String::new();
            client.read_to_string(&mut answer).await.unwrap();
            answer
        });
        let mut server = TokioIo::new(server);
        let mut all = Vec::new();
        server.read_to_end(&mut all).await.unwrap();
        assert!(all == expected);
        server.write_all(b"thanks").await.unwrap();
        server.shutdown().await.unwrap();
        assert_eq!(upload.await.unwrap(), "thanks");
        assert_eq!(proxy.await.unwrap().unwrap(), (1_000_000, 6));
    });
}

#[test]
fn lines_and_frames_of_futures_come_whole_and_vectored_writes_are_real() {
    use futures_util::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWriteExt};
    sexton::block_on(async {
        let (client, server) = tcp_pair().await;
        let (mut client, mut server) = (FuturesIo::new(client), FuturesIo::new(server));
        let bufs = [IoSlice::new(b"one\n"), IoSlice::new(b"two\nab"), IoSlice::new(b"cd")];
        assert_eq!(client.write_vectored(&bufs).await.unwrap(), 12, "all slices in one call");
        client.close().await.unwrap();
        let mut line = String::new();
        server.read_line(&mut line).await.unwrap();
        server.read_line(&mut line).await.unwrap();
        assert_eq!(line, "one\ntwo\n");
        let (mut two, mut eight) = ([0; 2], [0; 8]);
        let n = std::future::poll_fn(|cx| {
            let mut bufs = [IoSliceMut::new(&mut two), IoSliceMut::new(&mut eight)];
            Pin::new(&mut server).poll_read_vectored(cx, &mut bufs)
        });
        assert_eq!(n.await.unwrap(), 4);
        assert_eq!((&two, &eight[..2]), (b"ab", &b"cd"[..]));
        assert_eq!(server.read(&mut eight).await.unwrap(), 0);
    });
}

/// What a select does to a read: it is polled once and dropped, again and again.
#[test]
fn reads_that_are_given_up_lose_nothing() {
    use tokio::io::AsyncReadExt;
    sexton::block_on(async {
        let (one, other) = UnixStream::pair().unwrap();
        let expected: Vec<u8> = (0..5000_u32).flat_map(u32::to_le_bytes).collect();
        let fed = expected.clone();
        sexton::spawn(async move {
            for piece in fed.chunks(61) {
                other.write_all(piece).await.unwrap();
                sexton::yield_now().await;
            }
        });
        let mut one = TokioIo::new(one);
        let mut all = Vec::new();
        loop {
            let mut buf = [0; 100];
            let once = std::future::poll_fn(|cx| {
                let read = std::pin::pin!(one.read(&mut buf)).poll(cx);
                Poll::Ready(if let Poll::Ready(n) = read { Some(n.unwrap()) } else { None })
            });
            match once.await {
                Some(0) => break,
                Some(n) => all.extend_from_slice(&buf[..n]),
                None => {
                    let n = one.read(&mut buf).await.unwrap();
                    if n == 0 {
                        break;
                    }
                    all.extend_from_slice(&buf[..n]);
                }
            }
        }
        assert!(all == expected);
    });
}
