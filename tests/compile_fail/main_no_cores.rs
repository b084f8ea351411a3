//! No core at all.

use sexton_macros as sexton;

#[sexton::main(cores = 0)]
async fn main() {}
