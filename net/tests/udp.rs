//! Datagrams on the real kernel: none that came is lost, however a receive ends.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use sexton_io::{Interest, Ready};
use sexton_net::UdpSocket;
use sexton_runtime::time::{Duration, sleep, timeout};
use sexton_runtime::{CancelToken, block_on, own_stats, spawn, yield_now};
use std::cell::Cell;
use std::collections::BTreeSet;
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::OwnedFd;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use support::poll_once;

async fn socket() -> UdpSocket {
    UdpSocket::bind("127.0.0.1:0").await.unwrap()
}

/// Two sockets, connected to one another.
async fn pair() -> (UdpSocket, UdpSocket) {
    let (one, other) = (socket().await, socket().await);
    one.connect(other.local_addr().unwrap()).await.unwrap();
    other.connect(one.local_addr().unwrap()).await.unwrap();
    (one, other)
}

/// Lets completions come that are due.
async fn settle() {
    for _ in 0..5 {
        yield_now().await;
    }
    sleep(Duration::from_millis(2)).await;
}

fn room(len: usize) -> Vec<u8> {
    Vec::with_capacity(len)
}

async fn next(socket: &UdpSocket) -> Vec<u8> {
    let receive = socket.recv_owned(room(64));
    timeout(Duration::from_secs(10), receive).await.expect("a datagram is there").unwrap().1
}

#[test]
fn datagrams_come_whole_with_their_senders_by_both_families() {
    block_on(async {
        for addr in ["127.0.0.1:0", "[::1]:0"] {
            let server = UdpSocket::bind(addr).await.unwrap();
            let client = UdpSocket::bind(addr).await.unwrap();
            let (to, from) = (server.local_addr().unwrap(), client.local_addr().unwrap());
            assert_eq!(client.send_to_owned(vec![1; 3], to).await.unwrap(), (3, vec![1; 3]));
            assert_eq!(client.send_to(&[2; 9000], to).await.unwrap(), 9000);
            assert_eq!(client.try_send_to(&[], to).unwrap(), 0);
            let (got, buf) = server.recv_from_owned(room(64)).await.unwrap();
            assert_eq!((got, buf), ((3, from), vec![1; 3]));
            let mut buf = vec![0; 10_000];
            assert_eq!(server.peek_from(&mut buf).await.unwrap(), (9000, from));
            assert_eq!(server.recv_from(&mut buf).await.unwrap(), (9000, from));
            assert!(buf[..9000] == [2; 9000] && buf[9000..] == [0; 1000]);
            // A datagram of no bytes is one.
            assert_eq!(server.recv_from(&mut buf).await.unwrap(), (0, from));
            assert_eq!(client.send_to_owned(room(1), to).await.unwrap().0, 0);
            let ((n, peer), buf) = server.recv_from_owned(room(4)).await.unwrap();
            assert_eq!((n, peer, buf), (0, from, vec![]));
        }
    });
}

#[test]
fn a_connected_socket_sends_to_its_peer_and_hears_nobody_else() {
    block_on(async {
        let (one, other) = pair().await;
        let stranger = socket().await;
        stranger.send_to(b"stranger", other.local_addr().unwrap()).await.unwrap();
        assert_eq!(one.send(b"a").await.unwrap(), 1);
        assert_eq!(one.send_owned("bc").await.unwrap(), (2, "bc"));
        assert_eq!(one.try_send(b"d").unwrap(), 1);
        for expected in ["a", "bc", "d"] {
            assert_eq!(next(&other).await, expected.as_bytes());
        }
        assert_eq!(other.try_recv(&mut [0; 8]).unwrap_err().kind(), ErrorKind::WouldBlock);
        assert!(socket().await.send(b"nowhere").await.is_err());
        assert!(socket().await.send_owned("nowhere").await.is_err());
    });
}

#[test]
fn a_buffer_without_room_is_an_error_and_a_short_one_cuts() {
    block_on(async {
        let (one, other) = pair().await;
        one.send(b"0123456789").await.unwrap();
        one.send(b"next").await.unwrap();
        let full = vec![7; 3];
        let error = other.recv_owned(full.into_boxed_slice().into_vec()).await.unwrap_err();
        assert_eq!((error.kind(), error.into_buf()), (ErrorKind::InvalidInput, vec![7; 3]));
        let error = other.recv_from(&mut []).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert_eq!(other.try_recv_from(&mut []).unwrap_err().kind(), ErrorKind::InvalidInput);
        let mut prefixed = room(8);
        prefixed.extend_from_slice(b"had ");
        let (n, buf) = other.recv_owned(prefixed).await.unwrap();
        assert_eq!((n, &buf[..]), (buf.len() - 4, &b"had 0123456789"[..buf.len()]));
        assert_eq!(next(&other).await, b"next");
    });
}

