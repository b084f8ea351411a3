//! Timers: sleeps, timeouts and intervals, none of them early.

use super::dice::Dice;
use super::risk::Risk;
use super::rules::Rules;
use sexton::JoinSet;
use sexton::time::{
    Duration, Instant, MissedTickBehavior, interval, interval_at, sleep, sleep_until, timeout,
    timeout_at,
};
use std::future::pending;
use std::pin::pin;

/// No timer is early.
pub(crate) async fn some(dice: &Dice, rules: Rules) {
    let risk = Risk::new(dice.fork(), rules);
    let (start, length) = (Instant::now(), Duration::from_nanos(dice.size(1 << 36) as u64));
    if risk.take(sleep(length)).await.is_some() {
        // A cancel does not end a sleep: it is no operation.
        assert!(start.elapsed() >= length, "a sleep was early");
    }
    let start = Instant::now();
    assert!(timeout(length, pending::<()>()).await.is_err());
    assert!(start.elapsed() >= length, "a timeout was early");
    deadlines(dice, length).await;
    let mut sleeps = JoinSet::new();
    for _ in 0..dice.below(20) {
        let length = Duration::from_nanos(dice.size(1 << 33) as u64);
        sleeps.spawn(async move {
            let start = Instant::now();
            sleep(length).await;
            assert!(start.elapsed() >= length, "a sleep was early");
        });
    }
    while let Some(slept) = sleeps.join_next().await {
        assert!(slept.is_ok(), "a sleep of many was early");
    }
}

/// Nor those that are given as points in time, or moved.
async fn deadlines(dice: &Dice, length: Duration) {
    let (start, period) = (Instant::now(), Duration::from_nanos(1 + dice.size(1 << 26) as u64));
    let mut ticks = interval(period);
    for number in 0..4 {
        ticks.tick().await;
        assert!(start.elapsed() >= period * number, "a tick was early");
    }
    let deadline = Instant::now() + length;
    match dice.below(3) {
        0 => assert!(timeout_at(deadline, pending::<()>()).await.is_err()),
        1 => sleep_until(deadline).await,
        _ => {
            let mut moved = pin!(sleep(Duration::from_nanos(dice.size(1 << 34) as u64)));
            if dice.percent(50) {
                drop(timeout(period, moved.as_mut()).await);
            }
            moved.as_mut().reset(deadline);
            moved.await;
        }
    }
    assert!(Instant::now() >= deadline, "a deadline was early");
    let first = Instant::now() + length;
    let mut ticks = interval_at(first, period);
    let (late, skips) = (period * dice.below(4) as u32, dice.percent(50));
    if skips {
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    }
    sleep_until(first + late).await;
    for number in 0..4 {
        ticks.tick().await;
        let on_time = Instant::now() >= first + period * number;
        assert!(on_time, "tick {number} of an interval was early");
    }
}
