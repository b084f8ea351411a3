//! What the kernel granted: asked once, when a ring starts, and printable.

use std::fmt;

use crate::sys::Release;

/// What a ring was granted: the kernel's release, flags, features, operations and sizes.
///
/// ```
/// # use sexton_runtime::Caps;
/// fn log(caps: &Caps) {
///     println!("{caps}");
///     assert!(caps.features().any(|feature| feature == "EXT_ARG"));
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Caps {
    pub(crate) release: Release,
    pub(crate) flags_granted: u32,
    pub(crate) flags_refused: u32,
    pub(crate) feature_bits: u32,
    pub(crate) opcodes: Opcodes,
    pub(crate) sq_entries: u32,
    pub(crate) cq_entries: u32,
    pub(crate) sq_entries_asked: u32,
    pub(crate) ring_fd_registered: bool,
    pub(crate) tried: Tried,
    pub(crate) io_workers_limited: bool,
}

impl Caps {
    /// The kernel's release, as `uname -r` says it.
    #[must_use]
    pub fn kernel(&self) -> &str {
        &self.release.name
    }

    /// Names of the set-up flags that the ring has, such as `DEFER_TASKRUN`.
    pub fn flags(&self) -> impl Iterator<Item = &'static str> + use<> {
        names(&SETUP_FLAGS, self.flags_granted)
    }

    /// Names of the set-up flags that were asked for and refused.
    pub fn refused(&self) -> impl Iterator<Item = &'static str> + use<> {
        names(&SETUP_FLAGS, self.flags_refused)
    }

    /// Names of the kernel's features (`IORING_FEAT_*`) that Sexton knows.
    pub fn features(&self) -> impl Iterator<Item = &'static str> + use<> {
        names(&FEATURES, self.feature_bits)
    }

    /// Whether the kernel has the operation (`IORING_OP_*`).
    #[must_use]
    pub fn supports(&self, opcode: u8) -> bool {
        self.opcodes.has(opcode)
    }

    /// Entries of the submission queue. Fewer than configured where locked memory is short.
    #[must_use]
    pub fn sq_entries(&self) -> u32 {
        self.sq_entries
    }

    /// Entries of the completion queue.
    #[must_use]
    pub fn cq_entries(&self) -> u32 {
        self.cq_entries
    }

    /// Whether the ring is entered through a registered descriptor.
    #[must_use]
    pub fn ring_fd_registered(&self) -> bool {
        self.ring_fd_registered
    }

    /// Whether the ring is smaller than what was asked for, because memory was refused.
    #[must_use]
    pub fn is_reduced(&self) -> bool {
        self.sq_entries < self.sq_entries_asked
    }

    /// Names of what Sexton has tried out and seen the kernel do right. The rest is not used.
    pub fn tried(&self) -> impl Iterator<Item = &'static str> + use<> {
        let Tried { incremental, bundles } = self.tried;
        let names = [(incremental, "incremental-buffers"), (bundles, "bundles")];
        names.into_iter().filter(|(works, _)| *works).map(|(_, name)| name)
    }

    /// Names of what the kernel could do but is known to get wrong, so that Sexton leaves it alone.
    pub fn excluded(&self) -> impl Iterator<Item = &'static str> + use<'_> {
        BEHAVIOURS.iter().filter(|(what, _)| self.known_bad(*what)).map(|(_, name)| *name)
    }

    /// Whether this kernel is known to get `behaviour` wrong. False says nothing: what is not
    /// excluded is still to be tried out.
    pub(crate) fn known_bad(&self, behaviour: Behaviour) -> bool {
        known_bad(behaviour, self.release.version)
    }
}

impl fmt::Display for Caps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "kernel      {}", self.release)?;
        write!(f, "queues      {} submissions, {} completions", self.sq_entries, self.cq_entries)?;
        if self.is_reduced() {
            write!(f, " (asked for {}, memory was refused)", self.sq_entries_asked)?;
        }
        writeln!(f)?;
        writeln!(f, "granted     {}", Words(self.flags().collect()))?;
        writeln!(f, "refused     {}", Words(self.refused().collect()))?;
        writeln!(f, "features    {}", Words(self.features().collect()))?;
        writeln!(f, "operations  {}", self.opcodes.count())?;
        writeln!(f, "tried out   {}", Words(self.tried().collect()))?;
        writeln!(f, "excluded    {}", Words(self.excluded().collect()))?;
        let yes_no = |yes| if yes { "yes" } else { "no" };
        writeln!(f, "registered ring descriptor  {}", yes_no(self.ring_fd_registered))?;
        write!(f, "kernel workers limited      {}", yes_no(self.io_workers_limited))
    }
}

