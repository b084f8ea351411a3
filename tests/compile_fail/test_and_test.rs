//! A test that the compiler would run, too.

#[sexton::test]
#[test]
async fn adds_up() {}

fn main() {}
