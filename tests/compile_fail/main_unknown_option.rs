//! An option that does not exist.

#[sexton::main(threads = 2)]
async fn main() {}
