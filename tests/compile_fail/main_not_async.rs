//! A main that is not async.

#[sexton::main]
fn main() {}
