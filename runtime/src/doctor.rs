//! What this machine offers a runtime, and what to do where it offers too little.

use std::thread;
use std::{fmt, io};

use io_uring::opcode;

use crate::caps::{Caps, Words};
use crate::config::Config;
use crate::start_error::StartError;
use crate::sys::{Body, Host, Ring, RingConfig, Seccomp};

/// The operations that Sexton uses.
const USED: [(u8, &str); 18] = [
    (opcode::Nop::CODE, "NOP"),
    (opcode::Read::CODE, "READ"),
    (opcode::Write::CODE, "WRITE"),
    (opcode::Readv::CODE, "READV"),
    (opcode::Writev::CODE, "WRITEV"),
    (opcode::Recv::CODE, "RECV"),
    (opcode::Send::CODE, "SEND"),
    (opcode::SendZc::CODE, "SEND_ZC"),
    (opcode::RecvMsg::CODE, "RECVMSG"),
    (opcode::SendMsg::CODE, "SENDMSG"),
    (opcode::Accept::CODE, "ACCEPT"),
    (opcode::Connect::CODE, "CONNECT"),
    (opcode::OpenAt::CODE, "OPENAT"),
    (opcode::OpenAt2::CODE, "OPENAT2"),
    (opcode::Fsync::CODE, "FSYNC"),
    (opcode::PollAdd::CODE, "POLL_ADD"),
    (opcode::Timeout::CODE, "TIMEOUT"),
    (opcode::AsyncCancel::CODE, "ASYNC_CANCEL"),
];

/// Examines this machine: starts a ring as a runtime with the default configuration does, looks at
/// limits and filters, and closes the ring again.
///
/// It never fails: what is wrong is in the report. It takes a few milliseconds, and a little longer
/// where memory is short; it needs no runtime, and disturbs none.
///
/// # Kernel
///
/// `io_uring_setup` and `io_uring_register` of a thread of its own; `/proc/thread-self/status` and
/// `/proc/sys/kernel`.
///
/// ```
/// let report = sexton_runtime::doctor();
/// println!("{report}");
/// ```
#[must_use]
pub fn doctor() -> Report {
    // A thread of its own: a thread's registered rings and limits of workers stay as they are.
    let thread = thread::Builder::new().name("sexton-doctor".into()).spawn(start);
    let ring = match thread.map(thread::JoinHandle::join) {
        Ok(Ok(ring)) => ring,
        Ok(Err(_)) => Err(other("starting a ring", io::Error::other("it panicked"))),
        Err(source) => Err(other("starting a thread", source)),
    };
    Report { host: Host::look(), ring, cores: thread::available_parallelism().ok().map(Into::into) }
}

fn start() -> Result<Caps, StartError> {
    let config = RingConfig { body: Body::Kernel, ..RingConfig::from(&Config::default()) };
    Ring::start(&config).map(|ring| ring.caps().clone())
}

fn other(step: &'static str, source: io::Error) -> StartError {
    StartError::Other { step, source }
}

/// What [`doctor`] found; it prints as a page of text.
#[derive(Debug)]
pub struct Report {
    host: Host,
    ring: Result<Caps, StartError>,
    cores: Option<usize>,
}

impl Report {
    /// What a ring was granted, or why none could be started.
    pub fn ring(&self) -> Result<&Caps, &StartError> {
        self.ring.as_ref()
    }

