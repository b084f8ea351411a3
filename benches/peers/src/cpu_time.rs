//! The CPU time of another process, in nanoseconds.
//!
//! The kernel's tick-based times (`utime`, `stime`) know 4 ms at best, and `getrusage` only speaks
//! of children that have ended. The perf event `task-clock` counts exactly, as does the first field
//! of `schedstat` while the process sleeps.

use std::io;

use crate::counter::{Counter, What};

/// Both clocks of one process.
#[derive(Debug)]
pub struct CpuTime {
    pid: u32,
    event: io::Result<Counter>,
}

/// What both clocks say.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    /// The perf event, unless it was refused.
    pub task_clock_ns: Option<u64>,
    /// All threads of the process, those that have ended left out.
    pub schedstat_ns: u64,
}

impl Reading {
    /// The better one.
    pub fn ns(&self) -> u64 {
        self.task_clock_ns.unwrap_or(self.schedstat_ns)
    }
}

impl CpuTime {
    /// The clocks of a process that has no threads yet.
    pub fn of(pid: u32) -> Self {
        Self { pid, event: Counter::of(pid, What::TaskClock) }
    }

    /// Why the perf event can't be used, if it can't.
    pub fn refusal(&self) -> Option<&io::Error> {
        self.event.as_ref().err()
    }

    /// What the process took until it ended.
    pub fn ended(&self) -> io::Result<u64> {
        match &self.event {
            Ok(event) => event.read(),
            Err(error) => Err(io::Error::new(error.kind(), error.to_string())),
        }
    }

    /// What both clocks say now.
    pub fn read(&self) -> io::Result<Reading> {
        let task_clock_ns = match &self.event {
            Err(_) => None,
            Ok(event) => Some(event.read()?),
        };
        Ok(Reading { task_clock_ns, schedstat_ns: schedstat(self.pid)? })
    }
}

fn schedstat(pid: u32) -> io::Result<u64> {
    let mut sum = 0;
    for thread in std::fs::read_dir(format!("/proc/{pid}/task"))? {
        let text = std::fs::read_to_string(thread?.path().join("schedstat"))?;
        let on_cpu = text.split(' ').next().and_then(|field| field.parse::<u64>().ok());
        sum += on_cpu.ok_or_else(|| io::Error::other("schedstat without a number"))?;
    }
    Ok(sum)
}
