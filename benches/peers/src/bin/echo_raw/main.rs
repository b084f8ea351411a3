//! The echo written by hand on io_uring: what a runtime is measured against.
//!
//! By default the fastest loop known: multishot receives from a ring of provided buffers, each sent
//! back as it is. With `--oneshot` a plain one: a receive and a send at a time, a buffer per
//! connection.

mod ring;
mod pool;
mod multishot;
mod oneshot;

use std::io;

use peers::allocs::{self, Counted};
use peers::args::Args;
use peers::process;
use ring::Ring;

const USAGE: &str = "echo_raw [--oneshot] [--direct] [--counts] [--core N] [--bufs N] [--buf-len B]
     --oneshot   one-shot receives into a buffer per connection
     --direct    direct descriptors: the kernel looks them up in the ring's own table";

#[global_allocator]
static ALLOCATOR: Counted = Counted;

fn main() -> io::Result<()> {
    let args = Args::read(USAGE, &["oneshot", "direct", "counts"], &["core", "bufs", "buf-len"]);
    if args.flag("counts") {
        allocs::start();
    }
    process::raise_open_files()?;
    process::pin(args.number("core", 1))?;
    let listener = process::listener()?;
    let addr = listener.local_addr()?;
    let mut ring = Ring::new(args.flag("direct"))?;
    ring.accept_multi(listener.into())?;
    process::announce(addr)?;
    let buf_len = args.number("buf-len", 4096);
    if args.flag("oneshot") {
        oneshot::serve(ring, buf_len)
    } else {
        multishot::serve(ring, args.number("bufs", 256), buf_len)
    }
}
