//! What the comparison with the real kernel cannot show: permissions, bounds, handles, times.

use super::super::Tree;
use super::super::data::FILE_LEN_MAX;
use super::{NOW, at};
use crate::sys::calls::file::Stat;
use libc::{
    EACCES, EBADF, EBUSY, EFBIG, EINVAL, EISDIR, ELOOP, ENOENT, ENOSPC, ENOTEMPTY, EOPNOTSUPP,
    O_CREAT, O_DIRECTORY, O_RDONLY, O_RDWR, O_TMPFILE, O_TRUNC, O_WRONLY,
};

fn stat(tree: &Tree, path: &str) -> Stat {
    tree.stat_path(path.as_bytes(), false).unwrap()
}

#[test]
fn the_tree_can_go_to_any_thread() {
    fn is_send<T: Send + Sync>() {}
    is_send::<Tree>();
}

#[test]
fn a_mode_refuses_its_owner_but_not_whoever_has_the_file_open() {
    let mut tree = Tree::new();
    let file = tree.put("/f", b"hello");
    tree.set_mode(file, 0o000, NOW).unwrap();
    for flags in [O_RDONLY, O_WRONLY, O_RDWR, O_RDONLY | O_TRUNC, O_WRONLY | O_CREAT] {
        assert_eq!(tree.open(b"/f", flags, 0o644, NOW), Err(EACCES), "{flags:o}");
    }
    assert_eq!(tree.read_at(file, 1, 2), Ok(&b"el"[..]));
    tree.set_mode_path(b"/f", 0o400, NOW).unwrap();
    assert!(tree.open(b"/f", O_RDONLY, 0, NOW).is_ok());
    assert_eq!(tree.open(b"/f", O_RDONLY | O_TRUNC, 0, NOW), Err(EACCES));
    assert_eq!(stat(&tree, "/f").len, 5);
    assert!(tree.open(b"/new", O_WRONLY | O_CREAT, 0o000, NOW).is_ok());
    assert_eq!(tree.open(b"/new", O_WRONLY | O_CREAT, 0o000, NOW), Err(EACCES));
}

#[test]
fn what_failed_on_its_way_has_done_a_part_and_left_a_tree() {
    let mut tree = Tree::new();
    tree.create_dir_all(b"/d/b/c", NOW).unwrap();
    for path in ["/d/a", "/d/b/f", "/d/z"] {
        let file = tree.put(path, b"x");
        tree.release(file);
    }
    tree.remove_some(b"/d", 2, NOW);
    assert_eq!(tree.stat_path(b"/d/a", true).unwrap_err(), ENOENT);
    assert_eq!(tree.stat_path(b"/d/b", true).unwrap_err(), ENOENT);
    assert_eq!(stat(&tree, "/d/z").len, 1);
    tree.assert_valid();
    tree.begin_copy(b"/d/z", b"/copy", NOW);
    assert_eq!(stat(&tree, "/copy").len, 0);
    // What is not there is neither removed nor copied.
    tree.remove_some(b"/gone", 9, NOW);
    tree.begin_copy(b"/gone", b"/copies", NOW);
    assert_eq!(tree.stat_path(b"/copies", true).unwrap_err(), ENOENT);
    tree.assert_valid();
}

#[test]
fn a_directory_that_may_not_be_searched_or_written_hides_and_keeps_its_entries() {
    let mut tree = Tree::new();
    tree.create_dir_all(b"/d/sub", NOW).unwrap();
    tree.put("/d/f", b"");
    tree.set_mode_path(b"/d", 0o600, NOW).unwrap();
    assert_eq!(tree.stat_path(b"/d/f", true).unwrap_err(), EACCES);
    assert_eq!(tree.canonicalize(b"/d/sub"), Err(EACCES));
    assert!(tree.open(b"/d", O_DIRECTORY, 0, NOW).is_ok());
    tree.set_mode_path(b"/d", 0o500, NOW).unwrap();
    assert_eq!(tree.unlink(b"/d/f", NOW), Err(EACCES));
    assert_eq!(tree.rmdir(b"/d/sub", NOW), Err(EACCES));
    assert_eq!(tree.rename(b"/d/f", b"/f", NOW), Err(EACCES));
    assert_eq!(tree.rename(b"/tmp", b"/d/tmp", NOW), Err(EACCES));
    assert_eq!(tree.mkdir(b"/d/new", 0o777, NOW), Err(EACCES));
    assert_eq!(tree.symlink(b"f", b"/d/new", NOW), Err(EACCES));
    assert_eq!(tree.remove_dir_all(b"/d", NOW), Err(EACCES));
    assert!(tree.stat_path(b"/d/f", true).is_ok());
    tree.set_mode_path(b"/d", 0o300, NOW).unwrap();
    assert_eq!(tree.open(b"/d", O_DIRECTORY, 0, NOW), Err(EACCES));
}

