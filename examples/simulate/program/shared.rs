//! A stream whose reads and writes share it, and which is handed over now and then: to std and
//! back, here or on another core, with the bytes that came and were not read.

use super::crowd::{self, Crowded};
use super::dice::Dice;
use super::reads::Got;
use super::risk::{Risk, both};
use super::streams::{IDLE, Side};
use super::writes;
use super::zero_copy::ZeroCopy;
use sexton::io::{OwnedWrite, Write};
use sexton::net::{TcpStream, UnixStream};
use sexton::time::{sleep, timeout};
use std::io::Result;
use std::panic::resume_unwind;

/// So often in a row nothing may come of a crowd before one read waits for something.
const FRUITLESS: usize = 20;

/// What a side has received.
#[derive(Debug, Default)]
struct Inbox {
    bytes: Vec<u8>,
    /// How often the end was told: it is a level.
    ends: usize,
    over: bool,
}

impl Inbox {
    fn take(&mut self, side: &Side, got: Got) {
        match got {
            Got::Bytes(bytes) => {
                assert!(self.ends == 0, "bytes after the end");
                self.bytes.extend_from_slice(&bytes);
            }
            Got::Nothing => {}
            Got::End => {
                self.ends += 1;
                self.over |= self.ends > 4;
            }
            Got::Broken(error) => {
                side.failed(&side.into, &error);
                self.over = true;
            }
        }
    }
}

/// What goes with a stream that is handed over.
struct State {
    side: Side,
    dice: Dice,
    risk: Risk,
    inbox: Inbox,
    /// It is handed over so often.
    turns: usize,
}

impl State {
    fn new(side: Side) -> Self {
        let dice = Dice::new(side.seed);
        let risk = Risk::new(dice.fork(), side.rules);
        let turns = dice.below(3);
        Self { side, dice, risk, inbox: Inbox::default(), turns }
    }
}

macro_rules! shared {
    ($name:ident, $goes_on:ident, $stream:ty) => {
        /// One side of a connection.
        pub(crate) async fn $name(stream: $stream, side: Side) {
            $goes_on(stream, State::new(side)).await;
        }

        /// From one hand-over to the next, here or on another core.
        async fn $goes_on(mut stream: $stream, state: State) {
            let State { side, dice, risk, mut inbox, mut turns } = state;
            while turns > 0 {
                turns -= 1;
                let (reads, writes) = (dice.size(10), dice.size(10));
                let received = side.read_some(&stream, &dice, &mut inbox, reads);
                both(received, side.write_some(&stream, &risk, writes)).await;
                let std = match stream.into_std().await {
                    Ok((std, unread)) => {
                        if !unread.is_empty() {
                            inbox.take(&side, Got::Bytes(unread));
                        }
                        std
                    }
                    // A forgotten future has it.
                    Err(error) => {
                        let holds = side.rules.forgets || side.rules.abandoned;
                        assert!(holds, "a stream that nobody holds: {error}");
                        side.breaks();
                        side.out.lock().ended = true;
                        return;
                    }
                };
                let adopt = |std| match <$stream>::from_std(std) {
                    Ok(stream) => stream,
                    Err(error) => panic!("a stream of std's own: {error}"),
                };
                if dice.percent(50) {
                    let (core, rules) = (dice.below(sexton::cores()), side.rules);
                    // Notifications that are still to come stay on this core, with `risk`.
                    let there = sexton::spawn_on(core, move || async move {
                        let risk = Risk::new(dice.fork(), side.rules);
                        let state = State { side, dice, risk, inbox, turns };
                        Box::pin($goes_on(adopt(std), state)).await;
                    });
                    // A core may end before another, with its tasks.
                    return match there.await {
                        Err(error) if error.is_cancelled() && rules.abandoned => {}
                        Err(error) => resume_unwind(error.into_panic()),
                        Ok(()) => {}
                    };
                }
                stream = adopt(std);
            }
            let (reads, writes) = (usize::MAX, dice.size(40));
            let received = side.read_some(&stream, &dice, &mut inbox, reads);
            both(received, async {
                side.write_some(&stream, &risk, writes).await;
                side.finish(&stream, &risk).await;
            })
            .await;
            let whole = inbox.ends > 0 && !side.rules.resets && !side.into.lock().broken;
            side.into.check(&inbox.bytes, whole);
        }
    };
}

shared!(tcp, tcp_goes_on, TcpStream);
shared!(unix, unix_goes_on, UnixStream);

impl Side {
    async fn read_some(
        &self,
        from: &impl Crowded,
        dice: &Dice,
        inbox: &mut Inbox,
        mut turns: usize,
    ) {
        let mut fruitless = 0;
        while turns > 0 && !inbox.over {
            turns -= 1;
            if fruitless < FRUITLESS {
                if self.rules.forgets {
                    self.into.lock().forgotten = true;
                }
                let crowd = crowd::reads(from, dice, self.rules).await;
                fruitless = if crowd.is_empty() { fruitless + 1 } else { 0 };
                crowd.into_iter().for_each(|got| inbox.take(self, got));
                continue;
            }
            fruitless = 0;
            match timeout(IDLE, from.one(dice)).await {
                Ok(outcome) => inbox.take(self, Got::from(outcome.map(Some))),
                Err(_) => {
                    self.stuck("read");
                    inbox.over = true;
                }
            }
        }
    }

    async fn write_some<'a, S>(&self, stream: &'a S, risk: &Risk, writes: usize)
    where
        &'a S: Write + ZeroCopy,
    {
        let mut to = stream;
        for _ in 0..writes {
            if risk.dice.percent(15) {
                sleep(risk.moment()).await;
            }
            let done = if risk.dice.percent(20) {
                timeout(IDLE, writes::several(stream, risk, &self.out)).await
            } else {
                timeout(IDLE, writes::write_shared(&mut to, risk, &self.out)).await
            };
            if !self.is_done("write", risk, done) {
                return;
            }
        }
    }

    /// Ends the stream.
    async fn finish<'a, S>(&self, stream: &'a S, risk: &Risk)
    where
        &'a S: Write + OwnedWrite,
    {
        let mut to = stream;
        let done = timeout(IDLE, writes::finish(&mut to, risk, &self.out)).await;
        self.is_done("flush", risk, done);
        self.out.lock().ended = true;
    }

    fn is_done<E>(
        &self,
        what: &str,
        risk: &Risk,
        done: std::result::Result<Result<()>, E>,
    ) -> bool {
        self.out.lock().forgotten |= risk.has_forgotten();
        match done {
            Ok(Ok(())) => return true,
            Ok(Err(error)) => self.failed(&self.out, &error),
            Err(_) => self.stuck(what),
        }
        false
    }
}
