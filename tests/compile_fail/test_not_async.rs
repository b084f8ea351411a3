//! A test that is not async.

use sexton_macros as sexton;

#[sexton::test]
fn adds_up() {}

fn main() {}
