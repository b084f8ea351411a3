//! What a crash leaves: all that was synced, and of the rest what some disk could show.

use super::super::Tree;
use super::super::disk::{EDITS_MAX, JOURNAL_MAX};
use super::{NOW, SEEDS};
use libc::{EBADF, ENOENT, O_TRUNC, O_WRONLY};
use std::collections::BTreeSet;

/// All that a path shows after crashes of many seeds.
fn shown(tree: &Tree, path: &str) -> BTreeSet<Result<Vec<u8>, i32>> {
    (0..SEEDS).map(|seed| tree.crashed(seed).bytes(path)).collect()
}

fn only(bytes: &[u8]) -> BTreeSet<Result<Vec<u8>, i32>> {
    BTreeSet::from([Ok(bytes.to_vec())])
}

#[test]
fn a_file_that_was_synced_is_there_with_its_name_and_those_above_it() {
    for data_only in [false, true] {
        let mut tree = Tree::new();
        tree.create_dir_all(b"/a/b", NOW).unwrap();
        let file = tree.put("/a/b/f", b"hello");
        tree.sync(file, data_only).unwrap();
        assert_eq!(shown(&tree, "/a/b/f"), only(b"hello"));
    }
}

#[test]
#[cfg_attr(miri, ignore = "needs many seeds")]
fn what_was_not_synced_is_lost_by_some_seed_and_kept_by_another() {
    let mut tree = Tree::new();
    tree.put("/f", b"hello");
    let shown = shown(&tree, "/f");
    for state in [Err(ENOENT), Ok(vec![]), Ok(vec![0; 5]), Ok(b"hello".to_vec())] {
        assert!(shown.contains(&state), "no seed shows {state:?}");
    }
    assert_eq!(shown.len(), 4, "{shown:?}");
}

#[test]
fn an_atomic_replacement_shows_the_old_page_or_the_new_one() {
    let (old, new) = (vec![b'o'; 3000], vec![b'n'; 2000]);
    let mut tree = Tree::new();
    tree.put("/page", &old);
    tree.sync_all();
    let file = tree.put("/page.new", &new);
    tree.sync(file, false).unwrap();
    tree.rename(b"/page.new", b"/page", NOW).unwrap();
    assert_eq!(shown(&tree, "/page"), BTreeSet::from([Ok(old), Ok(new.clone())]));
    tree.sync_dir("/");
    assert_eq!(shown(&tree, "/page"), only(&new));
    assert_eq!(shown(&tree, "/page.new"), BTreeSet::from([Err(ENOENT)]));
}

#[test]
fn a_replacement_that_was_not_synced_before_its_rename_can_be_an_empty_page() {
    let mut tree = Tree::new();
    tree.put("/page", b"old");
    tree.sync_all();
    tree.put("/page.new", b"new");
    tree.rename(b"/page.new", b"/page", NOW).unwrap();
    assert!(shown(&tree, "/page").contains(&Ok(vec![])));
}

#[test]
fn a_rename_loses_neither_of_its_names_and_keeps_only_one() {
    let mut tree = Tree::new();
    tree.put("/a", b"x");
    tree.sync_all();
    tree.rename(b"/a", b"/tmp/b", NOW).unwrap();
    let mut seen = BTreeSet::new();
    for seed in 0..SEEDS {
        let mut tree = tree.crashed(seed);
        let there = (tree.bytes("/a").is_ok(), tree.bytes("/tmp/b").is_ok());
        assert_ne!(there.0, there.1, "seed {seed}");
        seen.insert(there);
    }
    assert_eq!(seen.len(), 2);
}

#[test]
fn names_survive_as_a_prefix_of_their_order() {
    let mut tree = Tree::new();
    for n in 0..10 {
        tree.mkdir(format!("/{n}").as_bytes(), 0o777, NOW).unwrap();
    }
    let mut counts = BTreeSet::new();
    for seed in 0..SEEDS {
        let tree = tree.crashed(seed);
        let there = |n: &i32| tree.stat_path(format!("/{n}").as_bytes(), true).is_ok();
        let count = (0..10).take_while(there).count();
        assert_eq!(count, (0..10).filter(there).count(), "seed {seed}");
        counts.insert(count);
    }
    assert!(cfg!(miri) || counts.len() == 11, "{counts:?}");
}

#[test]
fn a_sync_of_any_file_commits_the_names_before_it_but_one_of_data_in_place_does_not() {
    let mut tree = Tree::new();
    let file = tree.put("/f", b"hello");
    tree.sync_all();
    tree.mkdir(b"/d", 0o777, NOW).unwrap();
    tree.write_at(file, 0, b"H", NOW).unwrap();
    tree.sync(file, true).unwrap();
    assert_eq!(shown(&tree, "/f"), only(b"Hello"));
    let lost = |tree: &Tree| (0..SEEDS).any(|seed| tree.crashed(seed).rmdir(b"/d", NOW).is_err());
    assert!(lost(&tree));
    tree.sync(file, false).unwrap();
    assert!(!lost(&tree));
}

