//! Time that is made up: it jumps to the next thing that happens, and is never early.

use sexton::sim::{self, Faults, Sim};
use sexton::time::{Duration, Instant, interval, sleep, timeout};

#[test]
fn years_pass_in_a_moment_and_in_order() {
    let real = std::time::Instant::now();
    let sim = Sim::new(1).time_limit(Duration::from_secs(u64::MAX / 2_000_000_000));
    let order = sim.run(|| async {
        let mut handles = Vec::new();
        for day in [300_u64, 2, 100] {
            handles.push(sexton::spawn(async move {
                let start = Instant::now();
                sleep(Duration::from_secs(day * 86_400)).await;
                assert!(start.elapsed() >= Duration::from_secs(day * 86_400));
                (Instant::now(), day)
            }));
        }
        let mut ended = Vec::new();
        for handle in handles {
            ended.push(handle.await.unwrap());
        }
        ended.sort();
        ended.into_iter().map(|(_, day)| day).collect::<Vec<_>>()
    });
    assert_eq!(order, [2, 100, 300]);
    assert!(real.elapsed() < Duration::from_secs(20));
}

#[test]
fn the_clock_can_be_set_forward() {
    Sim::new(2).run(|| async {
        let late = sexton::spawn(timeout(Duration::from_secs(10), std::future::pending::<()>()));
        sexton::yield_now().await;
        let start = Instant::now();
        sim::advance(Duration::from_secs(11));
        assert!(start.elapsed() >= Duration::from_secs(11));
        assert!(late.await.unwrap().is_err());
    });
}

#[test]
fn a_cpu_that_only_yields_gets_older_too() {
    Sim::new(3).faults(Faults::scheduling()).run(|| async {
        let start = Instant::now();
        while start.elapsed() < Duration::from_millis(5) {
            sexton::yield_now().await;
        }
        let mut ticks = interval(Duration::from_secs(1));
        for _ in 0..5 {
            ticks.tick().await;
        }
        assert!(start.elapsed() >= Duration::from_secs(4));
    });
}

#[test]
fn blocking_calls_and_cores_share_the_schedule() {
    let run = |seed| {
        let sim = Sim::new(seed).cores(3).faults(Faults::scheduling());
        let ran = sim.try_run(|| async {
            let sums = sexton::spawn_per_core(|| async {
                let mut sum = 0;
                for n in 0..5_u64 {
                    sum += sexton::spawn_blocking(move || n).await.unwrap();
                    sleep(Duration::from_millis(n)).await;
                }
                sum
            });
            assert_eq!(sums.await.unwrap(), [10, 10, 10]);
            let far = sexton::spawn_on(2, || async { sexton::current_core() });
            assert_eq!(far.await.unwrap(), 2);
        });
        match ran {
            Ok(((), report)) => report,
            Err(failure) => failure.raise(),
        }
    };
    for seed in 0..10 {
        assert_eq!(run(seed), run(seed), "seed {seed}");
    }
}
