//! Readers and writers with memory of their own, over streams of all kinds: whatever reads, it
//! reads what was committed, from the first byte on and without gaps.

use super::dice::Dice;
use super::pieces;
use super::risk::Risk;
use super::rules::{Rules, joined};
use super::streams::IDLE;
use super::tape::{Seen, Tape};
use sexton::JoinHandle;
use sexton::io::{
    BufReader, BufWrite, BufWriter, Interest, NonBlocking, OwnedRead, OwnedWrite, Ready, Write,
    duplex,
};
use sexton::net::{TcpListener, TcpStream, UnixStream, pipe};
use sexton::time::{Elapsed, sleep, timeout};
use std::io::{Error, IoSlice, Result};
use std::net::Ipv4Addr;

/// The most bytes of a write.
const LONGEST: usize = 6_000;

/// Some connections at once.
pub(crate) async fn run(dice: Dice, rules: Rules) {
    let mut all = Vec::new();
    for _ in 0..dice.size(4) {
        let dice = dice.fork();
        all.push(sexton::spawn(async move {
            match dice.below(5) {
                0 => {
                    let Some((to, from)) = rules.allow(pipe::pipe()) else { return };
                    let [tape, _] = Tape::pair(rules, [dice.next(), 0]);
                    one_way(from, to, dice, rules, tape).await;
                }
                1 => {
                    let ((one, to), (from, other)) = {
                        let (one, other) = duplex(dice.size(3_000));
                        (one.into_split(), other.into_split())
                    };
                    two_ways((one, to), (from, other), dice, rules).await;
                }
                2 => {
                    let Some((one, other)) = tcp(rules).await else { return };
                    two_ways(one.into_split(), other.into_split(), dice, rules).await;
                }
                _ => {
                    let Some((one, other)) = rules.allow(UnixStream::pair()) else { return };
                    two_ways(one.into_split(), other.into_split(), dice, rules).await;
                }
            }
        }));
    }
    for one in all {
        joined(one).await;
    }
}

/// Two ends of a connection of this host.
pub(crate) async fn tcp(rules: Rules) -> Option<(TcpStream, TcpStream)> {
    let listener = rules.allow(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await)?;
    let addr = rules.allow(listener.local_addr())?;
    let connects = sexton::spawn(TcpStream::connect(addr));
    let accepted = timeout(IDLE, listener.accept()).await;
    drop(listener);
    ends(rules, connects, accepted).await
}

/// Both ends, after a connect and an accept; none of them may be without the other.
pub(crate) async fn ends<S, A>(
    rules: Rules,
    connects: JoinHandle<Result<S>>,
    accepted: std::result::Result<Result<(S, A)>, Elapsed>,
) -> Option<(S, S)> {
    let connected = rules.allow(joined(connects).await);
    let Ok(accepted) = accepted else {
        assert!(connected.is_none() || rules.errors, "a connection vanished");
        return None;
    };
    Some((connected?, rules.allow(accepted)?.0))
}

async fn two_ways<R, W, R2, W2>(one: (R, W), other: (R2, W2), dice: Dice, rules: Rules)
where
    R: OwnedRead + 'static,
    W: OwnedWrite + 'static,
    R2: OwnedRead + 'static,
    W2: OwnedWrite + 'static,
{
    let [there, back] = Tape::pair(rules, [dice.next(), dice.next()]);
    let there = sexton::spawn(one_way(other.0, one.1, dice.fork(), rules, there));
    one_way(one.0, other.1, dice, rules, back).await;
    joined(there).await;
}

async fn one_way<R, W>(from: R, to: W, dice: Dice, rules: Rules, tape: Tape)
where
    R: OwnedRead + 'static,
    W: OwnedWrite + 'static,
{
    let (writes, reads) = (Risk::new(dice.fork(), rules), Risk::new(dice.fork(), rules));
    let sent = sexton::spawn(send(to, writes, dice.size(60), tape.clone()));
    receive(from, reads, tape).await;
    joined(sent).await;
}

