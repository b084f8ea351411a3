//! Random programs on a file, beside the same programs on std's.
#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod support;

use sexton_fs::{File, OpenOptions};
use sexton_io::BufRead;
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use support::{Place, Rng, drop_after};

/// The file under test, and std's with the same content.
struct Pair {
    ours: File,
    std: std::fs::File,
    rng: Rng,
    trace: Vec<String>,
}

impl Drop for Pair {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{:#?}", self.trace);
        }
    }
}

const LONGEST: u64 = 200_000;

impl Pair {
    fn len(&mut self) -> usize {
        // Mostly short, now and then longer than what the file reads ahead.
        let longest = if self.rng.below(8) == 0 { LONGEST } else { 3000 };
        1 + self.rng.below(longest) as usize
    }

    fn note(&mut self, what: String) {
        self.trace.push(what);
    }

    async fn step(&mut self) {
        let (len, pos) = (self.len(), self.rng.below(LONGEST * 2));
        let kind = self.rng.below(17);
        self.note(format!("{kind} len {len} pos {pos}"));
        match kind {
            0 | 1 => self.read_owned(len).await,
            2 => self.read_borrowed(len).await,
            3 => self.read_buffered(len).await,
            4 => self.read_exact(len).await,
            5 => self.read_vectored(len).await,
            6 => self.read_at(len, pos).await,
            7 | 8 => self.write_owned(len).await,
            9 => self.write_at(len, pos).await,
            10 => self.write_dropped(len, pos).await,
            11 => self.read_dropped(len).await,
            12 | 13 => self.seek(pos).await,
            14 => {
                self.ours.set_len(pos).await.unwrap();
                self.std.set_len(pos).unwrap();
            }
            15 => self.ours = self.ours.try_clone().unwrap(),
            _ => {
                let len = self.ours.metadata().await.unwrap().len();
                assert_eq!(len, self.std.metadata().unwrap().len());
            }
        }
        let position = self.std.stream_position().unwrap();
        assert_eq!(self.ours.stream_position().await.unwrap(), position);
    }

    /// What std reads when it is asked for as many bytes as the other file gave.
    fn check(&mut self, got: &[u8], asked: usize) {
        let mut expected = vec![0; got.len()];
        self.std.read_exact(&mut expected).unwrap();
        assert!(got == expected, "other bytes");
        if got.is_empty() && asked > 0 {
            assert_eq!(self.std.read(&mut [0]).unwrap(), 0, "a false end");
        }
    }

    async fn read_owned(&mut self, len: usize) {
        let (n, buf) = self.ours.read_owned(Vec::with_capacity(len)).await.unwrap();
        assert_eq!(n, buf.len());
        self.check(&buf, len);
    }

    async fn read_borrowed(&mut self, len: usize) {
        let mut buf = vec![0; len];
        let n = self.ours.read(&mut buf).await.unwrap();
        self.check(&buf[..n], len);
    }

    async fn read_buffered(&mut self, len: usize) {
        let shown = if len.is_multiple_of(3) {
            self.ours.fill_at_least(len).await.unwrap()
        } else {
            self.ours.fill_buf().await.unwrap()
        };
        let whole = shown.len();
        let taken = shown[..whole.min(len)].to_vec();
        self.ours.consume(taken.len());
        self.check(&taken, len);
        if len.is_multiple_of(3) && whole < len {
            let (end, position) =
                (self.std.metadata().unwrap().len(), self.std.stream_position().unwrap());
            assert!(position >= end, "fewer were shown than there are");
        }
    }

    async fn read_exact(&mut self, len: usize) {
        let before = self.std.stream_position().unwrap();
        match self.ours.read_exact_owned(Vec::with_capacity(len)).await {
            Ok(buf) => self.check(&buf, len),
            Err(error) => {
                assert_eq!(error.kind(), std::io::ErrorKind::UnexpectedEof);
                let rest = error.into_buf();
                assert!(rest.len() < len);
                self.check(&rest, 0);
                let end = self.std.metadata().unwrap().len();
                assert_eq!(before + rest.len() as u64, end.max(before));
            }
        }
    }

    async fn read_vectored(&mut self, len: usize) {
        let bufs = (Vec::with_capacity(len / 3 + 1), vec![0; 7].into_boxed_slice().to_vec(), {
            Vec::with_capacity(len)
        });
        let (n, (a, b, c)) = self.ours.read_vectored_owned(bufs).await.unwrap();
        let got: Vec<u8> = [&a[..], &b[7..], &c[..]].concat();
        assert_eq!(n, got.len());
        self.check(&got, len);
    }

    async fn read_at(&mut self, len: usize, pos: u64) {
        let (_, buf) = self.ours.read_at(Vec::with_capacity(len), pos).await.unwrap();
        let mut expected = vec![0; len];
        let n = self.std.read_at(&mut expected, pos).unwrap();
        assert!(buf == expected[..n]);
    }

    async fn write_owned(&mut self, len: usize) {
        let bytes = self.rng.bytes(len);
        self.std.write_all(&bytes).unwrap();
        self.ours.write_all_owned(bytes).await.unwrap();
    }

