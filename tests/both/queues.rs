//! Queues that are much too small, and pools whose buffers are all in use.

use crate::on_both;
use crate::poll::{poll_once, turns};
use sexton::Builder;
use sexton::buf::Consumption;
use sexton::io::BufRead;
use sexton::net::{TcpListener, TcpStream, UnixStream};
use sexton::op::{Nop, PollFd, submit};
use sexton::time::{Duration, timeout};
use std::pin::Pin;

fn tiny() -> Builder {
    Builder::new().entries(4).completions(8)
}

#[test]
fn hundreds_of_operations_complete_through_a_ring_of_four() {
    on_both(&tiny(), || async {
        let nops: Vec<_> = (0..300).map(|_| submit(Nop)).collect();
        for nop in nops {
            nop.await.unwrap();
        }
    });
}

#[test]
fn a_hundred_answers_at_once_overflow_a_tiny_ring_and_none_is_lost() {
    on_both(&tiny(), || async {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let (fd, rest) = ours.into_std().await.unwrap();
        assert!(rest.is_empty());
        let fd = sexton::Fd::new(std::os::fd::OwnedFd::from(fd));
        let mut waits: Vec<_> =
            (0..100).map(|_| submit(PollFd { fd: fd.clone(), mask: PollFd::READ })).collect();
        for one in &mut waits {
            drop(poll_once(Pin::new(one)).await);
        }
        turns(3).await;
        theirs.write_all_owned(b"!".to_vec()).await.unwrap();
        for one in waits {
            assert!(PollFd::is_read(one.await.unwrap()));
        }
    });
}

#[test]
fn cancels_by_the_hundred_are_all_sent() {
    on_both(&tiny(), || async {
        let mut ends = Vec::new();
        for _ in 0..20 {
            ends.push(UnixStream::pair().unwrap());
        }
        for _ in 0..5 {
            for (ours, _) in &ends {
                let read = ours.read_owned(Vec::with_capacity(64));
                assert!(timeout(Duration::ZERO, read).await.is_err());
            }
        }
        for (ours, theirs) in ends {
            theirs.write_all_owned(b"fresh".to_vec()).await.unwrap();
            let got = ours.read_exact_owned(Vec::with_capacity(5)).await.unwrap();
            assert_eq!(got, b"fresh");
        }
    });
}

#[test]
fn connections_go_on_while_others_hold_every_buffer_of_the_pool() {
    let builder = Builder::new().config(|config| {
        config.recv_buffers = 4;
        config.recv_buffers_max = 4;
        config.recv_buffer_len = 512;
    });
    on_both(&builder, || async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let mut held = Vec::new();
        for number in 0..8_u8 {
            let client = TcpStream::connect(addr).await.unwrap();
            let server = listener.accept().await.unwrap().0;
            client.write_all_owned(vec![number; 100]).await.unwrap();
            let chunk = server.read_managed(512).await.unwrap().unwrap();
            held.push((client, server, chunk, number));
        }
        for round in 0..10_u8 {
            let client = TcpStream::connect(addr).await.unwrap();
            let mut server = listener.accept().await.unwrap().0;
            client.write_all_owned(vec![round; 700]).await.unwrap();
            let mut seen = 0;
            while seen < 700 {
                let shown = server.fill_buf().await.unwrap();
                assert!(!shown.is_empty() && shown.iter().all(|byte| *byte == round));
                let count = shown.len();
                server.consume(count);
                seen += count;
            }
        }
        assert!(held.iter().all(|(_, _, chunk, number)| chunk.iter().all(|byte| byte == number)));
    });
}

/// Messages of all lengths, some of which are kept while the others go on.
#[test]
fn every_way_to_use_up_buffers_keeps_streams_apart_and_in_order() {
    for consumption in [Consumption::Whole, Consumption::Bundle, Consumption::Incremental] {
        let builder = Builder::new().config(move |config| {
            config.recv_buffers = 64;
            config.recv_buffer_len = 64;
            config.recv_consumption = consumption;
        });
        on_both(&builder, || async {
            let mut talks = Vec::new();
            for number in 0..8_usize {
                let (ours, theirs) = UnixStream::pair().unwrap();
                let message: Vec<u8> = (0..5000).map(|at| (at * 7 + number * 31) as u8).collect();
                let sent = message.clone();
                talks.push(sexton::spawn(async move {
                    let (mut got, mut kept) = (Vec::new(), Vec::new());
                    while let Some(chunk) = ours.read_managed(usize::MAX).await.unwrap() {
                        got.extend_from_slice(&chunk);
                        if kept.len() < 3 {
                            kept.push((got.len() - chunk.len(), chunk));
                        }
                    }
                    for (at, chunk) in &kept {
                        assert_eq!(chunk[..], got[*at..at + chunk.len()], "it was kept");
                    }
                    assert!(got == message, "{consumption:?}, stream {number}");
                }));
                talks.push(sexton::spawn(async move {
                    let mut rest = &sent[..];
                    for len in (1..).map(|n| n * n) {
                        let now = rest.split_off(..len.min(rest.len())).unwrap_or_default();
                        if now.is_empty() {
                            return;
                        }
                        theirs.write_all_owned(now.to_vec()).await.unwrap();
                        sexton::yield_now().await;
                    }
                }));
            }
            for talk in talks {
                talk.await.unwrap();
            }
        });
    }
}
