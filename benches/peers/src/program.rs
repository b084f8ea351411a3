//! How each program on a runtime begins: what it is to do, its core, its clocks.

use std::io;

use crate::args::Args;
use crate::meter::Meter;
use crate::process;

const USAGE: &str = "on_RUNTIME WORK [--core N] [--counts] [options]
     echo, up       [--buf-len B]; on Sexton also --managed|--owned|--fill [--bufs N] [--recv-len B]
                    [--consumption whole|bundle|incremental]
     down
     datagrams      [--tasks N]; on Sexton also --owned|--borrowed
     graveyard      [--n N]                         (Sexton)
     proxy          --to PORT                       (tokio and Sexton)
     reads          --path FILE [--direct] [--depth D] [--n READS]; on some also --fixed
     open, scan, fill, log    --path FILE [--tasks N] [--n N]; by hand also --blocking
     spawn, yield, timeout-ready, timeout-armed, sleepers, ping, fan-in, tasks,
     timers         [--n N]
     --counts       count allocations and system calls, too";
const FLAGS: &[&str] =
    &["counts", "direct", "managed", "owned", "fill", "borrowed", "plain", "fixed", "blocking"];
const OPTIONS: &[&str] =
    &["core", "n", "path", "depth", "buf-len", "bufs", "recv-len", "consumption", "to", "tasks"];

/// What a program was started for.
#[derive(Debug)]
pub struct Program {
    /// The work, by name.
    pub work: String,
    /// Its options.
    pub args: Args,
    /// To measure it.
    pub meter: Meter,
}

/// Pins this thread, raises the limits and opens the clocks.
pub fn start() -> io::Result<Program> {
    let (work, args) = Args::read_word(USAGE, FLAGS, OPTIONS);
    process::raise_open_files()?;
    process::pin(args.number("core", 1))?;
    let meter = Meter::new(args.flag("counts"))?;
    Ok(Program { work, args, meter })
}
