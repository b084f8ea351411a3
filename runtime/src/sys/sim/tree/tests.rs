//! The tree beside the real kernel, in its own corners, and after crashes.

mod answers;
mod crash;
#[cfg(not(miri))]
mod model;
mod paths;
#[cfg(not(miri))]
mod programs;

use super::{Inode, Tree};
use crate::sys::calls::file::Time;
use libc::{O_CREAT, O_RDWR};

/// Numbers that a seed decides (splitmix64).
struct Rng(u64);

impl Rng {
    fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `bound`.
    fn below(&mut self, bound: u64) -> u64 {
        assert!(bound > 0, "there is no number below 0");
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (bits ^ (bits >> 31)) % bound
    }

    fn one_of<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::try_from(self.below(of.len() as u64)).unwrap()]
    }

    fn one_in(&mut self, bound: u64) -> bool {
        self.below(bound) == 0
    }
}

/// Programs, or crashes of one tree, in a test.
const SEEDS: u64 = if cfg!(miri) { 5 } else { 300 };

fn at(seconds: i64) -> Time {
    Time { seconds, nanoseconds: 0 }
}

const NOW: Time = Time { seconds: 1_000, nanoseconds: 0 };

impl Tree {
    /// An open file, made if it is not there.
    fn file(&mut self, path: &str) -> Inode {
        self.open(path.as_bytes(), O_RDWR | O_CREAT, 0o644, NOW).unwrap()
    }

    /// A file with these bytes.
    fn put(&mut self, path: &str, bytes: &[u8]) -> Inode {
        let file = self.file(path);
        self.truncate(file, 0, NOW).unwrap();
        assert_eq!(self.write_at(file, 0, bytes, NOW), Ok(bytes.len()));
        file
    }

    /// The bytes of a file.
    fn bytes(&mut self, path: &str) -> Result<Vec<u8>, i32> {
        let file = self.open(path.as_bytes(), libc::O_RDONLY, 0, NOW)?;
        let bytes = self.read_at(file, 0, usize::MAX).map(<[u8]>::to_vec);
        self.release(file);
        bytes
    }

    /// Syncs a directory.
    fn sync_dir(&mut self, path: &str) {
        let dir = self.open(path.as_bytes(), libc::O_DIRECTORY, 0, NOW).unwrap();
        self.sync(dir, false).unwrap();
        self.release(dir);
    }

    /// A crash of which this seed decides what survives. What is there then is a tree.
    fn crashed(&self, seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let mut tree = self.clone();
        tree.crash(&mut |bound| rng.below(bound));
        tree.assert_valid();
        tree
    }
}
