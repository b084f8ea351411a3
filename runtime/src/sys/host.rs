//! What the machine says about itself: release, limits, and what forbids io_uring here.

use std::fmt;
use std::fs;

/// A kernel release, as `uname` says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Release {
    /// The whole string.
    pub(crate) name: String,
    /// Its first three numbers, zero where they could not be read.
    pub(crate) version: (u32, u32, u32),
}

impl Release {
    /// The release of the kernel that runs.
    pub(crate) fn running() -> Self {
        Self::parse(&rustix::system::uname().release().to_string_lossy())
    }

    /// Reads the leading numbers of a release such as `6.12.117-amd64`.
    pub(crate) fn parse(name: &str) -> Self {
        let mut numbers = name.split(|c: char| !c.is_ascii_digit()).map(|part| part.parse::<u32>());
        let mut next = || numbers.next().and_then(Result::ok).unwrap_or(0);
        Self { name: name.to_owned(), version: (next(), next(), next()) }
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// Whether system calls of this process are filtered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seccomp {
    /// `/proc/thread-self/status` does not say.
    Unknown,
    /// Not at all.
    Off,
    /// By seccomp, strictly or with a filter.
    On,
}

/// What was found out about this machine and this process. Nothing in it is certain enough to
/// decide by; it explains what the kernel answered.
#[derive(Clone, Debug)]
pub(crate) struct Host {
    /// The kernel.
    pub(crate) release: Release,
    /// Whether seccomp filters.
    pub(crate) seccomp: Seccomp,
    /// `kernel.io_uring_disabled`; none before Linux 6.6.
    pub(crate) disabled: Option<u32>,
    /// `kernel.io_uring_group`, the group that may where the former is 1.
    pub(crate) group: Option<i64>,
    /// Bytes of `RLIMIT_MEMLOCK`; none is unlimited.
    pub(crate) memlock_limit: Option<u64>,
    /// Bytes that this process has locked. What rings cost is counted for the user, and nowhere
    /// shown.
    pub(crate) memlock_used: Option<u64>,
    /// `RLIMIT_NOFILE`; none is unlimited.
    pub(crate) files_limit: Option<u64>,
}

impl Host {
    /// Asks. What can't be read stays unknown.
    pub(crate) fn look() -> Self {
        let status = fs::read_to_string("/proc/thread-self/status").unwrap_or_default();
        let limit = |resource| rustix::process::getrlimit(resource).current;
        Self {
            release: Release::running(),
            seccomp: seccomp_of(&status),
            disabled: sysctl("io_uring_disabled"),
            group: sysctl("io_uring_group"),
            memlock_limit: limit(rustix::process::Resource::Memlock),
            memlock_used: kib_of(&status, "VmLck").map(|kib| kib * 1024),
            files_limit: limit(rustix::process::Resource::Nofile),
        }
    }
}

/// A number under `/proc/sys/kernel`.
fn sysctl<T: std::str::FromStr>(name: &str) -> Option<T> {
    fs::read_to_string(format!("/proc/sys/kernel/{name}")).ok()?.trim().parse().ok()
}

/// The rest of the line that begins with `key:`.
fn field<'a>(status: &'a str, key: &str) -> Option<&'a str> {
    let line = status.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))?;
    Some(line.trim())
}

fn kib_of(status: &str, key: &str) -> Option<u64> {
    field(status, key)?.strip_suffix("kB")?.trim().parse().ok()
}

fn seccomp_of(status: &str) -> Seccomp {
    match field(status, "Seccomp") {
        Some("0") => Seccomp::Off,
        Some(_) => Seccomp::On,
        None => Seccomp::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_is_read_up_to_its_third_number() {
        for (name, version) in [
            ("6.18.44-fc-v595", (6, 18, 44)),
            ("6.1.0-44-amd64", (6, 1, 0)),
            ("6.6-rc3", (6, 6, 0)),
            ("5", (5, 0, 0)),
            ("", (0, 0, 0)),
            ("strange", (0, 0, 0)),
            ("6.99999999999.1", (6, 0, 1)),
        ] {
            assert_eq!(Release::parse(name).version, version, "{name}");
        }
    }

    #[test]
    fn the_status_of_a_process_is_read_by_whole_keys() {
        let status = "VmPin:\t  12 kB\nVmLck:\t     640 kB\nSeccomp_filters:\t3\nSeccomp:\t2\n";
        assert_eq!(kib_of(status, "VmLck"), Some(640));
        assert_eq!(kib_of(status, "VmRSS"), None);
        assert_eq!(seccomp_of(status), Seccomp::On);
        assert_eq!(seccomp_of("Seccomp:\t0\n"), Seccomp::Off);
        assert_eq!(seccomp_of("Seccomp_filters:\t0\n"), Seccomp::Unknown);
    }
}
