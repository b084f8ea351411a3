//! What the tests of files share: places, random programs, futures that are dropped halfway.
#![allow(dead_code, reason = "each test uses a part of it")]

use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll};

/// A directory of its own, removed when it is dropped.
pub(crate) struct Place(PathBuf);

impl Place {
    fn under(base: &Path) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = base.join(format!("sexton-fs-{}-{number}", std::process::id()));
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    /// On the file system of the target directory, which has a disk below it.
    pub(crate) fn on_disk() -> Self {
        Self::under(Path::new(env!("CARGO_TARGET_TMPDIR")))
    }

    /// One on a disk and, if this machine has it, one in memory (tmpfs).
    pub(crate) fn all() -> Vec<Self> {
        let shm = Path::new("/dev/shm");
        let mut places = vec![Self::on_disk()];
        if shm.is_dir() {
            places.push(Self::under(shm));
        }
        places
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(crate) fn root(&self) -> &Path {
        &self.0
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Random numbers that a seed repeats.
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) fn from_seed(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.next() % n.max(1)
    }

    pub(crate) fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.next() as u8).collect()
    }
}

/// Polls a future, lets `turns` turns of the runtime go by, polling after each, and drops it if it
/// is still not done.
pub(crate) async fn drop_after<F: Future>(future: F, turns: u64) -> Option<F::Output> {
    let mut future = pin!(future);
    for turn in 0..=turns {
        if turn > 0 {
            sexton_runtime::yield_now().await;
        }
        let polled =
            std::future::poll_fn(|cx: &mut Context<'_>| Poll::Ready(future.as_mut().poll(cx)));
        if let Poll::Ready(output) = polled.await {
            return Some(output);
        }
    }
    None
}

/// The same, but the future is forgotten: no destructor runs.
pub(crate) async fn forget_after<F: Future>(future: F, turns: u64) -> Option<F::Output> {
    let mut future = Box::pin(future);
    let output = drop_after(future.as_mut(), turns).await;
    if output.is_none() {
        std::mem::forget(future);
    }
    output
}

/// How many descriptors this process has of files under `root`.
pub(crate) fn open_descriptors(root: &Path) -> usize {
    let open = std::fs::read_dir("/proc/self/fd").unwrap();
    open.filter(|fd| {
        // One that was closed meanwhile leads nowhere.
        let path = fd.as_ref().unwrap().path();
        std::fs::read_link(path).is_ok_and(|target| target.starts_with(root))
    })
    .count()
}

/// Two ends of a pipe, as files.
pub(crate) fn pipe() -> (sexton_fs::File, sexton_fs::File) {
    let (reader, writer) = std::io::pipe().unwrap();
    let file = |fd: std::os::fd::OwnedFd| sexton_fs::File::from_std(fd.into());
    (file(reader.into()), file(writer.into()))
}
