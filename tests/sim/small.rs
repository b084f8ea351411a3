//! Small programs, hundreds of them: few enough steps that Miri follows each.

use crate::poll::poll_once;
use sexton::Builder;
use sexton::fs::File;
use sexton::io::BufRead;
use sexton::net::UnixStream;
use sexton::sim::{self, Faults, Kernel, Sim};
use sexton::time::{Duration, sleep, timeout};
use std::pin::{Pin, pin};

/// Under Miri a program takes some seconds; `SEXTON_SEEDS` asks for more.
const SEEDS: u64 = if cfg!(miri) { 15 } else { 1_000 };
const BYTES: u8 = 40;

fn below(bound: u64) -> u64 {
    sim::random() % bound
}

/// Does something to a future that is not awaited to its end.
async fn give_up<F: Future + 'static>(future: F) -> Option<F::Output> {
    let mut future: Pin<Box<F>> = Box::pin(future);
    match below(3) {
        0 => timeout(Duration::from_micros(below(500)), future).await.ok(),
        1 => poll_once(future.as_mut()).await,
        _ => {
            let output = poll_once(future.as_mut()).await;
            std::mem::forget(future);
            output
        }
    }
}

/// The bytes from 0 on arrive in order, whatever becomes of the reads.
async fn read_all(stream: UnixStream) {
    let stream = std::rc::Rc::new(stream);
    let mut next = 0;
    while next < BYTES {
        let most = 1 + below(16) as usize;
        let read = {
            let stream = std::rc::Rc::clone(&stream);
            async move { stream.read_owned(Vec::with_capacity(most)).await }
        };
        let got = if below(2) == 0 { Some(read.await) } else { give_up(read).await };
        let bytes = match got {
            Some(got) => got.unwrap().1,
            None => continue,
        };
        for byte in bytes {
            assert_eq!(byte, next);
            next += 1;
        }
    }
}

async fn write_all(mut stream: UnixStream) {
    let mut next = 0;
    while next < BYTES {
        let count = (1 + below(12) as u8).min(BYTES - next);
        let bytes: Vec<u8> = (next..next + count).collect();
        match below(3) {
            0 => sleep(Duration::from_micros(below(300))).await,
            1 => assert!(stream.fill_buf().now_or_never_is_none().await, "nobody writes to us"),
            _ => {}
        }
        stream.write_all_owned(bytes).await.unwrap();
        next += count;
    }
}

/// Polls once, and says that it waits.
trait Waits: Future + Sized {
    async fn now_or_never_is_none(self) -> bool {
        poll_once(pin!(self)).await.is_none()
    }
}

impl<F: Future> Waits for F {}

/// What is written last is there, whatever was given up before.
async fn rewrite() {
    let file = std::rc::Rc::new(File::create("/tmp/file").await.unwrap());
    for round in 0..3_u8 {
        let write = {
            let file = std::rc::Rc::clone(&file);
            async move { file.write_all_at(vec![round; 64], 0).await }
        };
        drop(give_up(write).await);
        file.write_all_at(vec![round + 100; 64], 0).await.unwrap();
        assert_eq!(sexton::fs::read("/tmp/file").await.unwrap(), [round + 100; 64]);
    }
}

#[test]
fn bytes_arrive_in_order_and_files_hold_what_was_written_last() {
    let asked_for = std::env::var("SEXTON_SEEDS").ok().and_then(|seeds| seeds.parse().ok());
    for seed in 0..asked_for.unwrap_or(SEEDS) {
        let kernel = Kernel::ALL[seed as usize % Kernel::ALL.len()];
        let sim = Sim::new(seed).profile(kernel).faults(Faults::scheduling());
        let builder = Builder::new().config(|config| {
            (config.recv_buffers, config.recv_buffer_len) = (4, 64);
        });
        let ended = sim.try_run_on(builder, || async {
            let (one, other) = UnixStream::pair().unwrap();
            let reader = sexton::spawn(read_all(one));
            let writer = sexton::spawn(write_all(other));
            if below(2) == 0 {
                rewrite().await;
            }
            match below(4) {
                // Everything ends in the middle.
                0 => sleep(Duration::from_micros(below(2_000))).await,
                _ => {
                    writer.await.unwrap();
                    reader.await.unwrap();
                }
            }
        });
        if let Err(failure) = ended {
            failure.raise();
        }
    }
}
