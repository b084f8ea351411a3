//! How connections begin and end.

use crate::on_both;
use sexton::Builder;
use sexton::io::Interest;
use sexton::net::{TcpListener, TcpStream, UnixListener, UnixStream, pipe};
use sexton::time::{Duration, timeout};
use std::io::{self, ErrorKind};
use std::net::Shutdown;

async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (server, peer) = listener.accept().await.unwrap();
    assert_eq!(peer, client.local_addr().unwrap());
    assert_eq!(server.peer_addr().unwrap(), peer);
    assert_eq!(server.local_addr().unwrap(), listener.local_addr().unwrap());
    (client, server)
}

async fn read(stream: &TcpStream) -> io::Result<Vec<u8>> {
    Ok(stream.read_owned(Vec::with_capacity(100)).await?.1)
}

#[test]
fn the_end_is_seen_after_the_bytes_and_again_and_again() {
    on_both(&Builder::new(), || async {
        let (client, server) = pair().await;
        client.write_all_owned(b"last".to_vec()).await.unwrap();
        client.shutdown(Shutdown::Write).await.unwrap();
        let got = server.read_exact_owned(Vec::with_capacity(4)).await.unwrap();
        assert_eq!(got, b"last");
        assert!(read(&server).await.unwrap().is_empty());
        assert!(read(&server).await.unwrap().is_empty());
        // The other direction goes on.
        server.write_all_owned(b"answer".to_vec()).await.unwrap();
        let got = client.read_exact_owned(Vec::with_capacity(6)).await.unwrap();
        assert_eq!(got, b"answer");
        let error = client.write_all_owned(b"no".to_vec()).await.unwrap_err();
        assert_eq!(io::Error::from(error).kind(), ErrorKind::BrokenPipe);
    });
}

#[test]
fn a_close_with_unread_bytes_resets_the_connection() {
    on_both(&Builder::new(), || async {
        let (client, server) = pair().await;
        client.write_all_owned(b"unread".to_vec()).await.unwrap();
        server.ready(Interest::READ).await.unwrap();
        drop(server);
        assert_eq!(read(&client).await.unwrap_err().kind(), ErrorKind::ConnectionReset);
        assert!(read(&client).await.unwrap().is_empty(), "told once");
    });
}

#[test]
fn nobody_at_an_address_refuses_and_somebody_there_has_it_for_himself() {
    on_both(&Builder::new(), || async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let error = TcpListener::bind(addr).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
        drop(listener);
        let error = loop {
            match TcpStream::connect(addr).await {
                // The listener's accept may still be in flight.
                Ok(_) => sexton::time::sleep(Duration::from_millis(1)).await,
                Err(error) => break error,
            }
        };
        assert!(
            matches!(error.kind(), ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset),
            "{error}"
        );
        let error = TcpListener::bind("203.0.113.1:80").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddrNotAvailable);
    });
}

/// By themselves, when an accept waits already; and together, before somebody asks for them.
#[test]
fn connections_that_come_one_by_one_or_together_are_accepted_with_their_peers() {
    on_both(&Builder::new(), || async {
        let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = tcp.local_addr().unwrap();
        for together in [1, 1, 4, 1, 2, 3, 1, 1] {
            let connects = sexton::spawn(async move {
                let mut clients = Vec::new();
                for _ in 0..together {
                    clients.push(TcpStream::connect(addr).await.unwrap());
                }
                clients
            });
            if together > 1 {
                // Nobody asks before all are there.
                let clients = connects.await.unwrap();
                for client in &clients {
                    let (_, peer) = tcp.accept().await.unwrap();
                    assert_eq!(peer, client.local_addr().unwrap());
                }
                continue;
            }
            let (_, peer) = tcp.accept().await.unwrap();
            assert_eq!(peer, connects.await.unwrap()[0].local_addr().unwrap());
        }
    });
}

