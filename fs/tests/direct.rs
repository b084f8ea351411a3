//! Reads past the page cache: the kernel fills the caller's own pages, even when nobody waits any
//! more.
#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod support;

use sexton_buffers::{IoBuf, IoBufMut, SliceMut};
use sexton_fs::{File, OpenOptions};
use support::{Place, Rng, drop_after, forget_after};

const O_DIRECT: i32 = 0o40000;
const PAGE: usize = 4096;
const PAGES: u64 = 256;

/// So many pages at an address that a disk can read into.
fn aligned(pages: usize) -> SliceMut<Vec<u8>> {
    let bytes = vec![0xee; (pages + 1) * PAGE];
    let start = bytes.as_ptr().align_offset(PAGE);
    bytes.slice_mut(start..start + pages * PAGE)
}

/// A file whose pages all differ; none if this file system has no such reads.
async fn open(place: &Place) -> Option<(File, Vec<u8>)> {
    let bytes = Rng::from_seed(9).bytes(PAGES as usize * PAGE);
    let path = place.path("file");
    std::fs::write(&path, &bytes).unwrap();
    std::fs::File::open(&path).unwrap().sync_all().unwrap();
    let file = OpenOptions::new().read(true).custom_flags(O_DIRECT).open(&path).await;
    match file {
        Ok(file) => Some((file, bytes)),
        Err(error) => {
            eprintln!("no O_DIRECT here: {error}");
            None
        }
    }
}

#[test]
fn pages_read_beside_dropped_and_forgotten_reads_are_the_files() {
    let place = Place::on_disk();
    sexton_runtime::block_on(async {
        let Some((file, bytes)) = open(&place).await else { return };
        let mut rng = Rng::from_seed(10);
        let (mut whole, mut forgotten) = (0, 0);
        for _ in 0..2000 {
            let (pages, turns) = (1 + rng.below(16) as usize, rng.below(4));
            let at = rng.below(PAGES - 16) as usize * PAGE;
            let read = file.read_at(aligned(pages), at as u64);
            // What is forgotten stays in memory until the runtime ends: not too many.
            let answer = if rng.below(8) == 0 {
                Some(read.await)
            } else if forgotten < 50 && rng.below(8) == 0 {
                forgotten += 1;
                forget_after(read, turns).await
            } else {
                drop_after(read, turns).await
            };
            if let Some(answer) = answer {
                let (n, buf) = answer.unwrap();
                assert_eq!(n, pages * PAGE);
                assert!(buf.filled() == &bytes[at..][..n]);
                whole += 1;
            }
        }
        assert!(whole > 0, "some were awaited to their end");
        let buf = file.read_exact_at(aligned(PAGES as usize), 0).await.unwrap();
        assert!(buf.filled() == bytes);
    });
}

#[test]
fn a_runtime_that_ends_with_reads_in_flight_waits_for_them() {
    let place = Place::on_disk();
    for _ in 0..5 {
        sexton_runtime::block_on(async {
            let Some((file, _)) = open(&place).await else { return };
            for n in 0..32 {
                let read = Box::pin(file.read_at(aligned(16), n * PAGE as u64));
                drop(forget_after(read, 0).await);
            }
        });
    }
}

#[test]
fn a_buffer_that_does_not_fit_is_the_kernels_error_and_comes_back() {
    let place = Place::on_disk();
    sexton_runtime::block_on(async {
        let Some((mut file, _)) = open(&place).await else { return };
        let error = file.read_at(vec![0; 100].slice_mut(3..50), 1).await.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
        assert_eq!(error.into_buf().into_inner().len(), 100);
        assert!(file.read(&mut [0; 3]).await.is_err());
    });
}
