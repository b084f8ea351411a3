//! What a run that fails says.

use sexton::sim::{Faults, Kernel, Sim};
use sexton::time::{Duration, sleep, timeout};

#[test]
fn waiting_for_ever_is_found_at_once() {
    let failure = Sim::new(4).try_run(std::future::pending::<()>).unwrap_err();
    assert!(failure.reasons()[0].contains("deadlock"), "{failure}");
}

#[test]
fn a_program_that_takes_too_long_has_failed() {
    let sim = Sim::new(4).time_limit(Duration::from_secs(3));
    let failure = sim
        .try_run(|| async {
            loop {
                sleep(Duration::from_secs(1)).await;
            }
        })
        .map(|((), _)| ())
        .unwrap_err();
    assert!(failure.reasons()[0].contains("more than 3 s"), "{failure}");
}

#[test]
fn a_failure_says_how_it_is_repeated() {
    let sim = Sim::new(77).profile(Kernel::V6_6).faults(Faults::network());
    let failure = sim
        .try_run(|| async {
            sleep(Duration::from_millis(5)).await;
            assert_eq!(1 + 1, 3, "arithmetic");
        })
        .unwrap_err();
    let text = failure.to_string();
    for part in ["seed 77", "Linux 6.6", "arithmetic", "SEXTON_SEED=77 SEXTON_KERNEL=6.6", "trace"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[sexton::test(sim)]
async fn a_test_runs_on_many_seeds() {
    sleep(Duration::from_secs(1)).await;
}

#[sexton::test(sim(seeds = 3, faults = "disk", kernel = "6.12"), cores = 2)]
async fn a_test_may_say_which_and_return_an_error() -> std::io::Result<()> {
    assert_eq!(sexton::cores(), 2);
    Ok(())
}

#[sexton::test(sim(seeds = 5))]
#[should_panic(expected = "on purpose")]
async fn a_test_that_panics_has_failed() {
    panic!("on purpose");
}

#[test]
fn what_never_ends_is_leaked_with_its_memory_and_keeps_nobody() {
    for seed in 0..20 {
        let sim = Sim::new(seed).faults(Faults::none().stuck_operations(0.3));
        sim.run(|| async {
            let listener = sexton::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            for _ in 0..8 {
                drop(timeout(Duration::from_millis(1), listener.accept()).await);
                let path = format!("/tmp/{}", sexton::sim::random());
                let write = sexton::fs::write(path, vec![7; 5000]);
                drop(timeout(Duration::from_millis(1), write).await);
            }
        });
    }
}

#[test]
fn descriptors_that_are_left_are_counted() {
    let ends = || async {
        let (one, other) = sexton::net::UnixStream::pair().unwrap();
        std::mem::forget(one);
        drop(other);
    };
    let ((), report) = Sim::new(1).try_run(ends).unwrap();
    assert_eq!(report.descriptors, 1);
}

#[test]
fn a_completion_that_the_kernel_dropped_ends_the_core_and_says_so() {
    let failure = Sim::new(3)
        .faults(Faults::none().dropped_completions(0.2))
        .try_run(|| async {
            loop {
                sleep(Duration::from_millis(1)).await;
            }
        })
        .map(|((), _)| ())
        .unwrap_err();
    assert!(failure.reasons()[0].contains("dropped a completion"), "{failure}");
}