/// What was tried out, and works: a version number says too little of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tried {
    /// Provided buffers consumed piece by piece.
    pub(crate) incremental: bool,
    /// One completion for several provided buffers.
    pub(crate) bundles: bool,
}

/// Words on one line, or a dash.
pub(crate) struct Words(pub(crate) Vec<&'static str>);

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { f.write_str("-") } else { f.write_str(&self.0.join(" ")) }
    }
}

/// The operations that a kernel has, one bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Opcodes([u64; 4]);

impl Opcodes {
    pub(crate) fn add(&mut self, opcode: u8) {
        self.0[usize::from(opcode >> 6)] |= 1 << (opcode & 63);
    }

    pub(crate) fn has(&self, opcode: u8) -> bool {
        self.0[usize::from(opcode >> 6)] & (1 << (opcode & 63)) != 0
    }

    pub(crate) fn count(&self) -> u32 {
        self.0.iter().map(|word| word.count_ones()).sum()
    }
}

/// Set-up flags of a ring, `IORING_SETUP_*`.
pub(crate) mod setup {
    pub(crate) const CQSIZE: u32 = 1 << 3;
    pub(crate) const CLAMP: u32 = 1 << 4;
    pub(crate) const SUBMIT_ALL: u32 = 1 << 7;
    pub(crate) const COOP_TASKRUN: u32 = 1 << 8;
    pub(crate) const TASKRUN_FLAG: u32 = 1 << 9;
    pub(crate) const SINGLE_ISSUER: u32 = 1 << 12;
    pub(crate) const DEFER_TASKRUN: u32 = 1 << 13;
    pub(crate) const NO_SQARRAY: u32 = 1 << 16;
}

/// What a kernel says it can, `IORING_FEAT_*`.
pub(crate) mod feature {
    pub(crate) const SINGLE_MMAP: u32 = 1 << 0;
    pub(crate) const NODROP: u32 = 1 << 1;
    pub(crate) const SUBMIT_STABLE: u32 = 1 << 2;
    pub(crate) const FAST_POLL: u32 = 1 << 5;
    pub(crate) const EXT_ARG: u32 = 1 << 8;
    pub(crate) const RSRC_TAGS: u32 = 1 << 10;
    pub(crate) const CQE_SKIP: u32 = 1 << 11;
    pub(crate) const LINKED_FILE: u32 = 1 << 12;
    pub(crate) const RECVSEND_BUNDLE: u32 = 1 << 14;
    pub(crate) const MIN_TIMEOUT: u32 = 1 << 15;
    pub(crate) const NO_IOWAIT: u32 = 1 << 17;

    /// Without these Sexton does not start. Linux 6.1 has them all.
    pub(crate) const REQUIRED: u32 = SINGLE_MMAP
        | NODROP
        | SUBMIT_STABLE
        | FAST_POLL
        | EXT_ARG
        | RSRC_TAGS
        | CQE_SKIP
        | LINKED_FILE;
}

const SETUP_FLAGS: [(u32, &str); 8] = [
    (setup::SINGLE_ISSUER, "SINGLE_ISSUER"),
    (setup::DEFER_TASKRUN, "DEFER_TASKRUN"),
    (setup::COOP_TASKRUN, "COOP_TASKRUN"),
    (setup::TASKRUN_FLAG, "TASKRUN_FLAG"),
    (setup::SUBMIT_ALL, "SUBMIT_ALL"),
    (setup::CQSIZE, "CQSIZE"),
    (setup::CLAMP, "CLAMP"),
    (setup::NO_SQARRAY, "NO_SQARRAY"),
];

const FEATURES: [(u32, &str); 11] = [
    (feature::SINGLE_MMAP, "SINGLE_MMAP"),
    (feature::NODROP, "NODROP"),
    (feature::SUBMIT_STABLE, "SUBMIT_STABLE"),
    (feature::FAST_POLL, "FAST_POLL"),
    (feature::EXT_ARG, "EXT_ARG"),
    (feature::RSRC_TAGS, "RSRC_TAGS"),
    (feature::CQE_SKIP, "CQE_SKIP"),
    (feature::LINKED_FILE, "LINKED_FILE"),
    (feature::RECVSEND_BUNDLE, "RECVSEND_BUNDLE"),
    (feature::MIN_TIMEOUT, "MIN_TIMEOUT"),
    (feature::NO_IOWAIT, "NO_IOWAIT"),
];

/// The names of the features in `bits`, as far as Sexton knows them.
pub(crate) fn feature_names(bits: u32) -> Vec<&'static str> {
    names(&FEATURES, bits).collect()
}

fn names(
    table: &'static [(u32, &'static str)],
    bits: u32,
) -> impl Iterator<Item = &'static str> + use<> {
    table.iter().filter(move |(bit, _)| bits & bit != 0).map(|(_, name)| *name)
}

