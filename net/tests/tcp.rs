//! TCP on the real kernel: nothing is lost, however a read ends.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use sexton_io::{BufRead, Interest, OwnedRead, Read, Ready};
use sexton_net::{TcpListener, TcpStream};
use sexton_runtime::time::{Duration, timeout};
use sexton_runtime::{
    Builder, CancelToken, JoinSet, block_on, own_stats, spawn, spawn_per_core, yield_now,
};
use std::io;
use std::net::Shutdown;
use std::pin::pin;
use support::poll_once;

async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (server, peer) = listener.accept().await.unwrap();
    assert_eq!(peer, client.local_addr().unwrap());
    (client, server)
}

#[test]
fn an_echo_gives_back_what_it_got() {
    block_on(async {
        let (client, server) = pair().await;
        let echo = spawn(async move {
            let mut buf = Vec::with_capacity(64);
            loop {
                let n;
                (n, buf) = server.read_owned(buf).await?;
                if n == 0 {
                    return io::Result::Ok(());
                }
                buf = server.write_all_owned(buf).await?;
                buf.clear();
            }
        });
        for round in 0..100_u8 {
            client.write_all_owned(vec![round; 50]).await.unwrap();
            let back = client.read_exact_owned(Vec::with_capacity(50)).await.unwrap();
            assert_eq!(back, [round; 50]);
        }
        client.shutdown(Shutdown::Write).await.unwrap();
        echo.await.unwrap().unwrap();
        assert_eq!(client.read_owned(Vec::with_capacity(1)).await.unwrap().0, 0);
        assert_eq!(client.read_owned(Vec::with_capacity(1)).await.unwrap().0, 0, "EOF is a level");
    });
}

#[test]
fn a_buffer_without_room_is_an_error_and_no_end() {
    block_on(async {
        let (client, _server) = pair().await;
        let error = client.read_owned(Vec::new()).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        assert_eq!(client.write_owned(Vec::new()).await.unwrap().0, 0);
    });
}

#[test]
fn a_dropped_read_loses_no_byte_before_and_after_its_completion() {
    block_on(async {
        let (client, server) = pair().await;
        // In flight when it is dropped.
        assert!(poll_once(server.read_owned(Vec::with_capacity(8))).await.is_none());
        client.write_all_owned("abc").await.unwrap();
        let (n, buf) = server.read_owned(Vec::with_capacity(8)).await.unwrap();
        assert_eq!((n, &buf[..]), (3, &b"abc"[..]));
        // Completed, but not polled, when it is dropped; the buffer had a prefix.
        let mut read = Box::pin(server.read_owned({
            let mut buf = Vec::with_capacity(8);
            buf.push(b'!');
            buf
        }));
        assert!(poll_once(read.as_mut()).await.is_none());
        client.write_all_owned("def").await.unwrap();
        for _ in 0..5 {
            yield_now().await;
        }
        sexton_runtime::time::sleep(Duration::from_millis(2)).await;
        drop(read);
        let (n, buf) = server.read_owned(Vec::with_capacity(8)).await.unwrap();
        assert_eq!((n, &buf[..]), (3, &b"def"[..]));
        // Forgotten.
        let mut read = Box::pin(server.read_owned(Vec::with_capacity(8)));
        assert!(poll_once(read.as_mut()).await.is_none());
        std::mem::forget(read);
        client.write_all_owned("ghi").await.unwrap();
        let (n, buf) = server.read_owned(Vec::with_capacity(8)).await.unwrap();
        assert_eq!((n, &buf[..]), (3, &b"ghi"[..]));
    });
}

