//! The pool in every interleaving of its threads with two that use it.
//!
//! The pool is the real one. loom knows no time: an idle time of zero is over at once, whatever
//! happens meanwhile, and any other one never is (`crate::sync`).

use std::sync::Arc;
use std::time::Duration;

use loom::thread;

use super::{BlockingConfig, BlockingPool, Refused};
use crate::loom_support::{Drops, Tracked, wait_for};
use crate::task::{JoinHandle, Remote};

const EVER: Duration = Duration::MAX;

fn pool(max_threads: usize, idle: Duration) -> BlockingPool {
    BlockingPool::new(BlockingConfig { max_threads, idle }, || {})
}

/// All orders with up to so many preemptions.
fn model(preemptions: usize, run: impl Fn() + Send + Sync + 'static) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = model.preemption_bound.or(Some(preemptions));
    model.check(run);
}

/// Waits for a job of the pool.
fn run(pool: &BlockingPool) {
    let remote = Remote::new();
    let handle = JoinHandle::remote(Arc::clone(&remote));
    pool.execute(Box::new(move || remote.call(|| ()))).expect("the pool takes jobs");
    wait_for(handle).expect("the job does not panic");
}

/// A job that is counted when it goes, and what it counts; refused if the pool is shut down.
fn try_job(pool: &BlockingPool) -> (Result<(), Refused>, Drops, Drops) {
    let ((job, gone), (ran, done)) = (Tracked::new(), Tracked::new());
    let mut ran = Some(ran);
    let job = move || {
        let _job = job;
        drop(ran.take());
    };
    (pool.execute(Box::new(job)), gone, done)
}

#[test]
fn jobs_of_two_users_run_and_a_shutdown_waits_for_them() {
    model(2, || {
        let pool = pool(1, EVER);
        let other = {
            let pool = pool.clone();
            thread::spawn(move || try_job(&pool))
        };
        let ours = try_job(&pool);
        let theirs = other.join().expect("it does not panic");
        assert_eq!(pool.shutdown(EVER), 0);
        for (taken, gone, done) in [ours, theirs] {
            taken.expect("the pool was open");
            assert_eq!((gone.count(), done.count()), (1, 1));
        }
    });
}

#[test]
fn a_thread_that_waits_is_woken_for_the_next_job() {
    model(3, || {
        let pool = pool(1, EVER);
        run(&pool);
        run(&pool);
        assert_eq!(pool.shutdown(EVER), 0);
    });
}

#[test]
fn a_job_that_comes_when_a_threads_time_is_over_is_not_stranded() {
    model(3, || {
        let pool = pool(1, Duration::ZERO);
        run(&pool);
        run(&pool);
        assert_eq!(pool.shutdown(EVER), 0);
    });
}

#[test]
fn a_job_beside_a_shutdown_is_refused_or_run() {
    model(3, || {
        let pool = pool(1, EVER);
        let other = {
            let pool = pool.clone();
            thread::spawn(move || try_job(&pool))
        };
        assert_eq!(pool.shutdown(EVER), 0);
        let (taken, gone, done) = other.join().expect("it does not panic");
        if taken.is_ok() {
            // A thread that was started after the wait ends by itself.
            while gone.count() == 0 {
                thread::yield_now();
            }
        }
        assert_eq!((gone.count(), done.count()), (1, 1), "gone, by a run or by the refusal");
    });
}

#[test]
fn a_shutdown_without_grace_leaves_no_job_behind() {
    model(3, || {
        let pool = pool(1, EVER);
        let jobs = [try_job(&pool), try_job(&pool)];
        pool.shutdown(Duration::ZERO);
        for (taken, gone, _) in jobs {
            taken.expect("the pool was open");
            while gone.count() == 0 {
                thread::yield_now();
            }
            assert_eq!(gone.count(), 1, "run or dropped");
        }
    });
}
