//! A main twice.

#[sexton::main]
#[sexton::main(cores = 2)]
async fn main() {}
