//! Tasks on all cores: every one ends, once, and what is in it is dropped.

use super::dice::Dice;
use super::rules::{Census, Rules, joined};
use super::timers;
use sexton::time::{Duration, Instant, sleep, timeout};
use sexton::{JoinHandle, JoinSet};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Waker};

/// What tasks panic with on purpose: no hook hears of it.
struct OnPurpose;

/// Some of everything that concerns tasks.
pub(crate) async fn run(dice: Dice, rules: Rules, census: Census) {
    for _ in 0..5 + dice.size(60) {
        match dice.below(11) {
            0 => one(&dice, &census).await,
            1 => set(&dice, &census).await,
            2 => elsewhere(&dice, &census).await,
            3 => on_each(&dice, &census).await,
            4 => blocking(&dice, &census).await,
            5 => ping_pong(&dice, &census).await,
            6 => timers::some(&dice, rules).await,
            7 => left_alone(&dice, &census).await,
            8 => given_up(&dice, &census).await,
            9 => busy(&dice).await,
            _ => nested(dice.fork(), census.clone(), 3).await,
        }
    }
}

/// Something that takes a while, by turns, by time, or both.
async fn work(dice: Dice, census: Census) -> u64 {
    let _one = census.one();
    for _ in 0..dice.below(5) {
        match dice.below(3) {
            0 => sexton::yield_now().await,
            1 => sleep(Duration::from_nanos(dice.size(3_000_000) as u64)).await,
            _ => joined(sexton::spawn(async {})).await,
        }
    }
    dice.next()
}

/// A task that is awaited, aborted, or panics.
async fn one(dice: &Dice, census: &Census) {
    let seed = dice.next();
    let (inner, other) = (census.clone(), census.clone());
    let panics = dice.percent(30);
    let task = sexton::spawn(async move {
        let output = work(Dice::new(seed), inner).await;
        if panics {
            let _unwound = other.one();
            resume_unwind(Box::new(OnPurpose));
        }
        output
    });
    let abort = task.abort_handle();
    let aborts = dice.percent(40);
    if aborts {
        for _ in 0..dice.below(4) {
            sexton::yield_now().await;
        }
        if dice.percent(50) { abort.abort() } else { task.abort() }
    }
    match task.await {
        Ok(output) => {
            assert!(!panics, "a panic is told");
            assert_eq!(output, joined(sexton::spawn(work(Dice::new(seed), census.clone()))).await);
        }
        Err(error) if error.is_cancelled() => assert!(aborts, "nobody aborted it"),
        Err(error) => {
            assert!(panics && error.into_panic().is::<OnPurpose>(), "nobody's panic");
        }
    }
}

async fn set(dice: &Dice, census: &Census) {
    let mut set = JoinSet::new();
    let count = dice.size(10);
    let mut aborted = 0;
    for _ in 0..count {
        let (dice, census) = (dice.fork(), census.clone());
        let panics = dice.percent(10);
        let handle = set.spawn(async move {
            let output = work(dice, census).await;
            if panics {
                resume_unwind(Box::new(OnPurpose));
            }
            output
        });
        if set.len() % 3 == 2 {
            handle.abort();
            aborted += 1;
        }
    }
    match dice.below(4) {
        0 => set.abort_all(),
        1 => {
            drop(timeout(Duration::from_nanos(dice.size(1_000_000) as u64), set.join_next()).await)
        }
        2 => return set.shutdown().await,
        _ => {}
    }
    let mut ended = count - set.len();
    let mut cancelled = 0;
    while let Some(outcome) = set.join_next().await {
        ended += 1;
        cancelled += usize::from(outcome.is_err_and(|error| error.is_cancelled()));
    }
    assert!(ended == count && set.is_empty(), "{ended} of {count} tasks have ended");
    assert!(cancelled <= aborted.max(count), "more were cancelled than aborted");
}

async fn elsewhere(dice: &Dice, census: &Census) {
    let (core, seed) = (dice.below(sexton::cores()), dice.next());
    let census = census.clone();
    let task = sexton::spawn_on(core, move || async move {
        let output = work(Dice::new(seed), census).await;
        (sexton::current_core(), output)
    });
    match dice.below(3) {
        0 => task.abort(),
        1 => return drop(task),
        _ => {}
    }
    match task.await {
        Ok((there, _)) => assert_eq!(there, core, "a task runs where it was sent"),
        Err(error) => assert!(error.is_cancelled(), "nobody's panic"),
    }
}

