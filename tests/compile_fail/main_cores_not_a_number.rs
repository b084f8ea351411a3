//! Cores that are no integer.

use sexton_macros as sexton;

#[sexton::main(cores = "two")]
async fn main() {}
