//! A main that is no function.

use sexton_macros as sexton;

#[sexton::main]
struct Main;

fn main() {}
