//! An extern main.

use sexton_macros as sexton;

#[sexton::main]
async extern "C" fn main() {}
