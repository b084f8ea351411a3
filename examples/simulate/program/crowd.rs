//! Several reads of one stream at once, polled in any order, some of them long after others.
//!
//! Whoever is ready first has the bytes that come first: what one gets when it is ready lies behind
//! all that others have got before.

use super::dice::Dice;
use super::reads::Got;
use super::rules::Rules;
use sexton::CancelToken;
use sexton::net::{TcpStream, UnixStream, pipe};
use sexton::time::{Duration, sleep};
use std::future::{Future, poll_fn};
use std::io::{ErrorKind, Result};
use std::mem;
use std::pin::Pin;
use std::task::Poll;

/// One read: the bytes, none at the end.
pub(crate) type One<'a> = Pin<Box<dyn Future<Output = Result<Vec<u8>>> + 'a>>;

/// A stream that is read by shared references.
pub(crate) trait Crowded {
    /// One kind of read.
    fn read<'a>(&'a self, kind: usize, dice: &Dice) -> One<'a>;

    /// Any kind of read.
    fn one<'a>(&'a self, dice: &Dice) -> One<'a> {
        self.read(dice.below(KINDS), dice)
    }
}

/// Kinds of reads, and two of them.
const KINDS: usize = 8;
const EXACT: usize = 2;
const MANAGED: usize = 7;

macro_rules! crowded {
    ($($stream:ty),+) => {$(
        impl Crowded for $stream {
            fn read<'a>(&'a self, kind: usize, dice: &Dice) -> One<'a> {
                let (size, had) = (dice.size(20_000), dice.below(4));
                match kind {
                    0..2 => Box::pin(async move {
                        let (count, buf) = self.read_owned(Vec::with_capacity(size)).await?;
                        assert_eq!(count, buf.len(), "a read counts what it reads");
                        Ok(buf)
                    }),
                    2..5 => Box::pin(async move {
                        let mut buf = vec![b'#'; had];
                        buf.reserve_exact(size);
                        let (mut buf, end) = match self.read_exact_owned(buf).await {
                            Ok(buf) => (buf, None),
                            Err(error) => {
                                let count = error.transferred();
                                let (error, buf) = error.into_parts();
                                assert_eq!(buf.len(), had + count, "an error says how much");
                                (buf, (count == 0).then_some(error))
                            }
                        };
                        let bytes = buf.split_off(had);
                        match end {
                            Some(error) if error.kind() != ErrorKind::UnexpectedEof => Err(error),
                            _ => Ok(bytes),
                        }
                    }),
                    5 => Box::pin(async move {
                        let mut buf = vec![0; size];
                        let count = self.read(&mut buf).await?;
                        buf.truncate(count);
                        Ok(buf)
                    }),
                    6 => Box::pin(async move {
                        let bufs = [Vec::with_capacity(had + 1), Vec::with_capacity(size)];
                        let (_, bufs) = self.read_vectored_owned(bufs).await?;
                        Ok(bufs.concat())
                    }),
                    _ => Box::pin(async move {
                        let chunk = self.read_managed(size).await?;
                        Ok(chunk.map(|chunk| chunk.to_vec()).unwrap_or_default())
                    }),
                }
            }
        }
    )+};
}

crowded!(TcpStream, UnixStream, pipe::Receiver);

/// What became of some reads, in the order in which they were ready. For a while, then those that
/// are not ready are dropped, cancelled, or forgotten.
pub(crate) async fn reads(stream: &impl Crowded, dice: &Dice, rules: Rules) -> Vec<Got> {
    let token = CancelToken::new();
    let mut crowd: Vec<One<'_>> = Vec::new();
    // A read of much is left with a part, beside the pool's receive.
    let left = dice.percent(20);
    if left {
        crowd.extend([EXACT, MANAGED].map(|kind| stream.read(kind, dice)));
    }
    for _ in 0..2 + dice.below(4) {
        let one = stream.one(dice);
        crowd.push(if dice.percent(10) { Box::pin(token.run(one)) } else { one });
    }
    let mut all = Vec::new();
    // The first ones are not polled before others are ready, however often they are woken.
    for round in 0..3 {
        let waits = if left { round.min(crowd.len() - 1) } else { dice.below(crowd.len()) };
        let mut patience = sleep(Duration::from_nanos(dice.size(20_000_000) as u64));
        poll_fn(|cx| {
            let over = Pin::new(&mut patience).poll(cx).is_ready();
            let mut at = waits;
            while at < crowd.len() {
                match crowd[at].as_mut().poll(cx) {
                    Poll::Ready(outcome) => {
                        all.push(Got::from(outcome.map(Some)));
                        drop(crowd.remove(at));
                        if dice.percent(50) {
                            return Poll::Ready(());
                        }
                    }
                    Poll::Pending => at += 1,
                }
            }
            if over || crowd.len() <= waits { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        if !crowd.is_empty() && dice.percent(50) {
            drop(crowd.swap_remove(dice.below(crowd.len())));
        }
        if crowd.is_empty() {
            return all;
        }
        if dice.percent(10) {
            token.cancel();
        }
        let last = crowd.len() - 1;
        if !left {
            crowd.swap(dice.below(last + 1), last);
        }
    }
    if rules.forgets && dice.percent(10) {
        mem::forget(crowd.pop());
    }
    all
}
