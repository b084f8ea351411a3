//! Cores without a number.

#[sexton::main(cores)]
async fn main() {}