/// An accept is with the kernel when its listener is dropped, and holds the socket until its
/// cancel.
#[test]
fn an_address_can_be_bound_again_as_soon_as_its_listener_is_dropped() {
    on_both(&Builder::new(), || async {
        let mut addr = "127.0.0.1:0".parse().unwrap();
        for _ in 0..10 {
            let listener = TcpListener::bind(addr).await.unwrap();
            addr = listener.local_addr().unwrap();
            let waits = timeout(Duration::from_micros(1), listener.accept()).await;
            assert!(waits.is_err(), "nobody connects");
            drop(listener);
        }
        let listener = TcpListener::bind(addr).await.unwrap();
        let client = TcpStream::connect(addr).await.unwrap();
        let (_, peer) = listener.accept().await.unwrap();
        assert_eq!(peer, client.local_addr().unwrap());
        let other = TcpListener::bind(addr).await.unwrap_err();
        assert_eq!(other.kind(), ErrorKind::AddrInUse, "that one has it");
    });
}

#[test]
fn an_address_is_free_for_another_core_too_when_its_listener_has_ended() {
    on_both(&Builder::new().cores(2), || async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let waits = timeout(Duration::from_micros(1), listener.accept()).await;
        assert!(waits.is_err(), "nobody connects");
        drop(listener);
        let bound =
            sexton::spawn_on(1, move || async move { TcpListener::bind(addr).await.map(drop) });
        bound.await.unwrap().unwrap();
    });
}

#[test]
fn a_full_pipe_waits_and_one_without_a_reader_is_broken() {
    on_both(&Builder::new(), || async {
        let (sender, receiver) = pipe::pipe().unwrap();
        let much = vec![7_u8; 100_000];
        let write = sexton::spawn(async move {
            sender.write_all_owned(much).await.unwrap();
            sender
        });
        assert!(timeout(Duration::from_millis(20), std::future::pending::<()>()).await.is_err());
        assert!(!write.is_finished(), "nobody reads");
        let mut seen = 0;
        while seen < 100_000 {
            let (count, bytes) = receiver.read_owned(Vec::with_capacity(4000)).await.unwrap();
            assert!(count > 0 && bytes.iter().all(|byte| *byte == 7));
            seen += count;
        }
        let sender = write.await.unwrap();
        drop(receiver);
        let broken = async {
            loop {
                match sender.write_all_owned(vec![1]).await {
                    Ok(_) => sexton::yield_now().await,
                    Err(error) => return io::Error::from(error).kind(),
                }
            }
        };
        assert_eq!(broken.await, ErrorKind::BrokenPipe);
    });
}

#[test]
fn a_local_listener_is_found_by_its_path_until_that_is_removed() {
    on_both(&Builder::new(), || async {
        let path = format!("/tmp/sexton-both-{}", std::process::id());
        drop(sexton::fs::remove_file(&path).await);
        let listener = UnixListener::bind(&path).unwrap();
        assert_eq!(UnixListener::bind(&path).unwrap_err().kind(), ErrorKind::AddrInUse);
        let client = UnixStream::connect(&path).await.unwrap();
        let (server, _) = listener.accept().await.unwrap();
        assert_eq!(client.peer_addr().unwrap().as_pathname(), Some(path.as_ref()));
        client.write_all_owned(b"hi".to_vec()).await.unwrap();
        assert_eq!(server.read_exact_owned(Vec::with_capacity(2)).await.unwrap(), b"hi");
        sexton::fs::remove_file(&path).await.unwrap();
        let error = UnixStream::connect(&path).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        let (client, server) = UnixStream::pair().unwrap();
        drop(server);
        let (count, _) = client.read_owned(Vec::with_capacity(1)).await.unwrap();
        assert_eq!(count, 0);
    });
}

#[test]
fn options_are_remembered() {
    on_both(&Builder::new(), || async {
        let (client, _server) = pair().await;
        client.set_nodelay(true).unwrap();
        client.set_ttl(42).unwrap();
        client.set_linger(Some(Duration::from_secs(3))).unwrap();
        assert!(client.nodelay().unwrap());
        assert_eq!(client.ttl().unwrap(), 42);
        assert_eq!(client.linger().unwrap(), Some(Duration::from_secs(3)));
    });
}
