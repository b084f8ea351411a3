//! Random programs of all kinds of writes, given up or forgotten at random, against a plain list.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use sexton_io::{BufWrite, OwnedRead, OwnedWrite};
use sexton_net::{TcpListener, TcpStream, UnixStream, pipe};
use sexton_runtime::{block_on, spawn, yield_now};
use support::poll_once;

const SEEDS: u64 = 12;
const WRITES: u8 = 250;

/// What became of one write: so many bytes of its own value, and no other.
#[derive(Debug)]
enum Told {
    /// So many, exactly.
    Sent(usize),
    /// It was given up: at most so many.
    AtMost(usize),
}

struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 20) as usize % sides
    }
}

/// One write of bytes of value `number`.
async fn write_somehow<W>(to: &mut W, number: u8, dice: &mut Dice, forgets: bool) -> Told
where
    W: BufWrite + OwnedWrite,
{
    let most = [10, 1_000, 70_000][dice.roll(3)];
    let len = 1 + dice.roll(most);
    let bytes = vec![number; len];
    match dice.roll(9) {
        0 => {
            to.write_all_owned(bytes).await.unwrap();
            Told::Sent(len)
        }
        1 => Told::Sent(to.write(&bytes).await.unwrap()),
        2 => match poll_once(to.write_owned(bytes)).await {
            Some(written) => Told::Sent(written.unwrap().0),
            None => Told::AtMost(len),
        },
        3 => {
            let mut write = Box::pin(to.write_owned(bytes));
            match poll_once(write.as_mut()).await {
                Some(written) => Told::Sent(written.unwrap().0),
                None => {
                    if forgets {
                        std::mem::forget(write);
                    }
                    Told::AtMost(len)
                }
            }
        }
        4 => {
            to.put(&bytes).await.unwrap();
            Told::Sent(len)
        }
        5 => match poll_once(to.put(&bytes)).await {
            Some(put) => {
                put.unwrap();
                Told::Sent(len)
            }
            None => Told::AtMost(len),
        },
        6 => {
            to.put(&bytes).await.unwrap();
            // Given up: nothing is lost, nothing is sent twice.
            drop(poll_once(to.flush()).await);
            Told::Sent(len)
        }
        7 => {
            to.put(&bytes).await.unwrap();
            to.flush().await.unwrap();
            assert_eq!(to.buffered(), 0);
            Told::Sent(len)
        }
        _ => {
            let parts = [bytes[..len / 2].to_vec(), bytes[len / 2..].to_vec()];
            Told::Sent(to.write_vectored_owned(parts).await.unwrap().0)
        }
    }
}

async fn a_run<W, R>(mut to: W, mut from: R, seed: u64, forgets: bool)
where
    W: BufWrite + OwnedWrite,
    R: OwnedRead + 'static,
{
    let mut dice = Dice(seed * 0x9E37_79B9 + 1);
    let mut pace = Dice(seed + 77);
    let reader = spawn(async move {
        let mut runs: Vec<(u8, usize)> = Vec::new();
        loop {
            let room = 1 + pace.roll(40_000);
            let (n, buf) = from.read_owned(Vec::with_capacity(room)).await.unwrap();
            if n == 0 {
                return runs;
            }
            for byte in buf {
                match runs.last_mut() {
                    Some((value, count)) if *value == byte => *count += 1,
                    _ => runs.push((byte, 1)),
                }
            }
            for _ in 0..pace.roll(4) {
                yield_now().await;
            }
        }
    });
    let mut told = Vec::new();
    for number in 0..WRITES {
        told.push(write_somehow(&mut to, number, &mut dice, forgets).await);
        if dice.roll(3) == 0 {
            yield_now().await;
        }
    }
    to.flush().await.unwrap();
    OwnedWrite::shutdown_owned(&mut to).await.unwrap();
    drop(to);
    let mut runs = reader.await.unwrap().into_iter().peekable();
    for (number, told) in (0..WRITES).zip(told) {
        let came = runs.next_if(|(value, _)| *value == number).map_or(0, |(_, count)| count);
        match told {
            Told::Sent(len) => assert_eq!(came, len, "write {number} of seed {seed}"),
            Told::AtMost(len) => assert!(came <= len, "write {number} of seed {seed}: {came}"),
        }
    }
    assert_eq!(runs.next(), None, "nothing comes twice, or out of its turn");
}

#[test]
fn writes_of_all_kinds_come_once_and_in_order_over_tcp() {
    block_on(async {
        for seed in 0..SEEDS {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
            client.set_send_buffer_size(8 << 10).unwrap();
            let (server, _) = listener.accept().await.unwrap();
            a_run(client, server, seed, true).await;
        }
    });
}

#[test]
fn writes_of_all_kinds_come_once_and_in_order_over_a_local_stream() {
    block_on(async {
        for seed in 0..SEEDS {
            let (one, other) = UnixStream::pair().unwrap();
            a_run(one, other, seed, true).await;
        }
    });
}

#[test]
fn writes_of_all_kinds_come_once_and_in_order_through_a_pipe() {
    block_on(async {
        for seed in 0..SEEDS {
            let (to, from) = pipe::pipe().unwrap();
            // A forgotten write keeps its descriptor, and a pipe ends with its last descriptor.
            a_run(to, from, seed, false).await;
        }
    });
}
