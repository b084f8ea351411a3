//! How a path is opened that may not lead out of a directory.

/// `RESOLVE_BENEATH`.
pub(crate) const BENEATH: u64 = 0x08;

/// Whether an open with these flags may make a file, and so has a use for a mode. `O_TMPFILE` is
/// two bits, and one of them is `O_DIRECTORY`.
pub(crate) const fn makes(flags: i32) -> bool {
    flags & libc::O_CREAT != 0 || flags & libc::O_TMPFILE == libc::O_TMPFILE
}

/// `struct open_how`: the flags and the mode of an open, and how its path may be followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct OpenHow {
    pub(crate) flags: u64,
    pub(crate) mode: u64,
    pub(crate) resolve: u64,
}

impl OpenHow {
    /// The path stays beneath the directory that it begins in: one that is absolute, one whose `..`
    /// leads out, and a symbolic link of that kind are refused with `EXDEV`
    /// (`ErrorKind::CrossesDevices`).
    ///
    /// `mode` is for a file that is made; without `O_CREAT` in `flags` it is ignored.
    #[must_use]
    pub const fn beneath(flags: i32, mode: u32) -> Self {
        // Unlike `open`, `openat2` refuses a mode that it would ignore, and unknown bits of one.
        Self {
            flags: (flags | libc::O_CLOEXEC) as u32 as u64,
            mode: if makes(flags) { (mode & 0o7777) as u64 } else { 0 },
            resolve: BENEATH,
        }
    }
}