#[test]
fn a_file_without_a_name_lives_until_its_last_handle_is_released() {
    let mut tree = Tree::new();
    let file = tree.put("/f", b"hello");
    tree.hold(file).unwrap();
    tree.unlink(b"/f", NOW).unwrap();
    tree.release(file);
    assert_eq!(tree.read_at(file, 0, 9), Ok(&b"hello"[..]));
    assert_eq!(tree.write_at(file, 5, b"!", NOW), Ok(1));
    assert_eq!(tree.stat(file).map(|stat| (stat.nlink, stat.len)).unwrap(), (0, 6));
    tree.assert_valid();
    tree.release(file);
    assert_eq!(tree.stat(file).unwrap_err(), EBADF);
    assert_eq!(tree.hold(file), Err(EBADF));
    tree.assert_valid();
}

#[test]
fn what_a_rename_replaces_stays_open() {
    let mut tree = Tree::new();
    let old = tree.put("/page", b"old");
    tree.put("/new", b"new");
    tree.rename(b"/new", b"/page", NOW).unwrap();
    assert_eq!(tree.bytes("/page").unwrap(), b"new");
    assert_eq!(tree.read_at(old, 0, 9), Ok(&b"old"[..]));
}

#[test]
fn a_removed_directory_that_is_open_has_no_entries_any_more() {
    let mut tree = Tree::new();
    tree.create_dir_all(b"/d/sub", NOW).unwrap();
    let sub = tree.open(b"/d/sub", O_DIRECTORY, 0, NOW).unwrap();
    tree.remove_dir_all(b"/d", NOW).unwrap();
    assert_eq!(tree.read_dir(sub), Err(ENOENT));
    assert_eq!(tree.stat_entry(sub, b"f").unwrap_err(), ENOENT);
    assert_eq!(tree.stat_entry(sub, b"..").unwrap_err(), ENOENT);
    assert_eq!(tree.stat(sub).unwrap().nlink, 0);
}

#[test]
fn a_directory_gives_neither_bytes_nor_takes_them() {
    let mut tree = Tree::new();
    let dir = tree.open(b"/tmp", O_DIRECTORY, 0, NOW).unwrap();
    assert_eq!(tree.read_at(dir, 0, 1), Err(EISDIR));
    assert_eq!(tree.write_at(dir, 0, b"x", NOW), Err(EISDIR));
    assert_eq!(tree.truncate(dir, 0, NOW), Err(EINVAL));
    assert_eq!(tree.stat(dir).unwrap().nlink, 2);
    tree.mkdir(b"/tmp/a", 0o777, NOW).unwrap();
    assert_eq!(tree.stat(dir).unwrap().nlink, 3);
}

#[test]
fn the_root_stays_where_it_is() {
    let mut tree = Tree::new();
    assert_eq!(tree.rmdir(b"/", NOW), Err(EBUSY));
    assert_eq!(tree.unlink(b"/", NOW), Err(EISDIR));
    assert_eq!(tree.rename(b"/", b"/a", NOW), Err(EBUSY));
    assert_eq!(tree.rename(b"/tmp", b"/", NOW), Err(EBUSY));
    assert_eq!(tree.rename(b"/tmp", b"/tmp/..", NOW), Err(EBUSY));
    assert_eq!(tree.rmdir(b"/tmp/..", NOW), Err(ENOTEMPTY));
    assert_eq!(tree.canonicalize(b"tmp/../../.."), Ok(b"/".to_vec()));
    assert_eq!(tree.create_dir_all(b"", NOW), Ok(()));
    assert_eq!(tree.create_dir_all(b"/", NOW), Ok(()));
}

#[test]
fn a_walk_ends_after_forty_links() {
    let mut tree = Tree::new();
    tree.put("/0", b"");
    for n in 1..=41 {
        let (target, path) = (format!("{}", n - 1), format!("/{n}"));
        tree.symlink(target.as_bytes(), path.as_bytes(), NOW).unwrap();
    }
    assert_eq!(tree.canonicalize(b"/40"), Ok(b"/0".to_vec()));
    assert_eq!(tree.canonicalize(b"/41"), Err(ELOOP));
    assert_eq!(tree.open(b"/x", O_TMPFILE | O_RDWR, 0, NOW), Err(EOPNOTSUPP));
}