#[test]
fn a_receive_that_is_dropped_before_or_after_its_end_loses_nothing() {
    block_on(async {
        let (one, other) = pair().await;
        let from = one.local_addr().unwrap();
        // In flight when it is dropped: cancelled, or faster.
        assert!(poll_once(other.recv_owned(room(8))).await.is_none());
        one.send(b"abc").await.unwrap();
        assert_eq!(next(&other).await, b"abc");
        // Ended, but not polled, when it is dropped; the buffer had a prefix.
        let mut buf = room(8);
        buf.push(b'!');
        let mut receive = Box::pin(other.recv_from_owned(buf));
        assert!(poll_once(receive.as_mut()).await.is_none());
        one.send(b"def").await.unwrap();
        one.send(b"ghi").await.unwrap();
        settle().await;
        drop(receive);
        let mut buf = [0; 64];
        assert_eq!(other.try_recv_from(&mut buf).unwrap(), (3, from));
        assert_eq!(&buf[..3], b"def");
        assert_eq!(next(&other).await, b"ghi");
        // An empty one is kept as well, and cut ones stay cut.
        for (sent, kept) in [(&b""[..], 0), (b"long", 2)] {
            let mut receive = Box::pin(other.recv_owned(room(2)));
            assert!(poll_once(receive.as_mut()).await.is_none());
            one.send(sent).await.unwrap();
            settle().await;
            drop(receive);
            assert_eq!(other.peek(&mut buf).await.unwrap(), kept);
            assert_eq!(next(&other).await, sent[..kept]);
        }
    });
}

#[test]
fn a_forgotten_receive_gives_its_datagram_to_the_next_one() {
    block_on(async {
        let (one, other) = pair().await;
        for (round, sent) in ["abc", "", "def"].into_iter().enumerate() {
            let mut receive = Box::pin(other.recv_owned(room(8)));
            assert!(poll_once(receive.as_mut()).await.is_none());
            std::mem::forget(receive);
            one.send(sent.as_bytes()).await.unwrap();
            one.send(b"after").await.unwrap();
            let mut buf = [0; 8];
            let got = match round {
                0 => next(&other).await,
                1 => {
                    let n = other.recv(&mut buf).await.unwrap();
                    buf[..n].to_vec()
                }
                _ => {
                    settle().await;
                    assert!(other.ready(Interest::READ).await.unwrap().read());
                    let n = other.try_recv(&mut buf).unwrap();
                    buf[..n].to_vec()
                }
            };
            assert_eq!(got, sent.as_bytes());
            assert_eq!(next(&other).await, b"after");
        }
    });
}

#[test]
fn receives_that_time_out_again_and_again_lose_no_datagram() {
    block_on(async {
        let (one, other) = pair().await;
        let sender = spawn(async move {
            for number in 0..200_u32 {
                one.send(&number.to_le_bytes()).await.unwrap();
                if number % 3 == 0 {
                    sleep(Duration::from_micros(300)).await;
                }
            }
            one
        });
        let (mut expected, mut late) = (0_u32, 0_u32);
        while expected < 200 {
            assert!(late < 20_000, "{expected} does not come");
            let limit = Duration::from_micros(u64::from(late % 7) * 40);
            let number: [u8; 4] = if late % 2 == 0 {
                match timeout(limit, other.recv_owned(room(8))).await {
                    Ok(got) => got.unwrap().1.try_into().unwrap(),
                    Err(_) => {
                        late += 1;
                        continue;
                    }
                }
            } else {
                let mut buf = [0; 4];
                match timeout(limit, other.recv(&mut buf)).await {
                    Ok(got) => assert_eq!(got.unwrap(), 4),
                    Err(_) => {
                        late += 1;
                        continue;
                    }
                }
                buf
            };
            assert_eq!(u32::from_le_bytes(number), expected);
            (expected, late) = (expected + 1, late + 1);
        }
        sender.await.unwrap();
    });
}

