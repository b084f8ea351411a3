//! Work with files and messages between threads, by hand: what a runtime is measured against.

mod reads;
mod chains;
mod blocking;
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
        _ if program.args.flag("blocking") => blocking::run(program),
        "open" | "scan" | "fill" | "log" => chains::run(program),
        "ping" => ping::run(program),
        work => program.args.refuse(work),
    }
}
