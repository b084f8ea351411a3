//! Rings that are much too small, and a graveyard that is full: everything completes all the same.

use crate::deadline::within_a_minute;
use crate::frozen::frozen;
use crate::poll::{poll_once, turns, until};
use crate::runs;
use sexton::op::{Nop, PollFd, ReadAt, Submit, submit};
use sexton::{Builder, Fd};
use std::cell::Cell;
use std::io::{self, PipeWriter, Write};
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::rc::Rc;
use std::time::{Duration, Instant};

fn tiny() -> Builder {
    Builder::new().entries(4).completions(8)
}

fn pipe() -> (Fd, PipeWriter) {
    let (ours, theirs) = io::pipe().unwrap();
    (Fd::new(OwnedFd::from(ours)), theirs)
}

fn read(fd: &Fd, len: usize) -> Submit<ReadAt<Vec<u8>>> {
    submit(ReadAt { fd: fd.clone(), buf: Vec::with_capacity(len), offset: u64::MAX })
}

/// One number of this core, whatever else runs in the process: tests compare before and after.
fn own(number: impl Fn(&sexton::CoreStats) -> u64) -> u64 {
    sexton::stats().iter().map(number).sum()
}

#[test]
fn thousands_of_operations_complete_through_a_ring_of_four() {
    within_a_minute(|| {
        runs::on(tiny(), async || {
            let nops: Vec<_> = (0..5_000).map(|_| submit(Nop)).collect();
            for nop in nops {
                nop.await.unwrap();
            }
        });
    });
}

#[test]
fn a_thousand_answers_at_once_overflow_a_tiny_ring_and_none_is_lost() {
    within_a_minute(|| {
        runs::on(tiny(), async || {
            let (ours, mut theirs) = pipe();
            // Armed one after the other; the hang-up answers them all at once.
            let mut waits: Vec<_> = (0..1_000)
                .map(|_| submit(PollFd { fd: ours.clone(), mask: PollFd::READ }))
                .collect();
            for one in &mut waits {
                assert!(poll_once(Pin::new(one)).await.is_none());
            }
            turns(3).await;
            let before = own(|core| core.overflows);
            theirs.write_all(b"!").unwrap();
            for one in waits {
                assert!(PollFd::is_read(one.await.unwrap()));
            }
            assert!(own(|core| core.overflows) > before, "the queue of 8 held 1,000 answers?");
        });
    });
}

#[test]
fn thousands_of_cancels_in_one_turn_are_all_sent() {
    within_a_minute(|| {
        runs::on(tiny(), async || {
            let pipes: Vec<_> = (0..50).map(|_| pipe()).collect();
            let reads: Vec<_> = (0..4_000).map(|at| read(&pipes[at % 50].0, 64)).collect();
            turns(3).await;
            drop(reads);
            // Each operation held a handle of its pipe.
            until("every read has ended", || pipes.iter().all(|(ours, _)| ours.handles() == 1))
                .await;
            // And what is read now gets what is written now.
            for (ours, mut theirs) in pipes {
                theirs.write_all(b"fresh").unwrap();
                assert_eq!(read(&ours, 64).await.unwrap().1, b"fresh");
            }
        });
    });
}

/// Reads of a file by workers of the kernel: they cannot be cancelled once they run.
struct Slow(Fd);

impl Slow {
    fn new() -> Self {
        let file = std::fs::File::open("/proc/kallsyms").unwrap();
        Self(Fd::new(OwnedFd::from(file)))
    }

    fn read(&self) -> Submit<ReadAt<Vec<u8>>> {
        submit(ReadAt { fd: self.0.clone(), buf: Vec::with_capacity(1 << 20), offset: 0 })
    }
}

#[test]
fn a_full_graveyard_holds_submissions_until_it_drains() {
    within_a_minute(|| {
        let runtime = Builder::new().graveyard(8, 1 << 30).build().unwrap();
        runtime.block_on(async {
            let slow = Slow::new();
            let held = Rc::new(Cell::new(0));
            for _ in 0..50 {
                let reads: Vec<_> = (0..64).map(|_| slow.read()).collect();
                turns(2).await;
                drop(reads);
                // Submitted behind the full graveyard, and done when it has drained.
                let nop = submit(Nop);
                turns(1).await;
                held.set(held.get() + own(|core| core.held));
                nop.await.unwrap();
            }
            assert!(held.get() > 0, "the graveyard was never full");
        });
    });
}

#[test]
fn a_graveyard_that_stays_full_fails_new_operations_by_name_and_goes_on_later() {
    within_a_minute(|| {
        let limit = Duration::from_millis(200);
        let builder = Builder::new().graveyard(1, 1 << 30);
        let runtime = builder.config(|config| config.held_submission = limit).build().unwrap();
        runtime.block_on(async {
            let Some((buf, thaw)) = frozen() else {
                println!("SKIPPED: no userfaultfd here, so nothing to be stuck on");
                return;
            };
            let stuck = submit(ReadAt { fd: Slow::new().0, buf, offset: 0 });
            until("the kernel stands before the page", || thaw.somebody_waits()).await;
            drop(stuck);
            turns(2).await;
            let started = Instant::now();
            let error = submit(Nop).await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::QuotaExceeded, "{error}");
            assert!(error.to_string().contains("graveyard"), "{error}");
            assert!(started.elapsed() >= limit, "{:?}", started.elapsed());
            thaw.release();
            until("it goes on", || own(|core| core.buried) == 0).await;
            submit(Nop).await.unwrap();
        });
    });
}