async fn on_each(dice: &Dice, census: &Census) {
    let (seed, census) = (dice.next(), census.clone());
    let all = sexton::spawn_per_core(move || {
        let census = census.clone();
        async move {
            work(Dice::new(seed ^ sexton::current_core() as u64), census).await;
            sexton::current_core()
        }
    });
    if dice.percent(20) {
        return drop(timeout(Duration::from_nanos(dice.size(1_000_000) as u64), all).await);
    }
    let cores = all.await.unwrap_or_else(|error| panic!("a core's task has failed: {error}"));
    assert!(cores.into_iter().eq(0..sexton::cores()), "one each, in order");
}

async fn blocking(dice: &Dice, census: &Census) {
    let (number, panics) = (dice.next(), dice.percent(20));
    let one = census.one();
    let task = sexton::spawn_blocking(move || {
        let _one = one;
        if panics {
            resume_unwind(Box::new(OnPurpose));
        }
        number
    });
    if dice.percent(20) {
        return drop(task);
    }
    match task.await {
        Ok(output) => assert!(output == number && !panics, "what the closure gave"),
        Err(error) => assert!(panics && error.is_panic(), "nobody's panic"),
    }
}

/// A queue between threads, of nothing but a mutex and a waker.
#[derive(Clone, Default)]
struct Channel(Arc<Mutex<(VecDeque<u32>, Option<Waker>)>>);

impl Channel {
    fn send(&self, number: u32) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.0.push_back(number);
        let waker = state.1.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    async fn receive(&self) -> u32 {
        poll_fn(|cx| {
            let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            match state.0.pop_front() {
                Some(number) => Poll::Ready(number),
                None => {
                    state.1 = Some(cx.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await
    }
}

/// Wakers cross cores, and no wake is lost.
async fn ping_pong(dice: &Dice, census: &Census) {
    let (there, back) = (Channel::default(), Channel::default());
    let (rounds, core) = (dice.size(40) as u32, dice.below(sexton::cores()));
    let (from, to, census) = (there.clone(), back.clone(), census.clone());
    let other = sexton::spawn_on(core, move || async move {
        let _one = census.one();
        for _ in 0..rounds {
            to.send(from.receive().await + 1);
        }
    });
    for round in 0..rounds {
        there.send(round);
        assert_eq!(back.receive().await, round + 1, "messages keep their order");
    }
    joined(other).await;
}

/// Handles that are dropped: the tasks go on.
async fn left_alone(dice: &Dice, census: &Census) {
    let counted = Census::default();
    let count = dice.size(8);
    let done = Channel::default();
    for number in 0..count {
        let (dice, census, one) = (dice.fork(), census.clone(), counted.one());
        let done = done.clone();
        drop(sexton::spawn(async move {
            let _one = one;
            work(dice, census).await;
            done.send(number as u32);
        }));
    }
    for _ in 0..count {
        done.receive().await;
    }
    sexton::yield_now().await;
    assert_eq!(counted.living(), 0, "a task has ended, and what was in it is there");
}

/// Handles that are dropped when the tasks have ended: so are the outputs.
async fn given_up(dice: &Dice, census: &Census) {
    let (counted, done) = (Census::default(), Channel::default());
    let mut tasks = Vec::new();
    for number in 0..dice.size(8) as u32 {
        let (dice, census, one) = (dice.fork(), census.clone(), counted.one());
        let (done, core) = (done.clone(), dice.below(sexton::cores()));
        let work = move || async move {
            work(dice, census).await;
            done.send(number);
            one
        };
        tasks.push(if number % 2 == 0 {
            sexton::spawn(work())
        } else {
            sexton::spawn_on(core, work)
        });
    }
    for _ in 0..tasks.len() {
        done.receive().await;
    }
    sleep(Duration::from_millis(100)).await;
    drop(tasks);
    sleep(Duration::from_millis(100)).await;
    assert_eq!(counted.living(), 0, "an output that nobody takes is there");
}

/// A core that has always something to do does not forget its timers.
async fn busy(dice: &Dice) {
    let length = Duration::from_nanos(dice.size(300_000) as u64);
    let start = Instant::now();
    let sleeps = sexton::spawn(sleep(length));
    while !sleeps.is_finished() {
        let late = start.elapsed().saturating_sub(length);
        assert!(late < Duration::from_millis(300), "a busy core is {late:?} late");
        sexton::yield_now().await;
    }
}

/// Tasks that make tasks.
async fn nested(dice: Dice, census: Census, depth: usize) {
    let _one = census.one();
    let mut inner: Vec<JoinHandle<()>> = Vec::new();
    for _ in 0..if depth == 0 { 0 } else { dice.below(4) } {
        let (dice, census) = (dice.fork(), census.clone());
        inner.push(sexton::spawn(async move {
            Box::pin(nested(dice, census, depth - 1)).await;
        }));
    }
    sleep(Duration::from_nanos(dice.size(100_000) as u64)).await;
    for task in inner {
        if !dice.percent(20) {
            joined(task).await;
        }
    }
}
