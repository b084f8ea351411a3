//! Cores without a number.

use sexton_macros as sexton;

#[sexton::main(cores)]
async fn main() {}