    /// The operations that Sexton uses and this kernel lacks. All of them, where no ring starts.
    #[must_use]
    pub fn missing_operations(&self) -> Vec<&'static str> {
        let lacks = |opcode| self.ring.as_ref().map_or(true, |caps| !caps.supports(opcode));
        USED.iter().filter(|(opcode, _)| lacks(*opcode)).map(|(_, name)| *name).collect()
    }

    /// What to do, a sentence or two each. Empty where nothing needs to be done.
    #[must_use]
    pub fn advice(&self) -> Vec<String> {
        let caps = match &self.ring {
            Ok(caps) => caps,
            Err(error) => return vec![error.remedy()],
        };
        let mut advice = Vec::new();
        if caps.is_reduced() {
            let limit = self.host.memlock_limit;
            advice.push(StartError::Memory { needed: 0, limit }.remedy());
        }
        let missing = self.missing_operations();
        if !missing.is_empty() {
            advice.push(format!(
                "Run on a newer kernel, or without the filter that hides it, to use {}.",
                Words(missing)
            ));
        }
        if caps.refused().any(|flag| flag == "DEFER_TASKRUN") {
            advice.push(
                "The ring runs without DEFER_TASKRUN, which Linux 6.1 has: look for a sandbox \
                 between this process and the kernel. It works, with more interrupts."
                    .into(),
            );
        }
        if !caps.ring_fd_registered() {
            advice.push(
                "The ring's descriptor could not be registered; each turn costs a little more."
                    .into(),
            );
        }
        advice
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.ring {
            Ok(caps) => {
                writeln!(f, "A ring starts here.\n")?;
                writeln!(f, "{caps}")?;
                let missing = Words(self.missing_operations());
                writeln!(f, "missing operations          {missing}")?;
            }
            Err(error) => {
                writeln!(f, "No ring starts here: {error}\n")?;
                writeln!(f, "kernel                      {}", self.host.release)?;
            }
        }
        let kib = |bytes: Option<u64>, none: &str| {
            bytes.map_or_else(|| none.to_owned(), |bytes| format!("{} KiB", bytes / 1024))
        };
        writeln!(
            f,
            "locked memory               limit {}, locked by this process {}",
            kib(self.host.memlock_limit, "none"),
            kib(self.host.memlock_used, "unknown")
        )?;
        let number = |number: Option<u64>, none: &str| {
            number.map_or_else(|| none.to_owned(), |number| number.to_string())
        };
        writeln!(f, "descriptors                 limit {}", number(self.host.files_limit, "none"))?;
        let seccomp = match self.host.seccomp {
            Seccomp::Unknown => "unknown",
            Seccomp::Off => "off",
            Seccomp::On => "on",
        };
        writeln!(f, "seccomp                     {seccomp}")?;
        let disabled = number(self.host.disabled.map(u64::from), "not there");
        write!(f, "kernel.io_uring_disabled    {disabled}")?;
        if let Some(group) = self.host.group.filter(|group| *group >= 0) {
            write!(f, ", group {group}")?;
        }
        writeln!(f)?;
        let cores = number(self.cores.map(|cores| cores as u64), "unknown");
        write!(f, "cores                       {cores}")?;
        for advice in self.advice() {
            write!(f, "\n\n{advice}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::caps::{Opcodes, Tried, feature, setup};
    use crate::sys::Release;

    fn host() -> Host {
        Host {
            release: Release::parse("6.8.0"),
            seccomp: Seccomp::On,
            disabled: Some(1),
            group: Some(27),
            memlock_limit: Some(65_536),
            memlock_used: None,
            files_limit: None,
        }
    }

    fn caps() -> Caps {
        let mut opcodes = Opcodes::default();
        USED.iter().for_each(|(opcode, _)| opcodes.add(*opcode));
        Caps {
            release: Release::parse("6.8.0"),
            flags_granted: setup::SINGLE_ISSUER | setup::DEFER_TASKRUN,
            flags_refused: 0,
            feature_bits: feature::REQUIRED,
            opcodes,
            sq_entries: 256,
            cq_entries: 4096,
            sq_entries_asked: 256,
            ring_fd_registered: true,
            tried: Tried::default(),
            io_workers_limited: true,
        }
    }

    fn report(ring: Result<Caps, StartError>) -> Report {
        Report { host: host(), ring, cores: Some(2) }
    }

    #[cfg_attr(miri, ignore = "asks the kernel")]
    #[test]
    fn on_this_machine_a_ring_starts_and_nothing_is_missing() {
        let report = doctor();
        let caps = report.ring().expect("this machine has io_uring");
        assert!(caps.sq_entries() > 0);
        assert!(report.missing_operations().is_empty());
        let text = report.to_string();
        for word in ["A ring starts here", "granted", "seccomp", "locked memory", caps.kernel()] {
            assert!(text.contains(word), "{word:?} is not in\n{text}");
        }
    }

    #[test]
    fn a_healthy_machine_gets_no_advice() {
        assert_eq!(report(Ok(caps())).advice(), [""; 0]);
    }

    #[test]
    fn what_is_short_of_the_best_is_named_with_its_remedy() {
        let mut poor = caps();
        poor.sq_entries = 64;
        poor.flags_refused = setup::DEFER_TASKRUN;
        poor.ring_fd_registered = false;
        poor.opcodes = Opcodes::default();
        let advice = report(Ok(poor)).advice().join("\n");
        for word in ["LimitMEMLOCK", "DEFER_TASKRUN", "registered", "ASYNC_CANCEL"] {
            assert!(advice.contains(word), "{word:?} is not in\n{advice}");
        }
    }

    #[test]
    fn a_refusal_is_reported_with_the_state_of_the_machine() {
        let error = StartError::Disabled { level: 1, group: Some(27) };
        let report = report(Err(error));
        assert_eq!(report.missing_operations().len(), USED.len());
        let text = report.to_string();
        for word in [
            "No ring starts here",
            "io_uring_disabled is 1",
            "group 27",
            "64 KiB",
            "seccomp",
            "6.8.0",
        ] {
            assert!(text.contains(word), "{word:?} is not in\n{text}");
        }
    }
}