/// Something that kernels do, and that some do wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Behaviour {
    /// One completion for several provided buffers.
    Bundle,
    /// Provided buffers consumed piece by piece.
    Incremental,
    /// Both at once.
    IncrementalBundle,
    /// Multishot `recvmsg` into incremental buffers.
    IncrementalRecvmsg,
    /// `READ` (not `RECV`) into a provided buffer.
    ReadProvided,
    /// Multishot `READ`.
    ReadMultishot,
}

const BEHAVIOURS: [(Behaviour, &str); 6] = [
    (Behaviour::Bundle, "bundles"),
    (Behaviour::Incremental, "incremental-buffers"),
    (Behaviour::IncrementalBundle, "incremental-bundles"),
    (Behaviour::IncrementalRecvmsg, "incremental-recvmsg"),
    (Behaviour::ReadProvided, "provided-read"),
    (Behaviour::ReadMultishot, "multishot-read"),
];

type Version = (u32, u32, u32);
const ALWAYS: Version = (u32::MAX, 0, 0);

/// Which kernels get what wrong: from the first version, before the second. The one place where a
/// version number decides something, and it only excludes.
const KNOWN_BAD: [(Behaviour, Version, Version); 7] = [
    // Data of a bundle out of order (liburing issues 1409, 1411, 1423).
    (Behaviour::Bundle, (6, 13, 11), (6, 14, 9)),
    (Behaviour::IncrementalBundle, (6, 13, 11), (6, 14, 9)),
    // Refused or without effect before commit cf9536e5.
    (Behaviour::IncrementalBundle, (0, 0, 0), (6, 15, 0)),
    // Does not exist before; a 6.11 with the flag backported has none of the fixes.
    (Behaviour::Incremental, (0, 0, 0), (6, 12, 0)),
    // Spurious EFAULT near the end of a buffer (liburing issue 1433); no fixed version is known.
    (Behaviour::IncrementalRecvmsg, (0, 0, 0), ALWAYS),
    // The same buffer is handed out twice (liburing issue 1530), fixed in stable releases of 2026.
    (Behaviour::ReadProvided, (6, 12, 0), (6, 13, 0)),
    // Completions without a buffer on files that can't be read without waiting (issue 1257).
    (Behaviour::ReadMultishot, (6, 7, 0), (6, 12, 0)),
];

fn known_bad(behaviour: Behaviour, version: Version) -> bool {
    KNOWN_BAD
        .iter()
        .any(|&(what, from, before)| what == behaviour && from <= version && version < before)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_ranges_begin_and_end_where_the_table_says() {
        assert!(!known_bad(Behaviour::Bundle, (6, 13, 10)));
        assert!(known_bad(Behaviour::Bundle, (6, 13, 11)));
        assert!(known_bad(Behaviour::Bundle, (6, 14, 8)));
        assert!(!known_bad(Behaviour::Bundle, (6, 14, 9)));
        assert!(known_bad(Behaviour::IncrementalBundle, (6, 14, 9)));
        assert!(!known_bad(Behaviour::IncrementalBundle, (6, 15, 0)));
        assert!(known_bad(Behaviour::IncrementalRecvmsg, (7, 1, 0)));
        assert!(!known_bad(Behaviour::Incremental, (6, 18, 44)));
    }

    #[test]
    fn opcodes_are_remembered_at_the_edges_of_words() {
        let mut opcodes = Opcodes::default();
        for opcode in [0, 63, 64, 255] {
            assert!(!opcodes.has(opcode));
            opcodes.add(opcode);
            assert!(opcodes.has(opcode));
        }
        assert_eq!(opcodes.count(), 4);
        assert!(!opcodes.has(1) && !opcodes.has(128));
    }

    #[test]
    fn what_was_granted_prints_by_name() {
        let caps = Caps {
            release: Release::parse("6.1.0"),
            flags_granted: setup::SINGLE_ISSUER | setup::DEFER_TASKRUN,
            flags_refused: setup::NO_SQARRAY,
            feature_bits: feature::REQUIRED,
            opcodes: Opcodes::default(),
            sq_entries: 64,
            cq_entries: 1024,
            sq_entries_asked: 256,
            ring_fd_registered: false,
            tried: Tried { incremental: false, bundles: true },
            io_workers_limited: true,
        };
        let text = caps.to_string();
        assert!(text.contains("granted     SINGLE_ISSUER DEFER_TASKRUN\n"), "{text}");
        assert!(text.contains("refused     NO_SQARRAY\n"), "{text}");
        assert!(text.contains("tried out   bundles\n"), "{text}");
        assert!(text.contains("excluded    incremental-buffers "), "{text}");
        assert!(text.contains("64 submissions, 1024 completions (asked for 256"), "{text}");
    }
}
