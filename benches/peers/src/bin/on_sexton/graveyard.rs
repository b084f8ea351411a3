//! Reads that are given up while the kernel has their buffers: what each costs from its submission
//! until its buffer is free, with so many of them at once.

use std::future::{Future, poll_fn};
use std::io;
use std::os::fd::OwnedFd;
use std::task::Poll;

use peers::program::Program;
use sexton::Fd;
use sexton::op::{Nop, ReadAt, submit};

/// Bytes of each buffer.
const BYTES: usize = 64;
/// Read where the file stands: pipes have no offsets.
const HERE: u64 = u64::MAX;
/// Operations of a measurement, so that few at once are done often.
const ENOUGH: u64 = 200_000;

pub(crate) fn run(program: Program) -> io::Result<()> {
    let Program { args, mut meter, .. } = program;
    let n = args.number("n", 10_000_u64);
    let times = (ENOUGH / n).max(1);
    // Room for all of them: otherwise new reads would wait.
    let builder = sexton::Builder::new().graveyard(2 * n as usize + 1, usize::MAX);
    builder.build()?.block_on(async move {
        let (reader, writer) = io::pipe()?;
        let reader = Fd::from(OwnedFd::from(reader));
        give_up(&reader, n).await;
        meter.begin()?;
        for _ in 0..times {
            give_up(&reader, n).await;
        }
        meter.end(times * n)?;
        drop(writer);
        meter.print()
    })
}

/// Starts reads that find nothing, lets the kernel have them, and drops them.
async fn give_up(pipe: &Fd, n: u64) {
    let mut reads: Vec<_> = (0..n)
        .map(|_| {
            let (fd, buf) = (pipe.clone(), Vec::<u8>::with_capacity(BYTES));
            Box::pin(submit(ReadAt { fd, buf, offset: HERE }))
        })
        .collect();
    poll_fn(|cx| {
        assert!(reads.iter_mut().all(|read| read.as_mut().poll(cx).is_pending()));
        Poll::Ready(())
    })
    .await;
    // What comes after them has been answered, so the kernel has them.
    submit(Nop).await.expect("a ring does nothing well");
    drop(reads);
    while sexton::stats().iter().any(|core| core.buried > 0) {
        sexton::yield_now().await;
    }
}
