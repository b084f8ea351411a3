//! How far it is: a bar on a terminal, otherwise a line now and then.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// Characters of the bar.
const WIDTH: u64 = 40;

/// Tells people how far it is.
#[derive(Debug)]
pub(crate) struct Progress {
    began: Instant,
    told: Instant,
    all: u64,
    bar: bool,
}

impl Progress {
    pub(crate) fn new(all: u64) -> Self {
        let now = Instant::now();
        Self { began: now, told: now, all, bar: std::io::stderr().is_terminal() }
    }

    /// So many seeds a minute.
    pub(crate) fn rate(&self, done: u64) -> u64 {
        (done as f64 * 60.0 / self.began.elapsed().as_secs_f64().max(0.001)) as u64
    }

    pub(crate) fn tell(&mut self, done: u64) {
        let pause = if self.bar { Duration::from_millis(100) } else { Duration::from_secs(10) };
        if self.told.elapsed() < pause {
            return;
        }
        self.told = Instant::now();
        let (all, rate) = (self.all, self.rate(done));
        if self.bar {
            let filled = (done * WIDTH / all.max(1)) as usize;
            let bar = "#".repeat(filled) + &"-".repeat(WIDTH as usize - filled);
            eprint!("\r[{bar}] {done} of {all} seeds, {rate} a minute ");
        } else {
            eprintln!("{done} of {all} seeds, {rate} a minute");
        }
        // A terminal that is gone is no reason to stop.
        let _ = std::io::stderr().flush();
    }

    /// Leaves the bar's line.
    pub(crate) fn end(&self) {
        if self.bar {
            eprintln!();
        }
    }
}
