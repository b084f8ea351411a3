//! Datagrams: whatever the network does to them, a client that asks again gets its answers.

use sexton::net::UdpSocket;
use sexton::sim::{Fault, FaultCounts, Faults, Host, Kernel, Sim};
use sexton::time::{Duration, timeout};
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;

const ROUNDS: u32 = 12;
const CLIENTS: u32 = 3;

/// An answer to the question, and its length, tell what was asked.
fn answer(question: &[u8]) -> Vec<u8> {
    let mut answer = question.to_vec();
    answer.reverse();
    answer.push(b'!');
    answer
}

fn question(client: u32, round: u32) -> Vec<u8> {
    let mut question = [client.to_le_bytes(), round.to_le_bytes()].concat();
    question.resize(8 + (round * 37) as usize % 300, round as u8);
    question
}

/// A descriptor, or an address, may be refused for a moment.
async fn bind(addr: &str) -> UdpSocket {
    loop {
        if let Ok(socket) = UdpSocket::bind(addr).await {
            return socket;
        }
    }
}

/// Answers every question, one task by owned and one by borrowed buffers.
async fn serve(server: Rc<UdpSocket>, owned: bool) {
    loop {
        let (question, peer) = if owned {
            let ((_, peer), buf) = server.recv_from_owned(Vec::with_capacity(512)).await.unwrap();
            (buf, peer)
        } else {
            let mut buf = [0; 512];
            let (n, peer) = server.recv_from(&mut buf).await.unwrap();
            (buf[..n].to_vec(), peer)
        };
        let client = u32::from_le_bytes(*question.first_chunk().unwrap());
        let round = u32::from_le_bytes(*question[4..].first_chunk().unwrap());
        assert_eq!(question, self::question(client, round), "nobody asked this");
        let answer = answer(&question);
        if owned {
            // One that can't be sent is as good as one that is lost.
            drop(server.send_to_owned(answer, peer).await);
        } else {
            drop(server.send_to(&answer, peer).await);
        }
    }
}

/// Asks until it is answered: a time-out drops the receive, and asks again.
async fn ask(server: SocketAddr, client: u32) {
    let socket = bind("0.0.0.0:0").await;
    socket.connect(server).await.unwrap();
    for round in 0..ROUNDS {
        let (question, mut asked) = (question(client, round), 0);
        let expected = answer(&question);
        'answered: loop {
            asked += 1;
            assert!(asked < 1000, "never answered");
            drop(socket.send(&question).await);
            loop {
                let limit = Duration::from_millis(3 * asked);
                let mut buf = [0; 512];
                let got = if asked % 2 == 0 {
                    timeout(limit, socket.recv(&mut buf)).await.map(|n| buf[..n.unwrap()].to_vec())
                } else {
                    let receive = socket.recv_owned(Vec::with_capacity(512));
                    timeout(limit, receive).await.map(|got| got.unwrap().1)
                };
                match got {
                    Err(_) => break,
                    Ok(got) if got == expected => break 'answered,
                    // An old answer, once more.
                    Ok(got) => {
                        let old = (0..round).any(|old| got == answer(&self::question(client, old)));
                        assert!(old, "nobody sent this: {got:?}");
                    }
                }
            }
        }
    }
}

async fn conversations(between_hosts: bool) {
    let server = Rc::new(bind("0.0.0.0:0").await);
    let port = server.local_addr().unwrap().port();
    let ip = if between_hosts { Host::current().addr() } else { [127, 0, 0, 1].into() };
    let addr = SocketAddr::new(ip, port);
    let tasks = [true, false].map(|owned| sexton::spawn(serve(Rc::clone(&server), owned)));
    if between_hosts {
        let host = Host::new([10, 0, 0, 9]);
        let clients = (0..CLIENTS).map(|client| host.run(move || ask(addr, client)));
        for client in clients.collect::<Vec<_>>() {
            client.await.unwrap();
        }
    } else {
        let clients = (0..CLIENTS).map(|client| sexton::spawn(ask(addr, client)));
        for client in clients.collect::<Vec<_>>() {
            client.await.unwrap();
        }
    }
    tasks.iter().for_each(|task| task.abort());
}

#[test]
fn who_asks_again_is_answered_whatever_the_network_does() {
    let mut counts = FaultCounts::default();
    for seed in 0..100 {
        let kernel = Kernel::ALL[seed as usize % Kernel::ALL.len()];
        let sim = || Sim::new(seed).profile(kernel).faults(Faults::network());
        let between_hosts = seed % 2 == 0;
        match sim().try_run(move || conversations(between_hosts)) {
            Ok(((), report)) => {
                counts.add(&report.faults);
                if seed % 10 == 0 {
                    let again = sim().try_run(move || conversations(between_hosts));
                    assert_eq!(again.map(|(_, report)| report).ok(), Some(report), "seed {seed}");
                }
            }
            Err(failure) => failure.raise(),
        }
    }
    for fault in [Fault::LostDatagram, Fault::DuplicatedDatagram, Fault::ReorderedDatagram] {
        assert!(counts.get(fault) > 0, "{} never occurred", fault.name());
    }
}