#[test]
fn a_token_gives_the_buffer_back_and_the_socket_goes_on() {
    block_on(async {
        let (one, other) = pair().await;
        let token = CancelToken::new();
        let other = Rc::new(other);
        let waits = [false, true].map(|borrowed| {
            let (token, other) = (token.clone(), Rc::clone(&other));
            spawn(async move {
                if borrowed {
                    let mut buf = [0; 8];
                    return token.run(other.recv(&mut buf)).await.unwrap_err();
                }
                let receive = token.run(other.recv_owned(room(8)));
                let error = receive.await.unwrap_err();
                assert_eq!(error.buf().capacity(), 8);
                error.into()
            })
        });
        settle().await;
        token.cancel();
        for wait in waits {
            let error: io::Error = wait.await.unwrap();
            assert_eq!(error.raw_os_error(), Some(125), "{error:?}");
        }
        one.send(b"still here").await.unwrap();
        assert_eq!(next(&other).await, b"still here");
    });
}

#[test]
fn many_senders_reach_several_receivers_and_each_datagram_one_of_them() {
    block_on(async {
        let server = Rc::new(socket().await);
        let to = server.local_addr().unwrap();
        let receivers: Vec<_> = (0..4)
            .map(|kind| {
                let server = Rc::clone(&server);
                spawn(async move {
                    let mut got = Vec::new();
                    loop {
                        let mut buf = [0; 2];
                        let peer = if kind % 2 == 0 {
                            let ((n, peer), vec) = server.recv_from_owned(room(2)).await.unwrap();
                            buf[..n].copy_from_slice(&vec);
                            peer
                        } else {
                            server.recv_from(&mut buf).await.unwrap().1
                        };
                        if buf[1] == u8::MAX {
                            return got;
                        }
                        got.push((peer, buf));
                    }
                })
            })
            .collect();
        let mut sent = BTreeSet::new();
        let senders: Vec<UdpSocket> = [socket().await, socket().await, socket().await].into();
        for round in 0..50 {
            for (number, sender) in (0..).zip(&senders) {
                sender.send_to(&[number, round], to).await.unwrap();
                sent.insert((sender.local_addr().unwrap(), [number, round]));
            }
            settle().await;
        }
        for _ in &receivers {
            senders[0].send_to(&[0, u8::MAX], to).await.unwrap();
        }
        let mut got = BTreeSet::new();
        for receiver in receivers {
            for datagram in receiver.await.unwrap() {
                assert!(got.insert(datagram), "{datagram:?} came twice");
            }
        }
        assert_eq!(got, sent);
    });
}

#[test]
fn a_datagram_goes_to_the_receive_that_took_it_though_another_one_looks_first() {
    block_on(async {
        let (one, other) = pair().await;
        let mut small = pin!(other.recv_owned(room(2)));
        let mut large = pin!(other.recv_owned(room(64)));
        assert!(poll_once(small.as_mut()).await.is_none());
        assert!(poll_once(large.as_mut()).await.is_none());
        one.send(b"cut").await.unwrap();
        one.send(b"uncut").await.unwrap();
        settle().await;
        // The small one has the first datagram, cut, and was not asked for it yet.
        assert!(poll_once(large.as_mut()).await.is_none());
        assert_eq!(small.await.unwrap(), (2, b"cu".to_vec()));
        assert_eq!(large.await.unwrap(), (5, b"uncut".to_vec()));
    });
}

