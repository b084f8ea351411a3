//! What the kernel counts for a process, by perf events: its CPU time in nanoseconds, and its
//! system calls.
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
/// `PERF_TYPE_TRACEPOINT`
const TRACEPOINT: u32 = 2;
/// `PERF_COUNT_SW_TASK_CLOCK`
const TASK_CLOCK: u64 = 1;
/// Threads and processes that the process starts count, too.
const INHERIT: u64 = 1 << 1;
/// `PERF_FLAG_FD_CLOEXEC`
const CLOEXEC: u64 = 1 << 3;
/// The number of the tracepoint that every system call passes.
const SYS_ENTER: &str = "/sys/kernel/tracing/events/raw_syscalls/sys_enter/id";

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Nanoseconds on a processor, exact.
    TaskClock,
    /// System calls; needs a mounted tracefs and the right to read it.
    SystemCalls,
}

/// A count for one process and all that it starts from now on.
#[derive(Debug)]
pub struct Counter(OwnedFd);

impl Counter {
    /// Counts for a process that has no threads yet.
    pub fn of(pid: u32, what: What) -> io::Result<Self> {
        let (kind, config) = match what {
            What::TaskClock => (SOFTWARE, TASK_CLOCK),
            What::SystemCalls => {
                let id = std::fs::read_to_string(SYS_ENTER)?;
                (TRACEPOINT, id.trim().parse().map_err(io::Error::other)?)
            }
        };
        let size = size_of::<PerfEventAttr>() as u32;
        let attr = PerfEventAttr { kind, size, config, flags: INHERIT, ..PerfEventAttr::default() };
        let (any_cpu, no_group) = (-1, -1);
        let number = libc::SYS_perf_event_open;
        // SAFETY: `attr` has the size that it names, and outlives the call.
        let fd = unsafe { libc::syscall(number, &raw const attr, pid, any_cpu, no_group, CLOEXEC) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the kernel just made this descriptor for us alone.
        Ok(Self(unsafe { OwnedFd::from_raw_fd(fd as i32) }))
    }

    /// The count so far.
    pub fn read(&self) -> io::Result<u64> {
        let mut count = [0; 8];
        rustix::io::read(&self.0, &mut count)?;
        Ok(u64::from_ne_bytes(count))
    }
}
