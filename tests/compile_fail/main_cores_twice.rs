//! Cores given twice.

use sexton_macros as sexton;

#[sexton::main(cores = 1, cores = 2)]
async fn main() {}