    async fn write_at(&mut self, len: usize, pos: u64) {
        let bytes = self.rng.bytes(len);
        self.std.write_all_at(&bytes, pos).unwrap();
        self.ours.write_all_at(bytes, pos).await.unwrap();
    }

    /// A write that may or may not have happened, then its retry.
    async fn write_dropped(&mut self, len: usize, pos: u64) {
        let (lost, bytes, turns) = (self.rng.bytes(len), self.rng.bytes(len), self.rng.below(4));
        drop(drop_after(self.ours.write_at(lost, pos), turns).await);
        self.std.write_all_at(&bytes, pos).unwrap();
        self.ours.write_all_at(bytes, pos).await.unwrap();
    }

    /// Reads that are not awaited to their end: nothing may have happened.
    async fn read_dropped(&mut self, len: usize) {
        let turns = self.rng.below(3);
        let read = match self.rng.below(4) {
            0 => drop_after(self.ours.read_owned(Vec::with_capacity(len)), turns)
                .await
                .map(|answer| answer.unwrap().1),
            1 => drop_after(self.ours.read_exact_owned(Vec::with_capacity(len)), turns)
                .await
                .map(|answer| answer.unwrap_or_else(|error| error.into_buf())),
            2 => {
                drop(drop_after(self.ours.fill_buf(), turns).await);
                None
            }
            _ => {
                let mut buf = vec![0; len];
                drop_after(self.ours.read(&mut buf), turns).await.map(|n| {
                    buf.truncate(n.unwrap());
                    buf
                })
            }
        };
        self.check(&read.unwrap_or_default(), 0);
    }

    async fn seek(&mut self, pos: u64) {
        let to = match self.rng.below(4) {
            0 => SeekFrom::End(-(pos as i64)),
            1 => SeekFrom::Current(pos as i64 - LONGEST as i64),
            2 => SeekFrom::Current(self.rng.below(200) as i64 - 100),
            _ => SeekFrom::Start(pos),
        };
        let (ours, std) = (self.ours.seek(to).await, self.std.seek(to));
        assert_eq!(ours.map_err(|e| e.kind()), std.map_err(|e| e.kind()), "{to:?}");
    }
}

fn run(place: &Place, seed: u64) {
    let (ours, std) = (place.path("ours"), place.path("std"));
    let bytes = Rng::from_seed(!seed).bytes(50_000);
    std::fs::write(&ours, &bytes).unwrap();
    std::fs::write(&std, &bytes).unwrap();
    sexton_runtime::block_on(async {
        let mut pair = Pair {
            ours: OpenOptions::new().read(true).write(true).open(&ours).await.unwrap(),
            std: {
                let mut options = std::fs::OpenOptions::new();
                options.read(true).write(true).open(&std).unwrap()
            },
            rng: Rng::from_seed(seed),
            trace: vec![format!("seed {seed}")],
        };
        for _ in 0..60 {
            pair.step().await;
        }
        pair.ours.sync_all().await.unwrap();
    });
    assert!(std::fs::read(&ours).unwrap() == std::fs::read(&std).unwrap(), "seed {seed}");
}

#[test]
fn a_file_does_what_stds_file_does() {
    for place in Place::all() {
        for seed in 0..120 {
            run(&place, seed);
        }
    }
}

/// What is dropped may have been appended: no such steps for this one.
#[test]
fn a_file_that_is_appended_to_does_what_stds_file_does() {
    for place in Place::all() {
        let (ours, std) = (place.path("ours"), place.path("std"));
        for seed in 0..40 {
            std::fs::write(&ours, b"before").unwrap();
            std::fs::write(&std, b"before").unwrap();
            sexton_runtime::block_on(async {
                let mut rng = Rng::from_seed(seed);
                let mut file =
                    OpenOptions::new().read(true).append(true).open(&ours).await.unwrap();
                let mut options = std::fs::OpenOptions::new();
                let mut model = options.read(true).append(true).open(&std).unwrap();
                for _ in 0..40 {
                    let len = 1 + rng.below(5000) as usize;
                    let bytes = rng.bytes(len);
                    match rng.below(4) {
                        0 => {
                            model.write_all(&bytes).unwrap();
                            file.write_all_owned(bytes).await.unwrap();
                        }
                        1 => {
                            model.write_all_at(&bytes, 3).unwrap();
                            file.write_all_at(bytes, 3).await.unwrap();
                        }
                        2 => {
                            let to = SeekFrom::Start(rng.below(9000));
                            assert_eq!(file.seek(to).await.unwrap(), model.seek(to).unwrap());
                        }
                        _ => {
                            let mut expected = vec![0; len];
                            let n = model.read(&mut expected).unwrap();
                            let (_, got) = file.read_owned(Vec::with_capacity(len)).await.unwrap();
                            assert!(got == expected[..n], "seed {seed}");
                        }
                    }
                    let position = model.stream_position().unwrap();
                    let ours = file.stream_position().await.unwrap();
                    assert_eq!(ours, position, "seed {seed}");
                }
            });
            assert!(std::fs::read(&ours).unwrap() == std::fs::read(&std).unwrap(), "seed {seed}");
        }
    }
}
