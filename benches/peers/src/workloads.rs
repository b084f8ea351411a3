//! The workloads without I/O, the same for every runtime: tasks, yields, timers, wakes.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn, ready};
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use crate::fan_in;
use crate::meter::Meter;
use crate::process;
use crate::program::Program;
use crate::tasks::{Tasks, wake_once};

/// Tasks that yield to each other.
const TASKS: u64 = 64;
/// Far enough that no timer fires.
const LONG: Duration = Duration::from_secs(3600);

/// Runs one of them and prints what it took.
pub fn run<P: Tasks>(program: Program) -> io::Result<()> {
    let Program { work, args, mut meter } = program;
    let n = |otherwise| args.number("n", otherwise);
    match work.as_str() {
        "spawn" => alone::<P, _>(meter, n(500_000), spawn_and_join::<P>),
        "yield" => alone::<P, _>(meter, n(2_000_000), yields::<P>),
        "timeout-ready" => alone::<P, _>(meter, n(1_000_000), timeouts_ready::<P>),
        "timeout-armed" => alone::<P, _>(meter, n(300_000), timeouts_armed::<P>),
        "tasks" => again_and_again::<P, _>(meter, n(100_000), many_tasks::<P>),
        "timers" => again_and_again::<P, _>(meter, n(100_000), many_timers::<P>),
        "sleepers" => sleepers::<P>(meter, n(1_000_000)),
        "ping" if P::WAKES_ACROSS_THREADS => {
            let n = n(40_000);
            ping::<P>(n / 10)?;
            meter.begin()?;
            ping::<P>(n)?;
            meter.end(n)?;
            meter.print()
        }
        "fan-in" if P::WAKES_ACROSS_THREADS => fan_in::run::<P>(meter, n(200_000)),
        _ => args.refuse(&work),
    }
}

/// A tenth to warm up, then the measured part, both in one task.
fn alone<P, F>(mut meter: Meter, n: u64, work: fn(u64) -> F) -> io::Result<()>
where
    P: Tasks,
    F: Future<Output = ()> + 'static,
{
    P::block_on(async move {
        P::spawn(async move {
            work((n / 10).max(1)).await;
            meter.begin()?;
            work(n).await;
            meter.end(n)?;
            meter.print()
        })
        .await
    })
}

/// Operations of a measurement, so that few at once are done often.
const ENOUGH: u64 = 200_000;

/// So many at once, as often as it takes to be measured well.
fn again_and_again<P, F>(mut meter: Meter, n: u64, work: fn(u64) -> F) -> io::Result<()>
where
    P: Tasks,
    F: Future<Output = ()> + 'static,
{
    let times = (ENOUGH / n).max(1);
    P::block_on(async move {
        P::spawn(async move {
            for _ in 0..(times / 10).max(1) {
                work(n).await;
            }
            meter.begin()?;
            for _ in 0..times {
                work(n).await;
            }
            meter.end(times * n)?;
            meter.print()
        })
        .await
    })
}

async fn spawn_and_join<P: Tasks>(n: u64) {
    for number in 0..n {
        let joined = P::spawn(async move { number }).await;
        assert_eq!(joined, number);
    }
}

async fn yields<P: Tasks>(n: u64) {
    let all = Countdown::new(TASKS);
    for _ in 0..TASKS {
        let all = all.clone();
        P::detach(async move {
            for _ in 0..n / TASKS {
                P::yield_now().await;
            }
            all.one_less();
        });
    }
    all.wait().await;
}

async fn timeouts_ready<P: Tasks>(n: u64) {
    for _ in 0..n {
        assert!(P::timeout(LONG, ready(())).await);
    }
}

async fn timeouts_armed<P: Tasks>(n: u64) {
    for _ in 0..n {
        assert!(P::timeout(LONG, wake_once()).await);
    }
}

/// So many tasks at once, each polled twice.
async fn many_tasks<P: Tasks>(n: u64) {
    let all = Countdown::new(n);
    for _ in 0..n {
        let all = all.clone();
        P::detach(async move {
            wake_once().await;
            all.one_less();
        });
    }
    all.wait().await;
}

