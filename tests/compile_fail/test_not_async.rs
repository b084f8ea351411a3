//! A test that is not async.

#[sexton::test]
fn adds_up() {}

fn main() {}
