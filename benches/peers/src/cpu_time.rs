//! The CPU time of another process, in nanoseconds.
//!
//! The kernel's tick-based times (`utime`, `stime`) know 4 ms at best, and `getrusage` only speaks
//! of children that have ended. The perf event `task-clock` counts exactly, as does the first field
//! of `schedstat` while the process sleeps.
#![allow(unsafe_code, reason = "no crate here wraps perf_event_open")]

use std::io;
use std::mem::size_of;
use std::os::fd::{FromRawFd, OwnedFd};

/// `struct perf_event_attr` in its first version.
#[repr(C)]
#[derive(Default)]
struct PerfEventAttr {
    kind: u32,
    size: u32,
    config: u64,
    sample_period: u64,
    sample_type: u64,
    read_format: u64,
    flags: u64,
    wakeup_events: u32,
    bp_type: u32,
    config1: u64,
}

const _: () = assert!(size_of::<PerfEventAttr>() == 64, "PERF_ATTR_SIZE_VER0");

/// `PERF_TYPE_SOFTWARE`
const SOFTWARE: u32 = 1;
/// `PERF_COUNT_SW_TASK_CLOCK`
const TASK_CLOCK: u64 = 1;
/// Threads and processes that the process starts count, too.
const INHERIT: u64 = 1 << 1;
/// `PERF_FLAG_FD_CLOEXEC`
const CLOEXEC: u64 = 1 << 3;

/// Both clocks of one process.
#[derive(Debug)]
pub struct CpuTime {
    pid: u32,
    event: io::Result<OwnedFd>,
}

/// What both clocks say.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    /// The perf event, unless it was refused.
    pub task_clock_ns: Option<u64>,
    /// All threads of the process, those that have ended left out.
    pub schedstat_ns: u64,
}

impl CpuTime {
    /// The clocks of a process that has no threads yet.
    pub fn of(pid: u32) -> Self {
        Self { pid, event: open(pid) }
    }

    /// Why the perf event can't be used, if it can't.
    pub fn refusal(&self) -> Option<&io::Error> {
        self.event.as_ref().err()
    }

    /// What both clocks say now.
    pub fn read(&self) -> io::Result<Reading> {
        let task_clock_ns = match &self.event {
            Err(_) => None,
            Ok(event) => {
                let mut count = [0; 8];
                rustix::io::read(event, &mut count)?;
                Some(u64::from_ne_bytes(count))
            }
        };
        Ok(Reading { task_clock_ns, schedstat_ns: schedstat(self.pid)? })
    }
}

fn open(pid: u32) -> io::Result<OwnedFd> {
    let attr = PerfEventAttr {
        kind: SOFTWARE,
        size: size_of::<PerfEventAttr>() as u32,
        config: TASK_CLOCK,
        flags: INHERIT,
        ..PerfEventAttr::default()
    };
    let (any_cpu, no_group) = (-1, -1);
    // SAFETY: `attr` has the size that it names, and outlives the call.
    let fd = unsafe {
        libc::syscall(libc::SYS_perf_event_open, &raw const attr, pid, any_cpu, no_group, CLOEXEC)
    };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel just made this descriptor for us alone.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as i32) })
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
