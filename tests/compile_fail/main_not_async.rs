//! A main that is not async.

use sexton_macros as sexton;

#[sexton::main]
fn main() {}
