//! Streams of all kinds: what is received is what was written, whatever becomes of the futures.

use super::dice::Dice;
use super::log::Log;
use super::reads::{self, Got, Reader};
use super::risk::{Risk, both};
use super::rules::{Rules, joined};
use super::writes::{self, Writer};
use super::{polled, shared};
use sexton::net::{TcpListener, TcpStream, UnixListener, UnixStream, pipe};
use sexton::sim::Host;
use sexton::time::{Duration, sleep, timeout};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

/// After so long with nothing, nothing will come any more.
pub(super) const IDLE: Duration = Duration::from_secs(2_000);

/// What one side of a connection is made of.
#[derive(Clone, Debug)]
pub(super) struct Side {
    pub(super) seed: u64,
    pub(super) rules: Rules,
    /// What it writes, and what it reads.
    pub(super) out: Log,
    pub(super) into: Log,
}

/// Some connections at once.
pub(crate) async fn run(dice: Dice, rules: Rules) {
    let mut all = Vec::new();
    for _ in 0..dice.size(6) {
        let (dice, kind) = (dice.fork(), dice.below(8));
        all.push(sexton::spawn(async move {
            match kind {
                0 => paired(&dice, rules).await,
                1 => piped(&dice, rules).await,
                2 => by_path(&dice, rules).await,
                _ => connected(&dice, rules).await,
            }
        }));
    }
    for one in all {
        joined(one).await;
    }
}

/// The two sides of a connection.
pub(super) fn sides(dice: &Dice, rules: Rules) -> (Side, Side) {
    let (there, back) = (Log::new(dice.next()), Log::new(dice.next()));
    let one = Side { seed: dice.next(), rules, out: there.clone(), into: back.clone() };
    (one, Side { seed: dice.next(), rules, out: back, into: there })
}

async fn paired(dice: &Dice, rules: Rules) {
    let Some((one, other)) = rules.allow(UnixStream::pair()) else { return };
    let (here, there) = sides(dice, rules);
    let task = sexton::spawn(async move { unix_side(one, here).await });
    unix_side(other, there).await;
    joined(task).await;
}

async fn piped(dice: &Dice, rules: Rules) {
    let Some((mut to, mut from)) = rules.allow(pipe::pipe()) else { return };
    let (here, there) = sides(dice, rules);
    let task = sexton::spawn(async move {
        here.send(&mut to, true).await;
    });
    there.receive(&mut from).await;
    drop(from);
    joined(task).await;
}

async fn by_path(dice: &Dice, rules: Rules) {
    let path = PathBuf::from(format!("/tmp/socket-{:x}", dice.next()));
    let Some(listener) = rules.allow(UnixListener::bind(&path)) else { return };
    let (here, there) = sides(dice, rules);
    let client = sexton::spawn(async move {
        let Some(stream) = rules.allow(UnixStream::connect(&path).await) else { return false };
        unix_side(stream, here).await;
        true
    });
    match timeout(IDLE, rules.insist(|| listener.accept())).await {
        Ok((stream, _)) => {
            drop(listener);
            unix_side(stream, there).await;
            joined(client).await;
        }
        Err(_) => assert!(!joined(client).await || rules.errors, "a connection vanished"),
    }
}

async fn connected(dice: &Dice, rules: Rules) {
    let bound = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).await;
    let Some(listener) = rules.allow(bound) else { return };
    let Some(local) = rules.allow(listener.local_addr()) else { return };
    let (here, there) = sides(dice, rules);
    let at = |ip: IpAddr| SocketAddr::new(ip, local.port());
    let own = Host::current();
    let client = match dice.below(3) {
        0 => sexton::spawn(client(at(Ipv4Addr::LOCALHOST.into()), here)),
        1 => {
            let (addr, core) = (at(own.addr()), dice.below(sexton::cores()));
            sexton::spawn_on(core, move || client(addr, here))
        }
        _ => {
            let addr = at(own.addr());
            let ip = [10, 0, 1 + dice.below(250) as u8, 1 + dice.below(250) as u8];
            let other = Host::new(ip);
            let running = other.run(move || client(addr, here));
            if dice.percent(30) {
                // The network between them is cut for a while.
                let (from, to) = (dice.size(20_000_000), dice.size(50_000_000_000));
                sexton::spawn(async move {
                    sleep(Duration::from_nanos(from as u64)).await;
                    own.cut_from(other);
                    sleep(Duration::from_nanos(to as u64)).await;
                    own.heal(other);
                });
            }
            sexton::spawn(async move { rules.allow(running.await).unwrap_or(false) })
        }
    };
    match timeout(IDLE, rules.insist(|| listener.accept())).await {
        Ok((stream, _)) => {
            drop(listener);
            tcp_side(stream, there).await;
            joined(client).await;
        }
        Err(_) => assert!(!joined(client).await || rules.errors, "a connection vanished"),
    }
}

/// True if it connected.
async fn client(addr: SocketAddr, side: Side) -> bool {
    let Some(stream) = side.rules.allow(TcpStream::connect(addr).await) else { return false };
    tcp_side(stream, side).await;
    true
}

