//! What single steps of the runtime cost: CPU time per operation, medians of interleaved rounds.
//!
//! ```text
//! cargo bench --bench micro -- [--quick] [WORD]...     (only cases whose name has a word)
//! ```
//!
//! Time is the thread's own CPU time, so waiting costs nothing and neighbours on the machine
//! disturb little. Each case runs in a task of one pinned core; what another thread does is pinned
//! elsewhere and counted apart.

#[path = "shared/steps.rs"]
mod steps;

use std::future::{Future, poll_fn, ready};
use std::hint::black_box;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::task::{Poll, Waker};
use std::thread::{self, Thread};

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use rustix::time::{ClockId, clock_gettime};
use steps::{LONG, timeouts_yield, timers, yields};

/// Tasks of the cases that have many.
const TASKS: u64 = 64;

/// CPU time that a case took.
#[derive(Clone, Copy, Debug)]
struct Cost {
    core_ns: u64,
    /// Of a thread beside the core, if the case has one.
    other_ns: Option<u64>,
}

type Running = Pin<Box<dyn Future<Output = Cost>>>;

/// One measured step.
struct Case {
    name: &'static str,
    operations: u64,
    run: fn(u64) -> Running,
}

macro_rules! case {
    ($name:literal, $operations:expr, $run:expr) => {
        Case { name: $name, operations: $operations, run: |operations| Box::pin($run(operations)) }
    };
}

const CASES: &[Case] = &[
    case!("(reference: 100 multiplications in a chain)", 100_000, |n| alone(multiplications(n))),
    case!("(reference: a system call)", 100_000, |n| alone(system_calls(n))),
    case!("nop, 64 tasks", 100_000, |n| in_tasks(n, nop)),
    case!("nop, 1 task", 20_000, |n| alone(nop(n))),
    case!("spawn and join, one at a time", 100_000, |n| alone(spawn_and_join(n))),
    case!("spawn and join, 64 at a time", 100_000, |n| alone(spawn_and_join_many(n))),
    case!("yield, 64 tasks", 500_000, |n| in_tasks(n, yields)),
    case!("yield, 1 task", 500_000, |n| alone(yields(n))),
    case!("timer, set and cancelled", 100_000, |n| alone(timers(n))),
    case!("timeout around a ready future", 500_000, |n| alone(timeouts_ready(n))),
    case!("timeout around a yield", 100_000, |n| alone(timeouts_yield(n))),
    case!("wake from a thread, 64 tasks at once", 50_000, |n| woken(n, TASKS)),
    case!("wake from a thread, core asleep, and its answer", 2_000, |n| woken(n, 1)),
];

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let (flags, words): (Vec<_>, Vec<_>) = words.into_iter().partition(|arg| arg.starts_with("--"));
    let quick = flags.iter().any(|flag| flag == "--quick");
    if let Some(flag) = flags.iter().find(|flag| *flag != "--quick") {
        eprintln!("{flag}? cargo bench --bench micro -- [--quick] [WORD]...");
        std::process::exit(2);
    }
    let chosen =
        |case: &&Case| words.is_empty() || words.iter().any(|word| case.name.contains(word));
    let cases: Vec<&Case> = CASES.iter().filter(chosen).collect();
    let rounds = if quick { 3 } else { 11 };

    if let Err(error) = pin_core() {
        eprintln!("not pinned, and all numbers less sure: {error}");
    }
    let costs = sexton::block_on(async {
        sexton::spawn(async move {
            let mut costs: Vec<Vec<Cost>> = cases.iter().map(|_| Vec::new()).collect();
            for round in 0..=rounds {
                for (case, costs) in cases.iter().zip(&mut costs) {
                    let cost = (case.run)(case.operations).await;
                    // The first round warms up.
                    if round > 0 {
                        costs.push(cost);
                    }
                }
            }
            cases.into_iter().zip(costs).collect::<Vec<_>>()
        })
        .await
    });
    let costs = costs.expect("no case panics, and nobody aborts them");

    let uname = rustix::system::uname();
    let (kernel, machine) = (uname.release().to_string_lossy(), uname.machine().to_string_lossy());
    println!("Linux {kernel} {machine}, {rounds} rounds: median (min-max), CPU ns per operation\n");
    println!("| | the core | the other thread |\n|---|---|---|");
    for (case, costs) in costs {
        let core = costs.iter().map(|cost| cost.core_ns).collect();
        let other: Option<Vec<u64>> = costs.iter().map(|cost| cost.other_ns).collect();
        let other = other.map_or_else(String::new, |other| spread(other, case.operations));
        println!("| {} | {} | {other} |", case.name, spread(core, case.operations));
    }
}

/// A median with the least and the greatest.
fn spread(mut costs_ns: Vec<u64>, operations: u64) -> String {
    costs_ns.sort_unstable();
    let per_operation = |index: usize| costs_ns[index] as f64 / operations as f64;
    let last = costs_ns.len() - 1;
    let (median, min, max) = (per_operation(last / 2), per_operation(0), per_operation(last));
    format!("**{median:.1}** ({min:.1}-{max:.1})")
}

/// CPU time of this thread so far.
fn cpu_ns() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// The processors that are not the core's.
static OTHERS: OnceLock<CpuSet> = OnceLock::new();

