//! Connections that are asked without being read: what a peek shows is what the next read gives,
//! both ends say the same of each other, and what is set on a socket stays set.

use super::buffered::{ends, tcp};
use super::dice::Dice;
use super::risk::{Risk, both};
use super::rules::{Rules, joined};
use super::streams::IDLE;
use super::tape::{Seen, Tape};
use sexton::io::Interest;
use sexton::net::{TcpStream, UnixListener, UnixStream};
use sexton::time::{Duration, sleep, timeout};
use std::io::Result;
use std::net::Shutdown;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::SocketAddr;

/// Some connections at once.
pub(crate) async fn run(dice: Dice, rules: Rules) {
    let mut all = Vec::new();
    for _ in 0..dice.size(4) {
        let dice = dice.fork();
        all.push(sexton::spawn(async move {
            let [there, back] = Tape::pair(rules, [dice.next(), dice.next()]);
            let (one, other) = (dice.fork(), dice.fork());
            let (first, second) = match dice.below(2) {
                0 => {
                    let Some((ours, theirs)) = tcp(rules).await else { return };
                    agree(&ours, &theirs, rules);
                    options(&ours, &dice, rules);
                    let first = tcp_side(ours, one, rules, there.clone(), back.clone());
                    (
                        sexton::spawn(first),
                        sexton::spawn(tcp_side(theirs, other, rules, back, there)),
                    )
                }
                _ => {
                    let Some((ours, theirs)) = unix(&dice, rules).await else { return };
                    let first = unix_side(ours, one, rules, there.clone(), back.clone());
                    (
                        sexton::spawn(first),
                        sexton::spawn(unix_side(theirs, other, rules, back, there)),
                    )
                }
            };
            joined(first).await;
            joined(second).await;
        }));
    }
    for one in all {
        joined(one).await;
    }
}

/// Each end is called what the other one calls its peer.
fn agree(ours: &TcpStream, theirs: &TcpStream, rules: Rules) {
    for (one, other) in [(ours, theirs), (theirs, ours)] {
        // What a reset has ended has no peer.
        if let (Ok(peer), Some(local)) = (one.peer_addr(), rules.allow(other.local_addr())) {
            assert_eq!(peer, local, "the name of the other end");
        } else {
            assert!(rules.resets, "an end without a peer");
        }
    }
}

/// What is set stays set.
fn options(stream: &TcpStream, dice: &Dice, rules: Rules) {
    let (ttl, nodelay) = (1 + dice.below(255) as u32, dice.percent(50));
    let linger = dice.percent(50).then(|| Duration::from_secs(dice.below(100) as u64));
    let asked = || -> Result<()> {
        stream.set_ttl(ttl)?;
        stream.set_nodelay(nodelay)?;
        stream.set_linger(linger)?;
        stream.set_keepalive(nodelay)?;
        stream.set_recv_buffer_size(1 << 16)?;
        stream.set_send_buffer_size(1 << 16)?;
        assert_eq!((stream.ttl()?, stream.nodelay()?), (ttl, nodelay), "what was set");
        assert_eq!(stream.linger()?, linger, "what was set");
        stream.set_linger(None)
    };
    rules.allow(asked());
}

/// The ends of a local connection, of a name without a path.
async fn unix(dice: &Dice, rules: Rules) -> Option<(UnixStream, UnixStream)> {
    let name = SocketAddr::from_abstract_name(format!("peeks-{:x}", dice.next()));
    let name = rules.allow(name)?;
    let listener = rules.allow(UnixListener::bind_addr(&name))?;
    let bound = rules.allow(listener.local_addr())?;
    assert_eq!(bound.as_abstract_name(), name.as_abstract_name(), "the name of a listener");
    let connects = sexton::spawn(async move { UnixStream::connect_addr(&name).await });
    let accepted = timeout(IDLE, listener.accept()).await;
    drop(listener);
    let (ours, theirs) = ends(rules, connects, accepted).await?;
    let (one, other) = (rules.allow(ours.peer_cred())?, rules.allow(theirs.peer_cred())?);
    assert_eq!(one, other, "both ends are of one process");
    Some((ours, theirs))
}

macro_rules! side {
    ($name:ident, $stream:ty) => {
        /// One side of a connection.
        async fn $name(stream: $stream, dice: Dice, rules: Rules, out: Tape, into: Tape) {
            let (risk, seen) = (Risk::new(dice.fork(), rules), Seen::new(into));
            let sends = async {
                for _ in 0..dice.size(20) {
                    if dice.percent(40) {
                        sleep(Duration::from_nanos(dice.size(20_000_000) as u64)).await;
                    }
                    let bytes = out.next(dice.size(6_000));
                    out.commit(&bytes);
                    match timeout(IDLE, stream.write_all_owned(bytes)).await {
                        Ok(Ok(_)) => out.flushed(),
                        Ok(Err(error)) => {
                            // How much of it was sent is unknown.
                            out.passes(error.error());
                            out.breaks();
                            break;
                        }
                        Err(_) => {
                            out.stuck("write");
                            break;
                        }
                    }
                }
                out.is_over();
                match timeout(IDLE, stream.shutdown(Shutdown::Write)).await {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => {
                        out.passes(&error);
                    }
                    Err(_) => out.stuck("end"),
                }
            };
            let reads = async {
                let mut seen = seen;
                while seen.ends < 3 {
                    let step = async { step!(stream, risk, seen) };
                    let step: std::result::Result<Result<()>, _> = timeout(IDLE, step).await;
                    seen.tape.forgets(&risk);
                    match step {
                        Ok(Ok(())) => {}
                        Ok(Err(error)) if seen.tape.passes(&error) => {}
                        Ok(Err(_)) => return,
                        Err(_) => return seen.tape.stuck("read"),
                    }
                }
            };
            both(sends, reads).await;
            match stream.take_error() {
                Ok(None) => {}
                Ok(Some(error)) | Err(error) => {
                    out.passes(&error);
                }
            }
        }
    };
}

/// One peek, or one read.
macro_rules! step {
    ($stream:ident, $risk:ident, $seen:ident) => {{
        let mut buf = vec![0; $risk.dice.size(5_000)];
        match $risk.dice.below(7) {
            0..3 => match $risk.take($stream.peek(&mut buf)).await.transpose()? {
                Some(0) => $seen.end(),
                Some(count) => $seen.shows(&buf[..count]),
                None => {}
            },
            3 => drop($risk.take($stream.ready(Interest::READ)).await.transpose()?),
            4 => {
                buf.clear();
                if let Some((_, buf)) = $risk.take($stream.read_owned(buf)).await.transpose()? {
                    $seen.got_or_end(&buf);
                }
            }
            5 => {
                let size = buf.len();
                if let Some(chunk) = $risk.take($stream.read_managed(size)).await.transpose()? {
                    let chunk = chunk.map(|chunk| chunk.to_vec());
                    $seen.got_or_end(&chunk.unwrap_or_default());
                }
            }
            _ => {
                if let Some(count) = $risk.take($stream.read(&mut buf)).await.transpose()? {
                    $seen.got_or_end(&buf[..count]);
                }
            }
        }
        Ok(())
    }};
}

side!(tcp_side, TcpStream);
side!(unix_side, UnixStream);