#[test]
fn a_fill_buf_that_is_given_up_again_and_again_is_one_receive() {
    block_on(async {
        let (client, mut server) = pair().await;
        assert!(poll_once(server.fill_buf()).await.is_none());
        yield_now().await;
        let before = own_stats().unwrap();
        for _ in 0..100 {
            assert!(poll_once(server.fill_buf()).await.is_none());
            yield_now().await;
        }
        let after = own_stats().unwrap();
        assert_eq!((after.entries, after.in_flight), (before.entries, before.in_flight));
        assert_eq!((after.buried, after.buried_total), (before.buried, before.buried_total));
        client.write_all_owned("once").await.unwrap();
        assert_eq!(server.fill_buf().await.unwrap(), b"once");
    });
}

#[test]
fn reads_of_all_kinds_mix_in_order() {
    block_on(async {
        let (client, mut server) = pair().await;
        client.write_all_owned("0123456789abcdefghij").await.unwrap();
        assert!(server.fill_buf().await.unwrap().starts_with(b"01"));
        server.consume(2);
        let (n, buf) = server.read_owned(Vec::with_capacity(3)).await.unwrap();
        assert_eq!((n, &buf[..]), (3, &b"234"[..]));
        let mut two = [0; 2];
        assert_eq!(TcpStream::read(&server, &mut two).await.unwrap(), 2);
        assert_eq!(&two, b"56");
        assert_eq!(server.fill_at_least(4).await.unwrap(), b"789abcdefghij");
        server.consume(1);
        assert_eq!(&server.read_managed(4).await.unwrap().unwrap()[..], b"89ab");
        let mut peeked = [0; 3];
        assert_eq!(server.peek(&mut peeked).await.unwrap(), 3);
        assert_eq!(&peeked, b"cde");
        assert!(TcpStream::ready(&server, Interest::READ).await.unwrap().read());
        let mut rest = String::new();
        drop(client);
        server.read_to_string(&mut rest).await.unwrap();
        assert_eq!(rest, "cdefghij");
        assert!(server.fill_buf().await.unwrap().is_empty());
    });
}

#[test]
fn a_head_that_comes_in_pieces_is_shown_whole() {
    block_on(async {
        let (client, mut server) = pair().await;
        let writer = spawn(async move {
            for piece in ["GET / ", "HTTP/1.1\r\n", "\r\n", "rest"] {
                client.write_all_owned(piece).await.unwrap();
                sexton_runtime::time::sleep(Duration::from_millis(2)).await;
            }
        });
        let mut wanted = 1;
        loop {
            let shown = server.fill_at_least(wanted).await.unwrap();
            if shown.windows(4).any(|four| four == b"\r\n\r\n") {
                break;
            }
            wanted = shown.len() + 1;
        }
        server.consume(18);
        let mut line = String::new();
        writer.await.unwrap();
        server.read_line(&mut line).await.unwrap();
        assert_eq!(line, "rest");
    });
}

#[test]
fn a_token_gives_the_buffer_back() {
    block_on(async {
        let (client, server) = pair().await;
        let token = CancelToken::new();
        let cancel = token.clone();
        let read = spawn(async move {
            let error = token.run(server.read_owned(vec![7; 3].with_room())).await.unwrap_err();
            (server, error)
        });
        yield_now().await;
        cancel.cancel();
        let (server, error) = read.await.unwrap();
        assert_eq!(error.error().raw_os_error(), Some(125), "{error:?}");
        assert_eq!(error.into_buf()[..], [7, 7, 7]);
        client.write_all_owned("still here").await.unwrap();
        let (_, buf) = server.read_owned(Vec::with_capacity(16)).await.unwrap();
        assert_eq!(buf, b"still here");
    });
}

trait WithRoom {
    fn with_room(self) -> Vec<u8>;
}

impl WithRoom for Vec<u8> {
    fn with_room(mut self) -> Vec<u8> {
        self.reserve(8);
        self
    }
}