/// Leaves this thread, which will be the core, the last processor that it may use, and notes the
/// others.
fn pin_core() -> rustix::io::Result<()> {
    let mut others = sched_getaffinity(None)?;
    let last = (0..CpuSet::MAX_CPU).rev().find(|&processor| others.is_set(processor));
    let mut core = CpuSet::new();
    core.set(last.unwrap_or(0));
    others.unset(last.unwrap_or(0));
    sched_setaffinity(None, &core)?;
    if others.count() > 0 {
        OTHERS.get_or_init(|| others);
    }
    Ok(())
}

/// Takes this thread off the core's processor, if there is another one.
fn leave_the_core() -> rustix::io::Result<()> {
    OTHERS.get().map_or(Ok(()), |others| sched_setaffinity(None, others))
}

/// The cost of a future in this task.
async fn alone(future: impl Future<Output = ()>) -> Cost {
    let begin = cpu_ns();
    future.await;
    Cost { core_ns: cpu_ns() - begin, other_ns: None }
}

/// The cost of many tasks that share the operations.
async fn in_tasks<F>(operations: u64, each: fn(u64) -> F) -> Cost
where
    F: Future<Output = ()> + 'static,
{
    let begin = cpu_ns();
    let tasks: Vec<_> = (0..TASKS).map(|_| sexton::spawn(each(operations / TASKS))).collect();
    for task in tasks {
        task.await.expect("no case panics");
    }
    Cost { core_ns: cpu_ns() - begin, other_ns: None }
}

/// What says how fast the machine is at the moment.
async fn multiplications(operations: u64) {
    for number in 0..operations {
        let product = (0..100_u64).fold(black_box(number), |product, _| {
            black_box(product.wrapping_mul(0x9e37_79b9_7f4a_7c15))
        });
        black_box(product);
    }
}

async fn system_calls(operations: u64) {
    for _ in 0..operations {
        black_box(rustix::process::getppid());
    }
}

async fn nop(operations: u64) {
    for _ in 0..operations {
        sexton::op::submit(sexton::op::Nop).await.expect("a ring does nothing well");
    }
}

async fn spawn_and_join(operations: u64) {
    for number in 0..operations {
        let joined = sexton::spawn(async move { number }).await;
        assert_eq!(joined.expect("the task does not panic"), number);
    }
}

async fn spawn_and_join_many(operations: u64) {
    let mut tasks = Vec::with_capacity(TASKS as usize);
    for _ in 0..operations / TASKS {
        tasks.extend((0..TASKS).map(|number| sexton::spawn(async move { number })));
        for (task, number) in tasks.drain(..).zip(0..) {
            let joined: u64 = task.await.expect("the task does not panic");
            assert_eq!(joined, number);
        }
    }
}

async fn timeouts_ready(operations: u64) {
    for number in 0..operations {
        let in_time = sexton::time::timeout(LONG, ready(number)).await;
        assert_eq!(in_time.expect("it is ready"), number);
    }
}

/// What the core and the waking thread share.
struct Bell {
    wakers: Mutex<Vec<Waker>>,
    /// The round that the thread has begun.
    asked: AtomicU64,
    /// Answers of all tasks in all rounds.
    answered: AtomicU64,
}

/// A thread wakes `tasks` tasks, waits until all have answered, and begins again.
async fn woken(operations: u64, tasks: u64) -> Cost {
    let rounds = operations / tasks;
    let wakers = Mutex::new(Vec::new());
    let bell = Bell { wakers, asked: AtomicU64::new(0), answered: AtomicU64::new(0) };
    let bell = Arc::new(bell);
    let ringer = {
        let bell = Arc::clone(&bell);
        thread::spawn(move || {
            if let Err(error) = leave_the_core() {
                eprintln!("two threads on one processor, and all numbers less sure: {error}");
            }
            ring(&bell, rounds, tasks)
        })
    };
    let begin = cpu_ns();
    let listening: Vec<_> = (0..tasks)
        .map(|_| sexton::spawn(listen(Arc::clone(&bell), ringer.thread().clone(), rounds, tasks)))
        .collect();
    for task in listening {
        task.await.expect("no case panics");
    }
    let core_ns = cpu_ns() - begin;
    Cost { core_ns, other_ns: ringer.join().ok() }
}

/// The thread's side; its CPU time.
fn ring(bell: &Bell, rounds: u64, tasks: u64) -> u64 {
    let wakers = loop {
        let listening = bell.wakers.lock().expect("nobody panics while holding it").clone();
        if listening.len() as u64 == tasks {
            break listening;
        }
        thread::park();
    };
    let begin = cpu_ns();
    for round in 1..=rounds {
        bell.asked.store(round, Ordering::Release);
        wakers.iter().for_each(Waker::wake_by_ref);
        while bell.answered.load(Ordering::Acquire) < round * tasks {
            thread::park();
        }
    }
    cpu_ns() - begin
}

/// A task's side: answers each round once; the last one of a round tells the thread.
async fn listen(bell: Arc<Bell>, ringer: Thread, rounds: u64, tasks: u64) {
    poll_fn(|cx| {
        let mut wakers = bell.wakers.lock().expect("nobody panics while holding it");
        wakers.push(cx.waker().clone());
        Poll::Ready(())
    })
    .await;
    ringer.unpark();
    let mut seen = 0;
    poll_fn(|_| {
        let asked = bell.asked.load(Ordering::Acquire);
        if asked > seen {
            seen = asked;
            if bell.answered.fetch_add(1, Ordering::AcqRel) + 1 == asked * tasks {
                ringer.unpark();
            }
        }
        if seen == rounds { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}