async fn receive<R: OwnedRead + 'static>(from: R, risk: Risk, tape: Tape) {
    let mut seen = Seen::new(tape);
    let walks_away = risk.dice.percent(10).then(|| risk.dice.size(30));
    let mut reader = BufReader::with_capacity(from, risk.dice.size(5_000));
    for turn in 0.. {
        if walks_away == Some(turn) {
            return seen.tape.breaks();
        }
        if risk.dice.percent(10) {
            sleep(risk.moment()).await;
        }
        if risk.dice.percent(3) {
            // What was read ahead is given up with the reader, and told.
            let (beneath, ahead) = reader.into_parts();
            seen.got(&ahead);
            reader = BufReader::with_capacity(beneath, risk.dice.size(5_000));
        }
        let step = timeout(IDLE, pieces::read(&mut reader, &risk, &mut seen)).await;
        seen.tape.forgets(&risk);
        match step {
            Ok(Ok(())) => seen.shows(reader.buffer()),
            Ok(Err(error)) if seen.tape.passes(&error) => {}
            Ok(Err(_)) => return,
            Err(_) => return seen.tape.stuck("read"),
        }
        if seen.ends > 2 {
            return;
        }
    }
}

async fn send<W: OwnedWrite + 'static>(to: W, risk: Risk, writes: usize, tape: Tape) {
    let mut writer = BufWriter::with_capacity(to, risk.dice.size(5_000));
    for turn in 0..=writes {
        if risk.dice.percent(15) {
            sleep(risk.moment()).await;
        }
        if risk.dice.percent(5) {
            let (beneath, unsent) = writer.into_parts();
            let Ok(unsent) = unsent else { panic!("nobody dropped a send") };
            assert!(tape.ends_with(&unsent), "{} unsent bytes were sent", unsent.len());
            writer = BufWriter::with_capacity(beneath, unsent.len() + risk.dice.size(5_000));
            let back = writer.put(&unsent).await;
            assert!(back.is_ok(), "there is room for what was unsent: {back:?}");
        }
        let step = async {
            if turn < writes {
                return write(&mut writer, &risk, &tape).await;
            }
            writer.flush().await?;
            tape.flushed();
            Ok(())
        };
        let step = timeout(IDLE, step).await;
        tape.forgets(&risk);
        match step {
            Ok(Err(error)) if writer.non_blocking_flush().is_err() => {
                // Nobody knows what of the send that was dropped was sent.
                tape.passes(&error);
                break;
            }
            Ok(Ok(())) => {}
            Ok(Err(error)) if tape.passes(&error) => {}
            Ok(Err(_)) => return tape.is_over(),
            Err(_) => {
                tape.stuck("write");
                return tape.is_over();
            }
        }
        if writer.non_blocking_flush().is_err() {
            break;
        }
    }
    tape.is_over();
    let (mut to, _) = writer.into_parts();
    match timeout(IDLE, to.shutdown_owned()).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => {
            tape.passes(&error);
        }
        Err(_) => tape.stuck("end"),
    }
}

/// Writes once, somehow; what is committed is told to the tape.
async fn write<W: OwnedWrite>(writer: &mut BufWriter<W>, risk: &Risk, tape: &Tape) -> Result<()> {
    let bytes = tape.next(risk.dice.size(LONGEST));
    let split = bytes.split_at(risk.dice.below(bytes.len() + 1));
    let mut parts = [IoSlice::new(split.0), IoSlice::new(split.1)];
    let taken = match risk.dice.below(9) {
        0 | 1 => {
            let Some(room) = risk.take(writer.space()).await.transpose()? else { return Ok(()) };
            let count = room.len().min(bytes.len());
            room[..count].copy_from_slice(&bytes[..count]);
            writer.commit(count);
            Some(count)
        }
        2 => risk.take(writer.write(&bytes)).await.transpose()?,
        3 => risk.take(writer.write_vectored(&parts)).await.transpose()?,
        4 => {
            let ready = risk.take(writer.ready(Interest::WRITE)).await.transpose()?;
            if ready.is_none() {
                return Ok(());
            }
            match writer.non_blocking_write(&bytes)? {
                NonBlocking::Ready(count) => Some(count),
                NonBlocking::WouldBlock => None,
            }
        }
        5 => {
            if risk.take(writer.flush()).await.transpose()?.is_some() {
                tape.flushed();
            }
            None
        }
        kind => {
            tape.commit(&bytes);
            let all = match kind {
                6 => writer.put(&bytes).await,
                7 => writer.write_all_vectored(&mut parts).await,
                _ => write!(writer, "{}", String::from_utf8_lossy(&bytes)).await,
            };
            // How much of it is committed is unknown then.
            return all.map_err(|error| {
                tape.breaks();
                Error::other(error)
            });
        }
    };
    tape.commit(&bytes[..taken.unwrap_or(0)]);
    Ok(())
}