/// One side of a connection, of either type: halves that are lent, or given to a task each.
macro_rules! side {
    ($name:ident, $stream:ty, $shared:path, $polled:path) => {
        pub(super) async fn $name(mut stream: $stream, side: Side) {
            let way = Dice::new(!side.seed).below(6);
            if way == 5 {
                return $polled(stream, side).await;
            }
            if way > 2 {
                return $shared(stream, side).await;
            }
            if way == 0 {
                let (mut from, mut to) = stream.split_io();
                both(side.receive(&mut from), side.send(&mut to, false)).await;
                return;
            }
            let (mut from, mut to) = stream.into_split();
            let sender = side.clone();
            let task = sexton::spawn(async move {
                let leaves = way == 1;
                sender.send(&mut to, leaves).await;
                (!leaves).then_some(to)
            });
            side.receive(&mut from).await;
            if way == 1 {
                drop(from);
                joined(task).await;
            } else if let Some(to) = joined(task).await
                && let Err(error) = from.reunite(to)
            {
                panic!("two halves of one stream: {error}");
            }
        }
    };
}

side!(tcp_side, TcpStream, shared::tcp, polled::tcp);
side!(unix_side, UnixStream, shared::unix, polled::unix);

impl Side {
    /// Everything is allowed from now on: the connection is broken.
    pub(super) fn breaks(&self) {
        self.out.lock().broken = true;
        self.into.lock().broken = true;
    }

    /// An error: of a fault, or because the connection is broken.
    pub(super) fn failed(&self, log: &Log, error: &std::io::Error) {
        let broken = log.lock().broken;
        assert!(broken || self.rules.errors, "a stream that nobody broke has failed: {error}");
        self.breaks();
    }

    /// A future that may have been forgotten keeps the streams.
    pub(super) fn forgets(&self, risk: &Risk) {
        self.out.lock().forgotten |= risk.has_forgotten();
        self.into.lock().forgotten |= risk.has_forgotten();
    }

    /// Nothing happens any more.
    pub(super) fn stuck(&self, what: &str) {
        let (out, into) = (self.out.lock(), self.into.lock());
        let broken = out.broken || into.broken || self.rules.abandoned;
        let known = broken || out.forgotten || into.forgotten;
        assert!(
            known,
            "nothing to {what} for {IDLE:?}, though the other side goes on or has ended"
        );
        drop((out, into));
        self.breaks();
    }

    /// Writes, and ends the stream, unless the writer `leaves`: is dropped afterwards.
    async fn send(&self, to: &mut impl Writer, leaves: bool) {
        let dice = Dice::new(self.seed);
        let risk = Risk::new(dice.fork(), self.rules);
        let writes = dice.size(80);
        let finishes = !leaves || dice.percent(85);
        let outcome = async {
            for _ in 0..writes {
                if risk.dice.percent(15) {
                    sleep(risk.moment()).await;
                }
                let done = timeout(IDLE, writes::write(to, &risk, &self.out)).await;
                if risk.has_forgotten() {
                    self.out.lock().forgotten = true;
                }
                match done {
                    Ok(done) => done?,
                    Err(_) => {
                        self.stuck("write");
                        return Ok(());
                    }
                }
            }
            if finishes && timeout(IDLE, writes::finish(to, &risk, &self.out)).await.is_err() {
                self.stuck("flush");
            }
            Ok(())
        };
        let outcome: std::io::Result<()> = outcome.await;
        if let Err(error) = outcome {
            self.failed(&self.out, &error);
        }
        let mut out = self.out.lock();
        out.forgotten |= risk.has_forgotten();
        out.ended = true;
    }

    async fn receive(&self, from: &mut impl Reader) {
        let risk = Risk::new(Dice::new(self.seed.rotate_left(17)), self.rules);
        let walks_away = risk.dice.percent(10).then(|| risk.dice.size(30));
        let mut received = Vec::new();
        let mut ends = 0;
        for turn in 0.. {
            if walks_away == Some(turn) {
                self.breaks();
                break;
            }
            if risk.dice.percent(10) {
                sleep(risk.moment()).await;
            }
            let got = timeout(IDLE, reads::read(from, &risk)).await;
            if risk.has_forgotten() {
                self.into.lock().forgotten = true;
            }
            match got {
                Err(_) => {
                    self.stuck("read");
                    break;
                }
                Ok(Got::Bytes(bytes)) => {
                    assert!(ends == 0, "bytes after the end");
                    received.extend_from_slice(&bytes);
                }
                Ok(Got::Nothing) => {}
                Ok(Got::End) => {
                    ends += 1;
                    if ends > 2 {
                        break; // the end is a level
                    }
                }
                Ok(Got::Broken(error)) => {
                    self.failed(&self.into, &error);
                    break;
                }
            }
        }
        let whole = ends > 0 && !self.rules.resets && !self.into.lock().broken;
        self.into.check(&received, whole);
    }
}
