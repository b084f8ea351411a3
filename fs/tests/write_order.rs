//! Writes that nobody waits for any more do not land on top of what came later.
#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod support;

use sexton_buffers::{IoBuf, Slice};
use sexton_fs::{File, OpenOptions};
use std::path::Path;
use support::{Place, Rng, drop_after, forget_after};

const ROUNDS: u64 = 1000;

async fn open(path: &Path) -> File {
    OpenOptions::new().read(true).write(true).create(true).open(path).await.unwrap()
}

/// A length that makes a write last a while, and a place for it.
fn range(rng: &mut Rng) -> (usize, u64) {
    (1 + rng.below(128 * 1024) as usize, rng.below(64 * 1024))
}

#[test]
fn the_second_write_wins_over_a_dropped_first_one() {
    for place in Place::all() {
        let path = place.path("file");
        sexton_runtime::block_on(async {
            let file = open(&path).await;
            let mut rng = Rng::from_seed(1);
            for round in 0..ROUNDS {
                let (len, pos) = range(&mut rng);
                let first = file.write_at(vec![1; len], pos);
                drop(drop_after(first, rng.below(3)).await);
                file.write_all_at(vec![2; len], pos).await.unwrap();
                // A late one would land after this, too: the next rounds see it.
                assert!(!std::fs::read(&path).unwrap().contains(&1), "round {round}");
            }
        });
        assert!(!std::fs::read(&path).unwrap().contains(&1), "every first write was overwritten");
    }
}

#[test]
fn the_second_write_wins_over_a_forgotten_first_one_even_through_a_clone_or_at_the_cursor() {
    for place in Place::all() {
        let path = place.path("file");
        sexton_runtime::block_on(async {
            let mut file = open(&path).await;
            let clone = file.try_clone().unwrap();
            let mut rng = Rng::from_seed(2);
            for round in 0..ROUNDS / 4 {
                let (len, pos) = range(&mut rng);
                file.seek(std::io::SeekFrom::Start(pos)).await.unwrap();
                if rng.below(2) == 0 {
                    drop(forget_after(file.write_at(vec![1; len], pos), rng.below(3)).await);
                } else {
                    let bufs = (vec![1; len / 2], vec![1; len - len / 2]);
                    drop(forget_after(file.write_vectored_at(bufs, pos), rng.below(3)).await);
                }
                match round % 3 {
                    0 => drop(clone.write_all_at(vec![2; len], pos).await.unwrap()),
                    1 => drop(file.write_all_owned(vec![2; len]).await.unwrap()),
                    _ => {
                        let bufs = (vec![2; len / 3], vec![2; len - len / 3]);
                        assert_eq!(file.write_vectored_at(bufs, pos).await.unwrap().0, len);
                    }
                }
                let (_, seen) = clone.read_at(Vec::with_capacity(len), pos).await.unwrap();
                assert!(seen.len() == len && seen.iter().all(|&b| b == 2), "round {round}");
            }
        });
        assert!(!std::fs::read(&path).unwrap().contains(&1));
    }
}

/// Past the page cache nothing but the list of writes in flight keeps two writes apart.
#[test]
fn the_second_write_wins_when_both_go_to_the_disk_at_once() {
    const O_DIRECT: i32 = 0o40000;
    let place = Place::on_disk();
    let path = place.path("file");
    std::fs::write(&path, vec![0; 1 << 20]).unwrap();
    sexton_runtime::block_on(async {
        let mut options = OpenOptions::new();
        options.read(true).write(true).custom_flags(O_DIRECT);
        let Ok(file) = options.open(&path).await else {
            return eprintln!("this file system cannot be written past the page cache");
        };
        let mut rng = Rng::from_seed(5);
        for round in 0..ROUNDS {
            let (pages, pos) = (16 + rng.below(48), rng.below(64) * 4096);
            let first = file.write_at(aligned(1, pages as usize), pos);
            drop(drop_after(first, 1 + rng.below(3)).await);
            // The shorter one would be faster.
            let last = pos + (pages - 1) * 4096;
            file.write_all_at(aligned(2, 1), last).await.unwrap();
            file.write_all_at(aligned(3, pages as usize - 1), pos).await.unwrap();
            let seen = std::fs::read(&path).unwrap();
            assert_eq!(seen[last as usize], 2, "round {round}");
            assert!(!seen.contains(&1), "round {round}");
        }
    });
}

