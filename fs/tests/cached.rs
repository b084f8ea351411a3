//! Reads of what is in memory are done in the poll that begins them, and nobody notices otherwise.
#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod support;

use rustix::fs::{Advice, fadvise};
use rustix::io::Errno;
use sexton_fs::{File, OpenOptions};
use sexton_runtime::calls::file::{ReadNow, read_now};
use std::cell::Cell;
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt;
use std::rc::Rc;
use support::{Place, drop_after};

/// Bytes of which each page is another.
fn content(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at / 4096 + at % 251) as u8).collect()
}

/// Whether the file system can say what is in memory.
fn knows(file: &File) -> bool {
    !matches!(read_now(file.as_fd(), &mut [0], 0).unwrap(), ReadNow::Unsupported)
}

#[test]
fn what_was_just_written_is_read_in_the_first_poll() {
    let place = Place::on_disk();
    let (path, bytes) = (place.path("file"), content(100_000));
    std::fs::write(&path, &bytes).unwrap();
    sexton_runtime::block_on(async {
        let mut file = File::open(&path).await.unwrap();
        if !knows(&file) {
            return eprintln!("left out: this file system cannot say what is in memory");
        }
        let window = file.read_at(Vec::with_capacity(5_000), 50_000);
        let (n, window) = drop_after(window, 0).await.expect("in the first poll").unwrap();
        assert_eq!((n, &window[..]), (5_000, &bytes[50_000..55_000]));
        let (n, all) = file.read_owned(Vec::with_capacity(200_000)).await.unwrap();
        assert!(n == bytes.len() && all == bytes, "up to the end, which is no short read");
        let end = drop_after(file.read_owned(all), 0).await.expect("in the first poll");
        assert_eq!(end.unwrap().0, 0, "the end");
    });
}

#[test]
fn a_read_of_which_a_part_is_in_memory_brings_all_of_it() {
    let place = Place::on_disk();
    let (path, bytes) = (place.path("file"), content(64 * 4096));
    std::fs::write(&path, &bytes).unwrap();
    let std = std::fs::File::open(&path).unwrap();
    std.sync_all().unwrap();
    sexton_runtime::block_on(async {
        let file = File::open(&path).await.unwrap();
        for round in 0..20 {
            fadvise(&std, 0, None, Advice::Random).unwrap();
            fadvise(&std, 0, None, Advice::DontNeed).unwrap();
            for page in 0..round {
                std.read_exact_at(&mut [0; 4096], page * 4096).unwrap();
            }
            let (n, got) = file.read_at(Vec::with_capacity(bytes.len()), 0).await.unwrap();
            assert!(n == bytes.len() && got == bytes, "{n} bytes in round {round}");
        }
    });
}

#[test]
fn a_task_that_reads_what_is_in_memory_for_ever_leaves_the_others_their_turns() {
    let place = Place::on_disk();
    let path = place.path("file");
    std::fs::write(&path, content(4096)).unwrap();
    sexton_runtime::block_on(async {
        let file = File::open(&path).await.unwrap();
        let over = Rc::new(Cell::new(false));
        let ends = Rc::clone(&over);
        sexton_runtime::spawn(async move {
            sexton_runtime::yield_now().await;
            ends.set(true);
        });
        let mut buf = Vec::with_capacity(4096);
        while !over.get() {
            buf.clear();
            (_, buf) = file.read_at(buf, 0).await.unwrap();
        }
    });
}

#[test]
fn an_answer_that_is_wrong_is_the_same_as_ever() {
    let place = Place::on_disk();
    let path = place.path("file");
    sexton_runtime::block_on(async {
        let file = OpenOptions::new().write(true).create(true).open(&path).await.unwrap();
        let error = file.read_at(Vec::with_capacity(10), 0).await.unwrap_err();
        assert_eq!(
            error.error().raw_os_error(),
            Some(Errno::BADF.raw_os_error()),
            "it is not open for reading"
        );
        let folder = File::open(place.root()).await.unwrap();
        let error = folder.read_at(Vec::with_capacity(10), 0).await.unwrap_err();
        assert_eq!(error.error().raw_os_error(), Some(Errno::ISDIR.raw_os_error()));
    });
}
