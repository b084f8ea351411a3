//! Wakers on foreign threads: cloned, woken and dropped during, at and after their runtime's end.

use crate::support::{runtime, turn};
use sexton_runtime::{JoinHandle, spawn};
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::task::{Context, Poll, Waker};
use std::thread;

const ROUNDS: u64 = if cfg!(miri) { 4 } else { 3000 };
const THREADS: usize = 2;

/// A small generator of numbers that look random.
struct Rng(u64);

impl Rng {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }
}

/// Gets wakers and plays with them; those that are left outlive the runtime.
fn play(wakers: &Receiver<Waker>, seed: u64) -> Vec<Waker> {
    let mut rng = Rng(seed);
    let mut kept = Vec::new();
    while let Ok(waker) = wakers.recv() {
        match rng.below(5) {
            0 => waker.wake(),
            1 => {
                waker.wake_by_ref();
                kept.push(waker);
            }
            2 => kept.extend([waker.clone(), waker]),
            3 => drop((waker.clone(), waker)),
            _ => {
                waker.wake_by_ref();
                waker.wake_by_ref();
            }
        }
        if rng.below(4) == 0 {
            kept.pop();
        }
    }
    // The tasks are gone, and with them the other end; the runtime is about to be, or is.
    for waker in kept.split_off(kept.len() / 2) {
        match rng.below(4) {
            0 => waker.wake(),
            1 => drop(waker),
            2 => {
                waker.wake_by_ref();
                kept.push(waker.clone());
            }
            _ => kept.push(waker),
        }
    }
    kept
}

struct Counted(Arc<AtomicU32>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// A task that sends its waker around whenever it is polled, and wakes itself sometimes.
async fn scatter(threads: Vec<Sender<Waker>>, mut rng: Rng, _guard: Counted) {
    let mut left = rng.below(12);
    poll_fn(move |cx| {
        for thread in &threads {
            let _ = thread.send(cx.waker().clone());
        }
        if rng.below(3) == 0 {
            cx.waker().wake_by_ref();
        }
        left = left.saturating_sub(1);
        if left == 0 && rng.below(2) == 0 { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

fn round(seed: u64) {
    let mut rng = Rng(seed * 2 + 1);
    let drops = Arc::new(AtomicU32::new(0));
    let (senders, threads): (Vec<_>, Vec<_>) = (0..THREADS as u64)
        .map(|index| {
            let (sender, wakers) = channel();
            (sender, thread::spawn(move || play(&wakers, seed * 7 + index + 1)))
        })
        .unzip();
    let runtime = runtime();
    let tasks = 1 + rng.below(4);
    let mut handles: Vec<JoinHandle<()>> = runtime.block_on(async {
        let spawn_one = |seed| {
            let guard = Counted(Arc::clone(&drops));
            spawn(scatter(senders.clone(), Rng(seed), guard))
        };
        let handles = (1..=tasks).map(|task| spawn_one(seed * 31 + task)).collect();
        for _ in 0..rng.below(20) {
            turn().await;
        }
        handles
    });
    drop(senders);
    // Some handles go before the end, some after it.
    handles.truncate(handles.len() - rng.below(tasks) as usize);
    if rng.below(2) == 0 {
        handles.iter().for_each(JoinHandle::abort);
    }
    drop(runtime);
    assert_eq!(u64::from(drops.load(Ordering::Relaxed)), tasks, "seed {seed}: each future once");
    for handle in &mut handles {
        let polled = Pin::new(handle).poll(&mut Context::from_waker(Waker::noop()));
        assert!(polled.is_ready(), "seed {seed}");
    }
    let kept: Vec<Vec<Waker>> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    // All that is left of the cells, given back by two threads at once.
    let (mut here, there): (Vec<_>, Vec<_>) = kept.into_iter().flatten().enumerate().unzip_by();
    let other = thread::spawn(move || there.into_iter().for_each(Waker::wake));
    drop(handles);
    here.iter().for_each(Waker::wake_by_ref);
    while let Some(waker) = here.pop() {
        drop(waker);
    }
    other.join().unwrap();
}

/// Even ones here, odd ones there.
trait UnzipBy {
    fn unzip_by(self) -> (Vec<Waker>, Vec<Waker>);
}

impl<I: Iterator<Item = (usize, Waker)>> UnzipBy for I {
    fn unzip_by(self) -> (Vec<Waker>, Vec<Waker>) {
        let (even, odd): (Vec<_>, Vec<_>) = self.partition(|(index, _)| index % 2 == 0);
        let wakers = |indexed: Vec<(usize, Waker)>| indexed.into_iter().map(|(_, waker)| waker);
        (wakers(even).collect(), wakers(odd).collect())
    }
}

#[test]
fn foreign_threads_may_do_what_they_like_with_wakers_at_any_time() {
    for seed in 0..ROUNDS {
        round(seed);
    }
}

#[test]
fn no_wake_from_another_thread_is_lost() {
    let rounds = if cfg!(miri) { 5 } else { 3000 };
    let runtime = runtime();
    let (sender, wakers) = channel::<Waker>();
    let waker_thread = thread::spawn(move || wakers.into_iter().for_each(Waker::wake));
    runtime.block_on(async {
        let task = spawn(async move {
            for _ in 0..rounds {
                let mut sent = false;
                // It sleeps until the other thread wakes it: nothing else would.
                poll_fn(|cx| {
                    if std::mem::replace(&mut sent, true) {
                        return Poll::Ready(());
                    }
                    let _ = sender.send(cx.waker().clone());
                    Poll::Pending
                })
                .await;
            }
        });
        task.await.unwrap();
    });
    drop(runtime);
    waker_thread.join().unwrap();
}
