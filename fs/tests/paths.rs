//! Calls on paths and directories, beside std's.
#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod support;

use sexton_fs::{Permissions, ReadDir};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use support::{Place, Rng, drop_after};

async fn names(entries: &mut ReadDir) -> BTreeSet<OsString> {
    let mut names = BTreeSet::new();
    while let Some(entry) = entries.next_entry().await.unwrap() {
        assert!(names.insert(entry.file_name()), "{entry:?} came twice");
    }
    names
}

fn names_of_std(path: &Path) -> BTreeSet<OsString> {
    std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name()).collect()
}

#[test]
fn a_directory_of_any_size_is_read_once_and_whole() {
    for place in Place::all() {
        sexton_runtime::block_on(async {
            for size in [0, 1, 5000] {
                let dir = place.path(&format!("dir-{size}"));
                sexton_fs::create_dir(&dir).await.unwrap();
                for n in 0..size {
                    std::fs::write(dir.join(format!("a-file-with-a-name-{n}")), "").unwrap();
                }
                let mut entries = sexton_fs::read_dir(&dir).await.unwrap();
                assert_eq!(names(&mut entries).await, names_of_std(&dir));
                assert!(entries.next_entry().await.unwrap().is_none(), "the end is a level");
            }
        });
    }
}

#[test]
fn entries_on_their_way_to_a_dropped_future_come_from_the_next_call() {
    let place = Place::on_disk();
    let dir = place.root();
    for n in 0..6000 {
        std::fs::write(dir.join(format!("a-file-with-a-name-{n}")), "").unwrap();
    }
    sexton_runtime::block_on(async {
        let mut rng = Rng::from_seed(11);
        let mut entries = sexton_fs::read_dir(dir).await.unwrap();
        let mut seen = BTreeSet::new();
        loop {
            match drop_after(entries.next_entry(), rng.below(3)).await {
                None => {}
                Some(answer) => match answer.unwrap() {
                    Some(entry) => assert!(seen.insert(entry.file_name())),
                    None => break,
                },
            }
        }
        assert_eq!(seen, names_of_std(dir));
    });
}

#[test]
fn entries_know_what_they_are_even_if_the_directory_moves() {
    let place = Place::on_disk();
    let dir = place.path("dir");
    std::fs::create_dir_all(dir.join("sub")).unwrap();
    std::fs::write(dir.join("file"), "hello").unwrap();
    symlink("nowhere", dir.join("link")).unwrap();
    sexton_runtime::block_on(async {
        let mut entries = sexton_fs::read_dir(&dir).await.unwrap();
        sexton_fs::rename(&dir, place.path("moved")).await.unwrap();
        while let Some(entry) = entries.next_entry().await.unwrap() {
            let (kind, metadata) =
                (entry.file_type().await.unwrap(), entry.metadata().await.unwrap());
            assert_eq!(kind, metadata.file_type());
            assert_eq!(entry.ino(), metadata.ino());
            match entry.file_name().to_str().unwrap() {
                "sub" => assert!(kind.is_dir()),
                "file" => assert!(kind.is_file() && metadata.len() == 5),
                "link" => assert!(kind.is_symlink() && metadata.is_symlink()),
                other => panic!("{other}"),
            }
        }
    });
}

