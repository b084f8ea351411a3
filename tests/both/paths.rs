//! Files and directories, by what std would say of them.

use crate::on_both;
use crate::poll::poll_once;
use sexton::fs::{self, File, OpenOptions};
use sexton::{Builder, CancelToken};
use std::io::{ErrorKind, SeekFrom};

/// A directory of this process on both kernels.
async fn place(name: &str) -> String {
    let path = format!("/tmp/sexton-both-{}-{name}", std::process::id());
    drop(fs::remove_dir_all(&path).await);
    fs::create_dir(&path).await.unwrap();
    path
}

#[test]
fn what_is_written_is_read_and_the_cursor_is_where_it_should_be() {
    on_both(&Builder::new(), || async {
        let place = place("cursor").await;
        let path = format!("{place}/file");
        let options = OpenOptions::new().read(true).write(true).create_new(true).clone();
        let mut file = options.open(&path).await.unwrap();
        assert_eq!(options.open(&path).await.unwrap_err().kind(), ErrorKind::AlreadyExists);
        file.write_all_owned(b"0123456789".to_vec()).await.unwrap();
        assert_eq!(file.seek(SeekFrom::Current(-4)).await.unwrap(), 6);
        file.write_all_owned(b"abcdefgh".to_vec()).await.unwrap();
        assert_eq!(file.seek(SeekFrom::End(-2)).await.unwrap(), 12);
        let mut rest = Vec::new();
        file.read_to_end(&mut rest).await.unwrap();
        assert_eq!(rest, b"gh");
        file.set_len(4).await.unwrap();
        file.write_all_at(b"z".to_vec(), 6).await.unwrap();
        assert_eq!(fs::read(&path).await.unwrap(), b"0123\0\0z");
        file.sync_all().await.unwrap();
        assert_eq!(file.metadata().await.unwrap().len(), 7);
        fs::remove_dir_all(place).await.unwrap();
    });
}

#[test]
fn appends_go_to_the_end_wherever_the_cursor_is() {
    on_both(&Builder::new(), || async {
        let place = place("append").await;
        let path = format!("{place}/log");
        fs::write(&path, b"first ".to_vec()).await.unwrap();
        let mut one = OpenOptions::new().append(true).open(&path).await.unwrap();
        let mut other = OpenOptions::new().append(true).open(&path).await.unwrap();
        one.write_all_owned(b"second ".to_vec()).await.unwrap();
        other.write_all_owned(b"third".to_vec()).await.unwrap();
        assert_eq!(fs::read_to_string(&path).await.unwrap(), "first second third");
        fs::remove_dir_all(place).await.unwrap();
    });
}

#[test]
fn what_is_opened_beneath_a_directory_is_in_it() {
    on_both(&Builder::new(), || async {
        let place = place("beneath").await;
        let at = |name: &str| format!("{place}/{name}");
        fs::create_dir_all(at("in/deep")).await.unwrap();
        fs::write(at("secret"), b"secret".to_vec()).await.unwrap();
        fs::write(at("in/file"), b"file".to_vec()).await.unwrap();
        for (target, name) in [
            ("../file", "in/deep/up"),
            ("../../secret", "in/deep/out"),
            ("deep/up", "in/twice"),
            ("../in/file", "in/round"),
            ("/", "in/root"),
            ("circle", "in/circle"),
        ] {
            fs::symlink(target, at(name)).await.unwrap();
        }
        fs::symlink(at("in/file"), at("in/absolute")).await.unwrap();
        let dir = File::open(at("in")).await.unwrap();
        let read = OpenOptions::new().read(true).clone();
        for path in ["file", "./file", "deep/../file", "deep/up", "twice", "deep//../deep/up"] {
            let file = read.open_beneath(&dir, path).await.unwrap();
            let bytes = file.read_exact_at(Vec::with_capacity(4), 0).await.unwrap();
            assert_eq!(bytes, b"file", "{path}");
        }
        for path in ["..", "../secret", "deep/out", "round", "root", "root/etc", "absolute"] {
            let error = read.open_beneath(&dir, path).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::CrossesDevices, "{path}");
        }
        for path in ["../in/file", "deep/../../in/file", "/tmp"] {
            let error = read.open_beneath(&dir, path).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::CrossesDevices, "{path}");
        }
        let kind = async |path: &str| read.open_beneath(&dir, path).await.unwrap_err().kind();
        assert_eq!(kind("none").await, ErrorKind::NotFound);
        assert_eq!(kind("").await, ErrorKind::NotFound);
        assert_eq!(kind("file/x").await, ErrorKind::NotADirectory);
        assert_eq!(read.open_beneath(&dir, "circle").await.unwrap_err().raw_os_error(), Some(40));
        let file = read.open_beneath(&dir, "file").await.unwrap();
        let error = read.open_beneath(&file, "x").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotADirectory);

        // What is made is made there; a mode that nothing is made with is ignored.
        let made = OpenOptions::new().write(true).create_new(true).mode(0o600).clone();
        made.open_beneath(&dir, "deep/new").await.unwrap().write_all_at("n", 0).await.unwrap();
        assert_eq!(fs::read(at("in/deep/new")).await.unwrap(), b"n");
        assert_eq!(
            made.open_beneath(&dir, "../new").await.unwrap_err().kind(),
            ErrorKind::CrossesDevices
        );
        assert!(OpenOptions::new().read(true).mode(0o7).open_beneath(&dir, "file").await.is_ok());
        assert!(read.open_beneath(&dir, ".").await.unwrap().metadata().await.unwrap().is_dir());
        // One bit of `O_DIRECTORY` is one of `O_TMPFILE`, which makes something.
        let folder = OpenOptions::new().read(true).custom_flags(libc::O_DIRECTORY).clone();
        assert!(folder.open_beneath(&dir, "deep").await.is_ok());
        let error = folder.open_beneath(&dir, "file").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotADirectory);
        fs::remove_dir_all(place).await.unwrap();
    });
}

