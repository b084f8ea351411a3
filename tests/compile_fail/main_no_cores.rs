//! No core at all.

#[sexton::main(cores = 0)]
async fn main() {}
