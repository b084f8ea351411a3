//! A stream of random bytes whose reader gives up reads of every kind: not one byte is lost.

use crate::deadline::within;
use crate::poll::{poll_once, turns};
use crate::rng::Rng;
use sexton::io::BufRead;
use sexton::net::{TcpListener, TcpStream};
use sexton::time::timeout;
use std::future::Future;
use std::net::Shutdown;
use std::pin::Pin;
use std::time::Duration;

const MIB: usize = 1 << 20;

/// FNV-1a over the bytes in order, and their count.
#[derive(Clone, Debug, PartialEq)]
struct Digest {
    hash: u64,
    count: usize,
}

impl Digest {
    fn new() -> Self {
        Self { hash: 0xcbf2_9ce4_8422_2325, count: 0 }
    }

    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.hash = (self.hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
        self.count += bytes.len();
    }
}

/// Sends `total` random bytes in pieces of random sizes, and says what it sent.
async fn send(stream: TcpStream, total: usize, mut rng: Rng) -> Digest {
    let mut digest = Digest::new();
    while digest.count < total {
        let len = rng.length();
        let mut piece = Vec::with_capacity(len + 8);
        while piece.len() < len {
            piece.extend_from_slice(&rng.next().to_le_bytes());
        }
        digest.add(&piece);
        stream.write_all_owned(piece).await.unwrap();
        if rng.below(4) == 0 {
            turns(rng.below(4)).await;
        }
    }
    stream.shutdown(Shutdown::Write).await.unwrap();
    digest
}

/// How a read is given up.
#[derive(Clone, Copy)]
enum End {
    Awaited,
    Dropped,
    Forgotten,
    TimedOut,
}

/// Polls a read at most a few times, with turns in between (or none: then it is still queued), and
/// gives it up if it has not ended. After the last turns it may have completed, unpolled.
async fn try_read<T>(mut read: Pin<Box<dyn Future<Output = T> + '_>>, rng: &mut Rng) -> Option<T> {
    let end = match rng.below(16) {
        0..4 => End::Awaited,
        4..13 => End::Dropped,
        13..15 => End::TimedOut,
        _ => End::Forgotten,
    };
    match end {
        End::Awaited => return Some(read.await),
        End::TimedOut => {
            let limit = Duration::from_micros(rng.below(300) as u64);
            return timeout(limit, read).await.ok();
        }
        End::Dropped | End::Forgotten => {}
    }
    for _ in 0..rng.below(3) {
        let output = poll_once(read.as_mut()).await;
        if output.is_some() {
            return output;
        }
        turns(rng.below(3)).await;
    }
    if matches!(end, End::Forgotten) {
        std::mem::forget(read);
    }
    None
}

/// Reads to the end by reads of every kind, most of which are given up.
async fn receive(mut stream: TcpStream, mut rng: Rng) -> (Digest, usize) {
    let mut digest = Digest::new();
    let mut given_up = 0;
    loop {
        let len = rng.length();
        // `None`: given up. `Some(0)`: the end.
        let count = match rng.below(4) {
            0 => {
                let read = Box::pin(stream.read_owned(Vec::with_capacity(len)));
                try_read(read, &mut rng).await.map(|outcome| {
                    let (count, buf) = outcome.unwrap();
                    assert_eq!(count, buf.len());
                    digest.add(&buf);
                    count
                })
            }
            1 => {
                let shown = try_read(Box::pin(stream.fill_buf()), &mut rng).await;
                let count = shown.map(|shown| {
                    let shown = shown.unwrap();
                    let count = shown.len().min(len);
                    digest.add(&shown[..count]);
                    count
                });
                stream.consume(count.unwrap_or(0));
                count
            }
            2 => {
                let chunk = try_read(Box::pin(stream.read_managed(len)), &mut rng).await;
                chunk.map(|chunk| {
                    let chunk = chunk.unwrap();
                    let bytes = chunk.as_deref().unwrap_or_default();
                    digest.add(bytes);
                    bytes.len()
                })
            }
            _ => {
                let mut buf = vec![0; len];
                let read = Box::pin(stream.read(&mut buf));
                let count = try_read(read, &mut rng).await.map(|outcome| outcome.unwrap());
                digest.add(&buf[..count.unwrap_or(0)]);
                count
            }
        };
        match count {
            None => given_up += 1,
            Some(0) => return (digest, given_up),
            Some(_) => {}
        }
    }
}

fn stream(total: usize, limit: Duration) {
    within(limit, move || {
        let body = async move {
            let rng = Rng::new();
            let (to_send, to_receive) = (rng.clone(), rng);
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
            let (server, _) = listener.accept().await.unwrap();
            let sender = sexton::spawn(send(client, total, to_send));
            let (received, given_up) = receive(server, to_receive).await;
            let sent = sender.await.unwrap();
            assert_eq!(received, sent, "bytes were lost, or came in another order");
            println!("{} bytes arrived; {given_up} reads were given up", received.count);
            assert!(given_up > total / MIB * 50, "only {given_up} reads were given up");
        };
        sexton::block_on(body);
    });
}

#[test]
fn a_stream_loses_no_byte_however_its_reads_are_given_up() {
    stream(8 * MIB, Duration::from_secs(60));
}

#[test]
#[ignore = "deep: a hundred megabytes, in slices"]
fn a_hundred_megabytes_lose_no_byte_however_their_reads_are_given_up() {
    stream(100 * MIB, Duration::from_secs(900));
}