#[test]
fn names_come_and_go_as_std_says() {
    on_both(&Builder::new(), || async {
        let place = place("names").await;
        let at = |name: &str| format!("{place}/{name}");
        fs::create_dir_all(at("a/b/c")).await.unwrap();
        fs::write(at("a/file"), b"content".to_vec()).await.unwrap();
        let kind = |result: std::io::Result<()>| result.unwrap_err().kind();
        assert_eq!(kind(fs::create_dir(at("a")).await), ErrorKind::AlreadyExists);
        assert_eq!(kind(fs::remove_dir(at("a")).await), ErrorKind::DirectoryNotEmpty);
        assert_eq!(kind(fs::remove_file(at("none")).await), ErrorKind::NotFound);
        assert_eq!(kind(fs::remove_dir(at("a/file")).await), ErrorKind::NotADirectory);
        assert_eq!(kind(fs::rename(at("none"), at("x")).await), ErrorKind::NotFound);
        assert_eq!(File::open(at("a/file/x")).await.unwrap_err().kind(), ErrorKind::NotADirectory);
        fs::rename(at("a/file"), at("moved")).await.unwrap();
        assert!(fs::metadata(at("moved")).await.unwrap().is_file());
        assert!(fs::metadata(at("a")).await.unwrap().is_dir());
        assert_eq!(fs::copy(at("moved"), at("copy")).await.unwrap(), 7);
        let mut names = Vec::new();
        let mut dir = fs::read_dir(&place).await.unwrap();
        while let Some(entry) = dir.next_entry().await.unwrap() {
            names.push(entry.file_name().into_string().unwrap());
        }
        names.sort();
        assert_eq!(names, ["a", "copy", "moved"]);
        let absolute = fs::canonicalize(at("a/../copy")).await.unwrap();
        assert_eq!(absolute, std::path::Path::new(&at("copy")));
        fs::remove_dir_all(&place).await.unwrap();
        assert_eq!(fs::metadata(&place).await.unwrap_err().kind(), ErrorKind::NotFound);
    });
}

#[test]
fn a_write_that_was_dropped_does_not_land_after_the_next_one() {
    on_both(&Builder::new(), || async {
        let place = place("order").await;
        let file = File::create(format!("{place}/file")).await.unwrap();
        for round in 0..20_u8 {
            drop(crate::poll::poll_once(std::pin::pin!(file.write_all_at(vec![0; 5000], 0))).await);
            file.write_all_at(vec![round; 5000], 0).await.unwrap();
            let bytes = fs::read(format!("{place}/file")).await.unwrap();
            assert!(bytes.iter().all(|byte| *byte == round), "round {round}");
        }
        fs::remove_dir_all(place).await.unwrap();
    });
}

/// What becomes of the second of three writes, while it waits for the first.
#[derive(Clone, Copy)]
enum Second {
    Awaited,
    Dropped,
    Forgotten,
    Cancelled,
}

#[test]
fn writes_that_overlap_land_in_the_order_of_their_start_each_with_all_its_steps() {
    for second in [Second::Awaited, Second::Dropped, Second::Forgotten, Second::Cancelled] {
        on_both(&Builder::new(), || three_writes(second));
    }
}

async fn three_writes(second: Second) {
    let place = place("order").await;
    let mut options = OpenOptions::new();
    let options = options.read(true).write(true).create(true);
    let file = options.open(format!("{place}/file")).await.unwrap();
    let (clone, token) = (file.try_clone().unwrap(), CancelToken::new());
    let mut one = Box::pin(file.write_all_at(vec![1; 60_000], 0));
    let mut two = Box::pin(token.run(clone.write_all_at(vec![2; 50_000], 20_000)));
    let mut three = Box::pin(file.write_all_at(vec![3; 10_000], 15_000));
    assert!(poll_once(one.as_mut()).await.is_none());
    assert!(poll_once(two.as_mut()).await.is_none());
    assert!(poll_once(three.as_mut()).await.is_none());
    let mut model = vec![1; 60_000];
    match second {
        Second::Dropped => drop(two),
        Second::Cancelled => {
            token.cancel();
            let error = two.await.unwrap_err();
            assert_eq!(error.transferred(), 0, "it had not begun");
            assert_eq!(error.into_parts().1, [2; 50_000]);
        }
        Second::Awaited | Second::Forgotten => {
            model.resize(70_000, 2);
            model[20_000..].fill(2);
            match second {
                Second::Forgotten => std::mem::forget(two),
                // Not even in the order of their polls.
                _ => assert_eq!(two.await.unwrap(), [2; 50_000]),
            }
        }
    }
    model[15_000..25_000].fill(3);
    assert_eq!(three.await.unwrap(), [3; 10_000]);
    assert_eq!(one.await.unwrap(), [1; 60_000]);
    let (_, bytes) = file.read_at(Vec::with_capacity(100_000), 0).await.unwrap();
    let read = bytes.len();
    // Reads may be short, too.
    let bytes = file.read_exact_at(Vec::with_capacity(model.len()), 0).await.unwrap();
    assert!(read <= model.len() && bytes == model, "as if one had come after the other");
    assert_eq!(file.metadata().await.unwrap().len(), model.len() as u64);
    fs::remove_dir_all(place).await.unwrap();
}