/// So many timers at once, armed, then cancelled in another order.
async fn many_timers<P: Tasks>(n: u64) {
    let mut timers: Vec<Pin<Box<dyn Future<Output = ()>>>> = Vec::with_capacity(n as usize);
    for number in 0..n {
        let millis = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 44;
        timers.push(Box::pin(P::sleep(LONG + Duration::from_millis(millis))));
    }
    poll_fn(|cx| {
        assert!(timers.iter_mut().all(|timer| timer.as_mut().poll(cx).is_pending()));
        Poll::Ready(())
    })
    .await;
    for first in 0..2 {
        timers.iter_mut().skip(first).step_by(2).for_each(|timer| *timer = Box::pin(ready(())));
    }
}

/// Tasks that sleep 1 to 1000 ms: what each costs, holds in memory, and how late it wakes.
fn sleepers<P: Tasks>(mut meter: Meter, n: u64) -> io::Result<()> {
    P::block_on(async move {
        P::spawn(async move {
            let resident = process::resident_bytes()?;
            let all = Countdown::new(n);
            meter.begin()?;
            for number in 0..n {
                let all = all.clone();
                let millis = 1 + (number.wrapping_mul(7919) % 1000) as u32;
                P::detach(async move {
                    let time = Duration::from_millis(u64::from(millis));
                    let wanted = Instant::now() + time;
                    P::sleep(time).await;
                    let ns = Instant::now().checked_duration_since(wanted);
                    let ns = ns.expect("no sleep ends early").as_nanos() as u64;
                    all.one_less_and_late(ns);
                });
            }
            all.wait().await;
            meter.end(n)?;
            let bytes = process::most_resident_bytes()?.saturating_sub(resident);
            meter.note("bytes_each", bytes / n);
            meter.note("late_mean_ns", all.0.late_ns.get() / n);
            meter.note("late_max_ns", all.0.latest_ns.get());
            meter.print()
        })
        .await
    })
}

/// Says when so many tasks are through; needs nothing of the runtime but wakers.
#[derive(Clone, Debug)]
struct Countdown(Rc<Counted>);

#[derive(Debug)]
struct Counted {
    left: Cell<u64>,
    waker: RefCell<Option<Waker>>,
    late_ns: Cell<u64>,
    latest_ns: Cell<u64>,
}

impl Countdown {
    fn new(count: u64) -> Self {
        let (left, waker) = (Cell::new(count), RefCell::new(None));
        Self(Rc::new(Counted { left, waker, late_ns: Cell::new(0), latest_ns: Cell::new(0) }))
    }

    fn one_less(&self) {
        let left = self.0.left.get() - 1;
        self.0.left.set(left);
        if left == 0 {
            let waker = self.0.waker.borrow_mut().take();
            waker.into_iter().for_each(Waker::wake);
        }
    }

    fn one_less_and_late(&self, ns: u64) {
        self.0.late_ns.set(self.0.late_ns.get() + ns);
        self.0.latest_ns.set(self.0.latest_ns.get().max(ns));
        self.one_less();
    }

    async fn wait(&self) {
        poll_fn(|cx| {
            if self.0.left.get() == 0 {
                return Poll::Ready(());
            }
            *self.0.waker.borrow_mut() = Some(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }
}

/// A ball between two runtimes, each on a thread of its own: even counts are the first one's.
#[derive(Default, Debug)]
struct Table {
    hits: AtomicU64,
    players: [Mutex<Option<Waker>>; 2],
}

/// Round trips between two threads on this thread's core.
fn ping<P: Tasks>(rounds: u64) -> io::Result<()> {
    let table = Arc::new(Table::default());
    let players = [0, 1].map(|player| {
        let table = Arc::clone(&table);
        std::thread::spawn(move || {
            P::block_on(async move { P::spawn(play(table, player, 2 * rounds)).await });
        })
    });
    for player in players {
        player.join().map_err(|_| io::Error::other("a player panicked"))?;
    }
    Ok(())
}

async fn play(table: Arc<Table>, player: usize, last: u64) {
    let mine = || table.hits.load(Ordering::SeqCst) % 2 == player as u64;
    for _ in 0..last / 2 {
        poll_fn(|cx| {
            if mine() {
                return Poll::Ready(());
            }
            let mut waker = table.players[player].lock().expect("nobody panics in it");
            if !waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
                *waker = Some(cx.waker().clone());
            }
            drop(waker);
            if mine() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        table.hits.fetch_add(1, Ordering::SeqCst);
        let other = table.players[1 - player].lock().expect("nobody panics in it");
        if let Some(waker) = &*other {
            waker.wake_by_ref();
        }
    }
}
