//! How a program measures itself: CPU time, real time, allocations and system calls of a part of
//! its life, printed as `name value` pairs in one line.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::time::Instant;

use crate::allocs;
use crate::counter::{Counter, What};
use crate::cpu_time::CpuTime;

/// The clocks of this process, open before it starts its first thread.
#[derive(Debug)]
pub struct Meter {
    clock: CpuTime,
    calls: Option<Counter>,
    begun: Option<Begun>,
    line: String,
}

#[derive(Debug)]
struct Begun {
    cpu_ns: u64,
    calls: Option<u64>,
    allocations: Option<u64>,
    at: Instant,
}

impl Meter {
    /// The clocks. With `counts`, system calls and allocations are counted, too, and the times are
    /// worth less.
    pub fn new(counts: bool) -> io::Result<Self> {
        let this = std::process::id();
        if counts {
            allocs::start();
        }
        let calls = if counts { Counter::of(this, What::SystemCalls).ok() } else { None };
        let clock = CpuTime::of(this);
        Ok(Self { clock, calls, begun: None, line: String::new() })
    }

    /// Begins to measure.
    pub fn begin(&mut self) -> io::Result<()> {
        let calls = self.calls.as_ref().and_then(|calls| calls.read().ok());
        let (allocations, at) = (allocs::so_far(), Instant::now());
        let cpu_ns = self.clock.read()?.ns();
        self.begun = Some(Begun { cpu_ns, calls, allocations, at });
        Ok(())
    }

    /// Ends with so many operations done.
    pub fn end(&mut self, operations: u64) -> io::Result<()> {
        let cpu_ns = self.clock.read()?.ns();
        let begun = self.begun.take().ok_or_else(|| io::Error::other("nothing was begun"))?;
        self.note("cpu_ns", cpu_ns - begun.cpu_ns);
        self.note("wall_ns", begun.at.elapsed().as_nanos() as u64);
        self.note("ops", operations);
        if let Some((before, after)) = begun.allocations.zip(allocs::so_far()) {
            self.note("allocations", after - before);
        }
        if let (Some(before), Some(counter)) = (begun.calls, &self.calls) {
            let calls = counter.read()? - before;
            self.note("calls", calls);
        }
        Ok(())
    }

    /// Adds a figure.
    pub fn note(&mut self, name: &str, value: u64) {
        write!(self.line, "{name} {value} ").expect("a string takes everything");
    }

    /// Prints all figures.
    pub fn print(&mut self) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        writeln!(stdout, "{}", self.line.trim_end())?;
        self.line.clear();
        stdout.flush()
    }
}
