//! Datagrams: what arrives was sent, whole, from where it says, and who asks again is answered.

use super::dice::Dice;
use super::log::content;
use super::reads::is_harmless;
use super::risk::Risk;
use super::rules::{Rules, joined};
use sexton::io::Interest;
use sexton::net::UdpSocket;
use sexton::sim::Host;
use sexton::time::{Duration, timeout};
use std::io::Result;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;

/// The longest datagram.
const LONGEST: usize = 1400;
/// How often a question is asked.
const ASKS: usize = 400;

/// A server, and clients on this host or another one.
pub(crate) async fn run(dice: Dice, rules: Rules) {
    let any = (Ipv4Addr::UNSPECIFIED, 0);
    let server = Rc::new(rules.insist(|| UdpSocket::bind(any)).await);
    let Some(local) = rules.allow(server.local_addr()) else { return };
    let servers: Vec<_> = (0..1 + dice.below(2))
        .map(|_| sexton::spawn(serve(Rc::clone(&server), dice.fork(), rules)))
        .collect();
    let other = Host::new([10, 3, dice.below(250) as u8, dice.below(250) as u8]);
    let mut clients = Vec::new();
    for _ in 0..dice.size(5) {
        let seed = dice.next();
        let addr = SocketAddr::new(Host::current().addr(), local.port());
        clients.push(match dice.below(3) {
            0 => sexton::spawn(ask(addr, seed, rules)),
            1 => {
                let core = dice.below(sexton::cores());
                sexton::spawn_on(core, move || ask(addr, seed, rules))
            }
            _ => {
                let running = other.run(move || ask(addr, seed, rules));
                sexton::spawn(async move {
                    rules.allow(running.await);
                })
            }
        });
    }
    for client in clients {
        joined(client).await;
    }
    for server in servers {
        server.abort();
        assert!(server.await.is_err_and(|error| error.is_cancelled()), "a server has ended");
    }
}

/// The answer to a question.
fn answer(question: &[u8]) -> Vec<u8> {
    question.iter().rev().map(|byte| !byte).collect()
}

/// One receive, somehow, at risk: the bytes, and from where if it says so.
async fn receive(socket: &UdpSocket, risk: &Risk) -> Option<Result<(Vec<u8>, Option<SocketAddr>)>> {
    let mut buf = vec![0; LONGEST];
    let room = Vec::with_capacity(LONGEST);
    match risk.dice.below(6) {
        5 => {
            risk.take(socket.ready(Interest::READ)).await?.ok()?;
            let (count, peer) = match risk.dice.below(2) {
                0 => socket.try_recv(&mut buf).map(|count| (count, None)),
                _ => socket.try_recv_from(&mut buf).map(|(count, peer)| (count, Some(peer))),
            }
            .ok()?;
            Some(Ok((buf[..count].to_vec(), peer)))
        }
        0 => {
            let got = risk.take(socket.recv_from(&mut buf)).await?;
            Some(got.map(|(count, peer)| (buf[..count].to_vec(), Some(peer))))
        }
        1 | 2 => match risk.take(socket.recv_from_owned(room)).await? {
            Ok(((count, peer), buf)) => {
                assert_eq!(count, buf.len(), "a receive counts what it got");
                Some(Ok((buf, Some(peer))))
            }
            Err(error) => Some(Err(error.into_error())),
        },
        3 => {
            let got = risk.take(socket.recv(&mut buf)).await?;
            Some(got.map(|count| (buf[..count].to_vec(), None)))
        }
        _ => match risk.take(socket.recv_owned(room)).await? {
            Ok((_, buf)) => Some(Ok((buf, None))),
            Err(error) => Some(Err(error.into_error())),
        },
    }
}

/// What a socket of one user has next, which stays.
async fn peek(socket: &UdpSocket, risk: &Risk) -> Option<Vec<u8>> {
    let mut buf = vec![0; risk.dice.size(LONGEST)];
    let count = match risk.dice.below(2) {
        0 => risk.take(socket.peek(&mut buf)).await?.ok()?,
        _ => risk.take(socket.peek_from(&mut buf)).await?.ok()?.0,
    };
    buf.truncate(count);
    Some(buf)
}

