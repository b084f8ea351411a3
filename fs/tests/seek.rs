//! `Seek` on a file, by itself and beneath a buffered reader, beside std's.
#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod support;

use sexton_fs::File;
use sexton_io::{BufReader, OwnedRead, Seek};
use std::io::{self, ErrorKind, SeekFrom};
use support::{Place, Rng};

const LEN: u64 = 30_000;

/// Random seeks, each followed by a short read: in code that knows the traits only.
async fn seeks_as_std_does(
    ours: &mut (impl Seek + OwnedRead),
    std: &mut (impl io::Seek + io::Read),
) {
    let mut rng = Rng::from_seed(7);
    for _ in 0..300 {
        let by = rng.below(2 * LEN + 200) as i64 - LEN as i64 - 100;
        let near = rng.below(600) as i64 - 300;
        let (ours_at, std_at) = match rng.below(5) {
            0 => (ours.seek(SeekFrom::End(by)).await.ok(), std.seek(SeekFrom::End(by)).ok()),
            1 => {
                let to = SeekFrom::Start(by.unsigned_abs());
                (ours.seek(to).await.ok(), std.seek(to).ok())
            }
            2 => {
                (ours.seek(SeekFrom::Current(by)).await.ok(), std.seek(SeekFrom::Current(by)).ok())
            }
            _ => {
                let (ours, std) = (ours.seek_relative(near).await, std.seek_relative(near));
                (ours.ok().map(|()| 0), std.ok().map(|()| 0))
            }
        };
        assert_eq!(ours_at, std_at);
        let buf = ours.read_owned(Vec::with_capacity(50)).await.unwrap().1;
        let mut same = vec![0; buf.len()];
        std.read_exact(&mut same).unwrap();
        assert_eq!(buf, same);
        assert_eq!(ours.stream_position().await.unwrap(), std.stream_position().unwrap());
        assert_eq!(ours.stream_len().await.unwrap(), LEN);
        assert_eq!(ours.stream_position().await.unwrap(), std.stream_position().unwrap());
    }
    ours.rewind().await.unwrap();
    assert_eq!(ours.stream_position().await.unwrap(), 0);
}

#[test]
fn a_file_seeks_as_that_of_std_buffered_or_not() {
    for place in Place::all() {
        let path = place.path("seek");
        std::fs::write(&path, (0..LEN).map(|n| (n % 251) as u8).collect::<Vec<u8>>()).unwrap();
        sexton_runtime::block_on(async {
            let std = || std::fs::File::open(&path).unwrap();
            seeks_as_std_does(&mut File::open(&path).await.unwrap(), &mut std()).await;
            let mut buffered = BufReader::with_capacity(File::open(&path).await.unwrap(), 400);
            seeks_as_std_does(&mut buffered, &mut io::BufReader::with_capacity(400, std())).await;
        });
    }
}

#[test]
fn a_pipe_has_no_length() {
    sexton_runtime::block_on(async {
        let (mut file, _writer) = support::pipe();
        assert_eq!(file.stream_len().await.unwrap_err().kind(), ErrorKind::NotSeekable);
        assert_eq!(
            Seek::seek(&mut file, SeekFrom::Start(0)).await.unwrap_err().kind(),
            ErrorKind::NotSeekable
        );
    });
}
