//! An extern main.

#[sexton::main]
async extern "C" fn main() {}
