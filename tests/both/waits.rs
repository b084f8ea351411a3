//! How an idle core waits: it looks before it sleeps, or sleeps for several answers. What a program
//! does is the same.

use crate::on_both;
use crate::poll::{poll_once, turns};
use sexton::Builder;
use sexton::net::UnixStream;
use sexton::op::{Nop, submit};
use sexton::sim::{Faults, Kernel, Sim};
use sexton::time::{Duration, Instant, sleep, timeout};
use std::io::ErrorKind;
use std::pin::Pin;

const LATE: Duration = Duration::from_millis(100);

/// Messages between two cores, and bytes between tasks of one, some of which come late.
async fn talks() {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let echo = sexton::spawn(async move {
        while let Some(chunk) = theirs.read_managed(usize::MAX).await.unwrap() {
            theirs.write_all_owned(chunk).await.unwrap();
        }
    });
    for round in 0..30_u8 {
        let answer = sexton::spawn_on(1, move || async move {
            submit(Nop).await.unwrap();
            round + 1
        });
        assert_eq!(answer.await.unwrap(), round + 1);
        ours.write_all_owned(vec![round; 100]).await.unwrap();
        let got = ours.read_exact_owned(Vec::with_capacity(100)).await.unwrap();
        assert!(got.iter().all(|byte| *byte == round));
        if round % 10 == 0 {
            sleep(Duration::from_millis(2)).await;
            assert!(timeout(Duration::from_millis(1), std::future::pending::<()>()).await.is_err());
        }
    }
    drop(ours);
    echo.await.unwrap();
}

#[test]
fn cores_that_look_before_they_sleep_miss_nothing() {
    on_both(&Builder::new().cores(2).spin(Duration::from_micros(100)), talks);
}

#[test]
fn cores_that_sleep_for_several_answers_miss_nothing() {
    on_both(&Builder::new().cores(2).min_wait(Duration::from_micros(100)), talks);
    let both = Builder::new().cores(2).spin(Duration::from_micros(20));
    on_both(&both.min_wait(Duration::from_micros(100)), talks);
}

/// A turn brings two answers, or one; then one comes after some milliseconds: how late.
async fn after(answers: usize) -> Duration {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let (theirs, _) = theirs.into_std().await.unwrap();
    // This core would not sleep beyond a time of its own.
    let wrote = sexton::spawn_on(1, move || async move {
        let theirs = UnixStream::from_std(theirs).unwrap();
        sleep(Duration::from_millis(5)).await;
        theirs.write_all_owned(b"late".to_vec()).await.unwrap();
        std::future::pending::<()>().await;
    });
    let mut nops: Vec<_> = (0..answers).map(|_| submit(Nop)).collect();
    for nop in &mut nops {
        assert!(poll_once(Pin::new(nop)).await.is_none(), "they end in one turn");
    }
    for nop in nops {
        nop.await.unwrap();
    }
    let began = Instant::now();
    assert_eq!(ours.read_exact_owned(Vec::with_capacity(4)).await.unwrap(), b"late");
    let waited = began.elapsed();
    wrote.abort();
    waited
}

#[test]
fn one_answer_after_several_is_waited_for_and_one_after_one_is_not() {
    async fn lateness() -> [Duration; 2] {
        turns(3).await;
        [after(2).await, after(1).await]
    }
    let run = |builder: Builder| builder.build().unwrap().block_on(lateness());
    let builder = Builder::new().cores(2).min_wait(LATE);
    let doctor = sexton::doctor();
    let knows = doctor.ring().unwrap().features().any(|feature| feature == "MIN_TIMEOUT");
    if knows {
        let [late, in_time] = run(builder.clone());
        assert!(late >= LATE, "{late:?}");
        assert!(in_time >= Duration::from_millis(1), "{in_time:?}");
    }
    for kernel in Kernel::ALL {
        let sim = Sim::new(7).profile(*kernel).faults(Faults::none());
        let Ok((times, _)) = sim.try_run_on(builder.clone(), lateness) else { panic!("it runs") };
        let has_it = *kernel >= Kernel::V6_12;
        assert_eq!(times[0] >= LATE, has_it, "{kernel:?}: {times:?}");
        assert!(times[1] < LATE, "{kernel:?}: {times:?}");
    }
}

#[test]
fn times_that_nobody_means_are_refused() {
    let long = Duration::from_secs(2);
    for builder in
        [Builder::new().spin(long), Builder::new().min_wait(long), Builder::new().napi(long)]
    {
        let error = builder.build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains("1s at most"), "{error}");
    }
}

#[test]
fn devices_are_polled_where_the_kernel_can_and_refused_where_it_can_not() {
    let builder = Builder::new().napi(Duration::from_micros(50));
    match builder.clone().build() {
        Ok(runtime) => runtime.block_on(async { submit(Nop).await.unwrap() }),
        Err(error) => assert_eq!(error.kind(), ErrorKind::Unsupported),
    }
    for kernel in Kernel::ALL {
        let story = || async { submit(Nop).await.unwrap() };
        let ended = Sim::new(0).profile(*kernel).try_run_on(builder.clone(), story);
        match ended {
            Ok(_) => assert!(*kernel >= Kernel::V6_12, "{kernel:?}"),
            Err(failure) => {
                assert!(*kernel < Kernel::V6_12, "{failure}");
                assert!(failure.to_string().contains("does not poll network devices"), "{failure}");
            }
        }
    }
}