#[test]
fn writes_never_interleave_with_one_that_was_dropped() {
    block_on(async {
        let (client, server) = pair().await;
        client.set_send_buffer_size(4096).unwrap();
        let big = vec![b'a'; 8 << 20];
        // The first one may be done at once, as far as there is room.
        while poll_once(client.write_owned(big.clone())).await.is_some() {}
        let writer = spawn(async move { client.write_all_owned("END").await.map(|_| ()) });
        let mut all = Vec::new();
        let mut buf = Vec::with_capacity(1 << 16);
        loop {
            buf.clear();
            let n;
            (n, buf) = server.read_owned(buf).await.unwrap();
            if n == 0 {
                break;
            }
            all.extend_from_slice(&buf);
        }
        writer.await.unwrap().unwrap();
        assert!(all.ends_with(b"END"));
        assert!(all[..all.len() - 3].iter().all(|&b| b == b'a'));
    });
}

/// A lone write is a plain call: it is done within its poll. The next one of that turn, and one
/// with others to run beside it, go to the ring.
#[test]
fn a_write_with_nothing_beside_it_is_done_at_once_but_only_once_a_turn() {
    block_on(async {
        let (client, server) = pair().await;
        yield_now().await;
        let first = poll_once(client.write_owned(b"one".to_vec())).await;
        assert_eq!(first.expect("nothing else is to be done").unwrap().0, 3);
        let mut second = pin!(client.write_owned(b"two".to_vec()));
        assert!(poll_once(second.as_mut()).await.is_none());
        assert_eq!(second.await.unwrap().0, 3);
        let beside = spawn(async {});
        let mut third = pin!(client.write_owned(b"six".to_vec()));
        assert!(poll_once(third.as_mut()).await.is_none());
        third.await.unwrap();
        beside.await.unwrap();
        let all = server.read_exact_owned(Vec::with_capacity(9)).await.unwrap();
        assert_eq!(all, b"onetwosix");
    });
}

#[test]
fn a_dropped_accept_loses_no_connection() {
    block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        for _ in 0..50 {
            assert!(poll_once(listener.accept()).await.is_none());
            let client = TcpStream::connect(addr).await.unwrap();
            let (server, peer) = listener.accept().await.unwrap();
            assert_eq!(peer, client.local_addr().unwrap());
            drop(server);
        }
    });
}

#[test]
fn every_core_listens_on_the_same_address_and_strangers_are_refused() {
    let runtime = Builder::new().cores(2).build().unwrap();
    runtime.block_on(async {
        let addrs = spawn_per_core(|| async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let addr = listener.local_addr().unwrap();
            std::mem::forget(listener);
            addr
        });
        let addrs = addrs.await.unwrap();
        assert_eq!(addrs[0], addrs[1]);
        let error = TcpListener::bind(addrs[0]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
        let stranger = std::net::TcpListener::bind(addrs[0]).unwrap_err();
        assert_eq!(stranger.kind(), io::ErrorKind::AddrInUse);
    });
}

#[test]
fn names_are_looked_up_and_every_address_is_tried() {
    block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let client = TcpStream::connect(("localhost", port)).await.unwrap();
        assert_eq!(client.peer_addr().unwrap().port(), port);
        drop(listener);
        let refused = TcpStream::connect(("127.0.0.1", port)).await.unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
    });
}

#[test]
fn halves_work_side_by_side_and_come_together() {
    block_on(async {
        let (client, server) = pair().await;
        let (mut read, write) = server.into_split();
        let reader = spawn(async move {
            let (_, buf) = read.read_owned(Vec::with_capacity(8)).await.unwrap();
            (read, buf)
        });
        client.write_all_owned("both").await.unwrap();
        let (read, buf) = reader.await.unwrap();
        assert_eq!(buf, b"both");
        let server = read.reunite(write).unwrap();
        server.write_all_owned("ways").await.unwrap();
        let mut buf = [0; 4];
        assert_eq!(client.read(&mut buf).await.unwrap(), 4);
        assert_eq!(&buf, b"ways");
    });
}

