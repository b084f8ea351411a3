//! Zero-copy sends: what arrives, and what comes back when.

use crate::on_both;
use crate::poll::poll_once;
use sexton::Builder;
use sexton::io::OwnedRead;
use sexton::net::{TcpListener, TcpStream, UnixStream};
use sexton::time::{Duration, timeout};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::pin::pin;

async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    (client, listener.accept().await.unwrap().0)
}

#[test]
fn bytes_come_in_order_and_buffers_back_whether_or_not_anybody_waits_for_them() {
    on_both(&Builder::new(), || async {
        let (mut client, server) = pair().await;
        let (mut expected, mut later) = (Vec::new(), Vec::new());
        for round in 0..30_u8 {
            let bytes = vec![round; 500];
            let count = if round % 3 == 0 {
                server.write_owned(bytes).await.unwrap().0
            } else {
                let (count, notified) = server.send_zc(bytes).await.unwrap();
                match round % 4 {
                    0 => drop(notified),
                    1 => std::mem::forget(notified),
                    _ => later.push((notified, vec![round; 500])),
                }
                count
            };
            expected.extend(std::iter::repeat_n(round, count));
        }
        server.shutdown(Shutdown::Write).await.unwrap();
        let got = client.read_to_end_owned(Vec::new()).await.unwrap().1;
        assert_eq!(got, expected);
        while let Some((notified, bytes)) = later.pop() {
            let back = timeout(Duration::from_secs(10), notified).await;
            assert_eq!(back.unwrap(), bytes);
        }
    });
}

#[test]
fn a_runtime_ends_while_buffers_are_out() {
    on_both(&Builder::new(), || async {
        let (client, server) = pair().await;
        let mut kept = Vec::new();
        for _ in 0..10 {
            kept.push(server.send_zc(vec![7; 3000]).await.unwrap().1);
        }
        sexton::spawn(async move {
            std::future::pending::<()>().await;
            drop((client, kept));
        });
    });
}

#[test]
fn a_socket_that_knows_no_such_sends_is_written_to_by_copies() {
    on_both(&Builder::new(), || async {
        let (one, other) = UnixStream::pair().unwrap();
        let (one, _) = one.into_std().await.unwrap();
        let one = TcpStream::from_std(std::net::TcpStream::from(OwnedFd::from(one))).unwrap();
        let (count, notified) = one.send_zc("hello").await.unwrap();
        assert_eq!(poll_once(pin!(notified)).await, Some("hello"));
        let got = other.read_exact_owned(Vec::with_capacity(count)).await.unwrap();
        assert_eq!(got, &b"hello"[..count]);
    });
}