/// So many pages of one byte, at an address that a disk can read.
fn aligned(byte: u8, pages: usize) -> Slice<Vec<u8>> {
    let bytes = vec![byte; (pages + 1) * 4096];
    let start = bytes.as_ptr().align_offset(4096);
    bytes.slice(start..start + pages * 4096)
}

#[test]
fn reads_lengths_and_cuts_come_after_the_dropped_write() {
    for place in Place::all() {
        let path = place.path("file");
        sexton_runtime::block_on(async {
            let mut rng = Rng::from_seed(3);
            for round in 0..ROUNDS / 4 {
                let _ = std::fs::remove_file(&path);
                let mut file = open(&path).await;
                let (len, _) = range(&mut rng);
                let mut write = Box::pin(file.write_at(vec![1; len], 0));
                drop(drop_after(write.as_mut(), rng.below(3)).await);
                if rng.below(2) == 0 {
                    drop(write)
                } else {
                    std::mem::forget(write)
                }
                // Whether the write happened or not: the answer is final.
                let before = match rng.below(4) {
                    0 => file.metadata().await.unwrap().len(),
                    1 => {
                        let mut all = Vec::new();
                        file.read_to_end(&mut all).await.unwrap() as u64
                    }
                    2 => {
                        let read = file.read_at(Vec::with_capacity(1 << 20), 0).await;
                        read.unwrap().0 as u64
                    }
                    _ => {
                        file.set_len(7).await.unwrap();
                        7
                    }
                };
                file.sync_data().await.unwrap();
                assert_eq!(std::fs::metadata(&path).unwrap().len(), before, "round {round}");
            }
        });
    }
}

#[test]
fn writes_side_by_side_end_whatever_their_places() {
    for place in Place::all() {
        let path = place.path("file");
        sexton_runtime::block_on(async {
            let file = open(&path).await;
            let mut first = Box::pin(file.write_at(vec![1; 9000], 0));
            assert!(drop_after(first.as_mut(), 0).await.is_none(), "it takes at least a turn");
            // It overlaps one that nobody polls meanwhile, and still ends.
            file.write_all_at(vec![2; 9000], 4500).await.unwrap();
            file.sync_all().await.unwrap();
            assert_eq!(first.await.unwrap().0, 9000);
            let seen = std::fs::read(&path).unwrap();
            assert_eq!((seen[4499], seen[4500], seen.len()), (1, 2, 13_500));
        });
    }
}

#[test]
fn appends_of_dropped_futures_never_mix() {
    let place = Place::on_disk();
    let path = place.path("log");
    sexton_runtime::block_on(async {
        let mut options = OpenOptions::new();
        let mut log = options.append(true).create(true).open(&path).await.unwrap();
        let mut rng = Rng::from_seed(4);
        let mut sure = Vec::new();
        for n in 0..200_u8 {
            let line = vec![n; 3000];
            if rng.below(2) == 0 {
                drop(drop_after(log.write_owned(line), rng.below(3)).await);
            } else {
                log.write_all_owned(line).await.unwrap();
                sure.push(n);
            }
        }
        log.sync_all().await.unwrap();
        let seen = std::fs::read(&path).unwrap();
        let lines: Vec<u8> = seen.chunks(3000).map(|line| line[0]).collect();
        assert!(seen.chunks(3000).all(|line| line.iter().all(|&b| b == line[0])));
        assert!(lines.is_sorted(), "each line starts after the one before has ended");
        assert!(sure.iter().all(|n| lines.contains(n)));
    });
}

#[test]
fn many_writes_at_once_each_get_their_own_buffer_back() {
    let place = Place::on_disk();
    sexton_runtime::block_on(async {
        let file = open(&place.path("file")).await;
        let mut buf = vec![7; 100];
        let at = buf.as_ptr();
        for round in 0..100 {
            buf = file.write_all_at(buf, round * 100).await.unwrap();
            assert_eq!(buf.as_ptr(), at, "the same buffer comes back");
        }
        let writes = (0..100).map(|n| file.write_at(vec![n as u8; 10], n * 10));
        let mut writes: Vec<_> = writes.map(Box::pin).collect();
        for write in &mut writes {
            drop(drop_after(write.as_mut(), 0).await);
        }
        for write in writes {
            assert_eq!(write.await.unwrap().0, 10);
        }
    });
}
