//! Crashes in the middle of programs that a seed writes.

use super::super::Tree;
use super::{NOW, Rng, SEEDS, paths};
use libc::{O_CREAT, O_RDWR};
use std::collections::BTreeMap;

/// One step of a program that is as likely to fail as not.
fn step(tree: &mut Tree, rng: &mut Rng) {
    let (one, two) = (paths::path(rng, ""), paths::path(rng, ""));
    let _ = match rng.below(12) {
        0..=3 => tree.open(&one, O_RDWR | O_CREAT, 0o666, NOW).and_then(|file| {
            let bytes = vec![7; usize::try_from(rng.below(2000)).unwrap()];
            let written = tree.write_at(file, rng.below(2000), &bytes, NOW).map(|_| ());
            if rng.one_in(3) {
                tree.truncate(file, rng.below(3000), NOW)?;
            }
            if rng.one_in(4) {
                tree.sync(file, rng.one_in(2))?;
            }
            if !rng.one_in(4) {
                tree.release(file);
            }
            written
        }),
        4 => tree.mkdir(&one, 0o777, NOW),
        5 => tree.create_dir_all(&one, NOW),
        6 => tree.unlink(&one, NOW),
        7 => tree.rmdir(&one, NOW),
        8 | 9 => tree.rename(&one, &two, NOW),
        10 => tree.symlink(&paths::target(rng, ""), &one, NOW),
        _ if rng.one_in(3) => tree.remove_dir_all(&one, NOW),
        _ => tree.copy(&one, &two, NOW).map(|_| ()),
    };
}

/// The names, kinds and bytes of all that is in a directory.
fn all(tree: &mut Tree, dir: &str, into: &mut BTreeMap<String, Vec<u8>>) {
    let inode = tree.open(dir.as_bytes(), libc::O_DIRECTORY, 0, NOW).unwrap();
    for entry in tree.read_dir(inode).unwrap() {
        let path = format!("{dir}/{}", entry.name.into_string().unwrap());
        let bytes = match entry.kind.unwrap() {
            libc::S_IFDIR => {
                all(tree, &path, into);
                vec![]
            }
            libc::S_IFREG => tree.bytes(&path).unwrap(),
            _ => tree.read_link(path.as_bytes()).unwrap().to_vec(),
        };
        into.insert(path, bytes);
    }
    tree.release(inode);
}

#[test]
fn after_any_program_a_crash_leaves_a_tree_and_all_of_it_if_it_was_synced() {
    for seed in 0..SEEDS {
        let mut rng = Rng::new(seed);
        let mut tree = Tree::new();
        for _ in 0..5 {
            for _ in 0..rng.below(60) {
                step(&mut tree, &mut rng);
            }
            tree.assert_valid();
            let (mut before, mut after) = (BTreeMap::new(), BTreeMap::new());
            let mut synced = tree.clone();
            synced.sync_all();
            all(&mut synced, "/", &mut before);
            all(&mut synced.crashed(seed), "/", &mut after);
            assert!(before == after, "seed {seed}");
            tree = tree.crashed(seed);
        }
    }
}

#[test]
fn the_same_numbers_leave_the_same_tree() {
    let mut tree = Tree::new();
    let mut rng = Rng::new(1);
    for _ in 0..200 {
        step(&mut tree, &mut rng);
    }
    for seed in 0..SEEDS {
        let (mut one, mut two) = (BTreeMap::new(), BTreeMap::new());
        all(&mut tree.crashed(seed), "/", &mut one);
        all(&mut tree.crashed(seed), "/", &mut two);
        assert!(one == two, "seed {seed}");
    }
}

#[test]
fn each_file_that_was_synced_last_survives_whatever_happens_to_the_others() {
    for seed in 0..SEEDS {
        let mut rng = Rng::new(seed);
        let mut tree = Tree::new();
        // The bytes of each file as of its last sync, unless it was written since.
        let mut synced = BTreeMap::new();
        for _ in 0..40 {
            let path = rng.one_of(&["/a", "/b", "/c", "/tmp/d"]);
            let file = tree.file(path);
            if rng.one_in(2) {
                let bytes = vec![u8::try_from(rng.below(256)).unwrap(); 700];
                tree.write_at(file, rng.below(2000), &bytes, NOW).unwrap();
                synced.remove(path);
            } else {
                tree.sync(file, rng.one_in(2)).unwrap();
                synced.insert(path, tree.bytes(path).unwrap());
            }
        }
        let mut tree = tree.crashed(seed);
        for (path, bytes) in synced {
            assert!(tree.bytes(path) == Ok(bytes), "seed {seed}: {path}");
        }
    }
}