#[test]
fn a_stream_goes_to_std_with_its_unread_bytes() {
    block_on(async {
        let (client, mut server) = pair().await;
        client.write_all_owned("head and tail").await.unwrap();
        assert_eq!(server.fill_buf().await.unwrap(), b"head and tail");
        server.consume(4);
        let server = std::net::TcpStream::try_from(server).unwrap_err().into_buf();
        let (std, unread) = server.into_std().await.unwrap();
        assert_eq!(unread, b" and tail");
        let again = TcpStream::from_std(std).unwrap();
        client.write_all_owned("more").await.unwrap();
        let (_, buf) = again.read_owned(Vec::with_capacity(8)).await.unwrap();
        assert_eq!(buf, b"more");
    });
}

/// What waits for readiness has the descriptor until its cancel is answered.
#[test]
fn a_stream_goes_to_std_although_something_that_waited_was_just_dropped() {
    block_on(async {
        let (_client, mut server) = pair().await;
        assert!(poll_once(server.read(&mut [0; 8])).await.is_none());
        yield_now().await;
        assert!(poll_once(Ready::ready(&mut server, Interest::READ)).await.is_none());
        drop(server.into_std().await.unwrap());
    });
}

#[test]
fn a_reset_is_an_error_for_its_connection_only() {
    block_on(async {
        let (client, server) = pair().await;
        client.set_linger(Some(Duration::ZERO)).unwrap();
        drop(client);
        let error = server.read_owned(Vec::with_capacity(8)).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
        let error = server.write_all_owned("x").await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    });
}

#[test]
fn more_readers_than_pool_buffers_all_progress() {
    let runtime =
        Builder::new().config(|c| (c.recv_buffers, c.recv_buffers_max) = (2, 2)).build().unwrap();
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let (mut held, mut set) = (Vec::new(), JoinSet::new());
        for n in 0..20_u8 {
            let client = TcpStream::connect(addr).await.unwrap();
            let (mut server, _) = listener.accept().await.unwrap();
            client.write_all_owned(vec![n; 100]).await.unwrap();
            if n < 4 {
                // Holds a chunk for ever.
                server.fill_buf().await.unwrap();
                held.push((client, server));
            } else {
                set.spawn(async move {
                    for _ in 0..50 {
                        assert_eq!(server.fill_at_least(100).await.unwrap(), [n; 100]);
                        server.consume(100);
                        client.write_all_owned(vec![n; 100]).await.unwrap();
                    }
                });
            }
        }
        while let Some(done) = set.join_next().await {
            done.unwrap();
        }
    });
}

#[test]
fn a_timeout_around_a_read_loses_nothing() {
    block_on(async {
        let (client, mut server) = pair().await;
        let feeder = spawn(async move {
            for n in 0..2000_u32 {
                client.write_all_owned(n.to_le_bytes().to_vec()).await.unwrap();
                if n % 64 == 0 {
                    yield_now().await;
                }
            }
        });
        let mut all = Vec::new();
        let mut tries = 0;
        while all.len() < 8000 {
            tries += 1;
            match tries % 3 {
                0 => {
                    let read = server.read_owned(Vec::with_capacity(7));
                    if let Ok(read) = timeout(Duration::ZERO, read).await {
                        all.extend(read.unwrap().1);
                    }
                }
                1 => {
                    if let Ok(shown) = timeout(Duration::ZERO, server.fill_buf()).await {
                        let shown = shown.unwrap();
                        all.extend_from_slice(shown);
                        let n = shown.len();
                        server.consume(n);
                    }
                }
                _ => {
                    let mut buf = [0; 5];
                    let read = timeout(Duration::ZERO, TcpStream::read(&server, &mut buf)).await;
                    if let Ok(n) = read {
                        all.extend_from_slice(&buf[..n.unwrap()]);
                    }
                }
            }
            yield_now().await;
        }
        feeder.await.unwrap();
        let expected: Vec<u8> = (0..2000_u32).flat_map(u32::to_le_bytes).collect();
        assert_eq!(all, expected);
    });
}

