//! File reads and messages between threads on io_uring by hand: what a runtime is measured against.

mod reads;
mod ping;

use std::io;

use peers::allocs::Counted;
use peers::program;

#[global_allocator]
static ALLOCATOR: Counted = Counted;

fn main() -> io::Result<()> {
    let program = program::start()?;
    match program.work.as_str() {
        "reads" => reads::run(program),
        "ping" => ping::run(program),
        work => program.args.refuse(work),
    }
}
