//! An option that does not exist.

use sexton_macros as sexton;

#[sexton::main(threads = 2)]
async fn main() {}
