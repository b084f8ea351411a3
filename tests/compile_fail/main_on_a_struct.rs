//! A main that is no function.

#[sexton::main]
struct Main;

fn main() {}
