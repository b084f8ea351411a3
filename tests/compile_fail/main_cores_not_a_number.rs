//! Cores that are no integer.

#[sexton::main(cores = "two")]
async fn main() {}