/// Answers every question of which it knows the sender.
async fn serve(server: Rc<UdpSocket>, dice: Dice, rules: Rules) {
    let risk = Risk::new(dice, rules);
    loop {
        let (question, peer) = match receive(&server, &risk).await {
            Some(Ok((question, Some(peer)))) => (question, peer),
            Some(Ok((_, None))) | None => continue,
            Some(Err(error)) if is_harmless(&error) => continue,
            // An earlier answer was refused.
            Some(Err(error)) if error.kind() == std::io::ErrorKind::ConnectionRefused => continue,
            Some(Err(error)) => {
                rules.allow::<()>(Err(error));
                continue;
            }
        };
        let answer = answer(&question);
        match risk.dice.below(5) {
            0 | 1 => drop(risk.take(server.send_to_owned(answer, peer)).await),
            2 | 3 => drop(risk.take(server.send_to(&answer, peer)).await),
            _ => drop(server.try_send_to(&answer, peer)),
        }
    }
}

/// Asks until it is answered.
async fn ask(server: SocketAddr, seed: u64, rules: Rules) {
    let risk = Risk::new(Dice::new(seed), rules);
    let any = (Ipv4Addr::UNSPECIFIED, 0);
    let mut socket = rules.insist(|| UdpSocket::bind(any)).await;
    rules.insist(|| socket.connect(server)).await;
    let mut peeked = None;
    for round in 0..risk.dice.size(20) {
        let question = content(seed, round, risk.dice.size(LONGEST));
        let expected = answer(&question);
        let mut answered = false;
        for asked in 1..ASKS {
            let sent = match risk.dice.below(5) {
                0 | 1 => risk.take(socket.send(&question)).await.transpose().map(drop),
                2 => match socket.try_send(&question) {
                    Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => Ok(()),
                    sent => sent.map(drop),
                },
                _ => {
                    let sent = risk.take(socket.send_owned(question.clone())).await.transpose();
                    sent.map(drop).map_err(std::io::Error::from)
                }
            };
            if let Err(error) = sent
                && !is_harmless(&error)
            {
                rules.allow::<()>(Err(error));
            }
            let limit = Duration::from_millis(5 * asked as u64);
            if risk.dice.percent(20)
                && let Ok(Some(bytes)) = timeout(limit, peek(&socket, &risk)).await
            {
                peeked = Some(bytes);
            }
            match timeout(limit, receive(&socket, &risk)).await {
                Ok(Some(Ok((bytes, peer)))) => {
                    let next = peeked.take().is_none_or(|peeked| bytes.starts_with(&peeked));
                    assert!(next, "a peek has shown something else than these {}", bytes.len());
                    assert!(peer.is_none_or(|peer| peer == server), "from {peer:?}");
                    let old = (0..round).any(|round| is_answer(seed, round, &bytes));
                    assert!(bytes == expected || old, "nobody sent these {} bytes", bytes.len());
                    answered = bytes == expected;
                }
                Ok(Some(Err(error))) if !is_harmless(&error) => {
                    rules.allow::<()>(Err(error));
                }
                Ok(_) | Err(_) => {}
            }
            if answered {
                break;
            }
        }
        assert!(answered || rules.abandoned || rules.forgets, "nobody answers");
        if risk.dice.percent(10) {
            let Some((std, unread)) = handed_over(socket, rules).await else { return };
            peeked = None;
            for (bytes, _) in unread {
                let known = (0..=round).any(|round| is_answer(seed, round, &bytes));
                assert!(known, "nobody sent these {} bytes", bytes.len());
            }
            let Some(back) = rules.allow(UdpSocket::from_std(std)) else { return };
            socket = back;
        }
    }
}

type Unread = Vec<(Vec<u8>, Option<SocketAddr>)>;

/// The socket for std; none if a forgotten future has it.
async fn handed_over(socket: UdpSocket, rules: Rules) -> Option<(std::net::UdpSocket, Unread)> {
    match socket.into_std().await {
        Ok(both) => Some(both),
        Err(error) => {
            let holds = rules.forgets || rules.abandoned;
            assert!(holds, "a socket that nobody holds: {error}");
            None
        }
    }
}

/// Whether this answers the question of that round: it is of the same content, at any length.
fn is_answer(seed: u64, round: usize, bytes: &[u8]) -> bool {
    answer(bytes) == content(seed, round, bytes.len())
}