#[test]
fn metadata_is_what_std_says() {
    let place = Place::on_disk();
    let path = place.path("file");
    std::fs::write(&path, vec![1; 5000]).unwrap();
    symlink(&path, place.path("link")).unwrap();
    sexton_runtime::block_on(async {
        sexton_fs::set_permissions(&path, Permissions::from_mode(0o640)).await.unwrap();
        for path in [&path, &place.path("link"), Path::new("/dev/null"), Path::new("/")] {
            for follow in [true, false] {
                let (ours, std) = if follow {
                    (sexton_fs::metadata(path).await, std::fs::metadata(path))
                } else {
                    (sexton_fs::symlink_metadata(path).await, std::fs::symlink_metadata(path))
                };
                let (ours, std) = (ours.unwrap(), std.unwrap());
                assert_eq!(ours.len(), std.len());
                assert_eq!(ours.permissions(), std.permissions());
                assert_eq!(
                    (ours.is_file(), ours.is_dir(), ours.is_symlink()),
                    (std.is_file(), std.is_dir(), std.is_symlink())
                );
                assert_eq!(
                    (ours.dev(), ours.ino(), ours.rdev(), ours.nlink(), ours.uid(), ours.gid()),
                    (std.dev(), std.ino(), std.rdev(), std.nlink(), std.uid(), std.gid())
                );
                assert_eq!((ours.blocks(), ours.blksize()), (std.blocks(), std.blksize()));
                assert_eq!((ours.mtime(), ours.mtime_nsec()), (std.mtime(), std.mtime_nsec()));
                assert_eq!(ours.modified().unwrap(), std.modified().unwrap());
                assert_eq!(ours.accessed().unwrap(), std.accessed().unwrap());
                assert_eq!(ours.created().ok(), std.created().ok());
            }
        }
        let file = sexton_fs::File::open(&path).await.unwrap();
        assert_eq!(file.metadata().await.unwrap().ino(), std::fs::metadata(&path).unwrap().ino());
    });
}

#[test]
fn a_tree_is_removed_and_nothing_that_its_links_lead_to() {
    let place = Place::on_disk();
    let (tree, outside) = (place.path("tree"), place.path("outside"));
    std::fs::create_dir(&outside).unwrap();
    std::fs::write(outside.join("kept"), "here").unwrap();
    sexton_runtime::block_on(async {
        sexton_fs::create_dir_all(tree.join("a/b/c")).await.unwrap();
        sexton_fs::write(tree.join("a/b/file"), "text").await.unwrap();
        symlink(&outside, tree.join("a/link")).unwrap();
        let busy = sexton_fs::remove_dir(tree.join("a")).await.unwrap_err();
        assert_eq!(busy.kind(), std::io::ErrorKind::DirectoryNotEmpty);
        sexton_fs::remove_dir_all(&tree).await.unwrap();
        assert!(!sexton_fs::exists(&tree).await.unwrap());
        assert_eq!(sexton_fs::read(outside.join("kept")).await.unwrap(), b"here");
    });
}

#[test]
fn copies_and_renames_replace_what_was_there() {
    let place = Place::on_disk();
    let (a, b, c) = (place.path("a"), place.path("b"), place.path("c"));
    sexton_runtime::block_on(async {
        let bytes = Rng::from_seed(12).bytes(300_000);
        sexton_fs::write(&a, bytes.clone()).await.unwrap();
        sexton_fs::set_permissions(&a, Permissions::from_mode(0o600)).await.unwrap();
        sexton_fs::write(&b, "longer ago").await.unwrap();
        assert_eq!(sexton_fs::copy(&a, &b).await.unwrap(), 300_000);
        sexton_fs::rename(&b, &c).await.unwrap();
        assert!(sexton_fs::read(&c).await.unwrap() == bytes);
        let mode = sexton_fs::metadata(&c).await.unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(!sexton_fs::exists(&b).await.unwrap());
    });
}

#[test]
fn a_file_goes_to_std_and_back_with_its_place_in_it() {
    use std::io::{Read, Seek};
    for place in Place::all() {
        let path = place.path("file");
        std::fs::write(&path, "0123456789").unwrap();
        sexton_runtime::block_on(async {
            let mut file = sexton_fs::File::open(&path).await.unwrap();
            file.read_exact(&mut [0; 3]).await.unwrap();
            let clone = file.try_clone().unwrap();
            let mut std = file.into_std().await.unwrap();
            assert_eq!(std.stream_position().unwrap(), 3);
            std.read_exact(&mut [0; 2]).unwrap();
            let mut file = sexton_fs::File::from(std);
            assert_eq!(file.stream_position().await.unwrap(), 5);
            assert_eq!(file.read_owned(Vec::with_capacity(9)).await.unwrap().1, b"56789");
            // The clone has a descriptor of its own by now.
            drop(file);
            assert_eq!(clone.read_at(Vec::with_capacity(1), 9).await.unwrap().1, b"9");
        });
    }
}
