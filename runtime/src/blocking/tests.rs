//! The pool with real threads, which tell by channels how far they are.

use std::hint;
use std::io;
use std::ops::Deref;
use std::panic;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Barrier, Mutex};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use super::{BlockingConfig, BlockingPool, Job, Refused, start_thread};
use crate::affinity;

const LONG: Duration = Duration::MAX;

/// A pool that is shut down at the end of its test.
struct Pool(BlockingPool);

impl Deref for Pool {
    type Target = BlockingPool;

    fn deref(&self) -> &BlockingPool {
        &self.0
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        // A test that has failed may have left jobs that wait for it.
        if !thread::panicking() {
            assert_eq!(self.shutdown(LONG), 0);
        }
    }
}

fn pool(max_threads: usize) -> Pool {
    Pool(BlockingPool::new(BlockingConfig { max_threads, idle: LONG }, || {}))
}

/// Runs `job` on the pool; the receiver gives what it returned.
fn run<T: Send + 'static>(
    pool: &BlockingPool,
    job: impl FnOnce() -> T + Send + 'static,
) -> Receiver<T> {
    let (done, result) = channel();
    pool.execute(Box::new(move || {
        let _ = done.send(job());
    }))
    .expect("the pool takes jobs");
    result
}

/// A job that says when it runs and goes on when it is told to.
fn held(pool: &BlockingPool) -> (Receiver<()>, Sender<()>) {
    let (running, runs) = channel();
    let (release, released) = channel();
    pool.execute(Box::new(move || {
        running.send(()).expect("the test waits for it");
        let _ = released.recv();
    }))
    .expect("the pool takes jobs");
    (runs, release)
}

/// Threads, and those of them that wait for a job.
fn threads(pool: &BlockingPool) -> (usize, usize) {
    let state = pool.shared.lock();
    (state.threads, state.waiting)
}

/// Lets others go on until the pool has come to `expected`.
fn settle(pool: &BlockingPool, expected: (usize, usize)) {
    while threads(pool) != expected {
        thread::yield_now();
    }
}

fn whoami() -> (ThreadId, Option<String>) {
    (thread::current().id(), thread::current().name().map(str::to_owned))
}

#[test]
fn threads_start_with_the_first_job_and_have_names() {
    let pool = pool(2);
    assert_eq!(threads(&pool), (0, 0));
    let (id, name) = run(&pool, whoami).recv().unwrap();
    assert_ne!(id, thread::current().id());
    assert_eq!(name.as_deref(), Some("sexton-blocking-0"));
    assert_eq!(pool.shutdown(LONG), 0);
}

#[test]
fn a_thread_that_waits_takes_the_next_job() {
    let pool = pool(8);
    let first = run(&pool, whoami).recv().unwrap();
    for _ in 0..100 {
        settle(&pool, (1, 1));
        assert_eq!(run(&pool, whoami).recv().unwrap(), first);
    }
}

#[test]
fn as_many_jobs_as_the_bound_allows_run_at_once_and_no_more() {
    const BOUND: usize = 3;
    let pool = pool(BOUND);
    let together = Arc::new(Barrier::new(BOUND));
    let results: Vec<_> = (0..10 * BOUND)
        .map(|_| {
            let together = Arc::clone(&together);
            // Passes only if `BOUND` jobs are here at the same time.
            run(&pool, move || together.wait().is_leader())
        })
        .collect();
    let leaders = results.into_iter().filter(|result| result.recv().unwrap()).count();
    assert_eq!(leaders, 10);
    settle(&pool, (BOUND, BOUND));
}

#[test]
fn a_bound_of_nothing_still_runs_jobs() {
    assert_eq!(run(&pool(0), || 7).recv(), Ok(7));
}

#[test]
fn jobs_begin_in_the_order_in_which_they_came() {
    let pool = pool(1);
    let (runs, release) = held(&pool);
    runs.recv().unwrap();
    let order = Arc::new(Mutex::new(Vec::new()));
    let mut last = None;
    for number in 0..100 {
        let order = Arc::clone(&order);
        last = Some(run(&pool, move || order.lock().unwrap().push(number)));
    }
    assert!(order.lock().unwrap().is_empty(), "one thread runs one job");
    release.send(()).unwrap();
    last.unwrap().recv().unwrap();
    assert!(order.lock().unwrap().iter().copied().eq(0..100));
}

#[test]
fn a_thread_without_work_ends_and_the_next_job_starts_a_new_one() {
    let config = BlockingConfig { max_threads: 2, idle: Duration::ZERO };
    let pool = Pool(BlockingPool::new(config, || {}));
    for number in 0..3 {
        let (_, name) = run(&pool, whoami).recv().unwrap();
        assert_eq!(name, Some(format!("sexton-blocking-{number}")));
        settle(&pool, (0, 0));
    }
}

