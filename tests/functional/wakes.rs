//! Wakes from other threads, while cores sleep and after they are gone.

use crate::deadline::within_a_minute;
use std::future::poll_fn;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Poll, Waker};
use std::thread::{self, Thread};

const ROUNDS: u64 = 2_000;

/// A ball between one thread and one task.
struct Court {
    ping: AtomicU64,
    pong: AtomicU64,
    task: Mutex<Option<Waker>>,
    thread: Thread,
}

/// Answers each ping with a pong, and sleeps in between.
async fn answer(court: Arc<Court>) -> u64 {
    let mut answered = 0;
    while answered < ROUNDS {
        poll_fn(|cx| {
            *court.task.lock().unwrap() = Some(cx.waker().clone());
            if court.ping.load(Ordering::Acquire) > answered {
                return Poll::Ready(());
            }
            Poll::Pending
        })
        .await;
        answered += 1;
        court.pong.store(answered, Ordering::Release);
        court.thread.unpark();
    }
    answered
}

/// One of the threads: it serves, wakes, and waits for the answer.
fn serve(court: &Court) {
    for round in 1..=ROUNDS {
        court.ping.store(round, Ordering::Release);
        let waker = court.task.lock().unwrap().take();
        if let Some(waker) = waker {
            waker.wake();
        }
        while court.pong.load(Ordering::Acquire) < round {
            thread::park();
        }
    }
}

#[test]
fn four_threads_wake_tasks_on_two_sleeping_cores_and_no_wake_is_lost() {
    within_a_minute(|| {
        let runtime = sexton::Builder::new().cores(2).build().unwrap();
        let (courts, threads): (Vec<_>, Vec<_>) = (0..4)
            .map(|_| {
                let (give, take) = mpsc::channel::<Arc<Court>>();
                let thread = thread::spawn(move || serve(&take.recv().unwrap()));
                let court = Arc::new(Court {
                    ping: AtomicU64::new(0),
                    pong: AtomicU64::new(0),
                    task: Mutex::new(None),
                    thread: thread.thread().clone(),
                });
                ((court, give), thread)
            })
            .unzip();
        runtime.block_on(async {
            let answers: Vec<_> = courts
                .into_iter()
                .enumerate()
                .map(|(number, (court, give))| {
                    let of_thread = Arc::clone(&court);
                    let task = sexton::spawn_on(number % 2, move || answer(court));
                    give.send(of_thread).unwrap();
                    task
                })
                .collect();
            for answered in answers {
                assert_eq!(answered.await.unwrap(), ROUNDS);
            }
        });
        for thread in threads {
            thread.join().unwrap();
        }
    });
}

#[test]
fn wakes_and_drops_of_wakers_after_the_runtime_are_harmless() {
    within_a_minute(|| {
        let wakers: Arc<Mutex<Vec<Waker>>> = Arc::default();
        let runtime = sexton::Builder::new().cores(2).build().unwrap();
        runtime.block_on(async {
            for core in [0, 1] {
                let wakers = Arc::clone(&wakers);
                let (told, hears) = mpsc::channel();
                drop(sexton::spawn_on(core, move || async move {
                    poll_fn(|cx| {
                        wakers.lock().unwrap().push(cx.waker().clone());
                        told.send(()).unwrap_or_default();
                        Poll::<()>::Pending
                    })
                    .await;
                }));
                while hears.try_recv().is_err() {
                    sexton::yield_now().await;
                }
            }
        });
        let racing = {
            let wakers = Arc::clone(&wakers);
            thread::spawn(move || {
                for _ in 0..10_000 {
                    let one = wakers.lock().unwrap()[0].clone();
                    one.wake();
                }
            })
        };
        drop(runtime);
        racing.join().unwrap();
        for waker in wakers.lock().unwrap().drain(..) {
            waker.wake_by_ref();
            thread::spawn(move || waker.wake()).join().unwrap();
        }
    });
}
