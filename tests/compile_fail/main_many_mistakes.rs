//! Several mistakes, all said at once.

#[sexton::main(cores = -1)]
extern "C" fn main(number: u8) {
    drop(number);
}