#[test]
fn nobody_there_is_told_once_and_the_socket_goes_on() {
    block_on(async {
        let (one, other) = pair().await;
        let addr = other.local_addr().unwrap();
        drop(other);
        settle().await;
        one.send(b"into the void").await.unwrap();
        let error = one.recv_owned(room(8)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        // To a send it is told as well, and to `take_error`.
        one.send(b"again").await.unwrap();
        assert_eq!(one.send(b"not sent").await.unwrap_err().kind(), ErrorKind::ConnectionRefused);
        one.send(b"again").await.unwrap();
        let error = one.take_error().unwrap().unwrap();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        // A receive that was dropped keeps the error for the next one.
        let mut receive = Box::pin(one.recv_owned(room(8)));
        assert!(poll_once(receive.as_mut()).await.is_none());
        yield_now().await;
        one.send(b"again").await.unwrap();
        settle().await;
        drop(receive);
        let error = one.recv(&mut [0; 8]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        let other = UdpSocket::bind(addr).await.unwrap();
        other.connect(one.local_addr().unwrap()).await.unwrap();
        one.send(b"there").await.unwrap();
        assert_eq!(next(&other).await, b"there");
    });
}

#[test]
fn readiness_is_told_without_a_buffer_and_kept_datagrams_count() {
    block_on(async {
        let (one, mut other) = pair().await;
        assert!(other.ready(Interest::READ_WRITE).await.unwrap().write());
        let wait = poll_once(Ready::ready(&mut other, Interest::READ)).await;
        assert!(wait.is_none());
        one.send(b"abc").await.unwrap();
        assert!(Ready::ready(&mut &other, Interest::READ).await.unwrap().read());
        assert_eq!(next(&other).await, b"abc");
        let mut receive = Box::pin(other.recv_owned(room(8)));
        assert!(poll_once(receive.as_mut()).await.is_none());
        one.send(b"def").await.unwrap();
        settle().await;
        drop(receive);
        assert!(other.ready(Interest::READ).await.unwrap().read());
        assert_eq!(other.try_recv(&mut [0; 8]).unwrap(), 3);
    });
}

#[test]
fn a_flood_is_cut_by_the_receivers_buffer_and_stays_in_order() {
    block_on(async {
        let (one, other) = pair().await;
        other.set_recv_buffer_size(1 << 14).unwrap();
        for number in 0..1000_u32 {
            let mut datagram = vec![0; 1000];
            datagram[..4].copy_from_slice(&number.to_le_bytes());
            assert_eq!(one.send_owned(datagram).await.unwrap().0, 1000);
        }
        let mut got = Vec::new();
        let mut buf = [0; 1000];
        while let Ok(1000) = other.try_recv(&mut buf) {
            got.push(u32::from_le_bytes(buf[..4].try_into().unwrap()));
        }
        assert!((1..1000).contains(&got.len()), "{} of 1000 fitted", got.len());
        assert!(got.is_sorted() && got[0] == 0);
    });
}

/// What waits already is taken by plain calls, and still nobody has the core for itself.
#[test]
fn a_socket_with_much_to_do_leaves_the_others_their_turns() {
    block_on(async {
        let (one, other) = pair().await;
        for owned in [true, false] {
            for number in 0..150_u8 {
                assert_eq!(one.try_send(&[number]).unwrap(), 1);
            }
            let turns = Rc::new(Cell::new(0));
            let counted = Rc::clone(&turns);
            let others = spawn(async move {
                loop {
                    counted.set(counted.get() + 1);
                    yield_now().await;
                }
            });
            yield_now().await;
            let before = (turns.get(), own_stats().unwrap().entries);
            for number in 0..150_u8 {
                let got = if owned {
                    other.recv_owned(room(8)).await.unwrap().1
                } else {
                    let mut buf = [0; 8];
                    let count = other.recv(&mut buf).await.unwrap();
                    buf[..count].to_vec()
                };
                assert_eq!(got, [number], "{owned}");
            }
            let (turns, submitted) =
                (turns.get() - before.0, own_stats().unwrap().entries - before.1);
            assert!(turns >= 2, "{turns} turns of the others, {owned}");
            assert!(submitted < 10, "{submitted} operations for 150 datagrams, {owned}");
            others.abort();
        }
    });
}

/// There are no turns there: it must not wait for its own.
#[test]
fn a_receive_outside_a_runtime_says_so() {
    let (_one, other) = block_on(pair());
    let mut buf = [0; 8];
    let receive = pin!(other.recv(&mut buf));
    let polled = receive.poll(&mut Context::from_waker(Waker::noop()));
    let Poll::Ready(Err(error)) = polled else { panic!("{polled:?}") };
    assert_eq!(error.kind(), ErrorKind::NotConnected);
}

/// Where a full buffer makes a sender wait: over the loopback interface UDP drops instead, local
/// datagram sockets do not.
#[test]
fn sends_into_a_full_buffer_wait_until_there_is_room() {
    block_on(async {
        let (one, other) = std::os::unix::net::UnixDatagram::pair().unwrap();
        for nonblocking in [false, true] {
            let of = |socket: &std::os::unix::net::UnixDatagram| {
                let copy = socket.try_clone().unwrap();
                copy.set_nonblocking(nonblocking).unwrap();
                let std = std::net::UdpSocket::from(OwnedFd::from(copy));
                Rc::new(UdpSocket::from_std(std).unwrap())
            };
            let (one, other) = (of(&one), of(&other));
            while one.try_send(b"fill").is_ok() {}
            assert!(poll_once((*one).ready(Interest::WRITE)).await.is_none());
            let borrowed = Rc::clone(&one);
            let borrowed = spawn(async move { borrowed.send(b"more").await.unwrap() });
            let owned = Rc::clone(&one);
            let owned = spawn(async move { owned.send_owned("more").await.unwrap().0 });
            settle().await;
            assert!(!borrowed.is_finished() && !owned.is_finished());
            let mut more = 0;
            while more < 2 {
                more += usize::from(next(&other).await == b"more");
            }
            assert_eq!((borrowed.await.unwrap(), owned.await.unwrap()), (4, 4));
            assert_eq!(other.try_recv(&mut [0; 8]).unwrap_err().kind(), ErrorKind::WouldBlock);
            // Who has no internet address can't be named.
            let receive = Rc::clone(&other);
            let receive = spawn(async move { receive.recv_from_owned(room(8)).await });
            settle().await;
            one.send(b"from").await.unwrap();
            let error = receive.await.unwrap().unwrap_err();
            assert_eq!((error.kind(), error.buf().len()), (ErrorKind::InvalidData, 4));
        }
    });
}

#[test]
fn a_datagram_that_is_too_long_is_refused() {
    block_on(async {
        let (one, _other) = pair().await;
        let error = one.send(&vec![0; 70_000]).await.unwrap_err();
        assert_eq!(error.raw_os_error(), Some(90), "EMSGSIZE: {error:?}");
        let error = one.send_owned(vec![0; 70_000]).await.unwrap_err();
        assert_eq!((error.error().raw_os_error(), error.buf().len()), (Some(90), 70_000));
    });
}

#[test]
fn a_socket_goes_to_std_with_what_was_received_for_nobody() {
    block_on(async {
        let (one, other) = pair().await;
        let from = one.local_addr().unwrap();
        let mut receive = Box::pin(other.recv_owned(room(8)));
        assert!(poll_once(receive.as_mut()).await.is_none());
        yield_now().await;
        // Forgotten: nobody else can give the socket away while it is borrowed.
        std::mem::forget(receive);
        let error = std::net::UdpSocket::try_from(other).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ResourceBusy);
        let other = error.into_buf();
        one.send(b"kept").await.unwrap();
        settle().await;
        let (std, unread) = other.into_std().await.unwrap();
        match &unread[..] {
            [] => assert_eq!(std.recv(&mut [0; 8]).unwrap(), 4),
            unread => assert_eq!(unread, [(b"kept".to_vec(), Some(from))]),
        }
        let back = UdpSocket::from_std(std).unwrap();
        one.send(b"back").await.unwrap();
        assert_eq!(next(&back).await, b"back");
        let std = std::net::UdpSocket::try_from(back).unwrap();
        one.send(b"std").await.unwrap();
        assert_eq!(std.recv(&mut [0; 8]).unwrap(), 3);
    });
}

#[test]
fn a_dropped_socket_frees_its_address_though_a_receive_was_forgotten() {
    block_on(async {
        let one = socket().await;
        let addr = one.local_addr().unwrap();
        let mut receive = Box::pin(one.recv_owned(room(8)));
        assert!(poll_once(receive.as_mut()).await.is_none());
        std::mem::forget(receive);
        assert_eq!(UdpSocket::bind(addr).await.unwrap_err().kind(), ErrorKind::AddrInUse);
        yield_now().await;
        drop(one);
        settle().await;
        UdpSocket::bind(addr).await.unwrap();
    });
}

/// Sends to a group and receives it, or says why the machine does not allow it.
async fn through_a_group(bind: SocketAddr, join: impl Fn(&UdpSocket) -> io::Result<()>, to: &str) {
    let member = UdpSocket::bind(bind).await.unwrap();
    if let Err(error) = join(&member) {
        eprintln!("skipped: no group can be joined here: {error}");
        return;
    }
    let to = format!("{to}:{}", member.local_addr().unwrap().port());
    if let Err(error) = member.send_to(b"to all", to).await {
        eprintln!("skipped: no way to a group here: {error}");
        return;
    }
    match timeout(Duration::from_secs(1), member.recv_owned(room(8))).await {
        Ok(got) => assert_eq!(got.unwrap().1, b"to all"),
        Err(_) => eprintln!("skipped: the loopback interface carries no groups here"),
    }
}

#[test]
fn members_of_a_group_hear_what_is_sent_to_it() {
    block_on(async {
        let group = Ipv4Addr::new(224, 0, 0, 123);
        let any = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
        let join = |member: &UdpSocket| {
            member.join_multicast_v4(&group, &Ipv4Addr::UNSPECIFIED)?;
            member.leave_multicast_v4(&group, &Ipv4Addr::UNSPECIFIED)?;
            member.join_multicast_v4(&group, &Ipv4Addr::UNSPECIFIED)
        };
        through_a_group(any, join, "224.0.0.123").await;
        let group = Ipv6Addr::new(0xff01, 0, 0, 0, 0, 0, 0, 0x123);
        let any = SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0));
        let join = |member: &UdpSocket| {
            member.join_multicast_v6(&group, 1)?;
            member.leave_multicast_v6(&group, 1)?;
            member.join_multicast_v6(&group, 1)
        };
        through_a_group(any, join, "[ff01::123%1]").await;
    });
}
