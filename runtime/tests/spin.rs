//! A core that looks for work before it sleeps finds it without a system call.

#![allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]

use sexton_runtime::{Builder, own_stats, spawn_on};
use std::time::Duration;

const ROUNDS: u64 = 300;

/// How often the first core entered its ring while the other one answered so many messages.
fn enters(builder: Builder) -> u64 {
    builder.cores(2).build().unwrap().block_on(async {
        spawn_on(1, || async {}).await.unwrap();
        let before = own_stats().unwrap().enters;
        for _ in 0..ROUNDS {
            spawn_on(1, || async {}).await.unwrap();
        }
        own_stats().unwrap().enters - before
    })
}

#[test]
fn a_core_that_looks_long_enough_never_sleeps() {
    // Longer than other programs may keep the other core from running.
    let looking = enters(Builder::new().spin(Duration::from_millis(500)));
    assert!(looking < ROUNDS / 10, "{looking} enters");
    let sleeping = enters(Builder::new());
    assert!(sleeping >= looking, "{sleeping} enters where nobody looks");
}
