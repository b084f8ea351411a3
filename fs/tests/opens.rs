//! Opens are as std's: flags, errors, and what is no file.
#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod support;

use rustix::fs::{CWD, FileType, Mode, OFlags, fcntl_getfl, mknodat};
use sexton_fs::{File, OpenOptions};
use std::io::{ErrorKind, SeekFrom, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{OpenOptionsExt, symlink};
use support::Place;

/// As the kernel knows them.
fn flags(file: impl AsFd) -> OFlags {
    fcntl_getfl(file).unwrap()
}

fn bits(flags: OFlags) -> i32 {
    flags.bits().cast_signed()
}

#[test]
fn a_file_is_open_as_std_opens_it() {
    let place = Place::on_disk();
    let path = place.path("file");
    std::fs::write(&path, "hello").unwrap();
    sexton_runtime::block_on(async {
        let dir = File::open(path.parent().unwrap()).await.unwrap();
        for (read, write, append, custom) in [
            (true, false, false, 0),
            (true, true, false, 0),
            (false, true, false, bits(OFlags::DSYNC)),
            (false, false, true, 0),
            (true, false, false, bits(OFlags::NOFOLLOW | OFlags::NOATIME)),
        ] {
            let mut options = std::fs::OpenOptions::new();
            options.read(read).write(write).append(append).custom_flags(custom);
            let std = flags(options.open(&path).unwrap());
            let mut options = OpenOptions::new();
            options.read(read).write(write).append(append).custom_flags(custom);
            assert_eq!(flags(options.open(&path).await.unwrap()), std);
            assert_eq!(flags(options.open_beneath(&dir, "file").await.unwrap()), std);
        }
        let mut options = OpenOptions::new();
        options.read(true).custom_flags(bits(OFlags::NONBLOCK));
        assert!(flags(options.open(&path).await.unwrap()).contains(OFlags::NONBLOCK));
        options.custom_flags(bits(OFlags::PATH));
        assert!(flags(options.open(&path).await.unwrap()).contains(OFlags::PATH));
    });
}

#[test]
fn what_cannot_be_opened_says_why() {
    let place = Place::on_disk();
    std::fs::write(place.path("file"), "hello").unwrap();
    symlink("/", place.path("out")).unwrap();
    symlink("loop", place.path("loop")).unwrap();
    sexton_runtime::block_on(async {
        let dir = File::open(place.root()).await.unwrap();
        let options = File::options().read(true).clone();
        // Twice: what is not there is in memory, too, the second time.
        for _ in 0..2 {
            for name in ["missing", "missing/file", "file/file", "loop"] {
                let std = std::fs::File::open(place.path(name)).unwrap_err().raw_os_error();
                let error = options.open(place.path(name)).await.unwrap_err();
                assert_eq!(error.raw_os_error(), std, "{name}");
                let error = options.open_beneath(&dir, name).await.unwrap_err();
                assert_eq!(error.raw_os_error(), std, "{name}");
            }
            for out in ["out", "out/etc", "..", "/"] {
                let error = options.open_beneath(&dir, out).await.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::CrossesDevices, "{out}");
            }
        }
    });
}

/// A reader may come before the writer, and nobody waits for the other with the whole core.
#[test]
fn a_named_pipe_is_opened_at_once_and_read_when_there_is_something() {
    let place = Place::on_disk();
    let path = place.path("pipe");
    mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    sexton_runtime::block_on(async {
        let mut from = File::open(&path).await.unwrap();
        assert!(!flags(&from).contains(OFlags::NONBLOCK), "its reads wait");
        let mut to = OpenOptions::new().write(true).open(&path).await.unwrap();
        let read = sexton_runtime::spawn(async move {
            from.read_owned(Vec::with_capacity(8)).await.unwrap().1
        });
        sexton_runtime::yield_now().await;
        to.write_all_owned(b"hello").await.unwrap();
        assert_eq!(read.await.unwrap(), b"hello");
    });
}

/// Nothing was asked of it when it was opened: each kind of call finds out for itself.
#[test]
fn a_named_pipe_has_no_positions_and_what_asks_for_one_takes_no_byte() {
    let place = Place::on_disk();
    let path = place.path("pipe");
    mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    sexton_runtime::block_on(async {
        for kind in 0..4 {
            let mut file = options.open(&path).await.unwrap();
            std::fs::OpenOptions::new().write(true).open(&path).unwrap().write_all(b"a").unwrap();
            let error = match kind {
                0 => file.read_at(Vec::with_capacity(8), 0).await.unwrap_err().into_error(),
                1 => {
                    let bufs = [Vec::with_capacity(8)];
                    file.read_vectored_at(bufs, 0).await.unwrap_err().into_error()
                }
                2 => file.write_at("b", 0).await.unwrap_err().into_error(),
                _ => file.seek(SeekFrom::Start(0)).await.unwrap_err(),
            };
            assert_eq!(error.kind(), ErrorKind::NotSeekable, "{kind}");
            let (_, bytes) = file.read_owned(Vec::with_capacity(8)).await.unwrap();
            assert_eq!(bytes, b"a", "{kind}");
        }
    });
}
