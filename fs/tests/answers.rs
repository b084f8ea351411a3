//! Bad input, and files of every size: the answers are std's, and nothing panics.
#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod support;

use sexton_buffers::IoBufMut;
use sexton_fs::{File, OpenOptions};
use sexton_io::BufRead;
use std::io::{self, ErrorKind, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use support::{Place, pipe};

fn kind<T>(answer: io::Result<T>) -> Result<(), ErrorKind> {
    answer.map(drop).map_err(|error| error.kind())
}

#[test]
fn every_combination_of_options_opens_as_std_opens_it() {
    let place = Place::on_disk();
    let (ours, std) = (place.path("ours"), place.path("std"));
    sexton_runtime::block_on(async {
        for bits in 0..1_u32 << 7 {
            let [read, write, append, truncate, create, create_new, exists] =
                std::array::from_fn(|at| bits & 1 << at != 0);
            for path in [&ours, &std] {
                if exists {
                    std::fs::write(path, "before").unwrap();
                } else {
                    let _ = std::fs::remove_file(path);
                }
            }
            let mut options = OpenOptions::new();
            options.read(read).write(write).append(append).truncate(truncate);
            options.create(create).create_new(create_new).mode(0o640);
            let mut model = std::fs::OpenOptions::new();
            model.read(read).write(write).append(append).truncate(truncate);
            model.create(create).create_new(create_new).mode(0o640);
            let (file, expected) = (options.open(&ours).await, model.open(&std));
            assert_eq!(kind(file), kind(expected), "{options:?}");
            assert_eq!(std::fs::read(&ours).ok(), std::fs::read(&std).ok(), "{options:?}");
        }
        assert!(std::fs::metadata(&ours).is_ok());
    });
}

#[test]
fn what_is_not_there_or_is_something_else_is_told_as_by_std() {
    let place = Place::on_disk();
    std::fs::write(place.path("file"), "text").unwrap();
    std::fs::write(place.path("binary"), [0xff, 0xfe]).unwrap();
    let dir = place.root().to_owned();
    sexton_runtime::block_on(async {
        for name in ["missing", "file/below", ".", "missing/below", "nul\0inside"] {
            let path = dir.join(name);
            assert_eq!(kind(sexton_fs::read(&path).await), kind(std::fs::read(&path)), "{name:?}");
            assert_eq!(kind(sexton_fs::metadata(&path).await), kind(std::fs::metadata(&path)));
            assert_eq!(kind(sexton_fs::read_dir(&path).await), kind(std::fs::read_dir(&path)));
            assert_eq!(kind(sexton_fs::remove_dir(&path).await), kind(std::fs::remove_dir(&path)));
            assert_eq!(
                kind(sexton_fs::canonicalize(&path).await),
                kind(std::fs::canonicalize(&path))
            );
            assert_eq!(
                kind(sexton_fs::rename(&path, &path).await),
                kind(std::fs::rename(&path, &path))
            );
            assert_eq!(
                kind(sexton_fs::copy(&path, &path).await),
                kind(std::fs::copy(&path, &path))
            );
            let missing = sexton_fs::exists(&path).await;
            assert_eq!(missing.map_err(|e| e.kind()), std::fs::exists(&path).map_err(|e| e.kind()));
        }
        let text = sexton_fs::read_to_string(dir.join("binary")).await;
        assert_eq!(text.unwrap_err().kind(), ErrorKind::InvalidData);
        assert_eq!(kind(sexton_fs::write(&dir, "text").await), Err(ErrorKind::IsADirectory));
        assert_eq!(kind(sexton_fs::create_dir(&dir).await), Err(ErrorKind::AlreadyExists));
        sexton_fs::create_dir_all(&dir).await.unwrap();
    });
}

#[test]
fn what_a_file_cannot_do_is_an_error_with_the_buffer() {
    let place = Place::on_disk();
    std::fs::write(place.path("file"), "text").unwrap();
    sexton_runtime::block_on(async {
        let mut file = File::open(place.path("file")).await.unwrap();
        // No room: never a false end.
        let error = file.read_at(Vec::new(), 0).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        let text = error.to_string();
        assert!(text.contains("Vec::with_capacity") && text.contains("slice_mut"), "{text}");
        assert_eq!(file.read_owned(vec![1]).await.unwrap_err().into_buf(), [1]);
        assert_eq!(
            file.read_vectored_owned((Vec::new(), Vec::new())).await.unwrap_err().kind(),
            ErrorKind::InvalidInput
        );
        assert!(file.read_exact_owned(Vec::new()).await.is_ok(), "nothing was asked for");
        assert_eq!(file.read(&mut []).await.unwrap(), 0);

        // Not opened for writing: but nothing is written for nothing.
        assert!(file.write_at(vec![1], 0).await.unwrap_err().error().raw_os_error() == Some(9));
        assert_eq!(file.write_at(Vec::new(), 0).await.unwrap().0, 0);
        assert_eq!(file.write_owned(Vec::new()).await.unwrap().0, 0);
        assert_eq!(file.set_len(3).await.unwrap_err().kind(), ErrorKind::InvalidInput);

        // Beyond the last offset: u64::MAX would mean something else to the ring.
        for pos in [u64::MAX, 1 << 63] {
            let read = file.read_at(Vec::with_capacity(4), pos).await;
            assert_eq!(read.unwrap_err().kind(), ErrorKind::InvalidInput);
            let write = file.write_all_at(vec![1], pos).await;
            assert_eq!(write.unwrap_err().kind(), ErrorKind::InvalidInput);
            assert_eq!(file.set_len(pos).await.unwrap_err().kind(), ErrorKind::InvalidInput);
            let seek = file.seek(SeekFrom::Start(pos)).await;
            assert_eq!(seek.unwrap_err().kind(), ErrorKind::InvalidInput);
        }
        assert_eq!(
            file.seek(SeekFrom::Current(-1)).await.unwrap_err().kind(),
            ErrorKind::InvalidInput
        );

        let (mut reader, writer) = pipe();
        assert_eq!(
            reader.seek(SeekFrom::Start(0)).await.unwrap_err().kind(),
            ErrorKind::NotSeekable
        );
        let read = reader.read_at(Vec::with_capacity(1), 0).await;
        assert_eq!(read.unwrap_err().kind(), ErrorKind::NotSeekable);
        assert_eq!(writer.write_at(vec![1], 0).await.unwrap_err().kind(), ErrorKind::NotSeekable);
        drop(reader);
        let mut writer = writer;
        let broken = writer.write_owned(vec![1]).await.unwrap_err();
        assert_eq!(broken.kind(), ErrorKind::BrokenPipe);

        let mut full = File::options().write(true).open("/dev/full").await.unwrap();
        let error = full.write_owned(vec![1, 2]).await.unwrap_err();
        assert_eq!((error.kind(), error.into_buf()), (ErrorKind::StorageFull, vec![1, 2]));
    });
}

#[test]
fn lengths_beyond_the_kernels_are_clamped_and_not_cut() {
    const MOST: usize = 0x7fff_f000;
    sexton_runtime::block_on(async {
        let mut null = File::options().write(true).open("/dev/null").await.unwrap();
        // Never touched, so it takes no memory.
        let (n, buf) = null.write_owned(vec![0; MOST + 1]).await.unwrap();
        assert_eq!((n, buf.len()), (MOST, MOST + 1));
        let buf = null.write_all_owned(buf).await.unwrap();
        assert_eq!(buf.len(), MOST + 1);
    });
}

#[test]
fn empty_huge_and_growing_files_end_where_they_end() {
    for place in Place::all() {
        let path = place.path("file");
        sexton_runtime::block_on(async {
            let file = File::create_new(&path).await.unwrap();
            let mut reader = File::open(&path).await.unwrap();
            for _ in 0..3 {
                assert_eq!(reader.read_at(Vec::with_capacity(9), 0).await.unwrap().0, 0);
                assert_eq!(reader.read_owned(Vec::with_capacity(9)).await.unwrap().0, 0);
                assert_eq!(reader.read(&mut [0; 9]).await.unwrap(), 0);
                assert!(reader.fill_buf().await.unwrap().is_empty());
            }
            // The end moves, and every kind of read sees it.
            file.write_all_at(b"a", 0).await.unwrap();
            assert_eq!(reader.read(&mut [0; 9]).await.unwrap(), 1);
            file.write_all_at(b"b", 1).await.unwrap();
            assert_eq!(reader.fill_buf().await.unwrap(), b"b");
            reader.consume(1);
            assert!(reader.fill_buf().await.unwrap().is_empty());
            file.write_all_at(b"c", 2).await.unwrap();
            assert_eq!(reader.read_owned(Vec::with_capacity(9)).await.unwrap().1, b"c");

            // A terabyte of nothing, and something at its end.
            const TERABYTE: u64 = 1 << 40;
            file.set_len(TERABYTE).await.unwrap();
            file.write_all_at(b"end", TERABYTE).await.unwrap();
            assert_eq!(reader.seek(SeekFrom::End(-5)).await.unwrap(), TERABYTE - 2);
            assert_eq!(reader.fill_at_least(5).await.unwrap(), b"\0\0end");
            assert_eq!(reader.fill_at_least(6).await.unwrap(), b"\0\0end", "there is no more");
            let read = reader.read_exact_owned(Vec::with_capacity(64).at_most(6)).await;
            let error = read.unwrap_err();
            assert_eq!((error.kind(), error.transferred()), (ErrorKind::UnexpectedEof, 5));
            assert_eq!(reader.stream_position().await.unwrap(), TERABYTE + 3);
            assert_eq!(reader.metadata().await.unwrap().len(), TERABYTE + 3);
        });
    }
}

#[test]
fn files_that_do_not_know_their_length_are_read_to_their_end() {
    sexton_runtime::block_on(async {
        let expected = std::fs::read("/proc/cpuinfo").unwrap().len();
        assert!(sexton_fs::read("/proc/cpuinfo").await.unwrap().len().abs_diff(expected) < 2000);
        let mut lines = File::open("/proc/self/status").await.unwrap().lines();
        let first = lines.next_line().await.unwrap().unwrap();
        assert!(first.starts_with("Name:"), "{first}");
        let mut text = String::new();
        let mut file = File::open("/proc/self/status").await.unwrap();
        file.read_to_string(&mut text).await.unwrap();
        assert!(text.contains("VmRSS"));
        let mut zeros = File::open("/dev/zero").await.unwrap();
        let buf = zeros.read_exact_owned(vec![1; 100_000].slice_mut(..)).await.unwrap();
        assert!(buf.into_inner().iter().all(|&b| b == 0));
    });
}