#[test]
fn a_panic_ends_its_job_and_not_the_thread() {
    struct Grenade;
    impl Drop for Grenade {
        fn drop(&mut self) {
            // Without a size, so that leaking it costs nothing.
            panic::resume_unwind(Box::new(()));
        }
    }
    let pool = pool(1);
    let (first, _) = run(&pool, whoami).recv().unwrap();
    // Thrown past the panic hook, which would only print.
    pool.execute(Box::new(|| panic::resume_unwind(Box::new("in a job")))).unwrap();
    pool.execute(Box::new(|| panic::resume_unwind(Box::new(Grenade)))).unwrap();
    let grenade = Grenade;
    pool.execute(Box::new(move || drop(grenade))).unwrap();
    assert_eq!(run(&pool, whoami).recv().unwrap().0, first);
    assert_eq!(pool.shutdown(LONG), 0);
}

#[test]
fn every_thread_begins_with_on_start_even_if_that_panics() {
    let (started, starts) = channel();
    let config = BlockingConfig { max_threads: 2, idle: LONG };
    let pool = Pool(BlockingPool::new(config, move || {
        started.send(thread::current().id()).unwrap();
        panic::resume_unwind(Box::new("on_start"));
    }));
    let together = Arc::new(Barrier::new(2));
    let jobs = [0, 1].map(|_| {
        let together = Arc::clone(&together);
        run(&pool, move || {
            together.wait();
            thread::current().id()
        })
    });
    let mut ran = jobs.map(|job| format!("{:?}", job.recv().unwrap()));
    let mut began = [0, 1].map(|_| format!("{:?}", starts.recv().unwrap()));
    ran.sort_unstable();
    began.sort_unstable();
    assert_eq!(ran, began);
    assert!(starts.try_recv().is_err(), "once a thread");
}

#[test]
#[cfg_attr(miri, ignore = "Miri knows no affinity masks")]
fn threads_of_a_pinned_parent_have_the_original_mask() {
    let original = affinity::original_mask().unwrap();
    thread::spawn(move || {
        affinity::pin_current_thread(affinity::allowed()[0]).unwrap();
        let config = BlockingConfig { max_threads: 1, idle: LONG };
        let pool = Pool(BlockingPool::new(config, || affinity::unpin().unwrap()));
        let mask = run(&pool, || rustix::thread::sched_getaffinity(None).unwrap());
        assert_eq!(mask.recv().unwrap(), original);
    })
    .join()
    .unwrap();
}

#[test]
fn shutdown_waits_for_what_was_taken_and_refuses_what_comes_later() {
    let pool = pool(1);
    let (runs, release) = held(&pool);
    let queued = run(&pool, || "was in the queue");
    runs.recv().unwrap();
    let stopper = thread::spawn({
        let pool = pool.0.clone();
        move || pool.shutdown(LONG)
    });
    while !pool.shared.lock().shut_down {
        thread::yield_now();
    }
    assert!(matches!(pool.execute(Box::new(|| {})), Err(Refused::ShutDown)));
    release.send(()).unwrap();
    assert_eq!(stopper.join().unwrap(), 0);
    assert_eq!(queued.recv(), Ok("was in the queue"));
    assert_eq!(threads(&pool), (0, 0));
    assert_eq!(pool.shutdown(LONG), 0, "again");
}

#[test]
fn after_the_grace_what_has_not_begun_is_dropped_and_what_runs_is_counted() {
    let pool = pool(2);
    let held = [held(&pool), held(&pool)];
    held.iter().for_each(|(runs, _)| runs.recv().unwrap());
    let queued = run(&pool, || ());
    assert_eq!(pool.shutdown(Duration::ZERO), 2);
    assert!(queued.recv().is_err(), "dropped, and its owner learns of it");
    drop(held);
    settle(&pool, (0, 0));
}

#[test]
fn shutdown_ends_the_threads_that_wait() {
    let pool = pool(4);
    let together = Arc::new(Barrier::new(4));
    for _ in 0..4 {
        let together = Arc::clone(&together);
        run(&pool, move || together.wait());
    }
    assert_eq!(pool.shutdown(LONG), 0);
    assert_eq!(threads(&pool), (0, 0));
}

#[test]
fn shutdown_counts_what_runs_and_not_who_waits() {
    let pool = pool(2);
    let (runs, release) = held(&pool);
    runs.recv().unwrap();
    run(&pool, || ()).recv().unwrap();
    settle(&pool, (2, 1));
    assert_eq!(pool.shutdown(Duration::ZERO), 1);
    drop(release);
    assert_eq!(pool.shutdown(LONG), 0);
}

