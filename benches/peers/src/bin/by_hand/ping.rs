//! Round trips between two threads with a ring each, by messages from ring to ring.
#![allow(unsafe_code, reason = "what is pushed must be right for the kernel")]

use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::sync::mpsc;
use std::thread;

use io_uring::squeue::Flags;
use io_uring::types::Fd;
use io_uring::{IoUring, cqueue, opcode};
use peers::program::Program;

pub(crate) fn run(program: Program) -> io::Result<()> {
    let Program { args, mut meter, .. } = program;
    let n = args.number("n", 40_000);
    play(n / 10)?;
    meter.begin()?;
    play(n)?;
    meter.end(n)?;
    meter.print()
}

fn play(rounds: u64) -> io::Result<()> {
    let ((to_first, first), (to_second, second)) = (mpsc::channel(), mpsc::channel());
    let first = thread::spawn(move || player(rounds, true, &to_second, &first));
    let second = thread::spawn(move || player(rounds, false, &to_first, &second));
    for player in [first, second] {
        player.join().map_err(|_| io::Error::other("a player panicked"))??;
    }
    Ok(())
}

fn player(
    rounds: u64,
    serves: bool,
    other: &mpsc::Sender<RawFd>,
    own: &mpsc::Receiver<RawFd>,
) -> io::Result<()> {
    let mut builder = IoUring::builder();
    builder.setup_single_issuer().setup_defer_taskrun();
    let mut ring = builder.build(8)?;
    other.send(ring.as_raw_fd()).map_err(io::Error::other)?;
    let target = own.recv().map_err(io::Error::other)?;
    for round in 0..rounds {
        if serves || round > 0 {
            let hit = opcode::MsgRingData::new(Fd(target), 0, round, None).build();
            let hit = hit.flags(Flags::SKIP_SUCCESS);
            // SAFETY: the kernel touches no memory of ours for it.
            unsafe { ring.submission().push(&hit) }.map_err(io::Error::other)?;
        }
        ring.submit_and_wait(1)?;
        let answer = ring.completion().next().map(|answer: cqueue::Entry| answer.result());
        match answer {
            Some(0..) => {}
            Some(error) => return Err(io::Error::from_raw_os_error(-error)),
            None => return Err(io::Error::other("no message")),
        }
    }
    if !serves {
        let hit = opcode::MsgRingData::new(Fd(target), 0, rounds, None).build();
        // SAFETY: the kernel touches no memory of ours for it.
        unsafe { ring.submission().push(&hit) }.map_err(io::Error::other)?;
        ring.submit_and_wait(1)?;
    }
    // The other one's ring stays open until both are done: its last message has come.
    Ok(())
}
