//! A main twice.

use sexton_macros as sexton;

#[sexton::main]
#[sexton::main(cores = 2)]
async fn main() {}
