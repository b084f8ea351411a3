//! Files that are sent: in their place among other writes, as slowly as the peer reads, and as far
//! as they go.

use crate::on_both;
use sexton::fs::{self, File};
use sexton::io::{BufWrite, OwnedRead};
use sexton::net::{TcpListener, TcpStream, UnixStream, pipe};
use sexton::time::{Duration, sleep, timeout};
use sexton::{Builder, CancelToken};
use std::io::ErrorKind;
use std::net::Shutdown;

async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    (client, listener.accept().await.unwrap().0)
}

/// A file whose bytes say where they are.
async fn file_of(name: &str, len: usize) -> File {
    let path = format!("/tmp/sexton-sent-{}-{name}", std::process::id());
    fs::write(&path, bytes(0, len)).await.unwrap();
    let file = File::open(&path).await.unwrap();
    fs::remove_file(path).await.unwrap();
    file
}

fn bytes(from: usize, len: usize) -> Vec<u8> {
    (from..from + len).map(|at| (at % 251) as u8).collect()
}

#[test]
fn a_file_comes_between_what_was_written_before_and_after() {
    on_both(&Builder::new(), || async {
        let file = file_of("between", 100_000).await;
        let (mut client, mut server) = pair().await;
        let reads =
            sexton::spawn(async move { client.read_to_end_owned(Vec::new()).await.unwrap().1 });
        let mut expected = b"head".to_vec();
        server.put(b"head").await.unwrap(); // committed, and on its way at any time
        let mut at = 30_000;
        while at < 90_000 {
            let n = server.send_file(&file, at as u64, 90_000 - at).await.unwrap();
            expected.extend(bytes(at, n));
            at += n;
        }
        server.write_all_owned("tail").await.unwrap();
        expected.extend(b"tail");
        server.shutdown(Shutdown::Write).await.unwrap();
        assert!(reads.await.unwrap() == expected);
    });
}

#[test]
fn every_kind_of_stream_sends_files() {
    on_both(&Builder::new(), || async {
        let file = file_of("kinds", 1_000).await;
        let (one, other) = UnixStream::pair().unwrap();
        let (mut sent, mut expected) = (Vec::new(), Vec::new());
        for at in [0, 500] {
            let n = one.send_file(&file, at as u64, 400).await.unwrap();
            expected.extend(bytes(at, n));
        }
        let (read, mut write) = one.into_split();
        let n = write.send_file(&file, 7, 9).await.unwrap();
        expected.extend(bytes(7, n));
        drop((read, write));
        let mut other = other;
        sent = other.read_to_end_owned(sent).await.unwrap().1;
        assert_eq!(sent, expected);

        let (to, mut from) = pipe::pipe().unwrap();
        let n = to.send_file(&file, 990, 100).await.unwrap();
        drop(to);
        assert_eq!(from.read_to_end_owned(Vec::new()).await.unwrap().1, bytes(990, n));
    });
}

#[test]
fn a_file_that_ends_says_so_and_nothing_is_no_wait() {
    on_both(&Builder::new(), || async {
        let file = file_of("ends", 10).await;
        let (client, server) = pair().await;
        assert_eq!(server.send_file(&file, 10, 5).await.unwrap(), 0);
        assert_eq!(server.send_file(&file, 3, 0).await.unwrap(), 0);
        let mut at = 4;
        while at < 10 {
            let n = server.send_file(&file, at, usize::MAX).await.unwrap();
            assert!(n > 0);
            at += n as u64;
        }
        assert_eq!(client.read_exact_owned(Vec::with_capacity(6)).await.unwrap(), bytes(4, 6));
        let error = server.send_file(&file, u64::MAX, 1).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    });
}

#[test]
fn a_peer_that_does_not_read_makes_it_wait_and_loses_nothing() {
    on_both(&Builder::new(), || async {
        const LEN: usize = 2 << 20;
        let file = file_of("waits", LEN).await;
        let (mut client, server) = pair().await;
        client.set_recv_buffer_size(64 << 10).unwrap();
        server.set_send_buffer_size(64 << 10).unwrap();
        let mut at = 0;
        // Until no buffer on the way takes any more, and given up there again and again.
        while let Ok(n) = timeout(Duration::from_millis(20), server.send_file(&file, at, LEN)).await
        {
            at += n.unwrap() as u64;
        }
        let token = CancelToken::new();
        let canceller = token.clone();
        sexton::spawn(async move {
            sleep(Duration::from_millis(1)).await;
            canceller.cancel();
        });
        let cancelled = loop {
            match token.run(server.send_file(&file, at, LEN)).await {
                Ok(n) => at += n as u64, // there is some room again
                Err(error) => break error,
            }
        };
        // Cancelled, or interrupted by that.
        assert!(matches!(cancelled.raw_os_error(), Some(125 | 4)), "{cancelled}");
        assert!(at < LEN as u64, "nobody has so much room");
        let reads =
            sexton::spawn(async move { client.read_to_end_owned(Vec::new()).await.unwrap().1 });
        while at < LEN as u64 {
            at += server.send_file(&file, at, LEN).await.unwrap() as u64;
        }
        drop(server);
        assert!(reads.await.unwrap() == bytes(0, LEN));
    });
}

#[test]
fn a_peer_that_has_left_is_an_error() {
    on_both(&Builder::new(), || async {
        let file = file_of("left", 1 << 20).await;
        let (client, server) = pair().await;
        drop(client);
        let error = loop {
            match server.send_file(&file, 0, 1 << 20).await {
                Ok(_) => sleep(Duration::from_millis(1)).await,
                Err(error) => break error,
            }
        };
        assert!(matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset));
    });
}
