//! Why a ring could not be started, and what to do about it.

use std::error::Error;
use std::{fmt, io};

use crate::caps::Words;
use crate::sys::{Host, Seccomp};

/// Why a runtime could not start. The message says what happened, and the remedy.
#[derive(Debug)]
#[non_exhaustive]
pub enum StartError {
    /// The system call does not exist here (`ENOSYS`): a kernel built without io_uring, or a
    /// sandbox that imitates one.
    Missing {
        /// What `uname -r` says.
        release: String,
    },
    /// `kernel.io_uring_disabled` forbids it (`EPERM`).
    Disabled {
        /// The value: 1 forbids it outside a group and to the unprivileged, 2 to everybody.
        level: u32,
        /// The group that may all the same (`kernel.io_uring_group`), unless negative.
        group: Option<i64>,
    },
    /// A seccomp filter refuses the system call: a container's or a service manager's.
    Filtered {
        /// What the filter answers, `EPERM` or `ENOSYS` as a rule.
        errno: i32,
    },
    /// Refused for a reason that shows nowhere: a security module, as a rule.
    Refused {
        /// What the kernel answered.
        errno: i32,
    },
    /// Not enough lockable memory (`ENOMEM`), even for the smallest ring.
    Memory {
        /// Bytes of the smallest ring that was tried.
        needed: u64,
        /// Bytes of `RLIMIT_MEMLOCK`, counted for all processes of the user; none is unlimited.
        limit: Option<u64>,
    },
    /// No descriptor left, in this process (`EMFILE`) or in the system (`ENFILE`).
    Descriptors {
        /// `RLIMIT_NOFILE`, where this process has used it up; none where the system has.
        limit: Option<u64>,
    },
    /// The kernel is too old: Linux 6.1 is needed, or a kernel with its io_uring.
    TooOld {
        /// What `uname -r` says.
        release: String,
        /// What this kernel lacks.
        missing: Vec<&'static str>,
    },
    /// Busy polls of network devices were asked for ([`Builder::napi`](crate::Builder::napi)), and
    /// this kernel has none.
    Napi {
        /// What `uname -r` says.
        release: String,
        /// What the kernel answered.
        source: io::Error,
    },
    /// Something else failed.
    Other {
        /// What was being done.
        step: &'static str,
        /// What the system answered.
        source: io::Error,
    },
}

impl StartError {
    /// Explains why `step` failed. `needed` is the size of the smallest ring that was tried.
    pub(crate) fn explain(step: &'static str, error: io::Error, host: &Host, needed: u64) -> Self {
        let release = || host.release.name.clone();
        match error.raw_os_error() {
            // A filter can answer ENOSYS as well: where one is on and the kernel is not from before
            // io_uring, it is the likelier cause.
            Some(libc::ENOSYS)
                if host.seccomp == Seccomp::On && host.release.version >= (5, 1, 0) =>
            {
                Self::Filtered { errno: libc::ENOSYS }
            }
            Some(libc::ENOSYS) => Self::Missing { release: release() },
            // The sysctl says for sure that it forbids, a filter may be there for other calls.
            Some(libc::EPERM | libc::EACCES) if host.disabled.is_some_and(|level| level > 0) => {
                Self::Disabled { level: host.disabled.unwrap_or(0), group: host.group }
            }
            Some(errno @ (libc::EPERM | libc::EACCES)) if host.seccomp == Seccomp::On => {
                Self::Filtered { errno }
            }
            Some(errno @ (libc::EPERM | libc::EACCES)) => Self::Refused { errno },
            Some(libc::ENOMEM) => Self::Memory { needed, limit: host.memlock_limit },
            Some(libc::EMFILE) => Self::Descriptors { limit: host.files_limit },
            Some(libc::ENFILE) => Self::Descriptors { limit: None },
            // Every flag that can be done without has been dropped by now.
            Some(libc::EINVAL) => Self::TooOld { release: release(), missing: vec![step] },
            _ => Self::Other { step, source: error },
        }
    }

