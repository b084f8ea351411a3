//! Quotas from made-up files, as containers and services show them.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{Hierarchy, Mount, from_files, processors, unescape};

const V2_MOUNT: &str =
    "31 23 0:28 / /sys/fs/cgroup rw,nosuid,nodev - cgroup2 cgroup2 rw,nsdelegate\n";
const V1_MOUNT: &str = "22 27 0:21 / /proc rw,relatime - proc proc rw
32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct
34 31 0:31 / /sys/fs/cgroup/cpuset rw,relatime - cgroup cgroup rw,cpuset
";

fn quota(files: &[(&str, &str)]) -> Option<usize> {
    let files: BTreeMap<_, _> =
        files.iter().map(|(path, text)| (PathBuf::from(path), (*text).to_owned())).collect();
    from_files(&|path| files.get(path).cloned())
}

#[test]
fn a_quota_is_rounded_up_and_never_less_than_one() {
    assert_eq!(processors("200000", "100000"), Some(2));
    assert_eq!(processors("200001", "100000"), Some(3));
    assert_eq!(processors("1", "100000"), Some(1));
    assert_eq!(processors("0", "100000"), Some(1));
    assert_eq!(processors("18446744073709551615", "1"), Some(usize::MAX));
    for (quota, period) in [("max", "100000"), ("-1", "100000"), ("1", "0"), ("", ""), ("2", "x")] {
        assert_eq!(processors(quota, period), None, "{quota} of {period}");
    }
}

#[test]
fn in_a_unified_hierarchy_the_smallest_limit_on_the_way_up_counts() {
    let group = ("/proc/self/cgroup", "0::/web.slice/app.service\n");
    let mounts = ("/proc/self/mountinfo", V2_MOUNT);
    let slice = ("/sys/fs/cgroup/web.slice/cpu.max", "150000 100000\n");
    let service = ("/sys/fs/cgroup/web.slice/app.service/cpu.max", "400000 100000\n");
    let unlimited = ("/sys/fs/cgroup/web.slice/app.service/cpu.max", "max 100000\n");
    assert_eq!(quota(&[group, mounts]), None);
    assert_eq!(quota(&[group, mounts, service]), Some(4));
    assert_eq!(quota(&[group, mounts, service, slice]), Some(2));
    assert_eq!(quota(&[group, mounts, unlimited, slice]), Some(2));
    assert_eq!(quota(&[group, mounts, unlimited]), None);
}

#[test]
fn a_container_with_a_namespace_of_its_own_sees_its_limit_at_the_mount_point() {
    let files = [
        ("/proc/self/cgroup", "0::/\n"),
        ("/proc/self/mountinfo", V2_MOUNT),
        ("/sys/fs/cgroup/cpu.max", "250000 100000\n"),
    ];
    assert_eq!(quota(&files), Some(3));
}

#[test]
fn in_the_old_hierarchy_the_controller_named_cpu_counts_and_no_other() {
    let files = [
        ("/proc/self/cgroup", "4:cpuset:/other\n3:cpuacct,cpu:/docker/abc\n0::/\n"),
        ("/proc/self/mountinfo", V1_MOUNT),
        ("/sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_quota_us", "50000\n"),
        ("/sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_period_us", "10000\n"),
        ("/sys/fs/cgroup/cpu,cpuacct/docker/cpu.cfs_quota_us", "-1\n"),
        ("/sys/fs/cgroup/cpu,cpuacct/docker/cpu.cfs_period_us", "100000\n"),
        ("/sys/fs/cgroup/cpuset/other/cpu.cfs_quota_us", "1\n"),
        ("/sys/fs/cgroup/cpuset/other/cpu.cfs_period_us", "1\n"),
    ];
    assert_eq!(quota(&files), Some(5));
}

#[test]
fn of_both_hierarchies_the_smaller_limit_counts() {
    let mounts = format!("{V1_MOUNT}{V2_MOUNT}");
    let files = [
        ("/proc/self/cgroup", "3:cpu,cpuacct:/a\n0::/b\n"),
        ("/proc/self/mountinfo", mounts.as_str()),
        ("/sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us", "700000\n"),
        ("/sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us", "100000\n"),
        ("/sys/fs/cgroup/b/cpu.max", "600000 100000\n"),
    ];
    assert_eq!(quota(&files), Some(6));
}

#[test]
fn a_mount_that_shows_a_part_of_the_hierarchy_is_read_from_that_part_on() {
    let mounts = "5 1 0:9 /docker/abc /mnt/my\\040groups ro - cgroup2 cgroup2 rw\n";
    let (inside, outside) = ("0::/docker/abc/job\n", "0::/docker/abcd\n");
    let limit = ("/mnt/my groups/job/cpu.max", "100000 100000");
    let files = |group| [("/proc/self/cgroup", group), ("/proc/self/mountinfo", mounts), limit];
    assert_eq!(quota(&files(inside)), Some(1));
    assert_eq!(quota(&files(outside)), None);
}

#[test]
fn a_group_outside_of_the_namespace_has_no_folder_and_nothing_above_the_mount_is_read() {
    let asked = RefCell::new(Vec::new());
    let read = |path: &Path| {
        asked.borrow_mut().push(path.to_owned());
        match path.to_str() {
            Some("/proc/self/cgroup") => Some("0::/../../neighbour\n0::/a/b\n".to_owned()),
            Some("/proc/self/mountinfo") => Some(V2_MOUNT.to_owned()),
            _ => None,
        }
    };
    assert_eq!(from_files(&read), None);
    let groups =
        ["/sys/fs/cgroup/a/b/cpu.max", "/sys/fs/cgroup/a/cpu.max", "/sys/fs/cgroup/cpu.max"];
    assert!(asked.into_inner()[2..].iter().eq(groups.map(Path::new).iter()));
}

#[test]
fn lines_that_make_no_sense_are_passed_over() {
    for line in ["", "a", " - ", "1 2 3 / /x - cgroup2", "1 2 - cgroup2 a b", "- cgroup2 x y"] {
        assert_eq!(Mount::parse(line), None, "{line}");
    }
    for groups in ["", "0", "0:", "0::", "::", "1:cpu", "x:cpu:relative/../.."] {
        let files = [("/proc/self/cgroup", groups), ("/proc/self/mountinfo", V1_MOUNT)];
        assert_eq!(quota(&files), None, "{groups}");
    }
    assert_eq!(quota(&[]), None);
}

#[test]
fn paths_of_mountinfo_are_unescaped() {
    assert_eq!(unescape("/a\\040b\\134c\\"), Path::new("/a b\\c\\"));
    assert_eq!(unescape("\\04\\999\\0400"), Path::new("\\04\\999 0"));
}

#[test]
fn a_mount_is_recognised_by_its_type_and_controllers() {
    let mount = Mount::parse(V1_MOUNT.lines().nth(1).unwrap()).unwrap();
    let (root, point) = (PathBuf::from("/"), PathBuf::from("/sys/fs/cgroup/cpu,cpuacct"));
    assert_eq!(mount, Mount { hierarchy: Hierarchy::Cpu, root, point });
    assert_eq!(Mount::parse(V1_MOUNT.lines().next().unwrap()), None);
    assert_eq!(Mount::parse(V1_MOUNT.lines().nth(2).unwrap()), None);
}
