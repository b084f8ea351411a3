//! The processor time that cgroups grant, read from the kernel's files.
//!
//! `/proc/self/cgroup` says in which group of each hierarchy the process is, `/proc/self/mountinfo`
//! where the hierarchies are mounted. Every group up to the mount point may have a limit; the
//! smallest counts.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Component, Path, PathBuf};

/// Reads a file: its text, or `None` if it is not there or not readable.
type Read<'a> = &'a dyn Fn(&Path) -> Option<String>;

/// The smallest limit of all groups that this process is in, in whole processors, rounded up.
pub(super) fn from_files(read: Read<'_>) -> Option<usize> {
    let groups = read(Path::new("/proc/self/cgroup"))?;
    let mounts = read(Path::new("/proc/self/mountinfo"))?;
    let mounts: Vec<_> = mounts.lines().filter_map(Mount::parse).collect();
    let limits = groups.lines().filter_map(parse_group).flat_map(|(hierarchy, group)| {
        let mounts = mounts.iter().filter(move |mount| mount.hierarchy == hierarchy);
        mounts.filter_map(move |mount| smallest_up(&mount.folder_of(group)?, mount, read))
    });
    limits.min()
}

/// The two kinds of hierarchy that can limit processor time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Hierarchy {
    /// cgroup v2: one for everything.
    Unified,
    /// cgroup v1: the one of the controller `cpu`.
    Cpu,
}

/// One line of `/proc/self/cgroup`, `id:controllers:path`, if its hierarchy can limit processor
/// time.
fn parse_group(line: &str) -> Option<(Hierarchy, &Path)> {
    let (id, rest) = line.split_once(':')?;
    let (controllers, path) = rest.split_once(':')?;
    if id == "0" && controllers.is_empty() {
        Some((Hierarchy::Unified, Path::new(path)))
    } else {
        let limits_time = controllers.split(',').any(|controller| controller == "cpu");
        limits_time.then_some((Hierarchy::Cpu, Path::new(path)))
    }
}

/// Where (a part of) a hierarchy is mounted.
#[derive(PartialEq, Eq, Debug)]
struct Mount {
    hierarchy: Hierarchy,
    /// The group that is seen at the mount point.
    root: PathBuf,
    point: PathBuf,
}

impl Mount {
    /// One line of `/proc/self/mountinfo`:
    /// `id parent major:minor root point options [tags ...] - type source super-options`.
    fn parse(line: &str) -> Option<Self> {
        let (mount, file_system) = line.split_once(" - ")?;
        let mut mount = mount.split(' ').skip(3);
        let (root, point) = (unescape(mount.next()?), unescape(mount.next()?));
        let mut file_system = file_system.split(' ');
        let (kind, options) = (file_system.next()?, file_system.nth(1)?);
        let hierarchy = match kind {
            "cgroup2" => Hierarchy::Unified,
            "cgroup" if options.split(',').any(|option| option == "cpu") => Hierarchy::Cpu,
            _ => return None,
        };
        Some(Self { hierarchy, root, point })
    }

    /// The folder of a group; `None` if this mount shows other groups only.
    fn folder_of(&self, group: &Path) -> Option<PathBuf> {
        let below = group.strip_prefix(&self.root).ok()?;
        // `/..` is a group outside of the process's cgroup namespace: nothing of it can be seen
        // here.
        let visible = below.components().all(|part| matches!(part, Component::Normal(_)));
        visible.then(|| self.point.join(below))
    }
}

/// The smallest limit from `folder` up to the mount point.
fn smallest_up(folder: &Path, mount: &Mount, read: Read<'_>) -> Option<usize> {
    let up = folder.ancestors().take_while(|folder| folder.starts_with(&mount.point));
    let limits = up.filter_map(|folder| match mount.hierarchy {
        Hierarchy::Unified => {
            let limit = read(&folder.join("cpu.max"))?;
            let (quota, period) = limit.trim().split_once(' ')?;
            processors(quota, period)
        }
        Hierarchy::Cpu => {
            let quota = read(&folder.join("cpu.cfs_quota_us"))?;
            let period = read(&folder.join("cpu.cfs_period_us"))?;
            processors(&quota, &period)
        }
    });
    limits.min()
}

/// `quota` of each `period`, in whole processors, rounded up. No limit is `max` in v2, `-1` in v1.
fn processors(quota: &str, period: &str) -> Option<usize> {
    let quota: u64 = quota.trim().parse().ok()?;
    let period: u64 = period.trim().parse().ok().filter(|period| *period > 0)?;
    Some(usize::try_from(quota.div_ceil(period)).unwrap_or(usize::MAX).max(1))
}

/// A path of `mountinfo`: space, tab, newline and backslash are written as `\` and three octal
/// digits.
fn unescape(field: &str) -> PathBuf {
    let mut path = Vec::with_capacity(field.len());
    let mut rest = field.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let code = match after {
            [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', ..] if first == b'\\' => {
                Some((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'))
            }
            _ => None,
        };
        path.push(code.unwrap_or(first));
        rest = if code.is_some() { &after[3..] } else { after };
    }
    PathBuf::from(OsString::from_vec(path))
}

#[cfg(test)]
mod tests;