    /// The kind that fits, for callers that only look at kinds.
    #[must_use]
    pub fn kind(&self) -> io::ErrorKind {
        match self {
            Self::Missing { .. } | Self::TooOld { .. } | Self::Napi { .. } => {
                io::ErrorKind::Unsupported
            }
            Self::Disabled { .. } | Self::Filtered { .. } | Self::Refused { .. } => {
                io::ErrorKind::PermissionDenied
            }
            Self::Memory { .. } => io::ErrorKind::OutOfMemory,
            Self::Descriptors { .. } => io::ErrorKind::QuotaExceeded,
            Self::Other { source, .. } => source.kind(),
        }
    }

    /// What to do about it, in sentences.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Missing { .. } => "Run on Linux 6.1 or newer, built with CONFIG_IO_URING; in a \
                 sandbox such as gVisor choose a runtime that uses the host's kernel."
                .into(),
            Self::Disabled { level: 1, group: Some(group) } if *group >= 0 => format!(
                "Add the user to group {group} (sysctl kernel.io_uring_group), or run \
                 `sysctl -w kernel.io_uring_disabled=0`."
            ),
            Self::Disabled { level: 1, .. } => "Run `sysctl -w kernel.io_uring_disabled=0`, or name \
                 a group of this user in the sysctl kernel.io_uring_group."
                .into(),
            Self::Disabled { .. } => "Run `sysctl -w kernel.io_uring_disabled=0`.".into(),
            Self::Filtered { .. } => "Allow io_uring_setup, io_uring_enter and io_uring_register: \
                 Docker and Podman with `--security-opt seccomp=PROFILE.json` (or `unconfined`), \
                 Kubernetes with a `seccompProfile` of type Localhost, systemd with \
                 `SystemCallFilter=@aio`."
                .into(),
            Self::Refused { .. } => "Look for a denial of SELinux or AppArmor in the audit log, and \
                 allow class io_uring."
                .into(),
            Self::Memory { limit: Some(_), .. } => "Raise the limit: `ulimit -l unlimited`, \
                 systemd `LimitMEMLOCK=64M`, Docker `--ulimit memlock=67108864`; or run fewer cores. \
                 The limit counts all rings of the user's processes together."
                .into(),
            Self::Memory { limit: None, .. } => "Give the system or the memory cgroup more memory, \
                 or run fewer cores."
                .into(),
            Self::Descriptors { limit: Some(_) } => {
                "Raise the limit: `ulimit -n`, systemd `LimitNOFILE=`.".into()
            }
            Self::Descriptors { limit: None } => "Raise the sysctl fs.file-max.".into(),
            Self::TooOld { .. } => "Run on Linux 6.1 or newer.".into(),
            Self::Napi { .. } => "Leave out `Builder::napi`, or run on Linux 6.9 or newer, built with \
                 CONFIG_NET_RX_BUSY_POLL."
                .into(),
            Self::Other { .. } => "Run the doctor (`sexton::doctor()`) and report what it says.".into(),
        }
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { release } => write!(f, "this kernel ({release}) has no io_uring")?,
            Self::Disabled { level, .. } => {
                write!(f, "io_uring is forbidden: the sysctl kernel.io_uring_disabled is {level}")?;
            }
            Self::Filtered { errno } => {
                write!(f, "a seccomp filter refuses io_uring ({})", Errno(*errno))?;
            }
            Self::Refused { errno } => write!(
                f,
                "io_uring is refused ({}), neither by the sysctl kernel.io_uring_disabled nor by \
                 seccomp",
                Errno(*errno)
            )?,
            Self::Memory { needed, limit: Some(limit) } => write!(
                f,
                "not enough lockable memory for a ring: the smallest needs {} KiB, and the limit \
                 (RLIMIT_MEMLOCK) is {} KiB for all of the user's processes",
                needed.div_ceil(1024),
                limit / 1024
            )?,
            Self::Memory { needed, limit: None } => write!(
                f,
                "not enough memory for a ring: the smallest needs {} KiB",
                needed.div_ceil(1024)
            )?,
            Self::Descriptors { limit: Some(limit) } => {
                write!(f, "no descriptor left for a ring: the limit (RLIMIT_NOFILE) is {limit}")?;
            }
            Self::Descriptors { limit: None } => {
                f.write_str("no descriptor left for a ring in the whole system")?;
            }
            Self::TooOld { release, missing } => write!(
                f,
                "this kernel's io_uring is too old: {release} lacks {}",
                Words(missing.clone())
            )?,
            Self::Napi { release, source } => write!(
                f,
                "this kernel ({release}) does not poll network devices for a ring: {source}"
            )?,
            Self::Other { step, source } => {
                write!(f, "the ring could not start: {step}: {source}")?
            }
        }
        write!(f, ". {}", self.remedy())
    }
}