#[test]
fn a_full_disk_takes_what_fits_and_lets_overwrite_and_remove() {
    let mut tree = Tree::new();
    let file = tree.put("/f", &[1; 600]);
    tree.set_disk_full(1000);
    assert_eq!(tree.write_at(file, 500, &[2; 1000], NOW), Ok(500));
    assert_eq!(tree.write_at(file, 1000, b"x", NOW), Err(ENOSPC));
    assert_eq!(tree.write_at(file, 2000, b"x", NOW), Err(ENOSPC));
    assert_eq!(tree.truncate(file, 1001, NOW), Err(ENOSPC));
    assert_eq!(tree.write_at(file, 0, &[3; 1000], NOW), Ok(1000));
    assert_eq!(tree.copy(b"/f", b"/g", NOW), Err(ENOSPC));
    assert_eq!(tree.len(file), Ok(1000));
    tree.set_disk_full(10);
    assert_eq!(tree.write_at(file, 0, &[4; 20], NOW), Ok(20));
    tree.unlink(b"/f", NOW).unwrap();
    let other = tree.file("/h");
    assert_eq!(tree.write_at(other, 0, b"x", NOW), Err(ENOSPC));
    tree.release(file);
    assert_eq!(tree.write_at(other, 0, b"x", NOW), Ok(1));
}

#[test]
fn a_file_has_a_greatest_length() {
    let mut tree = Tree::new();
    let file = tree.file("/f");
    assert_eq!(tree.write_at(file, FILE_LEN_MAX, b"x", NOW), Err(EFBIG));
    assert_eq!(tree.write_at(file, u64::MAX, b"x", NOW), Err(EFBIG));
    assert_eq!(tree.truncate(file, FILE_LEN_MAX + 1, NOW), Err(EFBIG));
    assert_eq!(tree.write_at(file, u64::MAX, b"", NOW), Ok(0));
    assert_eq!(tree.read_at(file, u64::MAX, usize::MAX), Ok(&b""[..]));
}

#[test]
fn times_say_what_was_done_last() {
    let mut tree = Tree::new();
    let file = tree.open(b"/f", O_RDWR | O_CREAT, 0o666, at(1)).unwrap();
    tree.write_at(file, 0, b"x", at(2)).unwrap();
    tree.set_mode(file, 0o600, at(3)).unwrap();
    let said = tree.stat(file).unwrap();
    assert_eq!((said.created, said.modified, said.changed), (Some(at(1)), at(2), at(3)));
    tree.rename(b"/f", b"/tmp/f", at(4)).unwrap();
    assert_eq!(tree.stat(file).unwrap().changed, at(4));
    assert_eq!(tree.stat(file).unwrap().modified, at(2));
    assert_eq!((stat(&tree, "/").modified, stat(&tree, "/tmp").modified), (at(4), at(4)));
}

#[test]
fn what_is_made_loses_the_bits_of_the_umask_and_a_copy_has_the_modes_of_its_source() {
    let mut tree = Tree::new();
    tree.open(b"/f", O_CREAT | O_RDWR, 0o666, NOW).unwrap();
    tree.mkdir(b"/d", 0o777, NOW).unwrap();
    assert_eq!(stat(&tree, "/f").mode, libc::S_IFREG | 0o644);
    assert_eq!(stat(&tree, "/d").mode, libc::S_IFDIR | 0o755);
    tree.set_mode_path(b"/f", 0o466, NOW).unwrap();
    assert_eq!(tree.copy(b"/f", b"/g", NOW), Ok(0));
    assert_eq!(stat(&tree, "/g").mode, libc::S_IFREG | 0o466);
}

#[test]
fn a_snapshot_is_not_changed_by_what_comes_after() {
    let mut tree = Tree::new();
    tree.put("/f", b"before");
    let mut snapshot = tree.clone();
    tree.put("/f", b"after");
    tree.mkdir(b"/d", 0o777, NOW).unwrap();
    assert_eq!(snapshot.bytes("/f").unwrap(), b"before");
    assert_eq!(snapshot.stat_path(b"/d", true).unwrap_err(), ENOENT);
}
