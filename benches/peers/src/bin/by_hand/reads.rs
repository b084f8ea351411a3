//! Random reads in one loop: with registered buffers, a registered file and deferred work of the
//! kernel, or with `--plain` with none of them.
//!
//! # Invariants
//!
//! - **I1** The buffers live until no read is in flight: after an error, for ever.
//! - **I2** A slot has at most one read in flight, and looks at its buffer only between reads.
#![allow(unsafe_code, reason = "the kernel writes into the buffers")]

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;

use io_uring::types::{Fd, Fixed};
use io_uring::{IoUring, opcode, squeue};
use peers::program::Program;
use peers::reads::{BLOCK, Plan, aligned, check};

/// One read in flight.
struct Slot<P> {
    bytes: Vec<u8>,
    begin: usize,
    place: u64,
    places: P,
}

pub(crate) fn run(program: Program) -> io::Result<()> {
    let Program { args, mut meter, .. } = program;
    let (plan, plain) = (Plan::of(&args)?, args.flag("plain"));
    read(&plan.tenth(), plain)?;
    meter.begin()?;
    read(&plan, plain)?;
    meter.end(plan.operations())?;
    meter.print()
}

fn ring(plan: &Plan, plain: bool) -> io::Result<IoUring> {
    let entries = (plan.depth as u32).next_power_of_two();
    if plain {
        return IoUring::new(entries);
    }
    let mut builder = IoUring::builder();
    builder.setup_single_issuer().setup_defer_taskrun().setup_submit_all();
    builder.build(entries)
}

fn read(plan: &Plan, plain: bool) -> io::Result<()> {
    let file = File::options().read(true).custom_flags(plan.flags()).open(&plan.path)?;
    let slots = (0..plan.depth).map(|task| {
        let (bytes, block) = aligned();
        Slot { bytes, begin: block.start, place: 0, places: plan.places(task) }
    });
    let mut slots: Vec<_> = slots.collect();
    let mut ring = ring(plan, plain)?;
    if !plain {
        ring.submitter().register_files(&[file.as_raw_fd()])?;
        let bufs = slots.iter_mut().map(|slot| libc::iovec {
            iov_base: slot.bytes[slot.begin..].as_mut_ptr().cast(),
            iov_len: BLOCK,
        });
        let bufs: Vec<_> = bufs.collect();
        // SAFETY: I1.
        unsafe { ring.submitter().register_buffers(&bufs)? };
    }
    let fd = file.as_raw_fd();
    let mut left = plan.operations();
    for index in 0..slots.len() {
        push(&mut ring, &mut slots, index, fd, plain);
    }
    while left > 0 {
        ring.submit_and_wait(1).expect("a ring of the kernel's takes what was pushed");
        loop {
            let Some(answer) = ring.completion().next() else { break };
            let index = answer.user_data() as usize;
            let slot = &slots[index];
            if answer.result() < 0 {
                // I1: others may be in flight.
                let error = io::Error::from_raw_os_error(-answer.result());
                std::mem::forget(slots);
                return Err(error);
            }
            check(&slot.bytes[slot.begin..][..answer.result() as usize], slot.place);
            left -= 1;
            push(&mut ring, &mut slots, index, fd, plain);
        }
    }
    Ok(())
}

/// Starts the next read of a slot, if it has one.
fn push<P: Iterator<Item = u64>>(
    ring: &mut IoUring,
    slots: &mut [Slot<P>],
    index: usize,
    fd: i32,
    plain: bool,
) {
    let slot = &mut slots[index];
    let Some(place) = slot.places.next() else { return };
    slot.place = place;
    let (buf, len) = (slot.bytes[slot.begin..].as_mut_ptr(), BLOCK as u32);
    let entry: squeue::Entry = if plain {
        opcode::Read::new(Fd(fd), buf, len).offset(place).build()
    } else {
        opcode::ReadFixed::new(Fixed(0), buf, len, index as u16).offset(place).build()
    };
    let entry = entry.user_data(index as u64);
    // SAFETY: I1, I2.
    unsafe { ring.submission().push(&entry) }.expect("there is an entry for every slot");
}
