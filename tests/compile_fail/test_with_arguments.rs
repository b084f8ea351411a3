//! A test with arguments.

use sexton_macros as sexton;

#[sexton::test(cores = 2)]
async fn adds_up(seed: u64) {
    drop(seed);
}

fn main() {}
