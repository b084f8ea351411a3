//! Random reads in one loop: with registered memory, a registered file and deferred work of the
//! kernel, or with `--plain` with none of them.
//!
//! # Invariants
//!
//! - **I1** The memory of all buffers lives until no read is in flight: after an error, for ever.
//! - **I2** A slot has at most one read in flight, and looks at its part only between reads.
#![allow(unsafe_code, reason = "the kernel writes into the buffers")]

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;

use io_uring::types::{Fd, Fixed};
use io_uring::{IoUring, opcode, squeue};
use peers::program::Program;
use peers::reads::{BLOCK, Plan, check};

/// One read in flight.
struct Slot<P> {
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
    let slots = (0..plan.depth).map(|task| Slot { place: 0, places: plan.places(task) });
    let mut slots: Vec<_> = slots.collect();
    // One stretch, which is one place in the kernel's table.
    let mut bytes = vec![0_u8; (slots.len() + 1) * BLOCK];
    let begin = bytes.as_ptr().align_offset(BLOCK);
    let memory = bytes[begin..].as_mut_ptr();
    let ring = ring(plan, plain)?;
    if !plain {
        ring.submitter().register_files(&[file.as_raw_fd()])?;
        let whole = libc::iovec { iov_base: memory.cast(), iov_len: slots.len() * BLOCK };
        // SAFETY: I1.
        unsafe { ring.submitter().register_buffers(&[whole])? };
    }
    let mut reads = Reads { ring, memory, fd: file.as_raw_fd(), plain };
    let mut left = plan.operations();
    for (index, slot) in slots.iter_mut().enumerate() {
        reads.push(slot, index);
    }
    while left > 0 {
        reads.ring.submit_and_wait(1).expect("a ring of the kernel's takes what was pushed");
        loop {
            let Some(answer) = reads.ring.completion().next() else { break };
            let index = answer.user_data() as usize;
            if answer.result() < 0 {
                // I1: others may be in flight.
                std::mem::forget(bytes);
                return Err(io::Error::from_raw_os_error(-answer.result()));
            }
            let block = reads.part(index);
            // SAFETY: I1, I2; the memory was zeroed at first.
            let block = unsafe { std::slice::from_raw_parts(block, answer.result() as usize) };
            check(block, slots[index].place);
            left -= 1;
            reads.push(&mut slots[index], index);
        }
    }
    Ok(())
}

/// A ring, and where it reads from and to.
struct Reads {
    ring: IoUring,
    memory: *mut u8,
    fd: i32,
    plain: bool,
}

impl Reads {
    /// The part of the memory that a slot has.
    fn part(&self, index: usize) -> *mut u8 {
        self.memory.wrapping_add(index * BLOCK)
    }

    /// Starts the next read of a slot, if it has one.
    fn push<P: Iterator<Item = u64>>(&mut self, slot: &mut Slot<P>, index: usize) {
        let Some(place) = slot.places.next() else { return };
        slot.place = place;
        let (buf, len) = (self.part(index), BLOCK as u32);
        let entry: squeue::Entry = if self.plain {
            opcode::Read::new(Fd(self.fd), buf, len).offset(place).build()
        } else {
            opcode::ReadFixed::new(Fixed(0), buf, len, 0).offset(place).build()
        };
        let entry = entry.user_data(index as u64);
        let mut queue = self.ring.submission();
        // SAFETY: I1, I2.
        unsafe { queue.push(&entry) }.expect("there is an entry for every slot");
    }
}
