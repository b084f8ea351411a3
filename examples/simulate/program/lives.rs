//! Hosts on which one runtime comes after the other, with everything in flight at its end: the next
//! one finds the files as they were left, and every address free.

use super::dice::Dice;
use super::reads::is_harmless;
use super::rules::{Rules, joined};
use sexton::fs;
use sexton::net::{TcpListener, TcpStream, UnixStream};
use sexton::sim::Host;
use sexton::time::{Duration, sleep, timeout};
use std::future::pending;
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr};

/// Where a host counts its lives.
const COUNT: &str = "/tmp/lives";
/// Where it listens.
const PORT: u16 = 7_000;
/// What it says to who connects.
const GREETING: &[u8] = b"I live";

/// Some hosts at once, and somebody who visits them.
pub(crate) async fn run(dice: Dice, rules: Rules) {
    let (mut all, mut hosts) = (Vec::new(), Vec::new());
    for number in 0..dice.size(3) {
        let host = Host::new([10, 3, rules.number as u8, 1 + number as u8]);
        hosts.push(host);
        all.push(sexton::spawn(lives(host, dice.fork(), rules)));
    }
    for _ in 0..dice.below(10) {
        let addr = SocketAddr::new(hosts[dice.below(hosts.len())].addr(), PORT);
        all.push(sexton::spawn(visit(addr, dice.fork(), rules)));
    }
    for one in all {
        joined(one).await;
    }
}

async fn lives(host: Host, dice: Dice, rules: Rules) {
    for number in 0..dice.size(5) {
        let seed = dice.next();
        let lived = host.run(move || life(number, Dice::new(seed), rules)).await;
        if rules.allow(lived).is_none() {
            return;
        }
    }
}

/// One life: it ends with what is in flight.
async fn life(number: usize, dice: Dice, rules: Rules) {
    let before = rules.insist(count).await;
    assert_eq!(before, number, "the lives that this host has had");
    let text = (number + 1).to_string();
    rules.insist(|| fs::write(COUNT, text.clone())).await;
    let local = SocketAddr::from((Ipv4Addr::UNSPECIFIED, PORT));
    let Some(listener) = rules.allow(TcpListener::bind(local).await) else { return };
    sexton::spawn(async move {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => drop(stream.write_all_owned(GREETING.to_vec()).await),
                Err(error) if is_harmless(&error) => {}
                Err(error) => drop(rules.allow::<()>(Err(error))),
            }
        }
    });
    for _ in 0..dice.below(8) {
        match dice.below(4) {
            0 => drop(sexton::spawn(unanswered(rules))),
            1 => drop(sexton::spawn(sleep(Duration::from_secs(100_000)))),
            2 => drop(sexton::spawn_blocking(|| ())),
            _ => {
                let path = format!("/tmp/late-{}", dice.below(3));
                let bytes = vec![7; dice.size(20_000)];
                sexton::spawn(async move { drop(fs::write(path, bytes).await) });
            }
        }
    }
    sleep(Duration::from_nanos(dice.size(50_000_000) as u64)).await;
    if dice.percent(50) {
        let greeted = greeting(SocketAddr::from((Ipv4Addr::LOCALHOST, PORT))).await;
        let right = greeted.as_ref().is_ok_and(|greeting| greeting == GREETING);
        assert!(right || rules.errors, "a host that hears itself: {greeted:?}");
    }
}

/// A read that nobody answers.
async fn unanswered(rules: Rules) {
    let Some((one, _other)) = rules.allow(UnixStream::pair()) else { return };
    drop(one.read_exact_owned(Vec::with_capacity(100)).await);
    pending().await
}

async fn count() -> io::Result<usize> {
    match fs::read_to_string(COUNT).await {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(0),
        outcome => outcome?.parse().map_err(io::Error::other),
    }
}

async fn greeting(addr: SocketAddr) -> io::Result<Vec<u8>> {
    let stream = TcpStream::connect(addr).await?;
    Ok(stream.read_exact_owned(Vec::with_capacity(GREETING.len())).await?)
}

/// Somebody from outside: the host answers, or it is between two lives.
async fn visit(addr: SocketAddr, dice: Dice, rules: Rules) {
    for _ in 0..dice.size(10) {
        sleep(Duration::from_nanos(dice.size(20_000_000) as u64)).await;
        match timeout(Duration::from_secs(200), greeting(addr)).await {
            Ok(Ok(greeting)) => assert_eq!(greeting, GREETING, "somebody else's words"),
            Ok(Err(error)) => {
                let between = [
                    ErrorKind::ConnectionRefused,
                    ErrorKind::ConnectionReset,
                    ErrorKind::UnexpectedEof,
                    ErrorKind::BrokenPipe,
                ];
                assert!(between.contains(&error.kind()) || rules.errors, "a visit: {error}");
            }
            Err(_) => assert!(rules.errors, "neither an answer nor a refusal"),
        }
    }
}
