//! Many operations in flight at once, given up at once: none is forgotten, and nothing is lost.

use super::dice::Dice;
use super::log::content;
use super::rules::{Rules, joined};
use sexton::net::UnixStream;
use sexton::time::{Duration, sleep, timeout};
use sexton::{JoinHandle, spawn};
use std::future::pending;
use std::rc::Rc;

/// More than enough for a cancel that is tried again and again.
const PATIENCE: Duration = Duration::from_secs(60);

/// A connection of which one end is being read by a task.
struct Pair {
    ours: Rc<UnixStream>,
    theirs: UnixStream,
    reads: JoinHandle<usize>,
}

/// Some rounds; reads of the last one are in flight when the program ends.
pub(crate) async fn run(dice: Dice, rules: Rules) {
    for round in 0..1 + dice.below(4) {
        let mut pairs = Vec::new();
        for _ in 0..dice.size(24) {
            let Some((ours, theirs)) = rules.allow(UnixStream::pair()) else { continue };
            let ours = Rc::new(ours);
            let (stream, size) = (Rc::clone(&ours), dice.size(5_000));
            let exact = dice.percent(50);
            let reads = spawn(async move {
                let room = Vec::with_capacity(size);
                match exact {
                    true => stream.read_exact_owned(room).await.map_or(0, |buf| buf.len()),
                    false => stream.read_owned(room).await.map_or(0, |(count, _)| count),
                }
            });
            pairs.push(Pair { ours, theirs, reads });
        }
        sleep(Duration::from_nanos(dice.size(3_000_000) as u64)).await;
        if dice.percent(20) {
            // They wait until the runtime ends.
            drop(spawn(async move {
                let _pairs = pairs;
                pending::<()>().await;
            }));
            return;
        }
        pairs.iter().for_each(|pair| pair.reads.abort());
        let mut ends = Vec::new();
        for (number, pair) in pairs.into_iter().enumerate() {
            let bytes = content(dice.next(), number + round, dice.size(3_000));
            ends.push(spawn(ended(pair, bytes, rules)));
        }
        for end in ends {
            joined(end).await;
        }
    }
}

/// The reader is gone, and what comes is for the next one: here, or at std.
async fn ended(pair: Pair, bytes: Vec<u8>, rules: Rules) {
    let Pair { ours, theirs, reads } = pair;
    match reads.await {
        // A fault has ended it before.
        Ok(0) => assert!(rules.errors, "an end that nobody has sent"),
        Ok(_) => panic!("nothing was there to be read"),
        Err(error) => assert!(error.is_cancelled(), "nobody's panic"),
    }
    let Ok(stream) = Rc::try_unwrap(ours) else { panic!("an aborted task has its stream") };
    let Ok(over) = timeout(PATIENCE, stream.into_std()).await else {
        assert!(rules.abandoned, "the receive of a task that was aborted never ends");
        return;
    };
    let Some((std, unread)) = rules.allow(over) else { return };
    assert!(unread.is_empty(), "bytes that nobody has sent");
    let Some(stream) = rules.allow(UnixStream::from_std(std)) else { return };
    if rules.allow(theirs.write_all_owned(bytes.clone()).await.map_err(Into::into)).is_some() {
        let room = Vec::with_capacity(bytes.len());
        let got = stream.read_exact_owned(room).await.map_err(std::io::Error::from);
        assert!(rules.allow(got).is_none_or(|got| got == bytes), "what was sent");
    }
}
