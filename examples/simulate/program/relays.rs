//! Two connections joined in the middle: what one end sends the other end receives, whichever copy
//! does it. A copy that promises to lose nothing is dropped and begun again on its way.

use super::dice::Dice;
use super::risk::Risk;
use super::rules::{Rules, joined};
use super::streams::{IDLE, Side, sides, unix_side};
use sexton::io::{self, OwnedWrite};
use sexton::net::UnixStream;
use sexton::time::timeout;
use std::io::Result;

/// So often a copy is given up before it is awaited.
const PATIENCE: usize = 20;

/// How the two are joined.
#[derive(Clone, Copy, Debug)]
enum How {
    /// In one future.
    Both,
    /// By a task for each direction, from the reader's own memory.
    Shown,
    /// With buffers of the reader's pool.
    Pumped,
    /// With one buffer for all.
    Carried,
}

/// Some relays at once.
pub(crate) async fn run(dice: Dice, rules: Rules) {
    let mut all = Vec::new();
    for _ in 0..dice.size(2) {
        all.push(sexton::spawn(relayed(dice.fork(), rules)));
    }
    for one in all {
        joined(one).await;
    }
}

/// Two ends, and what is between them.
async fn relayed(dice: Dice, rules: Rules) {
    let Some((here, left)) = rules.allow(UnixStream::pair()) else { return };
    let Some((right, there)) = rules.allow(UnixStream::pair()) else { return };
    let (one, other) = sides(&dice, rules);
    let middle = one.clone();
    let ends = [
        sexton::spawn(unix_side(here, one)),
        sexton::spawn(unix_side(there, other)),
        sexton::spawn(join(left, right, dice, middle)),
    ];
    for end in ends {
        joined(end).await;
    }
}

async fn join(left: UnixStream, right: UnixStream, dice: Dice, side: Side) {
    let how = [How::Both, How::Shown, How::Pumped, How::Carried][dice.below(4)];
    let risk = Risk::new(dice.fork(), side.rules);
    let outcome = match how {
        // More than either end waits for something.
        How::Both => timeout(IDLE * 5, together(left, right, &risk, &side)).await,
        _ => timeout(IDLE * 5, by_halves(left, right, how, risk, &side)).await,
    };
    match outcome {
        Ok(Ok(())) => {}
        Ok(Err(error)) => side.failed(&side.out, &error),
        Err(_) => side.stuck("copy"),
    }
}

async fn together(
    mut left: UnixStream,
    mut right: UnixStream,
    risk: &Risk,
    side: &Side,
) -> Result<()> {
    for tried in 0.. {
        let copy = io::copy_bidirectional(&mut left, &mut right);
        let copied = if tried < PATIENCE { risk.take(copy).await } else { Some(copy.await) };
        side.forgets(risk);
        match copied {
            Some(Ok(_)) => return Ok(()),
            Some(Err(error)) if !super::reads::is_harmless(&error) => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

async fn by_halves(
    left: UnixStream,
    right: UnixStream,
    how: How,
    risk: Risk,
    side: &Side,
) -> Result<()> {
    let ((from_left, to_left), (from_right, to_right)) = (left.into_split(), right.into_split());
    let other = Risk::new(risk.dice.fork(), side.rules);
    let (there, back) = (side.clone(), side.clone());
    let there = sexton::spawn(one_way(from_left, to_right, how, risk, there));
    let back = sexton::spawn(one_way(from_right, to_left, how, other, back));
    let (there, back) = (joined(there).await, joined(back).await);
    there.and(back)
}

type From = sexton::net::OwnedReadHalf<UnixStream>;
type To = sexton::net::OwnedWriteHalf<UnixStream>;

/// An error ends one direction, and the other side waits for it in vain.
async fn one_way(from: From, to: To, how: How, risk: Risk, side: Side) -> Result<()> {
    let outcome = copied(from, to, how, risk, &side).await;
    if let Err(error) = &outcome {
        side.failed(&side.out, error);
    }
    outcome
}

async fn copied(mut from: From, mut to: To, how: How, risk: Risk, side: &Side) -> Result<()> {
    match how {
        How::Pumped => drop(io::pump(&mut from, &mut to).await?),
        How::Carried => {
            let buf = Vec::with_capacity(risk.dice.size(20_000));
            io::copy_with(&mut from, &mut to, buf).await?;
        }
        How::Both | How::Shown => {
            for tried in 0.. {
                let copy = io::copy_buf(&mut from, &mut to);
                let copied =
                    if tried < PATIENCE { risk.take(copy).await } else { Some(copy.await) };
                side.forgets(&risk);
                match copied {
                    Some(Ok(_)) => break,
                    Some(Err(error)) if !super::reads::is_harmless(&error) => return Err(error),
                    _ => {}
                }
            }
        }
    }
    to.shutdown_owned().await
}