#[test]
fn without_faults_all_datagrams_arrive_once_and_in_order() {
    for (seed, faults) in (0..50).flat_map(|s| [(s, Faults::none()), (s, Faults::scheduling())]) {
        Sim::new(seed).faults(faults).run(|| async {
            let server = bind("[::1]:0").await;
            let addr = server.local_addr().unwrap();
            let client = sexton::spawn(async move {
                let client = bind("[::]:0").await;
                for number in 0..100_u8 {
                    client.send_to(&[number; 3], addr).await.unwrap();
                    if number % 5 == 0 {
                        sexton::yield_now().await;
                    }
                }
                client.local_addr().unwrap().port()
            });
            let mut peers = Vec::new();
            for number in 0..100_u8 {
                let receive = server.recv_from_owned(Vec::with_capacity(8));
                if number % 3 == 0
                    && let Ok(got) = timeout(Duration::from_micros(1), receive).await
                {
                    let ((_, peer), buf) = got.unwrap();
                    assert_eq!(buf, [number; 3]);
                    peers.push(peer);
                    continue;
                }
                let mut buf = [0; 8];
                let (n, peer) = server.recv_from(&mut buf).await.unwrap();
                assert_eq!(buf[..n], [number; 3]);
                peers.push(peer);
            }
            let port = client.await.unwrap();
            assert!(peers.iter().all(|peer| *peer == SocketAddr::new(addr.ip(), port)));
        });
    }
}

#[test]
fn nobody_there_is_told_and_a_partition_swallows_what_is_sent() {
    for seed in 0..20 {
        Sim::new(seed).run(|| async {
            let other = Host::new([10, 0, 0, 2]);
            let there = SocketAddr::new(other.addr(), 53);
            let socket = bind("0.0.0.0:0").await;
            assert_eq!(socket.send(b"nowhere").await.unwrap_err().raw_os_error(), Some(89));
            socket.connect(there).await.unwrap();
            assert_eq!(socket.peer_addr().unwrap(), there);
            socket.send(b"nobody there").await.unwrap();
            let error = socket.recv_owned(Vec::with_capacity(8)).await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
            let server = other.run(|| async {
                let server = bind("0.0.0.0:53").await;
                let mut got = Vec::new();
                while got.last() != Some(&b"last".to_vec()) {
                    got.push(server.recv_owned(Vec::with_capacity(5)).await.unwrap().1);
                }
                got
            });
            sexton::time::sleep(Duration::from_millis(1)).await;
            socket.send(b"first, cut").await.unwrap();
            sexton::time::sleep(Duration::from_millis(1)).await;
            Host::current().cut_from(other);
            socket.send(b"swallowed").await.unwrap();
            Host::current().heal(other);
            socket.send(b"").await.unwrap();
            socket.send_owned("last").await.unwrap();
            let got = server.await.unwrap();
            assert_eq!(got, [b"first".to_vec(), b"".to_vec(), b"last".to_vec()]);
        });
    }
}

#[test]
fn a_queue_is_bounded_and_an_address_has_one_socket() {
    Sim::new(1).run(|| async {
        let server = bind("127.0.0.1:0").await;
        let addr = server.local_addr().unwrap();
        assert_eq!(UdpSocket::bind(addr).await.unwrap_err().kind(), io::ErrorKind::AddrInUse);
        let client = bind("127.0.0.1:0").await;
        assert_eq!(client.send_to(&[0; 70_000], addr).await.unwrap_err().raw_os_error(), Some(90));
        for number in 0..100_u8 {
            client.send_to(&[number; 10_000], addr).await.unwrap();
        }
        let mut buf = [0; 10_000];
        let mut got = 0;
        while let Ok((n, _)) = server.try_recv_from(&mut buf) {
            assert_eq!((n, buf[0], buf[n - 1]), (10_000, got, got));
            got += 1;
        }
        assert!((10..100).contains(&got), "{got} of 100 fitted");
        drop(server);
        bind(&addr.to_string()).await;
        assert!(client.set_broadcast(true).is_ok() && client.broadcast().unwrap());
        let group = [224, 0, 0, 123].into();
        let error = client.join_multicast_v4(&group, &[0; 4].into()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::Unsupported);
    });
}
