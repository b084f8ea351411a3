//! Reads that are given up while the kernel has their buffers: what each costs from there until its
//! buffer is free.

use std::future::{Future, poll_fn};
use std::io;
use std::os::fd::OwnedFd;
use std::task::Poll;
use std::time::Duration;

use peers::program::Program;
use sexton::op::{ReadAt, submit};

/// Bytes of each buffer.
const BYTES: usize = 64;
/// Read where the file stands: pipes have no offsets.
const HERE: u64 = u64::MAX;

pub(crate) fn run(program: Program) -> io::Result<()> {
    let Program { args, mut meter, .. } = program;
    let n = args.number("n", 10_000_u64);
    // Room for all of them: otherwise new reads would wait.
    let builder = sexton::Builder::new().graveyard(2 * n as usize + 1, usize::MAX);
    builder.build()?.block_on(async move {
        let (reader, writer) = io::pipe()?;
        let reader = sexton::Fd::from(OwnedFd::from(reader));
        let mut reads: Vec<_> = (0..n)
            .map(|_| {
                let (fd, buf) = (reader.clone(), Vec::<u8>::with_capacity(BYTES));
                Box::pin(submit(ReadAt { fd, buf, offset: HERE }))
            })
            .collect();
        poll_fn(|cx| {
            assert!(reads.iter_mut().all(|read| read.as_mut().poll(cx).is_pending()));
            Poll::Ready(())
        })
        .await;
        // All of them reach the kernel.
        sexton::time::sleep(Duration::from_millis(1)).await;
        meter.begin()?;
        drop(reads);
        while sexton::stats().iter().any(|core| core.buried > 0) {
            sexton::yield_now().await;
        }
        meter.end(n)?;
        drop(writer);
        meter.print()
    })
}