#[test]
fn a_dropped_read_of_several_steps_gives_back_what_it_gathered() {
    block_on(async {
        let (client, mut server) = pair().await;
        let come = async |text: &'static str| {
            client.write_all_owned(text).await.unwrap();
            sexton_runtime::time::sleep(Duration::from_millis(3)).await;
        };
        // In a buffer that is with the kernel again.
        let mut exact = Box::pin(TcpStream::read_exact_owned(&server, Vec::with_capacity(8)));
        assert!(poll_once(exact.as_mut()).await.is_none());
        come("abc").await;
        assert!(poll_once(exact.as_mut()).await.is_none());
        drop(exact);
        come("def").await;
        // In the stream's own memory; forgotten even.
        let mut line = String::new();
        let mut read = Box::pin(server.read_line(&mut line));
        assert!(poll_once(read.as_mut()).await.is_none());
        come("ghi").await;
        assert!(poll_once(read.as_mut()).await.is_none());
        drop(read);
        let mut four = [0; 40];
        assert!(poll_once(Read::read_exact(&mut server, &mut four)).await.is_none());
        come("jkl\nrest").await;
        server.read_line(&mut line).await.unwrap();
        assert_eq!(line, "abcdefghijkl\n");
        let exact = TcpStream::read_exact_owned(&server, Vec::with_capacity(4)).await.unwrap();
        assert_eq!(exact, b"rest");
        client.shutdown(Shutdown::Write).await.unwrap();
        let error = TcpStream::read_exact_owned(&server, vec![7].with_room()).await.unwrap_err();
        assert_eq!((error.kind(), error.transferred()), (io::ErrorKind::UnexpectedEof, 0));
    });
}

#[test]
fn a_forgotten_read_of_several_steps_keeps_nothing_for_itself() {
    block_on(async {
        let (client, mut server) = pair().await;
        let come = async |text: &'static str| {
            client.write_all_owned(text).await.unwrap();
            sexton_runtime::time::sleep(Duration::from_millis(3)).await;
        };
        // In a buffer that is with the kernel again.
        let mut exact = Box::pin(TcpStream::read_exact_owned(&server, Vec::with_capacity(8)));
        assert!(poll_once(exact.as_mut()).await.is_none());
        come("abc").await;
        assert!(poll_once(exact.as_mut()).await.is_none());
        std::mem::forget(exact);
        come("def").await;
        assert_eq!(server.fill_at_least(6).await.unwrap(), b"abcdef");
        server.consume(6);
        // In a buffer that waits for what another receive, of the stream's own memory, brings.
        assert!(poll_once(server.fill_buf()).await.is_none());
        let mut exact = Box::pin(TcpStream::read_exact_owned(&server, Vec::with_capacity(8)));
        come("ghi").await;
        assert!(poll_once(exact.as_mut()).await.is_none());
        std::mem::forget(exact);
        come("jkl").await;
        assert_eq!(server.fill_at_least(6).await.unwrap(), b"ghijkl");
        server.consume(6);
        // Two that live beside each other get their fill, one after the other.
        let mut first = Box::pin(TcpStream::read_exact_owned(&server, Vec::with_capacity(4)));
        let mut second = Box::pin(TcpStream::read_exact_owned(&server, Vec::with_capacity(4)));
        for piece in ["mn", "o", "p", "qrs", "t"] {
            assert!(poll_once(first.as_mut()).await.is_none());
            if piece != "t" {
                assert!(poll_once(second.as_mut()).await.is_none());
            }
            come(piece).await;
            if piece == "p" {
                assert_eq!(second.await.unwrap(), b"mnop");
                second = Box::pin(TcpStream::read_exact_owned(&server, Vec::with_capacity(4)));
            }
        }
        assert_eq!(first.await.unwrap(), b"qrst");
    });
}

#[test]
fn a_line_beyond_its_limit_is_refused_and_stays() {
    block_on(async {
        let (client, mut server) = pair().await;
        client.write_all_owned("a line that is too long\n").await.unwrap();
        let mut line = String::new();
        let error = server.read_line_limited(&mut line, 8).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        assert_eq!(line, "");
    });
}
