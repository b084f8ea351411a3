//! An unsafe main.

#[sexton::main]
async unsafe fn main() {}