#[test]
fn a_job_that_comes_while_the_last_thread_gives_up_waiting_is_still_run() {
    let config = BlockingConfig { max_threads: 1, idle: Duration::from_micros(100) };
    let pool = Pool(BlockingPool::new(config, || {}));
    for _ in 0..50 {
        run(&pool, || ()).recv().unwrap();
        let state = pool.shared.lock();
        // The lock keeps a thread that waits from ending, however long ago its time was up.
        let started = Instant::now();
        while state.waiting > 0 && started.elapsed() < 5 * config.idle {
            hint::spin_loop();
        }
        let (done, result) = channel();
        pool.push(state, Box::new(move || done.send(()).unwrap())).unwrap();
        result.recv().expect("nobody has forgotten the job");
    }
}

#[test]
fn jobs_and_their_destructors_may_use_the_pool() {
    struct Asks(BlockingPool, Sender<bool>);
    impl Drop for Asks {
        fn drop(&mut self) {
            let refused = self.0.execute(Box::new(|| {})).is_err();
            self.1.send(refused).unwrap();
        }
    }
    let pool = pool(1);
    let inner = pool.0.clone();
    let nested = run(&pool, move || run(&inner, || 7)).recv().unwrap();
    assert_eq!(nested.recv(), Ok(7));

    let (said, says) = channel();
    let (runs, release) = held(&pool);
    runs.recv().unwrap();
    let asks = Asks(pool.0.clone(), said.clone());
    pool.execute(Box::new(move || drop(asks))).unwrap();
    assert_eq!(pool.shutdown(Duration::ZERO), 1);
    assert_eq!(says.recv(), Ok(true), "the job that was too late");
    let asks = Asks(pool.0.clone(), said);
    assert!(pool.execute(Box::new(move || drop(asks))).is_err());
    assert_eq!(says.recv(), Ok(true), "the job that was refused");
    drop(release);
}

/// A system that has no thread to give.
fn no_thread(_: String, _: Job) -> io::Result<()> {
    Err(io::Error::from(io::ErrorKind::WouldBlock))
}

/// A system that gives one thread.
fn one_thread(name: String, run: Job) -> io::Result<()> {
    if name == "sexton-blocking-0" { start_thread(name, run) } else { no_thread(name, run) }
}

#[test]
fn without_any_thread_a_job_is_refused_with_the_systems_reason() {
    let config = BlockingConfig { max_threads: 2, idle: LONG };
    let pool = Pool(BlockingPool::with_launch(config, || {}, no_thread));
    let (done, result) = channel::<()>();
    let refused = pool.execute(Box::new(move || done.send(()).unwrap()));
    let Err(Refused::NoThread(reason)) = refused else { panic!("{refused:?}") };
    assert_eq!(reason.kind(), io::ErrorKind::WouldBlock);
    assert!(result.recv().is_err(), "the job was dropped");
    assert!(pool.shared.lock().queue.is_empty());
    assert_eq!(pool.shutdown(LONG), 0);
}

#[test]
fn when_no_second_thread_can_start_the_first_one_does_all_the_work() {
    let config = BlockingConfig { max_threads: 2, idle: LONG };
    let pool = Pool(BlockingPool::with_launch(config, || {}, one_thread));
    let (runs, release) = held(&pool);
    runs.recv().unwrap();
    let second = run(&pool, whoami);
    assert_eq!(threads(&pool), (1, 0));
    release.send(()).unwrap();
    assert_eq!(second.recv().unwrap().1.as_deref(), Some("sexton-blocking-0"));
}

#[test]
fn no_job_is_lost_while_threads_come_and_go() {
    const SENDERS: usize = 4;
    const JOBS: usize = if cfg!(miri) { 10 } else { 2_000 };
    // Threads that end as soon as they may, so that jobs meet threads which are about to end.
    let config = BlockingConfig { max_threads: 3, idle: Duration::from_nanos(1) };
    let pool = Pool(BlockingPool::new(config, || {}));
    let (done, results) = channel();
    let senders: Vec<_> = (0..SENDERS)
        .map(|_| {
            let (pool, done) = (pool.0.clone(), done.clone());
            thread::spawn(move || {
                for _ in 0..JOBS {
                    let done = done.clone();
                    pool.execute(Box::new(move || done.send(()).unwrap())).unwrap();
                }
            })
        })
        .collect();
    drop(done);
    assert_eq!(results.iter().count(), SENDERS * JOBS);
    for sender in senders {
        sender.join().unwrap();
    }
    assert_eq!(pool.shutdown(LONG), 0);
}

#[test]
fn the_pool_is_shared_between_threads_and_describes_itself() {
    fn is_shared<T: Send + Sync + Clone + std::fmt::Debug>(_: &T) {}
    let pool = pool(1);
    is_shared(&pool.0);
    assert!(format!("{:?}", *pool).contains("threads: 0"));
}
