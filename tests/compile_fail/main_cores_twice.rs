//! Cores given twice.

#[sexton::main(cores = 1, cores = 2)]
async fn main() {}
