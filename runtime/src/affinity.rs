//! Which processors this process may use, and the pinning of threads to them.

use std::io;
use std::num::NonZero;
use std::sync::OnceLock;
use std::thread;

use rustix::process::getpid;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

mod quota;
#[cfg(test)]
mod tests;

/// The processors for one core each: those that the calling thread may run on, the first ones of
/// them if a cgroup's quota allows less. Never empty, ascending.
pub(crate) fn available() -> Vec<usize> {
    let mut cpus = allowed();
    cpus.truncate(quota().unwrap_or(usize::MAX));
    cpus
}

/// The processors that the calling thread may run on, by its affinity mask. Never empty, ascending.
pub(crate) fn allowed() -> Vec<usize> {
    match sched_getaffinity(None) {
        Ok(mask) if mask.count() > 0 => cpus_of(&mask),
        // More processors than a mask has bits (1024), or a filter that refuses the call.
        _ => (0..thread::available_parallelism().map_or(1, NonZero::get)).collect(),
    }
}

/// How many processors' worth of time the cgroups of this process grant, rounded up; at least 1.
/// `None` if there is no limit, or none that can be read.
pub(crate) fn quota() -> Option<usize> {
    quota::from_files(&|path| std::fs::read_to_string(path).ok())
}

/// The affinity mask that the process had before Sexton pinned anything: its first thread's.
///
/// Captured at the first call, and by `pin_current_thread` at the latest.
pub(crate) fn original_mask() -> io::Result<CpuSet> {
    static ORIGINAL: OnceLock<rustix::io::Result<CpuSet>> = OnceLock::new();
    let captured = ORIGINAL.get_or_init(|| {
        // The first thread may have ended before the others.
        sched_getaffinity(Some(getpid())).or_else(|_| sched_getaffinity(None))
    });
    captured.map_err(io::Error::from)
}

/// Binds the calling thread to one processor.
///
/// Threads that it starts inherit that: see [`unpin`].
///
/// # Errors
/// `InvalidInput` if there is no such processor, or the process may not use it.
pub(crate) fn pin_current_thread(cpu: usize) -> io::Result<()> {
    // Without the original mask only `unpin` cannot work, and says so itself.
    let _ = original_mask();
    if cpu >= CpuSet::MAX_CPU {
        let message = format!("processor {cpu}: the kernel's masks end at {}", CpuSet::MAX_CPU);
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    }
    let mut mask = CpuSet::new();
    mask.set(cpu);
    Ok(sched_setaffinity(None, &mask)?)
}

/// Gives the calling thread the process's original mask: for threads that a pinned one has started.
///
/// # Errors
/// What reading or setting the mask answered, for example if the cgroup has lost all its
/// processors.
pub(crate) fn unpin() -> io::Result<()> {
    Ok(sched_setaffinity(None, &original_mask()?)?)
}

fn cpus_of(mask: &CpuSet) -> Vec<usize> {
    (0..CpuSet::MAX_CPU).filter(|cpu| mask.is_set(*cpu)).collect()
}