/// An errno with its name's meaning, as `std` words it.
struct Errno(i32);

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        io::Error::from_raw_os_error(self.0).fmt(f)
    }
}

impl Error for StartError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Napi { source, .. } | Self::Other { source, .. } => Some(source),
            _ => None,
        }
    }
}

impl From<StartError> for io::Error {
    fn from(error: StartError) -> Self {
        Self::new(error.kind(), error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::Release;

    fn host() -> Host {
        Host {
            release: Release::parse("6.8.0"),
            seccomp: Seccomp::Off,
            disabled: Some(0),
            group: Some(-1),
            memlock_limit: Some(65_536),
            memlock_used: Some(0),
            files_limit: Some(1024),
        }
    }

    fn explain(errno: i32, host: &Host) -> StartError {
        StartError::explain("io_uring_setup", io::Error::from_raw_os_error(errno), host, 8192)
    }

    #[test]
    fn a_refusal_is_laid_at_the_door_of_the_one_who_refused() {
        use StartError::{Disabled, Filtered, Missing, Refused};
        let free = host();
        let filtered = Host { seccomp: Seccomp::On, ..host() };
        let disabled = Host { disabled: Some(2), seccomp: Seccomp::On, ..host() };
        let ancient = Host { release: Release::parse("4.19.0"), seccomp: Seccomp::On, ..host() };
        assert!(matches!(explain(libc::EPERM, &free), Refused { .. }));
        assert!(matches!(explain(libc::EPERM, &filtered), Filtered { errno: libc::EPERM }));
        assert!(matches!(explain(libc::EPERM, &disabled), Disabled { level: 2, .. }));
        assert!(matches!(explain(libc::ENOSYS, &free), Missing { .. }));
        assert!(matches!(explain(libc::ENOSYS, &filtered), Filtered { errno: libc::ENOSYS }));
        assert!(matches!(explain(libc::ENOSYS, &ancient), Missing { .. }));
    }

    #[test]
    fn each_message_names_what_to_turn() {
        let filtered = Host { seccomp: Seccomp::On, ..host() };
        let disabled = Host { disabled: Some(1), group: Some(27), ..host() };
        for (errno, host, words) in [
            (libc::EPERM, &filtered, &["seccomp", "--security-opt", "SystemCallFilter="][..]),
            (libc::EPERM, &disabled, &["kernel.io_uring_disabled is 1", "group 27", "sysctl -w"]),
            (libc::ENOMEM, &host(), &["8 KiB", "64 KiB", "ulimit -l", "LimitMEMLOCK="]),
            (libc::EMFILE, &host(), &["1024", "ulimit -n"]),
            (libc::EINVAL, &host(), &["6.8.0", "6.1"]),
            (libc::EIO, &host(), &["io_uring_setup", "doctor"]),
        ] {
            let message = explain(errno, host).to_string();
            for word in words {
                assert!(message.contains(word), "{word:?} is not in {message:?}");
            }
        }
    }

    #[test]
    fn an_io_error_made_of_it_keeps_kind_and_source() {
        let error = io::Error::from(explain(libc::ENOMEM, &host()));
        assert_eq!(error.kind(), io::ErrorKind::OutOfMemory);
        let inner = error.get_ref().expect("made of a StartError");
        assert!(inner.downcast_ref::<StartError>().is_some());

        let other = explain(libc::EIO, &host());
        let source = other.source().expect("the system's answer");
        assert_eq!(source.to_string(), io::Error::from_raw_os_error(libc::EIO).to_string());
    }

    #[test]
    fn every_errno_has_a_message_that_says_more_than_a_number() {
        for errno in 1..=133 {
            let error = explain(errno, &host());
            assert!(error.to_string().len() > 40, "{errno}: {error}");
            assert!(!error.remedy().is_empty());
        }
    }
}
