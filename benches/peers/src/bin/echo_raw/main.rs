//! Servers written by hand on io_uring: what a runtime is measured against.
//!
//! By default the fastest loops known: multishot receives from a ring of provided buffers, each
//! sent back as it is. The echo with `--oneshot` is a plain one: a receive and a send at a time, a
//! buffer per connection.

mod ring;
mod pool;
mod multishot;
mod oneshot;
mod up;
mod down;
mod datagrams;

use std::io;

use peers::allocs::{self, Counted};
use peers::args::Args;
use peers::process;
use ring::Ring;

const USAGE: &str = "echo_raw echo|up|down|datagrams [--oneshot] [--direct] [--counts] [--core N]
         [--bufs N] [--buf-len B]
     --oneshot   echo by one-shot receives into a buffer per connection
     --direct    direct descriptors: the kernel looks them up in the ring's own table";

#[global_allocator]
static ALLOCATOR: Counted = Counted;

fn main() -> io::Result<()> {
    let options = ["core", "bufs", "buf-len"];
    let (work, args) = Args::read_word(USAGE, &["oneshot", "direct", "counts"], &options);
    if args.flag("counts") {
        allocs::start();
    }
    process::raise_open_files()?;
    process::pin(args.number("core", 1))?;
    let (bufs, buf_len) = (args.number("bufs", 256), args.number("buf-len", 4096));
    let mut ring = Ring::new(args.flag("direct"))?;
    if work == "datagrams" {
        let socket = process::datagram_socket()?;
        process::announce(socket.local_addr()?)?;
        return datagrams::serve(ring, bufs, buf_len, socket.into());
    }
    let listener = process::listener()?;
    let addr = listener.local_addr()?;
    ring.accept_multi(listener.into())?;
    process::announce(addr)?;
    match work.as_str() {
        "echo" if args.flag("oneshot") => oneshot::serve(ring, buf_len),
        "echo" => multishot::serve(ring, bufs, buf_len),
        "up" => up::serve(ring, bufs, buf_len),
        "down" => down::serve(ring, bufs, buf_len),
        _ => args.refuse(&work),
    }
}
