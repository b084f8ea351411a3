//! Connections as a stream (feature `stream`): in order, for ever, and none is lost with it.

#![cfg(feature = "stream")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use futures_core::Stream;
use sexton_net::{TcpListener, TcpStream, UnixListener, UnixStream};
use sexton_runtime::time::{Duration, timeout};
use sexton_runtime::{CancelToken, block_on, spawn, yield_now};
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::Poll;

async fn next<S>(incoming: &mut (impl Stream<Item = io::Result<S>> + Unpin)) -> io::Result<S> {
    poll_fn(|cx| Pin::new(&mut *incoming).poll_next(cx)).await.expect("it never ends")
}

/// Asks once; nobody has come, so an accept is in flight from here on.
async fn asks<S>(incoming: &mut (impl Stream<Item = io::Result<S>> + Unpin)) {
    poll_fn(|cx| {
        assert!(Pin::new(&mut *incoming).poll_next(cx).is_pending());
        Poll::Ready(())
    })
    .await;
}

#[test]
fn connections_come_in_the_order_in_which_they_were_made() {
    block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut incoming = listener.incoming();
        for _ in 0..5 {
            let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
            let server = next(&mut incoming).await.unwrap();
            assert_eq!(server.peer_addr().unwrap(), client.local_addr().unwrap());
        }
    });
}

#[test]
fn a_waiting_stream_is_woken_by_a_connection() {
    block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let client = spawn(async move {
            yield_now().await;
            TcpStream::connect(address).await
        });
        let server = next(&mut listener.incoming()).await.unwrap();
        let client = client.await.unwrap().unwrap();
        assert_eq!(server.peer_addr().unwrap(), client.local_addr().unwrap());
    });
}

#[test]
fn a_connection_that_comes_after_the_stream_was_dropped_goes_to_the_next_accept() {
    block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut clients = Vec::new();
        for forgets in [false, true] {
            let mut incoming = listener.incoming();
            asks(&mut incoming).await;
            if forgets {
                std::mem::forget(incoming);
            } else {
                drop(incoming);
            }
            let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
            clients.push(client.local_addr().unwrap());
            let (_server, peer) = listener.accept().await.unwrap();
            assert_eq!(Some(&peer), clients.last());
            // And the other way round: an accept in flight serves the stream.
            let mut incoming = listener.incoming();
            asks(&mut incoming).await;
            let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
            let server = next(&mut incoming).await.unwrap();
            assert_eq!(server.peer_addr().unwrap(), client.local_addr().unwrap());
        }
    });
}

#[test]
fn a_connection_that_came_before_the_stream_was_dropped_goes_to_the_next_accept() {
    block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut incoming = listener.incoming();
        asks(&mut incoming).await;
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        // It is accepted, and nobody has fetched it.
        for _ in 0..10 {
            yield_now().await;
        }
        drop(incoming);
        let accepted = timeout(Duration::from_secs(10), listener.accept()).await;
        let (_server, peer) = accepted.expect("the connection is lost").unwrap();
        assert_eq!(peer, client.local_addr().unwrap());
    });
}

#[test]
fn a_stream_of_local_sockets_brings_them_too() {
    let path = std::env::temp_dir().join(format!("sexton-incoming-{}", std::process::id()));
    block_on(async {
        let listener = UnixListener::bind(&path).unwrap();
        let mut incoming = listener.incoming();
        asks(&mut incoming).await;
        let client = UnixStream::connect(&path).await.unwrap();
        let server = next(&mut incoming).await.unwrap();
        client.write_all_owned("hello").await.unwrap();
        assert_eq!(server.read_exact_owned(Vec::with_capacity(5)).await.unwrap(), b"hello");
    });
    std::fs::remove_file(&path).unwrap();
}

#[test]
fn a_token_ends_the_wait_with_an_error_and_the_stream_goes_on() {
    block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut incoming = listener.incoming();
        let token = CancelToken::new();
        let stop = token.clone();
        spawn(async move { stop.cancel() });
        let error = token.run(next(&mut incoming)).await.unwrap_err();
        assert_eq!(error.raw_os_error(), Some(125)); // ECANCELED
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let server = next(&mut incoming).await.unwrap();
        assert_eq!(server.peer_addr().unwrap(), client.local_addr().unwrap());
    });
}
