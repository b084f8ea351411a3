//! Several mistakes, all said at once.

use sexton_macros as sexton;

#[sexton::main(cores = -1)]
extern "C" fn main(number: u8) {
    drop(number);
}
