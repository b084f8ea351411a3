//! A test with arguments.

#[sexton::test(cores = 2)]
async fn adds_up(seed: u64) {
    drop(seed);
}

fn main() {}
