//! An unsafe main.

use sexton_macros as sexton;

#[sexton::main]
async unsafe fn main() {}