#[test]
#[cfg_attr(miri, ignore = "needs many seeds")]
fn what_a_failed_sync_lost_is_not_written_by_the_next_one() {
    let mut seen = BTreeSet::new();
    for seed in 0..SEEDS {
        let mut tree = Tree::new();
        let file = tree.put("/f", b"old");
        tree.sync_all();
        tree.write_at(file, 0, b"new", NOW).unwrap();
        let mut rng = super::Rng::new(seed);
        tree.lose_writes(file, &mut |bound| rng.below(bound));
        assert_eq!(tree.bytes("/f").unwrap(), b"new", "whoever reads it sees nothing of it");
        tree.write_at(file, 3, b"er", NOW).unwrap();
        tree.sync(file, false).unwrap();
        seen.extend(shown(&tree, "/f"));
    }
    let (lost, whole) = (Ok(b"older".to_vec()), Ok(b"newer".to_vec()));
    assert_eq!(seen, BTreeSet::from([lost, whole]));
}

#[test]
fn a_mode_lasts_with_fsync() {
    let mut tree = Tree::new();
    let file = tree.put("/f", b"");
    tree.sync_all();
    tree.set_mode(file, 0o600, NOW).unwrap();
    let modes = |tree: &Tree| -> BTreeSet<u32> {
        let mode = |tree: Tree| tree.stat_path(b"/f", true).unwrap().mode & 0o777;
        (0..SEEDS).map(|seed| mode(tree.crashed(seed))).collect()
    };
    assert_eq!(modes(&tree), BTreeSet::from([0o644, 0o600]));
    tree.sync(file, false).unwrap();
    assert_eq!(modes(&tree), BTreeSet::from([0o600]));
}

#[test]
fn a_write_is_torn_only_where_a_sector_starts() {
    let mut tree = Tree::new();
    let file = tree.put("/f", &[b'o'; 3000]);
    tree.sync_all();
    tree.write_at(file, 100, &[b'n'; 2000], NOW).unwrap();
    let shown = shown(&tree, "/f");
    for bytes in &shown {
        let bytes = bytes.as_ref().unwrap();
        for at in 1..bytes.len() {
            let border = at % 512 == 0 || at == 100 || at == 2100;
            assert!(bytes[at] == bytes[at - 1] || border, "torn at {at}");
        }
    }
    // Nothing, all, and a front and a back for each of four starts.
    assert!(cfg!(miri) || shown.len() == 10, "{}", shown.len());
}

#[test]
fn writes_survive_in_any_combination() {
    let mut tree = Tree::new();
    let file = tree.put("/f", b"..");
    tree.sync_all();
    tree.write_at(file, 0, b"a", NOW).unwrap();
    tree.write_at(file, 1, b"b", NOW).unwrap();
    let all = [b"..", b"a.", b".b", b"ab"].map(|state| Ok(state.to_vec()));
    assert!(cfg!(miri) || shown(&tree, "/f") == BTreeSet::from(all));
}

#[test]
fn a_lost_truncate_takes_with_it_what_was_written_beyond_it() {
    let mut tree = Tree::new();
    let file = tree.put("/f", b"old old");
    tree.sync_all();
    tree.open(b"/f", O_WRONLY | O_TRUNC, 0, NOW).unwrap();
    tree.write_at(file, 0, b"new", NOW).unwrap();
    let all: [&[u8]; 4] = [b"old old", b"", b"\0\0\0", b"new"];
    assert!(cfg!(miri) || shown(&tree, "/f") == all.map(|state| Ok(state.to_vec())).into());
    tree.sync(file, true).unwrap();
    assert_eq!(shown(&tree, "/f"), only(b"new"));
}

#[test]
fn an_unlink_that_is_lost_gives_the_file_back_as_it_was_synced() {
    let mut tree = Tree::new();
    let file = tree.put("/f", b"hello");
    tree.sync_all();
    tree.unlink(b"/f", NOW).unwrap();
    tree.release(file);
    let both = BTreeSet::from([Ok(b"hello".to_vec()), Err(ENOENT)]);
    assert_eq!(shown(&tree, "/f"), both);
    tree.sync_dir("/");
    assert_eq!(shown(&tree, "/f"), BTreeSet::from([Err(ENOENT)]));
}

#[test]
fn handles_do_not_outlive_a_crash() {
    let mut tree = Tree::new();
    let file = tree.put("/f", b"hello");
    tree.sync_all();
    let mut tree = tree.crashed(0);
    assert_eq!(tree.read_at(file, 0, 1), Err(EBADF));
    assert_eq!(tree.sync(file, false), Err(EBADF));
    let again = tree.file("/f");
    tree.release(file);
    tree.unlink(b"/f", NOW).unwrap();
    assert_eq!(tree.read_at(again, 0, 9), Ok(&b"hello"[..]));
}

#[test]
fn a_second_crash_takes_nothing_more() {
    let mut tree = Tree::new();
    tree.put("/f", &[7; 5000]);
    for seed in 0..SEEDS {
        let mut once = tree.crashed(seed);
        let mut twice = once.crashed(seed + 1);
        assert_eq!(once.bytes("/f"), twice.bytes("/f"), "seed {seed}");
    }
}

#[test]
#[cfg_attr(miri, ignore = "thousands of steps")]
fn what_waits_is_bounded_the_oldest_is_written_back() {
    let mut tree = Tree::new();
    let file = tree.file("/f");
    for n in 0..EDITS_MAX as u64 + 10 {
        tree.write_at(file, n, b"x", NOW).unwrap();
    }
    for n in 0..=JOURNAL_MAX {
        tree.set_mode_path(b"/tmp", u32::try_from(n % 0o1000).unwrap(), NOW).unwrap();
    }
    tree.crash(&mut |_| 0);
    tree.assert_valid();
    assert_eq!(tree.bytes("/f").unwrap(), b"x".repeat(10));
    assert_eq!(tree.stat_path(b"/tmp", true).unwrap().mode & 0o777, 0);
}
