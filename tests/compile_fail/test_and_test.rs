//! A test that the compiler would run, too.

use sexton_macros as sexton;

#[sexton::test]
#[test]
async fn adds_up() {}

fn main() {}
